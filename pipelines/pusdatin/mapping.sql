-- Pusdatin row to canonical facility. kode_kab is Kemendagri; its first two digits give the province.
SELECT
    row_id,
    hospital_code(kode_instansi)  AS source_key,
    clean_text(unit_kerja)        AS name,
    facility_type(unit_kerja)     AS name_type,
    facility_house(unit_kerja)    AS house,
    facility_core(unit_kerja)     AS name_core,
    facility_number(unit_kerja)   AS name_number,
    facility_place(unit_kerja)    AS name_place,
    province_code(kode_kab)       AS province,
    kabkota_code(kode_kab)        AS kabkota,
    hospital_code(kode_instansi)  AS kode,
    NULL                          AS class,
    NULL                          AS owner,
    NULL                          AS beds
FROM raw
