"""From the pixel data of a file to stored values: what a compressed picture states, and who decodes it."""
