"""Config in, work done, summary out."""
