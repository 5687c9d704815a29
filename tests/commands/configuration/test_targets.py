"""What a `_target_` names: found with its arguments, or refused in a line that says what to do."""

import pytest

from ich.commands.configuration.config import compose_checked
from ich.commands.configuration.targets import find, locate
from ich.errors import ConfigError

OWN_LOSSES = """
from torch import nn


class Anything(nn.Module):
    def __init__(self, **options):
        super().__init__()


class Nothing(nn.Module):
    def forward(self, logits, labels):
        return logits.sum()


class Tversky(Nothing):
    def __init__(self, weights, alpha: float = 0.7):
        super().__init__()


number = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The name of a module of the user's own; a new one each time, for Python remembers what it imported."""
    name = f"own_{abs(hash(tmp_path))}"
    (tmp_path / f"{name}.py").write_text(OWN_LOSSES)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_a_module_that_is_not_there_costs_a_line_that_names_pythonpath():
    with pytest.raises(ConfigError) as caught:
        compose_checked("train", ["loss._target_=nolab.losses.Tversky"])

    assert str(caught.value) == (
        "loss._target_=nolab.losses.Tversky: expected a class or function, found No module named 'nolab'; "
        "the folder it lies in must stand on PYTHONPATH: PYTHONPATH=FOLDER python ..."
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [("Tverski", "found none called Tverski"), ("number", "found none called number")],
)
def test_a_name_that_is_no_class_of_its_module_costs_a_line(own, name, said):
    with pytest.raises(ConfigError, match=said):
        locate(f"{own}.{name}")


def test_a_name_without_a_module_costs_a_line():
    with pytest.raises(ConfigError, match=r"_target_=Tversky: .* found no dot; type MODULE\.CLASS"):
        locate("Tversky")


def test_a_module_that_lacks_a_package_is_not_looked_for_on_the_path(tmp_path, monkeypatch):
    (tmp_path / "lacks_a_package.py").write_text("import nonesuch_at_all")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ConfigError, match="No module named 'nonesuch_at_all'; mend lacks_a_package"):
        locate("lacks_a_package.Loss")


def test_a_target_with_keyword_arguments_takes_any_key(own):
    assert compose_checked("train", [f"loss._target_={own}.Anything", "+loss.alpha=0.3"])


def test_a_module_without_an_init_of_its_own_takes_no_key(own):
    assert find(f"{own}.Nothing").keys == frozenset()
    assert not find(f"{own}.Nothing").takes_any


def test_an_option_that_an_own_target_does_not_take_says_how_to_take_it_away(own):
    typed = [f"loss._target_={own}.Nothing"]

    with pytest.raises(ConfigError) as caught:
        compose_checked("train", typed)

    assert f"loss.weights: {own}.Nothing takes no 'weights'; take it away: '~loss.weights'" in str(caught.value)
    assert compose_checked("train", [*typed, "~loss.weights", "~loss.label_smoothing"])


def test_an_option_that_an_own_target_needs_is_not_taken_away(own):
    typed = [f"loss._target_={own}.Tversky", "~loss.label_smoothing"]

    assert compose_checked("train", [*typed, "+loss.alpha=0.3"]).loss.alpha == 0.3
    with pytest.raises(ConfigError, match=r"loss\.weights: expected a value, found it taken away"):
        compose_checked("train", [*typed, "~loss.weights"])


def test_an_option_of_an_own_part_that_conf_does_not_know_is_typed_with_a_plus(own):
    with pytest.raises(ConfigError, match=r"for a part of your own type \+loss\.alpha=0\.3"):
        compose_checked("train", [f"loss._target_={own}.Tversky", "loss.alpha=0.3"])
