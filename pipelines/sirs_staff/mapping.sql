-- A row of the hospitals' staff lists to canonical practitioner: one row, one job. Titles stand in three places.
WITH worker AS (
    SELECT
        *,
        concat_ws(' ', null_placeholder("Nama gelar_depan"), null_placeholder("Nama nama"))
            || coalesce(', ' || null_placeholder("Nama gelar_belakang"), '')  AS whole_name
    FROM raw
)
SELECT
    row_id,
    null_placeholder(id_pegawai)            AS source_key,
    nik("Identitas nik")                    AS nik,
    nip("Identitas nip")                    AS nip,
    str_numbers("Izin no_str")              AS str,
    sip_numbers("Izin no_sip")              AS sip,
    person_name(whole_name)                 AS name,
    person_core(whole_name)                 AS name_core,
    person_sound(whole_name)                AS name_sound,
    person_titles(whole_name)               AS titles,
    birth_date(tempat_tanggal_lahir)        AS birth_date,
    birth_place(tempat_tanggal_lahir)       AS birth_place,
    sex(jenis_kelamin)                      AS sex,
    coalesce(professions(profesi), profession_of_titles(whole_name))  AS profession,
    words('R' || hospital_code(kode_rs))    AS units,
    null_placeholder(nama_rs)                     AS unit_names,
    phone("Kontak no_hp")                   AS phone,
    email("Kontak email")                   AS email,
    NULL                                    AS address,
    NULL                                    AS kabkota,
    NULL                                    AS province,
    NULL                                    AS jobs
FROM worker
