"""Where a training keeps its nets within its run folder; names alone, for who must not wait for torch."""

CHECKPOINTS = "checkpoints"  # the folder
BEST_FILE = "best.ckpt"  # the chosen epoch's net, no optimizer
LAST_FILE = "last.ckpt"  # all that going on needs
