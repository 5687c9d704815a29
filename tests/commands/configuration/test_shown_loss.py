"""The loss of one's own that docs/training.md shows: its lines are taken as they stand, and what they make learns."""

import re
import shlex
from pathlib import Path

import torch

from ich.commands.configuration.config import compose_checked
from ich.commands.configuration.parts import make_part

PAGE = Path(__file__).parents[3] / "docs" / "training.md"
SHOWN = re.compile(r"```python\n(?P<code>.*?)```\n\n```\nPYTHONPATH=\. python train\.py (?P<typed>.*?)\n```", re.DOTALL)


def test_the_loss_that_is_shown_is_taken_and_leaves_out_unknown_labels(tmp_path, monkeypatch):
    shown = SHOWN.search(PAGE.read_text("utf-8"))
    assert shown is not None
    (tmp_path / "mylab.py").write_text(shown["code"])
    monkeypatch.syspath_prepend(tmp_path)

    config = compose_checked("train", shlex.split(shown["typed"]))
    loss = make_part(config.loss, name="loss")

    logits = torch.zeros(4, 6, requires_grad=True)
    labels = torch.ones(4, 6)
    labels[0, 0] = torch.nan
    loss(logits, labels).backward()
    assert loss.alpha == 0.7
    assert logits.grad is not None
    assert logits.grad[0, 0] == 0
    assert (logits.grad.flatten()[1:] < 0).all()  # more certain of a hemorrhage that is there: less loss
