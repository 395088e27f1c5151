"""Tables as data: region codes, words of facility names, placeholders. Sources in NOTICE."""
