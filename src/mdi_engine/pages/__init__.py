"""Pages for people: one HTML file each, in Indonesian and English, that opens offline and runs nothing."""
