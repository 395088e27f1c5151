-- An item of SIMADA's stock lists to canonical product.
SELECT
    row_id,
    site_code(KODE_BARANG)              AS source_key,
    nie_kind(NO_IZIN_EDAR)              AS kind,
    medicine_name(NAMA_BARANG)          AS name,
    medicine_core(NAMA_BARANG)          AS name_core,
    coalesce(brand_core(MEREK), medicine_brand(NAMA_BARANG))  AS brand,
    nie(NO_IZIN_EDAR)                   AS nie,
    nie_item(NO_IZIN_EDAR)              AS nie_item,
    medicine_substances(NAMA_BARANG)    AS substances,
    medicine_salts(NAMA_BARANG)         AS salts,
    medicine_strength(NAMA_BARANG)      AS strength,
    medicine_concentration(NAMA_BARANG) AS concentration,
    medicine_form(NAMA_BARANG)          AS form,
    coalesce(medicine_pack(KEMASAN), medicine_pack(NAMA_BARANG))  AS pack,
    maker_core(PABRIK)                  AS maker,
    null_placeholder(PABRIK)            AS maker_name,
    NULL                                AS registrar,
    site_code(KODE_KFA)                 AS kfa_code,
    NULL                                AS lkpp_code,
    NULL                                AS price,
    NULL                                AS status
FROM raw
