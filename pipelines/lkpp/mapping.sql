-- A listing of the procurement catalogue to canonical product.
SELECT
    row_id,
    site_code(id_produk)                AS source_key,
    nie_kind(no_izin_edar)              AS kind,
    medicine_name(nama_produk)          AS name,
    medicine_core(nama_produk)          AS name_core,
    coalesce(brand_core(merek), medicine_brand(nama_produk))  AS brand,
    nie(no_izin_edar)                   AS nie,
    nie_item(no_izin_edar)              AS nie_item,
    medicine_substances(nama_produk)    AS substances,
    medicine_salts(nama_produk)         AS salts,
    medicine_strength(nama_produk)      AS strength,
    medicine_concentration(nama_produk) AS concentration,
    medicine_form(nama_produk)          AS form,
    coalesce(medicine_pack(kemasan), medicine_pack(nama_produk))  AS pack,
    maker_core(pabrik)                  AS maker,
    null_placeholder(pabrik)            AS maker_name,
    maker_core(penyedia)                AS registrar,
    NULL                                AS kfa_code,
    site_code(kode_lkpp)                AS lkpp_code,
    plain_number(harga)                 AS price,
    NULL                                AS status
FROM raw
