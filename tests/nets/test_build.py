"""Tests of building nets from plain arguments."""

import pytest
import torch

from ich.errors import ConfigError
from ich.nets.build import NETS, build, rebuild


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
