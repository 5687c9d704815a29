import pandas as pd
import pytest
import torch

from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.learn.checkpoint import load_net, read_checkpoint
from ich.learn.features import FeatureCache
from ich.learn.fit import fit_sequence, fit_slices, predict_studies

NET = {
    "net": "SliceNet",
    "backbone": "tiny",
    "windows": {"brain": {"centre": 40, "width": 80, "mean": None, "std": None}},
}


@pytest.fixture(scope="module")
def cnn_run(store, recipe, settings, unwatched, tmp_path_factory):
    run = tmp_path_factory.mktemp("cnn")
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    return run, fit_slices(run, data, net=NET, recipe=recipe, settings=settings, watching=unwatched)


def test_training_ends_with_checkpoints(cnn_run):
    run, result = cnn_run
    print(result)
    print(pd.read_csv(run / "metrics.csv").T.to_string())
    content = torch.load(result.last, weights_only=True)
    print(content.keys(), content["callbacks"], content["ich"])
    print(list(run.rglob("*")))
    print(read_checkpoint(run))


def test_seq(cnn_run, store, recipe, settings, unwatched, tmp_path):
    run, result = cnn_run
    features = FeatureCache.extract(run, store, studies=list(store.studies.study), folder=tmp_path)
    data = StudyDataModule(features, store, fold=0, leave_out=[1], batch_size=2)
    r = fit_sequence(
        tmp_path / "seq",
        data,
        net={"net": "SliceLSTM", "hidden": 8, "layers": 1},
        cnn=read_checkpoint(run),
        recipe=recipe,
        settings=settings,
        watching=unwatched,
    )
    print(r)
    out = predict_studies(load_net(read_checkpoint(r.best)), features, studies=data.split.validation)
    print({k: (a.shape, b.shape) for k, (a, b) in out.items()})
