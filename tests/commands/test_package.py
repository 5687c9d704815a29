"""What an installed package must bring: every folder of code, the configuration, the page's parts."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_folder_of_code_is_packaged():
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {file.parent.relative_to(ROOT) for file in (ROOT / "ich").rglob("__init__.py")}

    assert set(packages) == {".".join(folder.parts) for folder in folders} | {"ich.conf"}


def test_importing_the_package_loads_nothing_heavy():
    heavy = "import sys, ich; print([name for name in ('numpy', 'torch', 'pandas', 'hydra') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_design_page_names_the_rooms_in_the_order_that_lint_holds_them_to():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for layer in contracts[0]["layers"]]

    [chain] = re.findall(r"`(commands > [^`]+)`", (ROOT / "docs" / "design.md").read_text())

    assert [re.findall(r"\w+", layer) for layer in chain.split(">")] == layers
