"""Trains one stage on a store: a slice net, or with model=lstm a sequence net over the features of slice nets.

python train.py model=seresnext data=rsna trainer.gpus=4
python train.py model=lstm data=rsna cnn=RUN
python train.py model=lstm data=rsna 'cnn=[RUN_A,RUN_B]'
"""

import sys

from ich.commands.entry import run

if __name__ == "__main__":
    sys.exit(run("train"))
