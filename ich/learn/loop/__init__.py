"""The training loop: Lightning modules of the two stages, their trainer, validation from rows."""
