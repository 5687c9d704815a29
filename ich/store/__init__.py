"""The prepared store: what a source holds listed, studies written, tables gathered, read again."""
