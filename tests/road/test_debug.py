"""The debug pages, typed as a user would."""

import re
from pathlib import Path

import pytest

HEADS = (
    *("data=phantom", "data.n_studies=14", "data.scanner.size=64", "store.size=64"),
    *("data.scanner.n_slices=[8,10]", "data.scanner.thickness_mm=15.0", "data.prevalence.intraparenchymal=0.7"),
)
QUICK = ("model=tiny", "trainer.gpus=0", "trainer.threads=1", "run=run")

pytestmark = pytest.mark.slow


@pytest.fixture
def debug(command):
    """Prepares heads, trains with a debug page, and gives what was printed."""

    def typed(page: str) -> str:
        assert command("prepare", *HEADS, "processes=1", "data.processes=1").returncode == 0
        done = command("train", *HEADS, *QUICK, f"debug={page}")
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    return typed


def test_fast_takes_two_batches_once_and_recommends_no_net_of_them(debug):
    printed = debug("fast")

    assert len(re.findall(r"epoch 1 of 1: training loss", printed)) == 1
    assert "model=lstm" not in printed


def test_overfit_learns_two_batches_by_heart(debug):
    printed = debug("overfit")

    found = re.search(r"log loss (0\.\d+) of the batches learned by heart; (0\.\d+) by prevalence alone", printed)
    assert found is not None, printed
    assert float(found[1]) < 0.1 * float(found[2])
    assert "not near zero" not in printed


def test_profile_shows_where_the_time_goes(debug, tmp_path: Path):
    printed = debug("profile")

    for part in ("waiting for the loader", "forward and loss", "backward", "optimizer", "validation", "sum"):
        assert re.search(rf"^{part} +\d+\.\d+ s +\d+\.\d ms +\d+\.\d%$", printed, re.MULTILINE), printed
    assert not list(tmp_path.rglob("wandb"))
