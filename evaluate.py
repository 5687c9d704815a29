"""Scores a store with a checkpoint: slices and studies, CNN and ensemble, with intervals over patients.

python evaluate.py checkpoint=runs/demo/ensemble.ckpt data=phantom store.path=runs/demo/store
python evaluate.py checkpoint=RUN data=rsna
python evaluate.py checkpoint=runs/demo/ensemble.ckpt data=ctich data.root=DIR subset=all
"""

import sys

from ich.commands.entry import run

if __name__ == "__main__":
    sys.exit(run("evaluate"))
