"""Label tables of any form: text as it stands, columns found by their names, names held against the files."""
