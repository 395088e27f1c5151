-- A service of one list to canonical service. PUSAT is the national list.
SELECT
    row_id,
    site_code(kode_faskes) || '-' || site_code(kode_layanan)  AS source_key,
    site_code(kode_layanan)             AS code,
    null_placeholder(nama_layanan)            AS name,
    service_core(nama_layanan)          AS name_core,
    coalesce(service_category(kategori), service_category(nama_layanan))  AS category,
    kptl_code(kode_kptl)                AS kptl,
    icd9cm_code(kode_icd9cm)            AS icd9cm,
    loinc_code(kode_loinc)              AS loinc,
    plain_number(tarif)                 AS tariff,
    nullif(site_code(kode_faskes), 'PUSAT')  AS facility
FROM raw
