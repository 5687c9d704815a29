"""The study page in a real browser: it draws, unpacks every voxel and complains about nothing."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ich.ensemble.ensemble import ICHEnsemble
from ich.ensemble.file import bundle
from ich.explain import study_maps
from ich.report.slices import without_room_noise
from ich.report.study_page import study_page
from tests.ensemble.tiny import head, pairs, scan_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking "
    "--virtual-time-budget=10000 --enable-logging=stderr"
)
# Tells the page's own finding; the policy of the page under test is opened for it and for nothing else.
PROBE = """<script>
addEventListener("load", () => setTimeout(() => {
  document.documentElement.dataset.sum = volume.reduce((sum, value) => sum + value, 0);
  document.documentElement.dataset.bars = document.querySelectorAll(".strip button").length;
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Home" }));
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp" }));
  document.querySelector('tr[data-label="subdural"]').click();
  document.documentElement.dataset.place = document.querySelector(".place").textContent;
  const picture = document.querySelector("#image");
  const drawn = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height);
  document.documentElement.dataset.drawn = drawn.data.some((value, i) => i % 4 === 0 && value > 50);
}, 2000));
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on PATH: apt-get install chromium")


@pytest.fixture(scope="module")
def scan():
    return scan_of(head(12, rows=96, columns=80))


@pytest.fixture(scope="module")
def page(scan) -> str:
    model = ICHEnsemble(bundle(pairs()), device="cpu")
    return study_page(scan, model.predict(scan), heat={"any": study_maps(model, scan, label="any")})


def _visit(browser: str, page: Path) -> tuple[str, list[str]]:
    """The document after its scripts ran, and what they wrote to the console."""
    command = [browser, *FLAGS.split(), f"--user-data-dir={page.parent / 'profile'}", "--dump-dom", page.as_uri()]
    visit = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return visit.stdout, [line for line in visit.stderr.splitlines() if "CONSOLE" in line]


def test_the_page_gets_ready_without_a_console_line(browser, page, tmp_path):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")

    document, console = _visit(browser, tmp_path / "page.html")

    assert re.search(r"<html[^>]* data-ready=", document)
    assert console == []


def test_the_browser_unpacks_every_voxel_and_obeys_keys_and_clicks(browser, page, scan, tmp_path):
    opened = re.sub(r"script-src '[^']+'", "script-src 'unsafe-inline'", page).replace("</body>", PROBE + "</body>")
    (tmp_path / "page.html").write_text(opened, encoding="utf-8")

    document, console = _visit(browser, tmp_path / "page.html")

    found = dict(re.findall(r'data-(sum|bars|place|drawn)="([^"]*)"', document[:2000]))
    assert console == []
    assert int(found["sum"]) == int(without_room_noise(scan.hu).sum(dtype=np.int64))
    assert found["bars"] == "12"
    assert found["place"].startswith("slice 2 of 12")
    assert found["drawn"] == "true"


def test_a_script_smuggled_in_is_stopped_by_the_policy(browser, page, tmp_path):
    smuggled = page.replace("</body>", "<script>document.documentElement.dataset.smuggled = 1</script></body>")
    (tmp_path / "page.html").write_text(smuggled, encoding="utf-8")

    document, console = _visit(browser, tmp_path / "page.html")

    assert "data-smuggled" not in document[:2000]
    assert any("Content Security Policy" in line for line in console)
