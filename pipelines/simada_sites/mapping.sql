-- A SIMADA site to canonical facility. A hospital's code names the hospital, not the pharmacy inside it.
SELECT
    row_id,
    site_code(KODE_SARANA)          AS source_key,
    null_placeholder(NAMA_SARANA)         AS name,
    facility_type(NAMA_SARANA)      AS name_type,
    facility_house(NAMA_SARANA)     AS house,
    facility_core(NAMA_SARANA)      AS name_core,
    facility_number(NAMA_SARANA)    AS name_number,
    facility_place(NAMA_SARANA)     AS name_place,
    province_code(KODE_KAB)         AS province,
    kabkota_code(KODE_KAB)          AS kabkota,
    CASE WHEN facility_house(NAMA_SARANA) = 'rs' THEN hospital_code(KODE_RS) END  AS kode,
    NULL                            AS class,
    NULL                            AS owner,
    NULL                            AS beds
FROM raw
