"""What a W&B run carries, read back from disk with wandb's own reader, and what it must not carry."""

import functools
import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import wandb
from pytorch_lightning.loggers import WandbLogger
from wandb.proto import wandb_internal_pb2
from wandb.sdk.internal.datastore import DataStore

from ich.data.slices import SliceDataModule
from ich.labels import LABELS
from ich.learn.fit import Watching, fit_slices
from ich.learn.hardware.devices import Devices
from ich.learn.loop.module import Recipe
from ich.learn.loop.trainer import TrainingSettings
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant
from ich.learn.watching.gpu_memory import GpuMemory
from ich.learn.watching.wandb_run import Mode, RunFacts, start_run


@dataclass
class ReadBack:
    """An offline run as wandb would send it."""

    folder: Path
    run: Any = None
    kinds: set[str] = field(default_factory=set)
    config: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)

    files: dict[str, Path] = field(default_factory=dict)

    def table(self, name: str) -> dict[str, Any]:
        return json.loads(self.files[f"{name}.table.json"].read_text())


def records_of(file: Path) -> Iterator[Any]:
    reader = DataStore()
    reader.open_for_scan(str(file))
    while (content := reader.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(content)
        yield record


def read_back(run: Path) -> ReadBack:
    (folder,) = (run / "wandb").glob("offline-run-*")
    found = ReadBack(folder)
    for record in records_of(next(folder.glob("*.wandb"))):
        found.kinds.add(record.WhichOneof("record_type"))
        if record.HasField("run"):
            found.run = record.run
        for items in (record.run.config.update, record.config.update):
            found.config.update({item.key: json.loads(item.value_json) for item in items})
        contents = record.artifact.manifest.contents
        found.files.update({content.path: Path(content.local_path) for content in contents})
        for items, into in ((record.history.item, found.history), (record.summary.update, found.summary)):
            into.update({".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items})
    return found


@pytest.fixture(scope="module")
def slice_run(road) -> ReadBack:
    return read_back(road.folder / "a")


@pytest.fixture(scope="module")
def sequence_run(road) -> ReadBack:
    return read_back(road.folder / "sequence" / "pair-0")


@pytest.fixture
def few_batches(road) -> list[str]:
    """Options of a slice net's training of seconds."""
    return [
        *("data=phantom", f"store.path={road.store}", "model=tiny", "model.net.size=64", "trainer.max_epochs=1"),
        *("trainer.limit_batches=1", "trainer.threads=1", "trainer.gpus=0", "data.workers=0"),
    ]


def test_a_run_has_name_tags_and_flat_settings(slice_run):
    config = slice_run.config

    assert slice_run.run.project == "ich"
    assert slice_run.run.display_name.startswith("tiny-phantom")
    assert "seed=0" in slice_run.run.display_name
    assert set(slice_run.run.tags) == {"slice", "phantom"}
    assert config["trainer.max_epochs"] == 1
    assert config["model.net.backbone"] == "tiny"


@pytest.mark.parametrize("run", ["slice_run", "sequence_run"])
def test_a_run_says_which_data_sets_it_learned_from(run, request):
    config = request.getfixturevalue(run).config

    assert config["stores"] == ["phantom"]
    assert config["store_shares"] == [None]


@pytest.mark.slow
def test_runs_of_a_sweep_are_a_group_and_carry_the_tags_asked_for(few_batches, command, tmp_path):
    done = command("train", "-m", *few_batches, "seed=3", "logger.wandb.tags=[pilot]")
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "runs" / "sweeps").glob("*/*/0")

    found = read_back(run).run

    assert found.run_group == "/".join(run.parts[-3:-1])
    assert set(found.tags) == {"slice", "phantom", "pilot"}


@pytest.mark.slow
def test_runs_of_an_experiment_are_a_group(few_batches, command, tmp_path):
    done = command("train", "experiment=demo/cnn", *few_batches, "logger=wandb", "run=run")
    assert done.returncode == 0, done.stderr

    assert read_back(tmp_path / "run").run.run_group == "demo/cnn"


def test_the_memory_of_the_gpu_is_in_the_history_as_its_reader_counts_it(road, tmp_path):
    class Reader:
        """Counts a GiB more each time it is asked."""

        n_asked = 0

        def reset(self, device):
            pass

        def peak(self, device):
            self.n_asked += 1
            return self.n_asked * 2**30

    run, _ = start_run(tmp_path, RunFacts("ich", "memory", {}), mode=Mode("offline", "a test"))
    brain = {"centre": 40, "width": 80, "mean": 0.2, "std": 0.3}
    recipe = Recipe(WeightedBCE([1, 1, 1, 1, 1, 2]), functools.partial(torch.optim.SGD, lr=0.0), constant)
    fit_slices(
        tmp_path,
        SliceDataModule(road.store, batch_size=16, workers=0),
        net={"net": "SliceNet", "backbone": "tiny", "windows": {"brain": brain}},
        recipe=recipe,
        settings=TrainingSettings(Devices("cpu", 1, "auto"), "32-true", max_epochs=2, threads=1, limit_batches=1),
        watching=Watching([GpuMemory(Reader())], [WandbLogger(experiment=run)], show_bar=False),
    )
    run.finish()
    wandb.teardown()  # else its writer may still be at it

    assert read_back(tmp_path).history["train/gpu_memory_gib"] == 2


def test_pairs_of_a_sequence_stage_are_a_group(sequence_run):
    assert sequence_run.run.run_group.startswith("run-")  # its folder was named by hand
    assert "pair 0" in sequence_run.run.display_name


@pytest.mark.parametrize("name", ["auc", "average_precision", "sensitivity", "specificity"])
def test_scores_a_label_are_in_the_history_and_the_best_ones_in_the_summary(name, slice_run):
    measured = {key.removeprefix("val/") for key in slice_run.history if key.startswith(f"val/{name}_")}

    assert measured
    assert measured <= {f"{name}_{label}" for label in LABELS}
    assert all(f"best/{key}" in slice_run.summary for key in measured)


@pytest.mark.parametrize("run", ["slice_run", "sequence_run"])
def test_loss_rate_speed_and_the_best_epoch_are_there(run, request):
    found = request.getfixturevalue(run)

    assert {"val/log_loss", "train/loss", "train/lr", "train/slices_per_second"} <= set(found.history)
    assert found.summary["best/log_loss"] == pytest.approx(found.history["val/log_loss"], rel=1e-6)  # float32
    assert found.summary["best/epoch"] == 1
    assert found.summary["checkpoint"].endswith("checkpoints/best.ckpt")
    assert not found.summary["checkpoint"].startswith("/")


def test_both_curves_are_drawn(slice_run):
    for name in ("precision_recall", "roc"):
        table = slice_run.table(f"curves/{name}_table")

        assert table["columns"][0] == "label"
        assert {row[0] for row in table["data"]} <= set(LABELS)


@pytest.mark.parametrize("run", ["slice_run", "sequence_run"])
def test_the_worst_slices_have_picture_heat_map_and_numbers(run, request):
    found = request.getfixturevalue(run)
    table = found.table("worst_slices")
    first = dict(zip(table["columns"], table["data"][0], strict=True))

    for head in ("slice", "heat-map"):
        assert found.files[first[head]["path"]].read_bytes()[1:4] == b"PNG"
    assert first["loss"] == max(row[table["columns"].index("loss")] for row in table["data"])
    assert {"label", *(f"{what} {label}" for what in ("probability", "truth") for label in LABELS)} <= set(first)


@pytest.mark.parametrize("run", ["a", "sequence/pair-0", "sequence/pair-1"])
def test_neither_patient_nor_study_is_in_any_file_of_wandb(run, road):
    studies = pd.read_parquet(road.store / "studies.parquet")
    secret = ["PHANTOM-", *studies["patient"], *studies["study"]]
    files = [file for file in (road.folder / run / "wandb").rglob("*") if file.is_file()]

    assert files
    assert not [file for file in files for word in secret if word.encode() in file.read_bytes()]


def strings_of(message: Any) -> Iterator[tuple[str, str]]:
    """Each text in a record, with the name of its field."""
    for told, value in message.ListFields():
        several = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
        for one in several:
            if isinstance(one, str):
                yield told.name, one
            elif hasattr(one, "ListFields"):
                yield from strings_of(one)


@pytest.mark.parametrize("run", ["slice_run", "sequence_run"])
def test_only_where_a_file_waits_for_its_upload_does_a_run_say_where_it_lies(run, request, road):
    records = records_of(next(request.getfixturevalue(run).folder.glob("*.wandb")))

    holding = {name for record in records for name, text in strings_of(record) if str(road.folder) in text}

    assert holding == {"local_path"}


def test_machine_command_line_and_packages_are_not_recorded(slice_run):
    sent = b"".join(record.SerializeToString() for record in records_of(next(slice_run.folder.glob("*.wandb"))))

    assert slice_run.run.host == "-"
    assert "environment" not in slice_run.kinds
    assert not list(slice_run.folder.rglob("requirements.txt"))
    assert b"ich.commands.training.rank" not in sent
    assert f"host: {socket.gethostname()}".encode() not in sent
    assert b"git@" not in sent


def test_pictures_wait_for_their_upload_in_the_run_folder_not_in_the_home(slice_run, road):
    assert all(file.is_relative_to(road.folder / "a" / "wandb") for file in slice_run.files.values())


def test_the_terminal_says_in_one_line_that_a_run_is_offline_and_how_to_send_it(road):
    (line,) = [line for line in road.printed["a"].splitlines() if "W&B" in line]

    assert "W&B offline (WANDB_MODE=offline); to send it: wandb sync a/wandb/offline-run-" in line


def test_the_terminal_shows_no_library_talking(road):
    said = road.printed["a"] + road.printed["sequence"]

    assert "wandb:" not in said
    assert "Warning" not in said


def test_the_terminal_shows_what_is_trained_and_how_it_went(road):
    said = road.printed["a"]

    for word in ("data phantom, fold 0", "training", "net tiny", "parameters;", "steps an epoch", "precision"):
        assert word in said
    for word in ("log loss", "AUC any", "best checkpoint a/checkpoints/best.ckpt", "python train.py model=lstm"):
        assert word in said


def test_tensorboard_files_lie_in_the_run_folder(road):
    assert list((road.folder / "b" / "tensorboard").glob("events.out.tfevents.*"))
    assert not (road.folder / "b" / "wandb").exists()


@pytest.mark.parametrize("run", ["a", "b", "sequence/pair-0"])
def test_metrics_csv_is_written_whatever_the_logger(run, road):
    assert "val/log_loss" in pd.read_csv(road.folder / run / "metrics.csv")
