"""torchvision is imported beside a CPU-only torch; the hook that sees to it stands in nobody's way."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from ich.compat import install_torchvision_hook

ROOT = Path(__file__).parents[1]


@pytest.fixture
def import_path(monkeypatch):
    """An import path of nothing but the hook, as if torchvision had not been imported yet."""
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(sys, "meta_path", [])
    install_torchvision_hook()
    return sys.meta_path


def test_the_hook_is_put_on_the_import_path_once(import_path):
    install_torchvision_hook()

    assert len(import_path) == 1


def test_the_hook_finds_no_other_module_and_stays(import_path):
    [hook] = import_path

    assert hook.find_spec("json") is None
    assert import_path == [hook]


def test_no_hook_is_put_where_torchvision_is_there_already(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", sys)
    monkeypatch.setattr(sys, "meta_path", [])

    install_torchvision_hook()

    assert sys.meta_path == []


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed")
def test_torchvision_is_imported_and_the_hook_is_gone():
    program = "import sys, ich, torchvision; print(any(type(one).__module__ == 'ich.compat' for one in sys.meta_path))"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stdout.strip()) == (0, "False"), done.stderr
