"""The three lists of products: the register (BPOM), the procurement catalogue (LKPP), and items in stock (SIMADA)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.random import PCG64, Generator

from mdi_engine.population.catalogue.products import Product, catalogue
from mdi_engine.population.chances import happens, pick
from mdi_engine.population.sources.listings import NO_NIE, free_text, typed_number
from mdi_engine.population.words import words
from mdi_engine.population.writing.extracts import Extract, Row, write_json, write_parquet, write_xlsx
from mdi_engine.population.writing.workbooks import Cell
from mdi_engine.reference.regions import provinces

BPOM_COLUMNS = (
    "PRODUCT_ID", "PRODUCT_REGISTER", "PRODUCT_NAME", "PRODUCT_BRANDS", "PRODUCT_PACKAGE", "PRODUCT_FORM",
    "MANUFACTURER_NAME", "REGISTRAR", "INGREDIENTS", "CATEGORY", "STATUS", "PRODUCT_DATE", "SUBMIT_DATE",
    "PRODUCT_EXPIRED",
)  # fmt: skip
LKPP_COLUMNS = (
    "id_produk", "kode_lkpp", "nama_produk", "merek", "no_izin_edar", "pabrik", "penyedia", "kemasan", "satuan",
    "harga", "tkdn", "wilayah", "kategori",
)  # fmt: skip
ITEM_COLUMNS = (
    "KODE_BARANG", "NAMA_BARANG", "MEREK", "NO_IZIN_EDAR", "PABRIK", "KEMASAN", "SATUAN", "KATEGORI", "KODE_KFA",
)  # fmt: skip

IN_CATALOGUE, IN_STOCK, LISTED_AGAIN = 0.65, 0.75, 0.25
NO_NIE_IN_STOCK, NO_MAKER, NO_BRAND, NO_PACK, KFA_KNOWN = 0.35, 0.25, 0.3, 0.4, 0.2


def product_extracts(seed: int, products: int, noise: float) -> tuple[Extract, Extract, Extract]:
    """The extracts of `bpom`, `lkpp` and `simada_items`: so many products, fewer or more rows in each list."""
    made = catalogue(Generator(PCG64([seed, 4])), products)
    bpom, lkpp, items = (
        list(rows(Generator(PCG64([seed, 5, at])), made, noise)) for at, rows in enumerate((_bpom, _lkpp, _items))
    )
    return (
        Extract("bpom", "bpom.json", BPOM_COLUMNS, write_json, bpom),
        Extract("lkpp", "lkpp.xlsx", LKPP_COLUMNS, write_xlsx, lkpp),
        Extract("simada_items", "simada_items.parquet", ITEM_COLUMNS, write_parquet, items),
    )


def _bpom(rng: Generator, products: Sequence[Product], noise: float) -> Iterator[Row]:
    """Devices are not here: the Ministry registers those itself."""
    number = 100_000
    for product in products:
        for pack, size in enumerate(product.sizes if product.kind != "device" else ()):
            number += int(rng.integers(1, 40))
            flags = ("second_pack",) * (pack > 0) + ("combination",) * _combined(product)
            cells = {"PRODUCT_ID": str(number), **_register_cells(rng, product, pack, size)}
            renewed = {"PRODUCT_EXPIRED": f"{product.year + 15}-01-31", "STATUS": "Berlaku"}
            yield Row(str(number), product.entity, cells, flags, renewed)


def _register_cells(rng: Generator, product: Product, pack: int, size: str) -> dict[str, Cell]:
    month = int(rng.integers(1, 13))
    salt = f" {product.substance.salt[0]}" if product.substance and product.substance.salt else ""
    each = zip(product.substance.english if product.substance else (), product.strength.split(" + "), strict=False)
    per = "/" + product.strength.split("/")[1] if "/" in product.strength else ""
    contents = ", ".join(f"{name}{salt} {strength.removesuffix(per)}{per}" for name, strength in each)
    name = " + ".join(product.substance.english) if product.substance else product.name
    expired = product.year + 10 < 2026
    return {
        "PRODUCT_REGISTER": product.number(pack),
        "PRODUCT_NAME": (product.brand or name).upper() if product.kind == "medicine" else name.upper(),
        "PRODUCT_BRANDS": product.brand.upper() or "-",
        "PRODUCT_PACKAGE": size,
        "PRODUCT_FORM": product.form.name.upper() if product.form else None,
        "MANUFACTURER_NAME": f"{product.maker.upper()} - Indonesia",
        "REGISTRAR": f"PT {product.maker.upper()}",
        "INGREDIENTS": contents.upper() or None,
        "CATEGORY": {"medicine": "Obat", "other": "Suplemen Kesehatan / Obat Tradisional"}.get(product.kind),
        "STATUS": "Tidak Berlaku" if expired else "Berlaku",
        "PRODUCT_DATE": f"{product.year}-{month:02d}-15",
        "SUBMIT_DATE": f"{product.year - 1}-{month:02d}-01",
        "PRODUCT_EXPIRED": f"{product.year + 10}-{month:02d}-15",
    }


def _combined(product: Product) -> bool:
    return product.substance is not None and len(product.substance.english) > 1


def _listed(rng: Generator, products: Sequence[Product], share: float) -> Iterator[Product]:
    """Products of a list, some of them in two rows or three."""
    for product in products:
        chance = share
        while rng.random() < chance:
            yield product
            chance = LISTED_AGAIN


def _lkpp(rng: Generator, products: Sequence[Product], noise: float) -> Iterator[Row]:
    regions = [province.name for province in provinces().values()]
    sellers = words("product_words")["names"]
    for number, product in enumerate(_listed(rng, products, IN_CATALOGUE), start=1):
        name, number_typed = free_text(rng, product, noise), typed_number(rng, product, products, noise, NO_NIE)
        price = 100 * int(rng.integers(2, 5_000))
        key = str(40_000_000 + 7 * number)
        cells: dict[str, Cell] = {
            "id_produk": key,
            "kode_lkpp": f"45{int(product.entity[1:]):06d}",
            "nama_produk": name.text,
            "merek": product.brand.upper() if product.brand and not happens(rng, NO_BRAND, noise) else None,
            "no_izin_edar": number_typed.text,
            "pabrik": pick(
                rng, (f"PT {product.maker}", f"PT. {product.maker.upper()}", f"{product.maker} Tbk", product.maker)
            ),
            "penyedia": f"PT {pick(rng, sellers['maker_first'])} {pick(rng, sellers['seller_second'])}",
            "kemasan": _pack(rng, product),
            "satuan": _unit(product),
            "harga": _price(rng, price),
            "tkdn": round(rng.uniform(20, 90), 2),
            "wilayah": ", ".join(sorted({pick(rng, regions) for _ in range(int(rng.integers(1, 4)))})),
            "kategori": {"device": "Alat Kesehatan"}.get(product.kind, "Obat"),
        }
        yield Row(key, product.entity, cells, _flags(name.flags, number_typed.flags), {"harga": price + 500})


def _items(rng: Generator, products: Sequence[Product], noise: float) -> Iterator[Row]:
    for number, product in enumerate(_listed(rng, products, IN_STOCK), start=1):
        name = free_text(rng, product, noise)
        typed = typed_number(rng, product, products, noise, NO_NIE_IN_STOCK)
        key = f"{'OB' if product.kind == 'medicine' else 'BM'}{number:06d}"
        cells: dict[str, Cell] = {
            "KODE_BARANG": key,
            "NAMA_BARANG": name.text,
            "MEREK": product.brand if product.brand and not happens(rng, NO_BRAND, noise) else None,
            "NO_IZIN_EDAR": typed.text,
            "PABRIK": None if happens(rng, NO_MAKER, noise) else pick(rng, (product.maker, product.maker.upper())),
            "KEMASAN": None if happens(rng, NO_PACK, noise) else _pack(rng, product),
            "SATUAN": _unit(product).upper(),
            "KATEGORI": {"device": "ALKES", "medicine": "OBAT"}.get(product.kind, "SUPLEMEN"),
            "KODE_KFA": f"939{int(product.entity[1:]):05d}" if rng.random() < KFA_KNOWN else None,
        }
        yield Row(key, product.entity, cells, _flags(name.flags, typed.flags), {"NO_IZIN_EDAR": product.number()})


def _flags(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(flag for part in parts for flag in part)


def _pack(rng: Generator, product: Product) -> str:
    size = pick(rng, product.sizes)
    if product.kind == "device":
        return pick(rng, ("Box", "Pcs", f"Box / {size}"))
    spoken = size.replace("DUS", pick(rng, ("Dus", "Box", "Kotak", "Ktk"))).replace(",", pick(rng, (",", " isi")))
    return spoken.title() if rng.random() < 0.5 else size


def _unit(product: Product) -> str:
    if product.form is None:
        return "Pcs"
    return {"tablet": "Tablet", "kaplet": "Kaplet", "kapsul": "Kapsul"}.get(product.form.name.split()[0], "Botol")


def _price(rng: Generator, price: int) -> Cell:
    """A number mostly; text in Indonesian or English notation else."""
    if rng.random() < 0.8:
        return price
    english = f"{price:,}.00"
    return pick(rng, (f"Rp {price:,}".replace(",", ".") + ",00", english, str(price)))
