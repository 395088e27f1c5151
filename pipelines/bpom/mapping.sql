-- A row of BPOM's register to canonical product. Substances stand in INGREDIENTS, else in the name.
SELECT
    row_id,
    site_code(PRODUCT_ID)                   AS source_key,
    nie_kind(PRODUCT_REGISTER)              AS kind,
    medicine_name(PRODUCT_NAME)             AS name,
    medicine_core(PRODUCT_NAME)             AS name_core,
    brand_core(PRODUCT_BRANDS)              AS brand,
    nie(PRODUCT_REGISTER)                   AS nie,
    nie_item(PRODUCT_REGISTER)              AS nie_item,
    coalesce(medicine_substances(INGREDIENTS), medicine_substances(PRODUCT_NAME))  AS substances,
    coalesce(medicine_strength(INGREDIENTS), medicine_strength(PRODUCT_NAME))      AS strength,
    coalesce(medicine_form(PRODUCT_FORM), medicine_form(PRODUCT_NAME))             AS form,
    medicine_pack(PRODUCT_PACKAGE)          AS pack,
    maker_core(MANUFACTURER_NAME)           AS maker,
    clean_text(MANUFACTURER_NAME)           AS maker_name,
    maker_core(REGISTRAR)                   AS registrar,
    NULL                                    AS kfa_code,
    NULL                                    AS lkpp_code,
    NULL                                    AS price,
    null_placeholder(STATUS)                AS status
FROM raw
