"""Lists what a source holds: headers, choices among series, labels, studies to be read."""
