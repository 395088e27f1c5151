-- A row of BPOM's register to canonical product. Substances stand in INGREDIENTS, else in the name, and strengths belong
-- to the substances they stand beside: of the other text only a strength that is one.
SELECT
    row_id,
    site_code(PRODUCT_ID)                   AS source_key,
    nie_kind(PRODUCT_REGISTER)              AS kind,
    medicine_name(PRODUCT_NAME)             AS name,
    medicine_core(PRODUCT_NAME)             AS name_core,
    brand_core(PRODUCT_BRANDS)              AS brand,
    nie(PRODUCT_REGISTER)                   AS nie,
    nie_item(PRODUCT_REGISTER)              AS nie_item,
    medicine_substances(contents)           AS substances,
    coalesce(medicine_salts(INGREDIENTS), medicine_salts(PRODUCT_NAME))  AS salts,
    coalesce(medicine_strength(contents), medicine_strength(single))     AS strength,
    coalesce(medicine_concentration(contents), medicine_concentration(single))  AS concentration,
    coalesce(medicine_form(PRODUCT_FORM), medicine_form(PRODUCT_NAME))  AS form,
    medicine_pack(PRODUCT_PACKAGE)          AS pack,
    maker_core(MANUFACTURER_NAME)           AS maker,
    null_placeholder(MANUFACTURER_NAME)     AS maker_name,
    maker_core(REGISTRAR)                   AS registrar,
    NULL                                    AS kfa_code,
    NULL                                    AS lkpp_code,
    NULL                                    AS price,
    null_placeholder(STATUS)                AS status
FROM (
    SELECT *, CASE WHEN by_name THEN PRODUCT_NAME ELSE INGREDIENTS END AS contents,
        CASE WHEN NOT contains(medicine_strength(beside), '+') THEN beside END AS single
    FROM (
        SELECT *, CASE WHEN by_name THEN INGREDIENTS ELSE PRODUCT_NAME END AS beside
        FROM (
            SELECT *, medicine_substances(INGREDIENTS) IS NULL
                OR medicine_strength(INGREDIENTS) IS NULL
                AND medicine_substances(INGREDIENTS) = medicine_substances(PRODUCT_NAME) AS by_name
            FROM raw
        )
    )
)
