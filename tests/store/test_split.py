"""Which studies a training sees."""

import pytest

from ich.errors import ConfigError, DataError, LeakError
from ich.store.split import subset_studies, training_split


def folds_of(store, studies):
    return set(store.studies.set_index("study").loc[list(studies), "fold"])


def test_a_training_sees_every_fold_but_its_validation_and_the_test_part(store):
    split = training_split(store, fold=1)

    assert folds_of(store, split.train) == {0, 2}
    assert folds_of(store, split.validation) == {1}
    assert not split.train_patients & split.validation_patients


def test_a_fold_left_out_is_in_neither(store):
    split = training_split(store, fold=1, leave_out=[2])

    assert folds_of(store, split.train) == {0}


def test_a_patient_left_out_is_on_neither_side(store):
    whole = training_split(store, fold=1)
    patient = sorted(whole.train_patients)[0]

    split = training_split(store, fold=1, leave_out=[patient])

    assert patient not in split.train_patients | split.validation_patients
    assert len(split.train) == len(whole.train) - 1


def test_the_hash_tells_two_splits_apart_and_is_the_same_for_the_same(store):
    hashes = [
        training_split(store, fold=fold, leave_out=left).hash for fold, left in ((0, []), (0, []), (1, []), (0, [1]))
    ]

    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize("arguments", [{"fold": -1}, {"fold": 0, "leave_out": [-1]}], ids=["fold", "leave_out"])
def test_the_test_part_is_never_opened(store, arguments):
    with pytest.raises(LeakError, match=r"found the test patients; they are for evaluate.py only"):
        training_split(store, **arguments)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"fold": 7}, r"data.fold=7: expected a fold of \[0, 1, 2\]"),
        ({"fold": 0, "leave_out": [9]}, r"data.leave_out=9: expected a fold of \[0, 1, 2\]"),
        ({"fold": 0, "leave_out": ["nobody"]}, "data.leave_out=nobody: expected a fold number or a patient key"),
        ({"fold": 0, "leave_out": [0]}, "expected a fold other than data.fold"),
        ({"fold": 0, "leave_out": [1, 2]}, "expected patients for training, found none"),
    ],
    ids=["fold", "left fold", "left patient", "same", "nobody left"],
)
def test_nonsense_is_refused_with_the_folds_there_are(store, arguments, sentence):
    with pytest.raises(ConfigError, match=sentence):
        training_split(store, **arguments)


def test_subsets_are_the_test_part_a_fold_or_everyone(store):
    assert folds_of(store, subset_studies(store, "test")) == {-1}
    assert folds_of(store, subset_studies(store, "validation", fold=2)) == {2}
    assert subset_studies(store, "all") == store.studies["study"].tolist()


def test_another_subset_is_refused(store):
    with pytest.raises(ConfigError, match=r"subset=train: expected one of test, validation, all, out_of_fold; .*SWEEP"):
        subset_studies(store, "train")


def test_a_store_without_test_patients_says_how_to_get_them(prepare, rsna_root):
    from ich.sources.rsna import Rsna
    from ich.store.store import Store

    opened = Store.open(prepare(Rsna(rsna_root), test_share=0).path)

    with pytest.raises(DataError, match=r"expected test patients .*store.test_share=0.2"):
        subset_studies(opened, "test")


def test_a_validation_patient_left_out_is_not_validated_on(store):
    patient = sorted(training_split(store, fold=1).validation_patients)[0]

    assert patient not in training_split(store, fold=1, leave_out=[patient]).validation_patients
