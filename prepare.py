"""Turns a data set into a store: HU volumes ready to train on, an index, every file accounted for.

python prepare.py data=phantom
python prepare.py data=rsna data.root=DIR
python prepare.py data=folder data.root=DIR store.path=stores/mine
"""

import sys

from ich.commands.entry import run

if __name__ == "__main__":
    sys.exit(run("prepare"))
