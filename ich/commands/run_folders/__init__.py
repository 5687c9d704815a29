"""Run folders: made once, locked by one writer, trusted, gone on with."""
