import contextlib
import copy
import pickle
import resource

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ich.errors import CheckpointError
from ich.labels import LABELS
from ich.learn.checkpoint import (
    FACTS_KEY,
    NET_PREFIX,
    PlainCheckpointIO,
    assert_plain,
    find_checkpoint,
    load_net,
    net_hash,
    read_checkpoint,
    read_plain,
    write_plain,
)
from ich.nets.build import build

NET = {"net": "SliceLSTM", "n_features": 4, "hidden": 2, "layers": 1, "dropout": 0.0}
FACTS = {
    "format": 1,
    "kind": "sequence",
    "labels": list(LABELS),
    "size": 32,
    "windows": {},
    "net": NET,
    "store_hash": "0",
    "source": "made",
    "sources": ["made"],
    "split_hash": "0",
    "fold": 0,
    "leave_out": [],
    "train_patients": ["a"],
    "validation_patients": ["b"],
    "prevalence": [0.1] * 6,
    "study_prevalence": [0.4] * 6,
    "position_bins": [[0.1] * 6],
    "code_version": "0.1.0",
    "date": "2026-01-01",
}


class Touch:
    """Code in a pickle: makes a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture(scope="module")
def content() -> dict:
    torch.manual_seed(0)
    tensors = {NET_PREFIX + name: tensor for name, tensor in build(NET).state_dict().items()}
    return {FACTS_KEY: FACTS, "state_dict": {**tensors, "loss.weights": torch.ones(6)}, "epoch": 3}


@pytest.fixture
def path(content, tmp_path):
    write_plain(content, tmp_path / "best.ckpt")
    return tmp_path / "best.ckpt"


@pytest.fixture(scope="module")
def small_checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "damaged.ckpt"
    write_plain({FACTS_KEY: FACTS, "state_dict": {"net.w": torch.ones(3)}}, path)
    return path, path.read_bytes()


def write_with(content, path, **facts):
    changed = copy.deepcopy(content)
    changed[FACTS_KEY].update(facts)
    write_plain(changed, path)


def test_what_is_written_is_read(path, content):
    checkpoint = read_checkpoint(path, kind="sequence")

    assert checkpoint.facts == FACTS
    assert set(checkpoint.state_dict) == {name.removeprefix("net.") for name in content["state_dict"]} - {
        "loss.weights"
    }


def test_a_net_comes_back_with_its_weights_and_in_evaluation_mode(path, content):
    net = load_net(read_checkpoint(path))

    assert not net.training
    assert torch.equal(net.state_dict()["head.weight"], content["state_dict"]["net.head.weight"])


def test_a_run_folder_means_its_best_checkpoint(content, tmp_path):
    for name in ("best", "last"):
        write_plain(content, tmp_path / "checkpoints" / f"{name}.ckpt")

    assert find_checkpoint(tmp_path) == tmp_path / "checkpoints" / "best.ckpt"


def test_writing_leaves_nothing_beside_the_target(path):
    assert [file.name for file in path.parent.iterdir()] == ["best.ckpt"]


def test_a_failed_write_leaves_the_old_checkpoint(path):
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))  # as a full disk
    try:
        with pytest.raises((OSError, RuntimeError)):
            write_plain({"state_dict": torch.zeros(10_000)}, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["best.ckpt"]


@pytest.mark.parametrize("what", ["no file", "an empty folder", "random bytes", "nothing", "text", "a list"])
def test_what_is_no_checkpoint_is_refused_in_one_line(what, tmp_path):
    path = tmp_path / "some.ckpt"
    if what == "an empty folder":
        path.mkdir()
    if what == "a list":
        torch.save([1, 2], path)
    made = {"random bytes": np.random.default_rng(0).bytes(999), "nothing": b"", "text": b"PK\x03\x04 hello"}
    if what in made:
        path.write_bytes(made[what])

    with pytest.raises(CheckpointError, match=r"some.ckpt: expected .* name a .ckpt written by train.py") as error:
        read_checkpoint(path)

    assert "\n" not in str(error.value)


def test_torchs_old_formats_are_not_even_opened(content, tmp_path):
    torch.save(content, tmp_path / "old.ckpt", _use_new_zipfile_serialization=False)

    with pytest.raises(CheckpointError, match="found another kind of file"):
        read_checkpoint(tmp_path / "old.ckpt")


@pytest.mark.parametrize("form", ["a checkpoint's zip", "a bare pickle", "torch's old format"])
def test_code_in_a_checkpoint_is_never_run(form, content, tmp_path):
    path, touched = tmp_path / "evil.ckpt", tmp_path / "touched"
    if form == "a bare pickle":
        path.write_bytes(pickle.dumps(Touch(touched)))
    else:
        torch.save(
            {**content, "code": Touch(touched)}, path, _use_new_zipfile_serialization=form == "a checkpoint's zip"
        )

    with pytest.raises(CheckpointError, match=r"evil.ckpt: expected"):
        read_checkpoint(path)

    assert not touched.exists()


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_damaged_checkpoint_is_refused_or_read_but_never_crashes(data, small_checkpoint):
    path, good = small_checkpoint
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 20))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))

    content: dict | None = None
    with contextlib.suppress(CheckpointError):
        content = read_plain(path)

    assert content is None or isinstance(content, dict)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"format": 2, "code_version": "0.4.0"},
            r"expected checkpoint format 1, found 2 \(written by ich 0.4.0\); use ich 0.4.0 or newer",
        ),
        ({"labels": ["any", *LABELS[:5]]}, r"expected the labels epidural, .* any in this order, found any, epidural"),
        ({"labels": None}, r"expected the labels .* found None"),
        ({"kind": "ensemble"}, r"expected a checkpoint of kind sequence, found ensemble"),
        ({"kind": "slice"}, r"expected a checkpoint of kind sequence, found slice"),
    ],
    ids=["format", "label order", "no labels", "ensemble", "slice"],
)
def test_facts_that_do_not_fit_are_named(facts, sentence, content, tmp_path):
    write_with(content, tmp_path / "other.ckpt", **facts)

    with pytest.raises(CheckpointError, match=f"other.ckpt: {sentence}"):
        read_checkpoint(tmp_path / "other.ckpt", kind="sequence")


def test_a_checkpoint_without_our_facts_is_not_ours(content, tmp_path):
    write_plain({"state_dict": content["state_dict"]}, tmp_path / "other.ckpt")

    with pytest.raises(CheckpointError, match="expected a checkpoint of ich"):
        read_checkpoint(tmp_path / "other.ckpt")


@pytest.mark.parametrize(
    "net",
    [{**NET, "net": "os.system"}, {**NET, "hidden": 3}, {**NET, "command": "rm"}],
    ids=["foreign name", "other width", "unknown argument"],
)
def test_a_net_that_does_not_fit_is_refused(net, content, tmp_path):
    write_with(content, tmp_path / "other.ckpt", net=net)

    with pytest.raises(CheckpointError, match="expected tensors of"):
        load_net(read_checkpoint(tmp_path / "other.ckpt"))


def test_lightning_reads_plain_values_only(content, tmp_path):
    torch.save({**content, "code": Touch(tmp_path / "touched")}, tmp_path / "evil.ckpt")

    with pytest.raises(CheckpointError):
        PlainCheckpointIO().load_checkpoint(tmp_path / "evil.ckpt", weights_only=False)

    assert not (tmp_path / "touched").exists()


def test_the_hash_follows_weights_and_arguments(content):
    tensors = content["state_dict"]
    changed = {**tensors, "net.head.bias": tensors["net.head.bias"] + 1e-6}

    assert net_hash(NET, tensors) == net_hash(dict(reversed(NET.items())), dict(reversed(tensors.items())))
    assert len({net_hash(NET, tensors), net_hash({**NET, "dropout": 0.1}, tensors), net_hash(NET, changed)}) == 3


@pytest.mark.parametrize(
    "value", [np.float32(1), (1, 2), {1: 2}, torch.ones(1)], ids=["numpy", "tuple", "key", "tensor"]
)
def test_facts_are_plain_values(value):
    with pytest.raises(TypeError, match=r"ich.place\[1\].*: expected a plain JSON value"):
        assert_plain({"place": [0, value]})
