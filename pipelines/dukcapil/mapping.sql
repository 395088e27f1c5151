-- A row of the civil registry to canonical patient. Its key is a digest of the NIK, so that no reference shows one.
-- The number of a kab/kota or a district has two digits, the first of them often lost; a longer one is none.
WITH person AS (
    SELECT
        *,
        NO_PROP || CASE WHEN length(NO_KAB) <= 2 THEN lpad(NO_KAB, 2, '0') END  AS code_kab,
        CASE WHEN length(NO_KEC) <= 2 THEN lpad(NO_KEC, 2, '0') END             AS code_kec
    FROM raw
)
SELECT
    row_id,
    fingerprint(NIK)            AS source_key,
    nik(NIK)                    AS nik,
    nik(NIK_IBU)                AS nik_mother,
    kk(NO_KK)                   AS kk,
    NULL                        AS bpjs,
    NULL                        AS passport,
    person_name(NAMA_LGKP)      AS name,
    person_core(NAMA_LGKP)      AS name_core,
    person_sound(NAMA_LGKP)     AS name_sound,
    person_titles(NAMA_LGKP)    AS titles,
    birth_date(TGL_LHR)         AS birth_date,
    birth_place(TMPT_LHR)       AS birth_place,
    sex(JENIS_KLMIN)            AS sex,
    NULL                        AS birth_order,
    person_core(NAMA_LGKP_IBU)  AS mother_name,
    NULL                        AS phone,
    address(ALAMAT)             AS address,
    address_core(ALAMAT)        AS address_core,
    kecamatan_code(code_kab || code_kec)  AS kecamatan,
    kabkota_code(code_kab)      AS kabkota,
    province_code(NO_PROP)      AS province,
    plain_date(TGL_MATI)        AS deceased,
    NULL                        AS facility
FROM person
