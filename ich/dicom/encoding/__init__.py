"""How pixels lie in a file: where they begin, what a compressed picture states, who decodes it."""
