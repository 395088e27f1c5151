-- SIRS row to canonical facility. The name itself says the type best: jenis_rs knows only RSU, RSIA and RSK.
SELECT
    row_id,
    hospital_code(kode_rs)      AS source_key,
    clean_text(nama_rs)         AS name,
    facility_type(nama_rs)      AS name_type,
    facility_house(nama_rs)     AS house,
    facility_core(nama_rs)      AS name_core,
    facility_number(nama_rs)    AS name_number,
    facility_place(nama_rs)     AS name_place,
    province_code(nama_prop)    AS province,
    NULL                        AS kabkota,
    hospital_code(kode_rs)      AS kode,
    null_placeholder(kelas)     AS class,
    null_placeholder(pemilik)   AS owner,
    null_placeholder(total_tt)  AS beds
FROM raw
