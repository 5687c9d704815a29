"""Scores DICOM that no one has labelled: JSON, CSV and a page for each study.

python predict.py checkpoint=runs/demo/ensemble.ckpt input=DIR
python predict.py checkpoint=runs/demo/ensemble.ckpt input=STUDY.zip output=out
"""

import sys

from ich.commands.entry import run

if __name__ == "__main__":
    sys.exit(run("predict"))
