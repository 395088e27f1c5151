-- A payer of one list to canonical payer. PUSAT is the national list.
SELECT
    row_id,
    site_code(kode_faskes) || '-' || site_code(kode_penjamin)  AS source_key,
    site_code(kode_penjamin)            AS code,
    null_placeholder(nama_penjamin)           AS name,
    payer_core(nama_penjamin)           AS name_core,
    payer_kind(concat_ws(' ', nama_penjamin, jenis))             AS kind,
    coalesce(payer_segment(segmen), payer_segment(nama_penjamin))  AS segment,
    kabkota_code(kode_kab)              AS kabkota,
    nullif(site_code(kode_faskes), 'PUSAT')  AS facility
FROM raw
