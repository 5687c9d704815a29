"""Every page of conf/experiment: what its header says is what it composes, and what a shrunken run of it trains."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from ich.commands.configuration.config import choices, compose_checked, config_folder

ROOT = Path(__file__).parents[2]
PAGES = choices("experiment")
SLICE_PAGES = [page for page in PAGES if page.endswith("/cnn")]
SEQUENCE_PAGES = [page for page in PAGES if page.endswith("/sequence")]
STEMS = {"ALIKE": "all labels alike", "TWICE": "any counts twice"}
OPTIMIZERS = {"torch.optim.Adam": "Adam", "torch.optim.AdamW": "AdamW", "torch.optim.SGD": "SGD"}

# A shrunken run differs in size, widths, epochs and studies; and it starts from nothing, as no hub is asked in a test.
HEADS = (
    *("data=phantom", "data.n_studies=14", "data.scanner.size=64", "store.size=32"),
    *("data.scanner.n_slices=[8,10]", "data.scanner.thickness_mm=15.0"),  # few slices over a whole head
)
SHORT = ("trainer.max_epochs=1", "trainer.threads=1", "trainer.gpus=0", "data.leave_out=[]", "logger=none")
SMALL = {"cnn": ("model.net.size=32", "model.net.weights=none"), "sequence": ("model.net.hidden=8",)}
NARROW = {"burduja/sequence": ("model.net.components=5",)}


def header(page: str) -> dict[str, str]:
    """The lines `# Key: text` at the top of a page, each with the lines that go on with it."""
    facts: dict[str, str] = {}
    key = ""
    for line in (config_folder() / "experiment" / f"{page}.yaml").read_text().splitlines()[2:]:
        if not line.startswith("#"):
            break
        named = re.match(r"# (\w+): +(.*)", line)
        if named:
            key = named[1]
            facts[key] = named[2]
        elif key:
            facts[key] += " " + line[1:].strip()
    return facts


def net_words(net: dict[str, Any]) -> str:
    """A net from its build arguments, as the header has it."""
    name = net.get("net") or net["_target_"].rpartition(".")[2]
    if name == "SliceNet":
        return f"{name} of {net['backbone']}"
    components = f"{net['components']} components, " if "components" in net else ""
    head = f", {net['head_dropout']} before the head" if "head_dropout" in net else ""
    depth = f"{net['layers']} layers, {net['hidden']} units a direction, dropout {net['dropout']}"
    return f"{name} of {components}{depth}{head}"


def window_words(windows: dict[str, Any]) -> str:
    return ", ".join(f"{name} {window['centre']:g}/{window['width']:g}" for name, window in windows.items())


def loss_words(loss: dict[str, Any]) -> str:
    weighed = {(1.0,) * 6: STEMS["ALIKE"], (*(1.0,) * 5, 2.0): STEMS["TWICE"]}
    return f"{loss['_target_'].rpartition('.')[2]}, {weighed[tuple(loss['weights'])]}"


def training_words(config: Any) -> str:
    rate, schedule = config.optimizer.lr, config.schedule._target_.rpartition(".")[2]
    if schedule == "founding":
        rates = ", ".join(_rate(rate * factor) for factor in config.schedule.factors) + " by epoch"
    else:
        rates = f"{_rate(rate)}, {schedule}"
    batch = config.data.batch_size if config.model.stage == "slice" else config.data.studies_per_batch
    return f"{OPTIMIZERS[config.optimizer._target_]} {rates}; {config.trainer.max_epochs} epochs, batch {batch}"


def _rate(value: float) -> str:
    digits, exponent = f"{value:.0e}".split("e")
    return f"{digits}e{int(exponent)}"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_its_header_says(page):
    said, config = header(page), compose_checked("train", [f"experiment={page}"])

    assert said["Stage"] == config.model.stage == {"cnn": "slice", "sequence": "sequence"}[Path(page).name]
    assert said["Net"] == net_words(config.model.net)
    assert said["Loss"] == loss_words(config.loss)
    assert said["Training"] == training_words(config)
    if said["Stage"] == "slice":
        channels = len(config.windows) * (2 * config.model.net.neighbours + 1)
        size = config.model.net.size or config.store.size
        assert said["Input"] == f"{channels} channels: {window_words(config.windows)}; {size} px"
    else:
        assert said["Input"] == f"pooled features and logits of {Path(page).parent}/cnn"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_where_it_comes_from_what_to_type_and_what_it_costs(page):
    said = header(page)

    assert {"Source", "Command", "Cost", "Theirs"} <= said.keys()
    assert f"experiment={page}" in said["Command"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_holds_nothing_that_equals_a_default(page):
    content = yaml.safe_load((config_folder() / "experiment" / f"{page}.yaml").read_text())
    groups = [
        f"{group.removeprefix('override /')}={choice}"
        for item in content.pop("defaults")
        for group, choice in item.items()
    ]
    usual = compose_checked("train", groups)

    for key, value in leaves(content):
        node: Any = usual
        for part in key.split("."):
            node = node[part]
        assert node != value, f"{key} is {value} anyway"


def leaves(node: dict[str, Any], path: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in node.items():
        found += leaves(value, f"{path}{key}.") if isinstance(value, dict) else [(f"{path}{key}", value)]
    return found


class Runs:
    """Trains pages on small made heads, each once, where a test first asks for it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.done = folder, {}
        self.common = [*HEADS, f"data.root={folder / 'heads'}", f"store.path={folder / 'store'}"]
        self._type("prepare", *self.common, "processes=1", "data.processes=1")

    def run(self, page: str) -> Path:
        if page not in self.done:
            self.done[page] = self.folder / page.replace("/", "-")
            family, stage = page.split("/")
            cnn = [f"cnn={self.run(f'{family}/cnn')}"] if stage == "sequence" else []
            left_out = ["data.leave_out=[3,4]"] if stage == "cnn" else []
            typed = [f"experiment={page}", *self.common, *SHORT, *SMALL[stage], *NARROW.get(page, ()), *left_out, *cnn]
            self._type("train", *typed, f"run={self.done[page]}", f"paths.features={self.folder / 'features'}")
        return self.done[page]

    def _type(self, command: str, *overrides: str) -> None:
        done = subprocess.run(
            [sys.executable, str(ROOT / f"{command}.py"), *overrides],
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=290,
            check=False,
        )
        assert done.returncode == 0, f"{overrides}: {done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Runs:
    return Runs(tmp_path_factory.mktemp("experiments"))


def checkpoint(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)


def input_channels(state: dict[str, torch.Tensor]) -> int:
    """Of the first convolution."""
    return next(tensor.shape[1] for tensor in state.values() if tensor.ndim == 4)


@pytest.mark.slow
@pytest.mark.timeout(900)  # a ResNeXt-101 and its LSTM, on a busy machine
@pytest.mark.parametrize("page", SLICE_PAGES)
def test_a_shrunken_slice_stage_trains_the_net_of_its_page(page, runs):
    said, folder = header(page), runs.run(page)
    content = checkpoint(folder)
    facts, config = content["ich"], yaml.safe_load((folder / "config.yaml").read_text())

    assert facts["kind"] == said["Stage"]
    assert net_words(facts["net"]) == said["Net"]
    channels = input_channels(content["state_dict"])
    assert said["Input"].startswith(f"{channels} channels: {window_words(facts['windows'])};")
    assert loss_words(config["loss"]) == said["Loss"]


@pytest.mark.slow
@pytest.mark.timeout(900)  # a ResNeXt-101 and its LSTM, on a busy machine
@pytest.mark.parametrize("page", SEQUENCE_PAGES)
def test_a_shrunken_sequence_stage_trains_the_net_of_its_page_on_its_slice_net(page, runs):
    said, folder = header(page), runs.run(page)
    facts, config = checkpoint(folder / "pair-0")["ich"], yaml.safe_load((folder / "config.yaml").read_text())
    ensemble = torch.load(folder / "ensemble.ckpt", weights_only=True)["ich"]
    slice_stage = header(page.replace("sequence", "cnn"))

    assert facts["kind"] == said["Stage"]
    net = {**facts["net"], "hidden": 256, **({"components": 120} if "components" in facts["net"] else {})}  # unshrunken
    assert net_words(net) == said["Net"]
    assert loss_words(config["loss"]) == said["Loss"]
    (member,) = ensemble["members"]
    assert net_words(member["cnn"]["net"]) == slice_stage["Net"]
    assert member["sequence"]["net"] == facts["net"]
    assert not ensemble["members"][0]["in_sample"]
