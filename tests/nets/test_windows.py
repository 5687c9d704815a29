"""Tests of the CT windows, on arrays and as a layer."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ich.errors import ConfigError
from ich.nets.slice_net import SliceNet
from ich.nets.windows import Window, WindowsLayer, apply_window, as_windows, resize_area

CONF = Path(__file__).parents[2] / "conf" / "windows"
EDGES = {  # lower and upper, HU, from the names' usual centre/width: 40/80, 80/200, 40/380, 600/2800, 40/40
    "brain": (0, 80),
    "subdural": (-20, 180),
    "soft": (-150, 230),
    "bone": (-800, 2000),
    "stroke": (20, 60),
}


def test_brain_window_maps_its_edges_to_zero_and_one():
    brain = Window("brain", centre=40, width=80)

    values = apply_window(np.array([-10, 0, 20, 80, 200], dtype=np.int16), brain)

    np.testing.assert_allclose(values, [0, 0, 0.25, 1, 1])  # PS3.3 C.11.2.1.3.2 by hand


@given(st.lists(st.integers(-1024, 3071), min_size=1, max_size=16), st.floats(-200, 700), st.floats(1, 3000))
def test_the_layer_says_the_same_as_the_window_on_arrays(values, centre, width):
    hu = np.array(values, dtype=np.int16).reshape(1, 1, 1, -1)
    window = Window("any", centre=centre, width=width, mean=0.2, std=0.3)

    layered = WindowsLayer([window])(torch.from_numpy(hu)).numpy()

    np.testing.assert_allclose(layered, (apply_window(hu, window) - 0.2) / 0.3, atol=2e-4)


def test_channels_are_slice_by_slice_and_window_by_window_in_the_given_order(windows, slices):
    three_slices = slices.permute(1, 0, 2, 3)  # (1, 3, R, C)

    channels = WindowsLayer(windows)(three_slices)

    assert channels.shape == (1, 9, 64, 64)
    one = as_windows(windows)[1]
    expected = (apply_window(slices[2, 0].numpy(), one) - one.mean) / one.std
    np.testing.assert_allclose(channels[0, 2 * 3 + 1].numpy(), expected, atol=1e-5)


def test_windows_come_before_the_resize():
    half_bone = torch.tensor([[[[0, 1000], [0, 1000]]]], dtype=torch.int16)
    brain = Window("brain", centre=40, width=80, mean=0.0, std=1.0)

    small = WindowsLayer([brain], size=1)(half_bone)

    assert small.item() == pytest.approx(0.5)  # the mean HU, 500, would be white


@pytest.mark.parametrize("size", [(64, 64), (32, 32), (16, 64), (24, 24), (128, 128)], ids=str)
def test_area_resize_says_the_same_as_torch(slices, size):
    values = slices.float()

    small = resize_area(values, size)

    torch.testing.assert_close(small, F.interpolate(values, size=size, mode="area"), atol=1e-3, rtol=1e-5)


def test_windows_are_computed_in_float32_under_autocast(windows, slices):
    layer = WindowsLayer(windows, size=32)

    with torch.autocast("cpu", torch.bfloat16):
        inside = layer(slices)

    assert inside.dtype == torch.float32
    torch.testing.assert_close(inside, layer(slices), atol=0, rtol=0)


def test_windows_are_no_weights(windows):
    assert not WindowsLayer(windows).state_dict()


def test_a_list_of_windows_is_the_mapping_in_order(windows):
    listed = [{"name": name, **facts} for name, facts in windows.items()]

    assert as_windows(listed) == as_windows(windows)


def test_a_window_without_statistics_says_where_they_come_from():
    with pytest.raises(ConfigError, match=r"windows\.bone\.mean=None: .* measure them on the training fold"):
        WindowsLayer({"bone": {"centre": 600, "width": 2800, "mean": None, "std": None}})


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"centre": 40, "width": 0}, r"windows\.brain\.width=0"),
        ({"centre": 40, "width": 80, "mean": 0.1, "std": 0.0}, r"windows\.brain\.std=0.0"),
        ({"centre": 40, "widht": 80}, r"windows\.brain=.*expected the keys centre, width"),
    ],
    ids=["no width", "no deviation", "misspelt key"],
)
def test_a_wrong_window_is_refused_by_its_name(facts, sentence):
    with pytest.raises(ConfigError, match=sentence):
        as_windows({"brain": facts})


def test_no_window_at_all_is_refused():
    with pytest.raises(ConfigError, match="at least one window"):
        as_windows({})


def test_every_window_of_the_configuration_has_its_usual_edges():
    windows = [as_windows(yaml.safe_load(path.read_text()))[0] for path in CONF.glob("*.yaml")]

    assert {window.name: (window.low, window.high) for window in windows} == EDGES
    assert {path.stem for path in CONF.glob("*.yaml")} == set(EDGES)


@pytest.mark.parametrize("names", [["stroke"], ["soft", "brain"], ["bone", "stroke", "subdural", "soft", "brain"]])
def test_any_number_of_windows_in_any_order_makes_as_many_channels(names, slices):
    chosen = {name: yaml.safe_load((CONF / f"{name}.yaml").read_text())[name] for name in names}
    chosen = {name: window | {"mean": 0.0, "std": 1.0} for name, window in chosen.items()}

    net = SliceNet("tiny", chosen, neighbours=1).eval()
    channels = net.windows(slices.repeat(1, 3, 1, 1))

    assert list(net.arguments["windows"]) == names
    assert channels.shape[1] == 3 * len(names)
    assert net(slices.repeat(1, 3, 1, 1)).shape == (len(slices), 6)
    for place, name in enumerate(names):
        expected = apply_window(slices[:, 0].numpy(), as_windows({name: chosen[name]})[0])
        np.testing.assert_allclose(channels[:, place].numpy(), expected, atol=1e-6)
