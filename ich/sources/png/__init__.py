"""CT in 16-bit PNG files: the tables beside them, and a study of them."""
