"""`train.py`: checks what can be checked, makes the run folder, has it trained, and says how it went."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from ich.commands.predictions.scoring import mean_logits, with_probabilities
from ich.commands.run_folders.files import BEST, ENSEMBLE_FILE, RESULT_FILE, VALIDATION_FILE, pair_folder, write_config
from ich.commands.run_folders.lock import check_free
from ich.commands.run_folders.resume import resumed_run
from ich.commands.run_folders.run_folder import check_new, run_folder
from ich.commands.run_folders.slice_checkpoints import slice_checkpoints
from ich.commands.stores import keep_store_paths, open_training_stores, store_words, words_a_store
from ich.commands.terminal import as_typed, say, shown
from ich.commands.training.debug import is_debug
from ich.commands.training.launch import RankFailedError, check_machines, launch, torchrun_line
from ich.commands.training.settings import check_training, training_devices
from ich.commands.training.train_words import say_data, say_in_sample, say_points, say_scores
from ich.errors import EXIT_FAILED, EXIT_OK, ConfigError, DataError
from ich.labels import LABELS
from ich.learn.checkpoint import Checkpoint, read_checkpoint
from ich.learn.seen import start_of
from ich.learn.unseen import check_start, unseen_split
from ich.nets.weights import check_weights, fetch_published
from ich.store.split import Split, training_split
from ich.store.store import Store

if TYPE_CHECKING:
    from ich.learn.hardware.devices import Devices

STAGES = ("slice", "sequence")


def train(config: DictConfig) -> int:
    """Train the stage that the chosen model belongs to, or go on with a run that was stopped.

    Raises:
        IchError: what can't be trained as asked, said before the run has a folder where that can be.
        KeyboardInterrupt: Ctrl-C; the run can go on.
        SystemExit: SIGTERM, likewise.
    """
    in_sweep = OmegaConf.select(config, "started.sweep") is not None
    resumed = resumed_run(config)
    if resumed is not None:
        config = resumed.config
    elif config.run:
        check_new(Path(config.run).absolute())
    if config.model.stage not in STAGES:
        raise ConfigError(
            f"model.stage={config.model.stage}: expected slice or sequence; choose a model, as model=tiny"
        )
    if resumed is None and config.model.stage == "slice":
        check_weights(config.model.net.weights)
    devices = training_devices(config)
    if config.launch:
        check_machines(devices.nodes)
    check_training(config)
    store = open_training_stores(config)
    _check_labels(store)
    keep_store_paths(config, store)
    run = None if resumed is None else resumed.folder
    try:
        if config.model.stage == "slice":
            return _train_slices(config, store, devices=devices, run=run, in_sweep=in_sweep)
        return _train_sequence(config, store, devices=devices, run=run, in_sweep=in_sweep)
    except RankFailedError as failure:
        print(f"error: {failure}", file=sys.stderr)
        return EXIT_FAILED


def _check_labels(store: Store) -> None:
    """Nothing can be learned from slices of which nothing is known."""
    if store.slices[list(LABELS)].notna().to_numpy().any():
        return
    found = "those of studies only" if store.studies[list(LABELS)].notna().to_numpy().any() else "none"
    raise DataError(
        f"store.path={store.path}: expected labels of slices to train on, found {found}; "
        "train on another store, and score this one with evaluate.py or predict.py"
    )


def train_slice_nets(configs: Sequence[DictConfig]) -> list[Path]:
    """Train several slice nets at the same time, each in a process of its own, and return their run folders."""
    with ExitStack() as locks:
        runs = [
            locks.enter_context(_slice_run(config, open_training_stores(config), going_on=None)) for config in configs
        ]
        results = launch(runs, processes=1, side_by_side=len(runs), more_follows=True)
    say_scores([(f"slice net {run.name}", result) for run, result in zip(runs, results, strict=True)])
    return runs


def _train_slices(config: DictConfig, store: Store, *, devices: "Devices", run: Path | None, in_sweep: bool) -> int:
    with _slice_run(config, store, going_on=run) as run:
        if not config.launch:
            return _leave_to_torchrun(run, [run], devices=devices)
        processes = devices.n_processes // devices.nodes
        result = launch([run], processes=processes, nodes=devices.nodes, more_follows=in_sweep)[0]
    say_scores([("slice net", result)])
    say("train", f"best checkpoint {shown(run / result['best'])}")
    if not is_debug(config):
        say("next", f"python train.py model=lstm {store_words(config)} {as_typed('cnn', shown(run))}")
    return EXIT_OK


@contextmanager
def _slice_run(config: DictConfig, store: Store, *, going_on: Path | None) -> Iterator[Path]:
    """Say what will be trained on what, then hold its run folder: a new one, or that of a run which goes on."""
    keep_store_paths(config, store)
    split = training_split(store, fold=config.data.fold, leave_out=list(config.data.leave_out))
    say_data(store, split, config=config)
    net = config.model.net
    say("train", f"net {net.backbone}, windows {', '.join(net.windows)}, weights {net.weights or 'none'}")
    _check_weights(net.weights, store, split=split, fold=config.data.fold)
    if net.weights == "hub":
        if config.model.licence:
            say("train", f"licence: {config.model.licence}")
        say("train", f"weights of {net.backbone} from the hub or its cache; a hub that can't be reached takes a minute")
        fetch_published(net.backbone)
    with run_folder(config, going_on=going_on) as run:
        yield run


def _check_weights(weights: str | None, store: Store, *, split: Split, fold: int) -> None:
    """Starting weights must not know the validation patients; say where nobody can know whether they do."""
    start = start_of(weights)
    check_start(start, store, split=split, fold=fold)
    if start is not None and not start["is_known"]:
        say("train", "these weights don't say whom they have seen: nobody can know whether patients of this store are")
        say("train", "among them; whoever validates or tests on patients they knew measures too well")


def _train_sequence(config: DictConfig, store: Store, *, devices: "Devices", run: Path | None, in_sweep: bool) -> int:
    paths = [path.absolute() for path in slice_checkpoints(config.cnn)]
    config.cnn = [str(path) for path in paths]  # to be found again from anywhere
    cnns = [read_checkpoint(path, kind="slice") for path in paths]
    splits = [unseen_split(cnn, store, fold=config.data.fold, leave_out=list(config.data.leave_out)) for cnn in cnns]
    for number, unseen in enumerate(splits):
        say("train", f"pair {number}: features of {shown(paths[number])}")
        say_data(store, unseen.split, config=config)
    if any(unseen.in_sample for unseen in splits):
        say_in_sample(config, store)
    with run_folder(config, going_on=run) as run:
        return _train_pairs(config, run, cnns=cnns, paths=paths, devices=devices, in_sweep=in_sweep)


def _train_pairs(
    config: DictConfig,
    run: Path,
    *,
    cnns: Sequence[Checkpoint],
    paths: Sequence[Path],
    devices: "Devices",
    in_sweep: bool,
) -> int:
    """Train a sequence net for each slice net and join them; those that are done are not trained again."""
    pairs = [_make_pair(config, pair_folder(run, number), cnn=path) for number, path in enumerate(paths)]
    waiting = [pair for pair in pairs if not (pair / RESULT_FILE).is_file()]
    if not config.launch and waiting:
        return _leave_to_torchrun(run, waiting, devices=devices)
    results = launch(
        pairs,
        processes=devices.n_processes // devices.nodes,
        nodes=devices.nodes,
        side_by_side=config.trainer.side_by_side,
        named=run,
        more_follows=in_sweep,
    )
    say_scores([(f"pair {number}", result) for number, result in enumerate(results)])
    ensemble = write_ensemble(run, list(zip(cnns, pairs, strict=True)))
    say("train", f"ensemble of {len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'}: {ensemble}")
    for words in [] if is_debug(config) else words_a_store(config):
        say("next", f"python evaluate.py {as_typed('checkpoint', shown(ensemble))} {words}")
    return EXIT_OK


def write_ensemble(run: Path, pairs: list[tuple[Checkpoint, Path]]) -> Path:
    """Freeze the operating points on the validation patients and write `ensemble.ckpt`.

    Args:
        run: folder of the sequence stage.
        pairs: each slice net with the run of its sequence net.
    """
    from ich.ensemble.file import bundle, write_bundle
    from ich.ensemble.operating import fit_operating_points

    tables = [pd.read_parquet(pair / VALIDATION_FILE) for _, pair in pairs]
    validation = with_probabilities(mean_logits(tables, "ensemble"), ["ensemble"])
    members = [(cnn, read_checkpoint(pair / BEST, kind="sequence")) for cnn, pair in pairs]
    points = fit_operating_points(validation)
    write_bundle(bundle(members, operating_points=points), run / ENSEMBLE_FILE)
    say_points(points)
    return run / ENSEMBLE_FILE


def _make_pair(config: DictConfig, folder: Path, *, cnn: Path) -> Path:
    """A run of its own for one pair."""
    pair = OmegaConf.create(OmegaConf.to_container(config, resolve=True))
    assert isinstance(pair, DictConfig)
    pair.cnn, pair.run = str(cnn), str(folder)
    if folder.exists():
        check_free(folder)  # ranks of a command that was killed may still be in it
    write_config(pair, folder)
    return folder


def _leave_to_torchrun(run: Path, folders: Sequence[Path], *, devices: "Devices") -> int:
    """Say how to start run folders by hand, and how to end a run that joins several."""
    say("train", f"run folder {run}; start it on each machine with:")
    processes = devices.n_processes // devices.nodes
    for position, folder in enumerate(folders):
        print(f"  {torchrun_line(folder, processes=processes, nodes=devices.nodes, position=position)}")
    if folders != [run]:
        say("next", f"python train.py {as_typed('resume', shown(run))}")
    return EXIT_OK
