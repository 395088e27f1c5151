-- A health worker with all jobs to canonical practitioner: what the jobs hold (STR, SIP, units …) is unfolded into
-- words, and the jobs themselves are kept as they came. TRY: a cell that is not a list of jobs says nothing.
WITH worker AS (
    SELECT
        *,
        TRY(array_to_string(list_sort(list_distinct(json_extract_string(PEKERJAAN, '$[*].NIP'))), ';'))         AS job_nip,
        TRY(array_to_string(list_sort(list_distinct(json_extract_string(PEKERJAAN, '$[*].STR'))), ';'))         AS job_str,
        TRY(array_to_string(list_sort(list_distinct(json_extract_string(PEKERJAAN, '$[*].SIP'))), ';'))         AS job_sip,
        TRY(list_sort(list_distinct(json_extract_string(PEKERJAAN, '$[*].KODE_UNIT'))))              AS job_units,
        TRY(list_sort(list_distinct(json_extract_string(PEKERJAAN, '$[*].UNIT'))))                   AS job_unit_names,
        TRY(list_sort(list_distinct(json_extract_string(PEKERJAAN, '$[*].JENIS_SDMK'))))             AS job_kinds
    FROM raw
)
SELECT
    row_id,
    fingerprint(NIK)            AS source_key,
    nik(NIK)                    AS nik,
    nip(job_nip)                AS nip,
    str_numbers(job_str)        AS str,
    sip_numbers(job_sip)        AS sip,
    person_name(NAMA)           AS name,
    person_core(NAMA)           AS name_core,
    person_sound(NAMA)          AS name_sound,
    person_titles(NAMA)         AS titles,
    birth_date(TANGGAL_LAHIR)   AS birth_date,
    birth_place(TEMPAT_LAHIR)   AS birth_place,
    sex(JENIS_KELAMIN)          AS sex,
    coalesce(professions(array_to_string(job_kinds, ';')), profession_of_titles(NAMA))  AS profession,
    words(array_to_string(job_units, ' '))  AS units,
    null_placeholder(array_to_string(job_unit_names, '; '))  AS unit_names,
    NULL                        AS phone,
    NULL                        AS email,
    address(ALAMAT)             AS address,
    kabkota_code(KODE_KAB)      AS kabkota,
    coalesce(province_code(KODE_KAB), province_code(KODE_PROV), province_code(NAMA_PROV))  AS province,
    CASE WHEN job_units IS NOT NULL THEN PEKERJAAN END  AS jobs
FROM worker
