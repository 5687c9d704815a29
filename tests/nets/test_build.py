"""Tests of building nets from plain arguments."""

from pathlib import Path

import pytest
import torch
import yaml

from ich.errors import ConfigError
from ich.nets.build import NETS, build, rebuild
from ich.nets.windows import as_windows

CONF = Path(__file__).parents[2] / "conf"
LARGE = {"resnext_wsl", "seresnext"}  # a second or more to build


def _model(path):
    marks = [pytest.mark.slow] if path.stem in LARGE else []
    return pytest.param(yaml.safe_load(path.read_text()), id=path.stem, marks=marks)


def _windows(*names):
    """Windows as `windows=[...]` composes them: a file each, merged in order."""
    merged = {}
    for name in names:
        merged |= yaml.safe_load((CONF / "windows" / f"{name}.yaml").read_text())
    return merged


@pytest.mark.parametrize("model", [_model(path) for path in sorted((CONF / "model").glob("*.yaml"))])
def test_every_model_of_the_configuration_builds_and_answers(model):
    node = model["net"]
    if model["stage"] == "sequence":
        net = build(node | {"n_features": 200}).eval()  # room for 120 principal components
        assert net(torch.zeros(1, 3, 200), torch.ones(1, 3, dtype=torch.bool))[1].shape == (1, 6)
        return
    windows = _windows("brain", "subdural", "soft")

    net = build(node | {"weights": "none", "windows": windows}).eval()

    assert list(net.arguments["windows"]) == ["brain", "subdural", "soft"]
    assert net(torch.zeros(1, 1, 32, 32, dtype=torch.int16)).shape == (1, 6)


@pytest.mark.parametrize("path", sorted((CONF / "windows").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_window_of_the_configuration_stands_under_its_own_name(path):
    (window,) = as_windows(_windows(path.stem))

    assert window.name == path.stem


def test_weights_that_restrict_use_say_so():
    model = yaml.safe_load((CONF / "model" / "resnext_wsl.yaml").read_text())

    assert "CC BY-NC 4.0" in model["licence"]


def test_a_net_builds_itself_again_from_its_own_arguments(tiny_net, slices):
    again = build(tiny_net.arguments).eval()
    again.load_state_dict(tiny_net.state_dict())

    torch.testing.assert_close(again(slices), tiny_net(slices))


def test_a_sequence_net_builds_itself_again():
    net = build({"net": "SliceLSTM", "n_features": 8, "hidden": 4})

    assert build(net.arguments).arguments == net.arguments


def test_the_node_of_a_configuration_builds_too(windows):
    node = {"_target_": "ich.nets.slice_net.SliceNet", "backbone": "tiny", "windows": windows, "weights": "none"}

    assert type(build(node)) is NETS["SliceNet"]


def test_a_net_from_a_checkpoint_never_asks_the_hub(windows):
    arguments = {"net": "SliceNet", "backbone": "test_resnet.r160_in1k", "windows": windows, "weights": "hub"}

    net = rebuild(arguments)

    assert net.arguments["weights"] is None


@pytest.mark.parametrize("name", ["os.system", "torch.nn.Linear", "", "Slicenet"])
def test_a_name_outside_our_table_is_never_looked_for(name):
    with pytest.raises(ConfigError, match=r"expected one of SliceNet, SliceLSTM"):
        build({"net": name, "command": "true"})


def test_an_argument_the_net_does_not_take_is_named():
    with pytest.raises(ConfigError, match=r"net=SliceLSTM: .*'hiden'"):
        build({"net": "SliceLSTM", "n_features": 8, "hiden": 4})
