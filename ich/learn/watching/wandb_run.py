"""A run of Weights & Biases that says nothing of the machine, the command line or a patient."""

import netrc
import os
import textwrap
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from ich.errors import first_line

if TYPE_CHECKING:
    import wandb

MODES = ("auto", "online", "offline")
ID_FILE = "wandb.id"  # in the run folder: a training that goes on after a stop goes on in the same W&B run
SERVER = "https://api.wandb.ai"
LONGEST_REASON = 100  # characters of a server's own words
PATIENCE = 30.0  # seconds until a server that does not answer is given up


@dataclass(frozen=True)
class Mode:
    """Whether a run is sent to a server, kept on disk or not made at all, and why."""

    word: str  # online, offline or disabled
    reason: str


@dataclass(frozen=True)
class RunFacts:
    """What a W&B run is called and carries from its start."""

    project: str
    name: str
    config: Mapping[str, Any]  # flat, plain values, no path and no patient
    entity: str | None = None
    group: str | None = None
    tags: Sequence[str] = ()


def choose_mode(wanted: str, *, public: bool, environment: Mapping[str, str] | None = None) -> Mode:
    """Decide between online and offline without asking any host.

    Args:
        wanted: `auto`, `online` or `offline`.
        public: the data are a published set; others stay offline unless `online` was asked for.
        environment: where `WANDB_MODE`, `WANDB_API_KEY` and the netrc file are looked up; this process's by default.
    """
    environment = os.environ if environment is None else environment
    if wanted != "auto":
        return Mode(wanted, f"logger.wandb.mode={wanted}")
    said = environment.get("WANDB_MODE", "")
    if said == "disabled":
        return Mode("disabled", "WANDB_MODE=disabled")
    if not public:
        return Mode("offline", "not a published data set, logger.wandb.mode=online sends it all the same")
    if said and said != "online":
        return Mode("offline", f"WANDB_MODE={said}")
    if not has_key(environment):
        return Mode("offline", "no key found, wandb login sets one")
    return Mode("online", "a key was found")


def has_key(environment: Mapping[str, str] | None = None) -> bool:
    """Is there a key for the server, in `WANDB_API_KEY` or in the netrc file?"""
    environment = os.environ if environment is None else environment
    if environment.get("WANDB_API_KEY"):
        return True
    home = Path(environment.get("HOME", "~")).expanduser()
    named = environment.get("NETRC")
    host = urlparse(environment.get("WANDB_BASE_URL", SERVER)).hostname or ""
    for file in [Path(named)] if named else [home / ".netrc", home / "_netrc"]:
        try:
            if netrc.netrc(file).authenticators(host):
                return True
        except (OSError, netrc.NetrcParseError):
            continue  # no such file, or none that wandb could read either
    return False


def start_run(folder: Path, facts: RunFacts, *, mode: Mode) -> tuple["wandb.Run", Mode]:
    """Start a W&B run that keeps its files in the run folder.

    Args:
        folder: the run's folder.
        facts: name, group, tags and configuration.
        mode: online or offline.

    Returns:
        The run, and the mode it is in: a server that can't be reached leaves it offline.
    """
    import wandb

    os.environ["WANDB_DATA_DIR"] = str(folder / "wandb")  # else pictures and tables wait for their upload in the home
    os.environ["WANDB_CACHE_DIR"] = str(folder / "wandb" / "cache")
    os.environ["WANDB_ERROR_REPORTING"] = "false"
    (folder / "wandb").mkdir(exist_ok=True)  # else wandb takes the system's temporary folder, saying so
    if mode.word == "online":
        try:
            return _begin(folder, facts, online=True), mode
        except wandb.errors.Error as error:
            wandb.teardown()
            mode = Mode("offline", f"the server could not be used: {_shortened(error)}")
    return _begin(folder, facts, online=False), mode


def run_id(folder: Path) -> str:
    """The W&B id of a run folder, made when it is first asked for."""
    file = folder / ID_FILE
    if not file.is_file():
        file.write_text(uuid.uuid4().hex[:8], encoding="utf-8")
    return file.read_text(encoding="utf-8").strip()


def _begin(folder: Path, facts: RunFacts, *, online: bool) -> "wandb.Run":
    import wandb

    run = wandb.init(
        project=facts.project,
        entity=facts.entity,
        name=facts.name,
        group=facts.group,
        tags=list(facts.tags),
        config=dict(facts.config),
        dir=str(folder),
        id=run_id(folder),
        resume="allow" if online else None,  # an offline run can't ask what is there: the same id joins them
        mode="online" if online else "offline",
        settings=_quiet_settings(),
    )
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    return run


def _quiet_settings() -> "wandb.Settings":
    """Settings under which no command line, host, user, path, repository, package or machine is recorded."""
    import wandb

    return wandb.Settings(
        console="off",
        disable_code=True,
        disable_git=True,
        host="-",
        username="-",
        init_timeout=PATIENCE,
        program="train.py",
        program_relpath="train.py",
        save_code=False,
        silent=True,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )


def _shortened(error: Exception) -> str:
    return textwrap.shorten(first_line(error), LONGEST_REASON, placeholder=" ...")
