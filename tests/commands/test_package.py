"""What an installed package must bring: every folder of code, the configuration, the page's parts."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_folder_of_code_is_packaged():
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {file.parent.relative_to(ROOT) for file in (ROOT / "ich").rglob("__init__.py")}

    assert set(packages) == {".".join(folder.parts) for folder in folders} | {"ich.conf"}


def test_importing_the_package_loads_nothing_heavy():
    import subprocess
    import sys

    heavy = "import sys, ich; print([name for name in ('numpy', 'torch', 'pandas', 'hydra') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
