"""Files of extracts: CSV, workbooks, months, folders."""
