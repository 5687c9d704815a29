"""The prepared store: write, read, split, hashes."""
