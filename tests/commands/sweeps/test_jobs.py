"""What a sweep means, and what is refused before its first job."""

import json

import pandas as pd
import pytest

from ich.commands.configuration.config import choices
from ich.commands.sweeps.jobs import plan_sweep
from ich.errors import ConfigError
from ich.labels import LABELS
from ich.store.settings import FORMAT

CPU = ["trainer.gpus=0", "trainer.precision=32-true"]


@pytest.mark.parametrize("page", choices("sweep"))
def test_every_page_of_sweeps_is_checked_job_by_job(page):
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="pip install 'ich[sweep]'")

    assert plan_sweep("train", [f"sweep={page}", "model=tiny"]).folder.is_absolute()


def test_a_wrong_value_of_a_later_job_is_said_before_the_first_starts():
    with pytest.raises(ConfigError, match=r"trainer\.max_epochs=abc: expected a whole number, found 'abc'"):
        plan_sweep("train", ["trainer.max_epochs=1,abc"])


@pytest.mark.parametrize(
    ("swept", "said"),
    [
        ("trainer.max_epochs=1,0", r"max_epochs=0"),
        ("trainer.max_epochs=range(2,-1,-1)", r"max_epochs=0"),
        ("data.batch_size=8,0", r"batch_size=0"),
        ("trainer.choose=last,first", r"choose=first"),
        ("seed=0,-1", r"seed=-1"),
        ("model.net.backbone=tiny,nonesuch", r"backbone=nonesuch"),
        ("model.net.size=64,0", r"size=0"),
        ("schedule.factors=[1.0],[a]", r"schedule\.factors"),
        ("run=a,b", r"run=a,b: expected no folder of one run in a sweep"),
    ],
)
def test_a_later_value_of_the_same_kind_is_checked_too(swept, said):
    with pytest.raises(ConfigError, match=said):
        plan_sweep("train", ["model=tiny", *CPU, swept])


def test_a_choice_of_a_later_job_that_is_not_there_is_said_before_the_first_starts():
    with pytest.raises(ConfigError, match=r"model=seresnxt: no such choice, did you mean seresnext"):
        plan_sweep("train", ["model=tiny,seresnxt"])


def test_a_misspelt_option_is_said_once_however_many_jobs_have_it():
    with pytest.raises(ConfigError) as caught:
        plan_sweep("train", ["sed=0,1,2", "model=tiny,lstm"])

    assert str(caught.value).splitlines() == ["sed=0: no such option, did you mean seed?"]


def test_what_is_typed_stands_for_what_a_page_of_sweeps_says():
    with pytest.raises(ConfigError, match=r"optimizer\.lr=fast: expected a number"):
        plan_sweep("train", ["sweep=lr", "optimizer.lr=fast,slow"])


@pytest.fixture
def store(tmp_path):
    """Folder of a store of two patients in two folds."""
    labels = {label: [1.0, 0.0] for label in LABELS}
    pd.DataFrame({"study": ["a", "b"], "index": [0, 0], **labels}).to_parquet(tmp_path / "slices.parquet")
    studies = {"study": ["a", "b"], "patient": ["x", "y"], "fold": [0, 1], "n_slices": [1, 1], **labels}
    pd.DataFrame(studies).to_parquet(tmp_path / "studies.parquet")
    told = {"format": FORMAT, "source": "made", "hash": "0", "settings": {"size": 64}}
    (tmp_path / "store.json").write_text(json.dumps(told))
    return tmp_path


@pytest.mark.parametrize(
    ("swept", "said"),
    [
        (["model=tiny", "data.fold=0,7"], r"data\.fold=7: expected a fold of \[0, 1\]"),
        (["model=tiny", "model.net.weights=none,nosuch.ckpt"], r"model\.net\.weights=nosuch\.ckpt: expected a file"),
        (["model=lstm", "cnn=nosuch,none"], r"cnn=none: expected a checkpoint, a run or a sweep folder"),
    ],
)
def test_what_a_job_would_not_find_is_said_before_the_first_starts(swept, said, store):
    with pytest.raises(ConfigError, match=said):
        plan_sweep("train", [*CPU, f"store.path={store}", *swept])


def test_the_folder_is_the_one_that_is_named(tmp_path):
    assert plan_sweep("train", ["seed=0,1", f"hydra.sweep.dir={tmp_path}"]).folder == tmp_path


def test_the_jobs_of_a_sweep_are_known_in_their_order():
    jobs = plan_sweep("train", ["model=tiny", "seed=0,1", "data.fold=0,1", "hydra.sweep.dir=swept"]).jobs

    assert jobs == tuple(
        ("model=tiny", seed, fold) for seed in ("seed=0", "seed=1") for fold in ("data.fold=0", "data.fold=1")
    )


def test_the_jobs_of_a_page_of_sweeps_are_known_too():
    jobs = plan_sweep("train", ["sweep=folds", "model=tiny"]).jobs

    assert [job[0] for job in jobs] == [f"data.fold={fold}" for fold in range(5)]


def test_jobs_of_the_basic_launcher_have_the_machine_one_after_the_other():
    assert not plan_sweep("train", ["seed=0,1"]).side_by_side


@pytest.mark.parametrize(
    ("launcher", "side_by_side"), [("joblib", True), ("submitit_local", True), ("submitit_slurm", False)]
)
def test_jobs_of_a_launcher_share_the_machine_or_have_their_own(launcher, side_by_side):
    pytest.importorskip(f"hydra_plugins.hydra_{launcher.partition('_')[0]}_launcher", reason="pip install 'ich[sweep]'")

    assert plan_sweep("train", ["seed=0,1", f"hydra/launcher={launcher}"]).side_by_side is side_by_side


def test_both_ends_of_a_searched_range_are_checked():
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper", reason="pip install 'ich[sweep]'")

    assert plan_sweep("train", ["hydra/sweeper=optuna", "optimizer.lr=interval(1e-5,1e-2)"])


def test_a_launcher_that_is_not_installed_says_what_to_install():
    with pytest.raises(ConfigError, match=r"hydra/launcher=ray: no such choice here; .* pip install 'ich\[sweep\]'"):
        plan_sweep("train", ["seed=0,1", "hydra/launcher=ray"])
