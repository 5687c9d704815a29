"""`ich demo`: the whole road on made heads, by the same functions that the other commands call, in one process."""

import json
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from ich.commands.clock import Clock
from ich.commands.tasks import task_of
from ich.commands.terminal import bar, say, shown, table
from ich.errors import EXIT_OK
from ich.report.tables import PREDICTOR_NAMES as SHOWN
from ich.report.tables import with_interval

UNSEEN_SEED_OFFSET = 1000  # the unseen patient is drawn from another seed than all others
EVALUATION = Path("evaluation") / "demo"
OF_ONE_RUN = ("cnn", "sequence", EVALUATION, "prediction", "unseen")  # an earlier demo's, which this one replaces


def demo(config: DictConfig) -> int:
    """Go the whole road and print what came out."""
    clock = Clock()
    folder = Path(config.folder)
    precision = _probe()
    digits = "bf16" if precision.startswith("bf16") else "fp32"
    _remove_earlier(folder)
    common = _common(config, folder, digits=digits)
    with clock.station("make heads"):
        _make_heads(config, common)
    with clock.station("prepare"):
        _run("prepare", [*common, *config.prepare])
    with clock.station("slice nets"):
        _train_slice_nets(config, [*common, f"trainer.precision={precision}"], folder=folder)
    with clock.station("sequence nets"):
        runs = ",".join(str(folder / "cnn" / name) for name in config.cnn)
        _run("train", [*common, *_training(config), *config.sequence, f"cnn=[{runs}]", f"run={folder / 'sequence'}"])
        shutil.copy(folder / "sequence" / "ensemble.ckpt", folder / "ensemble.ckpt")
    checkpoint = f"checkpoint={folder / 'ensemble.ckpt'}"
    with clock.station("evaluate"):
        _run("evaluate", [*common, checkpoint, f"output={folder / EVALUATION}", *config.evaluate])
    with clock.station("predict"):
        unseen = _make_unseen(config, common, folder=folder)
        output = f"output={folder / 'prediction'}"
        _run("predict", [checkpoint, f"input={unseen}", output, *config.predict])
    _say_end(config, clock, folder=folder, digits=digits)
    return EXIT_OK


def _probe() -> str:
    """The precision of all slice nets: a probe for each might choose differently where other programs run."""
    from ich.learn.hardware.devices import resolve_devices
    from ich.learn.hardware.precision import choose_precision

    precision, reason = choose_precision("auto", resolve_devices(0, available=0))
    say("demo", reason)
    return precision


def _common(config: DictConfig, folder: Path, *, digits: str) -> list[str]:
    return [
        "data=phantom",
        f"data.n_studies={config.studies[digits]}",
        f"data.seed={config.seed}",
        f"data.root={folder / 'data'}",
        f"store.path={folder / 'store'}",
        f"store.seed={config.seed}",
        *(override for override in config.prepare if override.startswith(("data.", "difficulty="))),
    ]


def _training(config: DictConfig) -> list[str]:
    return [f"seed={config.seed}", f"paths.features={Path(config.folder) / 'features'}", "trainer.gpus=0"]


def _run(command: str, overrides: Sequence[str]) -> int:
    from ich.commands.configuration.config import compose_checked

    _say_command(command, overrides)
    return task_of(command)(compose_checked(command, overrides))


def _say_command(command: str, overrides: Sequence[str]) -> None:
    print(f"\n$ python {command}.py {shlex.join(dict.fromkeys(overrides))}")


def _make_heads(config: DictConfig, common: Sequence[str]) -> None:
    from ich.commands.configuration.config import compose_checked
    from ich.commands.configuration.parts import make_source

    composed = compose_checked("prepare", [*common, *config.prepare])
    say("demo", f"making {composed.data.n_studies} heads in {composed.data.root}: made heads are not patients")
    make_source(composed).check(progress=bar)


def _train_slice_nets(config: DictConfig, common: Sequence[str], *, folder: Path) -> None:
    """Train the slice nets side by side: a process with one thread each is faster than one net with two."""
    from ich.commands.configuration.config import compose_checked
    from ich.commands.train import train_slice_nets

    composed = []
    for name, own in config.cnn.items():
        overrides = [*common, *_training(config), *own, f"run={folder / 'cnn' / name}"]
        _say_command("train", overrides)
        composed.append(compose_checked("train", overrides))
    train_slice_nets(composed)


def _make_unseen(config: DictConfig, common: Sequence[str], *, folder: Path) -> Path:
    """One patient from a seed that nothing was trained or tested on, as a folder of DICOM."""
    from ich.commands.configuration.config import compose_checked
    from ich.commands.configuration.parts import make_source

    others = [override for override in common if not override.startswith(("data.root", "data.seed", "data.n_studies"))]
    seed = config.seed + UNSEEN_SEED_OFFSET
    own = [f"data.root={folder / 'unseen'}", f"data.seed={seed}", "data.n_studies=1", "data.prevalence.subdural=1"]
    make_source(compose_checked("prepare", [*others, *own])).check()
    return folder / "unseen" / "dicom"


def _say_end(config: DictConfig, clock: Clock, *, folder: Path, digits: str) -> None:
    rows = [[name, f"{wall:.0f} s", f"{cpu:.0f} s"] for name, wall, cpu in clock.rows]
    wall, cpu = sum(row[1] for row in clock.rows), sum(row[2] for row in clock.rows)
    print()
    print(table([*rows, ["sum", f"{wall:.0f} s", f"{cpu:.0f} s"]], heads=["station", "wall", "CPU"]))
    print()
    print(_scores(folder / EVALUATION / "metrics.json"))
    budget = config.budget_seconds[digits]
    say("demo", f"{wall:.0f} s of the {budget} s it may take on two free cores; a busy machine takes longer")
    say("demo", f"scores: {shown(folder / EVALUATION / 'metrics.md')}")
    say("demo", f"report of the unseen study: {shown(folder / 'prediction' / 'study-001' / 'page.html')}")
    say("demo", "made heads are not patients: these scores say that the road works, nothing about a hospital")


def _scores(metrics: Path) -> str:
    """The few numbers a person looks for first."""
    measured = json.loads(metrics.read_text(encoding="utf-8"))
    rows = [
        [
            f"{level}, {SHOWN[name]}",
            with_interval(predictors[name]["labels"]["any"]["auc"]),
            with_interval(predictors[name]["log_loss"]),
            with_interval(predictors[name]["log_loss_ratio"]),
        ]
        for level in ("slice", "study")
        for predictors in [measured[level]["predictors"]]
        for name in ("cnn", "ensemble", "position")
    ]
    return table(rows, heads=["test patients", "AUC any", "weighted log loss", "of the prevalence answer's"])


def _remove_earlier(folder: Path) -> None:
    """Remove what an earlier demo trained and scored; its heads and store are taken up again if they are the same."""
    earlier = [folder / name for name in OF_ONE_RUN if (folder / name).exists()]
    if earlier:
        say("demo", f"replacing an earlier demo's {', '.join(shown(path) for path in earlier)}")
    for path in earlier:
        shutil.rmtree(path)
