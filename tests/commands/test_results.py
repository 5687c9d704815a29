"""Keeping a measured row."""

import json

import pytest
from omegaconf import OmegaConf

from ich.commands.results import results
from ich.errors import ConfigError


@pytest.fixture
def asked(tmp_path):
    figures = [{"name": "slices a second", "value": 3}]
    (tmp_path / "metrics.json").write_text(
        json.dumps({"source": "made", "date": "2026-01-01", "rows": [1, 2], "figures": figures})
    )
    return OmegaConf.create(
        {
            "folder": str(tmp_path / "rows"),
            "page": str(tmp_path / "results.md"),
            "keep": str(tmp_path / "metrics.json"),
            "name": "10-made",
            "title": "A made row",
            "command": "make demo",
            "machine": "two cores",
            "seed": 1,
            "notes": None,
        }
    )


def test_a_row_is_kept_without_patient_rows_and_stands_on_the_page(asked, tmp_path):
    results(asked)

    row = json.loads((tmp_path / "rows" / "10-made.json").read_text())
    assert "rows" not in row
    assert row["machine"] == "two cores"
    assert "A made row" in (tmp_path / "results.md").read_text()


def test_a_row_without_its_command_is_not_kept(asked, tmp_path):
    asked.command = None

    with pytest.raises(ConfigError, match="command: expected a value"):
        results(asked)

    assert not (tmp_path / "rows").exists()
