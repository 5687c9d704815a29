"""The figure of made heads, and real ones beside them."""

import shutil

import pytest

from ich.commands.configuration.config import compose_checked
from ich.commands.configuration.parts import make_source
from ich.commands.heads import heads
from ich.errors import DataError


@pytest.fixture
def draw(tmp_path):
    """`ich heads` on one tiny made head, with further options."""
    tiny = ["n_heads=1", "data.scanner.size=32", "data.scanner.n_slices=[9,9]", "data.processes=0"]
    return lambda *more: heads(compose_checked("heads", [*tiny, f"output={tmp_path / 'heads.png'}", *more]))


@pytest.fixture
def studies(tmp_path):
    """Two studies as one finds them on a disk: `real` folders of DICOM, by how many slices each has."""

    def made(n_slices):
        places = [f"data.root={tmp_path / 'made'}", "data.n_studies=2", "data.processes=0", "data.scanner.size=32"]
        make_source(compose_checked("prepare", [*places, f"data.scanner.n_slices=[{n_slices},{n_slices}]"])).check()
        return shutil.move(tmp_path / "made" / "dicom", tmp_path / "real")

    return made


def test_made_heads_are_drawn_with_a_real_one_below(draw, studies, tmp_path, capsys):
    assert draw(f"real={studies(9)}") == 0

    assert (tmp_path / "heads.png").read_bytes().startswith(b"\x89PNG")
    assert "1 made heads and a real one" in capsys.readouterr().out


def test_where_no_study_is_a_head_it_is_said(draw, studies):
    with pytest.raises(DataError, match="expected a head CT, found 2 studies that can't be read; name another folder"):
        draw(f"real={studies(2)}")
