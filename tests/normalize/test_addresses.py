import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.places.addresses import address, address_core, address_number, address_rt_rw, kecamatan_code
from mdi_engine.reference.regions import kecamatan, retired_kecamatan

WORDS = [
    "Jl.",
    "Jalan",
    "Gg.",
    "No.",
    "RT",
    "RW",
    "Kel.",
    "Kec.",
    "Kab.",
    "Kota",
    "Bandung",
    "Merdeka",
    "5",
    "012",
    "A",
    ",",
    "/",
]
ADDRESSES = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
NUMBER = st.integers(1, 999)


@given(st.one_of(ADDRESSES, st.text()))
def test_parts_have_their_shape(text: str) -> None:
    core = address_core(text)
    assert core is None or (core == core.lower() and "" not in core.split(" "))
    assert not {"jl", "jalan", "kec", "kab", "kel"} & set((core or "").split())
    assert address(address(text)) == address(text)
    house = address_number(text)
    assert house is None or house[0].isdecimal()


@given(NUMBER, NUMBER)
def test_neighbourhoods_in_every_writing(rt: int, rw: int) -> None:
    expected = f"{rt:03}/{rw:03}"
    for form in (
        "RT {:03} RW {:03}",
        "RT.{}/RW.{}",
        "Rt {}, Rw {}",
        "RT/RW {}/{}",
        "rt{}/rw{}",
        "RT.{:02}-RW.{:02}",
        "RT {}/{}",
        "R.T. {} / R.W. {}",
        "RT {}, RW. {}",
    ):
        text = "Jl. Mawar No. 7 " + form.format(rt, rw) + " Kel. Menteng"
        assert address_rt_rw(text) == expected, text
        assert (address_core(text), address_number(text)) == ("mawar 7 menteng", "7"), text
    for form in ("RW {1:03} RT {0:03}", "RW.{1}/RT.{0}", "rw{1}rt{0}", "RW/RT {1}/{0}", "RT {0} Dusun Krajan RW {1}"):
        text = "Jl. Mawar No. 7 " + form.format(rt, rw)
        assert address_rt_rw(text) == expected, text
        assert "rw" not in (address_core(text) or ""), text
    assert address_core(f"Jl. Mawar No. 7 RW {rw}") == "mawar 7"
    assert address_rt_rw(f"{rt}/{rw}") == address_rt_rw(f"{rt:03} / {rw:03}") == expected


@given(NUMBER)
def test_house_numbers_in_every_writing(number: int) -> None:
    for form in (
        "Jl. Mawar No. {}",
        "JALAN MAWAR NO {}",
        "Jln Mawar no.{:03}",
        "Jl Mawar {}",
        "Jl.Mawar Nomor {}, Desa Suka",
    ):
        assert address_number(form.format(number)) == str(number), form
    assert address_number(f"Jl. Mawar No. {number} B") == address_number(f"Jl. Mawar No.{number}b") == f"{number}b"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jl. Jend. Sudirman No. 5", "JALAN JENDERAL SOEDIRMAN NO.05"), ("Gg. Melati II", "Gang Melati 2"),
        ("Kp. Baru RT 01/02", "Kampung Baru"), ("Komp. Griya Asri Blok C No 2", "Perumahan Griya Asri Blk. C 2"),
        ("Jl Mawar 5 Kec. Tebet Kota Jakarta Selatan", "Jln. Mawar No. 5"), ("Jl. H. Naim", "Jl Haji Naim"),
        ("Ds. Sukamaju Kec. Cibadak Kab. Sukabumi 43351", "Desa Suka" "maju"), ("Jl. Ahmad Jani", "Jl. Achmad Jani"),
        ("Jl. K.H. Dahlan", "Jl. KH Dahlan"), ("Jl. K. H. Dahlan", "Jl. KH. Dahlan"),
        ("Jl. A.H Nasution", "JL AH NASUTION"),
        ("Gang I", "Gang 1"), ("Gg. V", "Gang 5"), ("Jl. Mawar I No. 5", "Jl. Mawar 1 No. 5"),
        ("Kp. Baru I", "Kp Baru 1"),
        ("Jl. Ma'ruf 3", "Jl. Maruf 3"), ("Jl. Mawar, Kota Bandung", "Jl. Mawar"),
    ],
)  # fmt: skip
def test_writings_of_one_address_meet(one: str, other: str) -> None:
    assert address_core(one) == address_core(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Jl. Kabupaten 5", "Jl. Provinsi 5"), ("Jl. Kecamatan 5", "No. 5"), ("Blok I", "Blok 1"),
     ("Jl. I Gusti Ngurah Rai", "Jl. 1 Gusti Ngurah Rai"),
     ("Jl. Mawar No. 5", "Jl. Mawar No. 6"), ("Jl. Merdeka", "Gg. Merdeka"), ("Jl. Desa 5", "Jl. Mawar 5"),
     ("Jl. Desa 5", "No. 5"), ("Perum Kota Baru", "Perum"),
     ("Desa A", "Desa B")],
)  # fmt: skip
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert address_core(one) != address_core(other)


@pytest.mark.parametrize("text", ["-", "", None, "Jl.", "Kec. Tebet", "RT 01 RW 02"])
def test_addresses_that_say_nothing(text: str | None) -> None:
    assert address_core(text) is None


@pytest.mark.parametrize("text", ["Jl. Raya Km. 5", "Blok C 2", "Desa Suka", "RT 01 RW 02", "Jl. Mawar, Blok 5"])
def test_numbers_that_are_no_house_numbers(text: str) -> None:
    assert address_number(text) is None


def test_every_district_code_is_one() -> None:
    for code in (*kecamatan(), *retired_kecamatan()):
        assert kecamatan_code(code) == kecamatan_code(f"{code[:2]}.{code[2:4]}.{code[4:]}") == code
        assert kecamatan_code(f"{code}2001") == code
    assert [kecamatan_code(text) for text in ("000000", "3201", "Tebet", "-", None)] == [None] * 5
