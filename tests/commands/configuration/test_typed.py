"""What was typed is remembered as it was typed."""

import pytest
from omegaconf import OmegaConf

from ich.commands.configuration.config import compose_checked, remember_start
from ich.commands.configuration.typed import typed_keys, typed_words


def test_words_stand_as_they_were_typed_and_keys_without_their_signs():
    typed = ["model=tiny", "+loss.alpha=0.7", "~loss.weights", "sampling=balanced"]

    config = remember_start("train", compose_checked("train", ["model=tiny"]), typed=typed)

    assert typed_words(config) == typed
    assert typed_keys(config) == {"model", "loss.alpha", "loss.weights", "sampling"}


@pytest.mark.parametrize("config", [{}, {"started": None}, {"started": {"typed": None}}], ids=str)
def test_a_configuration_that_no_command_composed_remembers_nothing(config):
    assert typed_words(OmegaConf.create(config)) == []
