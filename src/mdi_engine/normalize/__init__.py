"""Raw text to canonical value: pure functions `str | None -> str | None`, NULL to NULL, never raising."""
