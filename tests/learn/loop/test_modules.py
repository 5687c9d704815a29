"""Tests of both modules, `slice_module` and `sequence_module`, over what they share, `module`."""

import functools

import pytest
import torch

from ich.labels import LABELS
from ich.learn.loop.module import Recipe
from ich.learn.loop.sequence_module import SequenceModule
from ich.learn.loop.slice_module import SliceModule
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant

PREVALENCE = [0.01, 0.05, 0.03, 0.05, 0.06, 0.15]
WINDOW = {"brain": {"centre": 40, "width": 80, "mean": 0.2, "std": 0.3}}
PARTS = {
    "recipe": Recipe(WeightedBCE([1] * 6), functools.partial(torch.optim.SGD, lr=0.1), constant),
    "facts": {"prevalence": PREVALENCE},
}


@pytest.fixture
def slice_module() -> SliceModule:
    return SliceModule({"net": "SliceNet", "backbone": "tiny", "windows": WINDOW, "weights": "none"}, **PARTS)


@pytest.fixture
def sequence_module() -> SequenceModule:
    net = {"net": "SliceLSTM", "n_features": 3, "hidden": 4, "layers": 1}
    return SequenceModule(net, **PARTS)


@pytest.fixture
def studies() -> dict[str, torch.Tensor]:
    """Two studies of 4 and 2 slices; padding is made to shout."""
    features = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0)) + 5
    labels = torch.zeros(2, 4, len(LABELS))
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    features[~mask], labels[~mask] = 1e6, torch.nan
    return {"features": features, "mask": mask, "labels": labels, "rows": torch.tensor([[0, 1, 2, 3], [7, 8, -1, -1]])}


@pytest.mark.parametrize("stage", ["slice_module", "sequence_module"])
def test_a_net_from_scratch_starts_at_the_prevalence(stage, request):
    module = request.getfixturevalue(stage)

    torch.testing.assert_close(module.net.head.bias.sigmoid(), torch.tensor(PREVALENCE))


def test_weights_of_a_run_keep_their_head(slice_module, tmp_path):
    with torch.no_grad():
        slice_module.net.head.bias.fill_(3.0)
    state = {f"net.{name}": tensor for name, tensor in slice_module.net.state_dict().items()}
    torch.save({"ich": {"format": 1}, "state_dict": state}, tmp_path / "best.ckpt")

    net = {"net": "SliceNet", "backbone": "tiny", "windows": WINDOW, "weights": str(tmp_path / "best.ckpt")}
    module = SliceModule(net, **PARTS)

    assert module.net.head.bias.tolist() == [3.0] * 6
    assert module.facts["net"]["weights"] is None  # neither a path nor a need for the file


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_slice_net_computes_in_the_memory_format_that_was_asked_for(channels_last):
    net = {"net": "SliceNet", "backbone": "tiny", "windows": WINDOW, "weights": "none"}
    module = SliceModule(net, channels_last=channels_last, **PARTS)
    convolution = next(m for m in module.net.modules() if isinstance(m, torch.nn.Conv2d) and m.in_channels > 1)

    assert convolution.weight.is_contiguous(memory_format=torch.channels_last) is channels_last


def test_slices_of_a_study_are_answered_without_padding(sequence_module, studies):
    answers = sequence_module.eval().answers(studies)

    assert answers.rows.tolist() == [0, 1, 2, 3, 7, 8]
    assert answers.logits.shape == answers.labels.shape == (6, 6)
    assert answers.labels.isnan().sum() == 0
    assert sequence_module.n_slices(studies) == 6


def test_padding_changes_no_answer(sequence_module, studies):
    sequence_module.eval()
    alone = {name: values[1:, :2] for name, values in studies.items()}

    torch.testing.assert_close(sequence_module.answers(studies).logits[4:], sequence_module.answers(alone).logits)


def test_slices_are_answered_with_their_rows(slice_module):
    batch = {
        "hu": torch.zeros(2, 1, 64, 64, dtype=torch.int16),
        "labels": torch.zeros(2, 6),
        "row": torch.tensor([4, 2]),
    }

    answers = slice_module.answers(batch)

    assert answers.rows.tolist() == [4, 2]
    assert answers.logits.shape == (2, 6)
    assert slice_module.n_slices(batch) == 2


def test_facts_that_are_not_plain_are_refused_before_training():
    net = {"net": "SliceNet", "backbone": "tiny", "windows": WINDOW}

    with pytest.raises(TypeError, match=r"ich\.place: expected a plain JSON value"):
        SliceModule(net, **{**PARTS, "facts": {"prevalence": PREVALENCE, "place": {1, 2}}})
