"""`ich results`: keeps measured rows under docs/results and writes docs/results.md from them."""

import json
import os
import platform
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from ich.commands.terminal import say, shown
from ich.errors import EXIT_OK, ConfigError, DataError
from ich.report.results import PATIENT_ROWS, write_results
from ich.store.files import write_text

TOLD = ("title", "command", "machine", "seed", "notes")


def results(config: DictConfig) -> int:
    """Keep a row where one is named, then write the page."""
    folder, page = Path(config.folder), Path(config.page)
    if config.keep is not None:
        say("results", f"row kept in {shown(_keep(config, folder))}")
    write_results(folder, page)
    say("results", f"{len(list(folder.glob('*.json')))} rows in {shown(page)}")
    return EXIT_OK


def _keep(config: DictConfig, folder: Path) -> Path:
    missing = [key for key in ("name", "title", "command", "seed") if config[key] is None]
    if missing:
        raise ConfigError(f"{missing[0]}: expected a value for the row to keep, found none; add {missing[0]}=...")
    try:
        metrics = json.loads(Path(config.keep).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"keep={config.keep}: expected a metrics.json, found {type(error).__name__}; name one"
        ) from error
    told = {key: OmegaConf.to_container(config)[key] for key in TOLD}  # type: ignore[index,call-overload]
    told["machine"] = told["machine"] or _machine()
    told["notes"] = told["notes"] or []
    kept = {key: value for key, value in {**metrics, **told}.items() if key not in PATIENT_ROWS and value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    row = folder / f"{config.name}.json"
    write_text(row, json.dumps(kept, indent=1, sort_keys=True) + "\n")
    return row


def _machine() -> str:
    """Processor and usable cores."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} cores"
