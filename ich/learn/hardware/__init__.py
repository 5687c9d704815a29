"""Which devices, processes and precision a training uses, and who has which GPU."""
