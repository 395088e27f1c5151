-- A row of a hospital's patient list to canonical patient. A NIK that is also the mother's is the mother's alone.
SELECT
    row_id,
    hospital_code(kode_rs) || '-' || null_placeholder(no_rm)    AS source_key,
    CASE WHEN nik(nik) IS DISTINCT FROM nik(nik_ibu) THEN nik(nik) END  AS nik,
    nik(nik_ibu)                                                AS nik_mother,
    kk(no_kk)                                                   AS kk,
    bpjs_card(no_bpjs)                                          AS bpjs,
    passport(no_paspor)                                         AS passport,
    coalesce(person_name(nama_pasien), null_placeholder(nama_pasien))  AS name,
    person_core(nama_pasien)                                    AS name_core,
    person_sound(nama_pasien)                                   AS name_sound,
    person_titles(nama_pasien)                                  AS titles,
    birth_date(tanggal_lahir)                                   AS birth_date,
    birth_place(tempat_lahir)                                   AS birth_place,
    sex(jenis_kelamin)                                          AS sex,
    coalesce(plain_number(anak_ke), newborn_order(nama_pasien)) AS birth_order,
    coalesce(person_core(nama_ibu), newborn_mother(nama_pasien))  AS mother_name,
    phone(no_hp)                                                AS phone,
    address(alamat)                                             AS address,
    address_core(alamat)                                        AS address_core,
    NULL                                                        AS kecamatan,
    kabkota_code(kode_kab)                                      AS kabkota,
    province_code(kode_kab)                                     AS province,
    coalesce(plain_date(tanggal_meninggal), CASE WHEN upper(null_placeholder(status_meninggal)) = 'Y' THEN 'yes' END)
                                                                AS deceased,
    hospital_code(kode_rs)                                      AS facility
FROM raw
