"""Medicines and devices: substances, strengths, forms, packs, makers and market authorisations."""
