"""Where patients are placed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ich.errors import ConfigError
from ich.labels import LABELS
from ich.store.gathering.folds import NO_FOLD, FoldOptions, group_patients, place_patients, rarest_labels

OPTIONS = FoldOptions(n_folds=5, test_share=0.2, seed=0)


def studies_of(patients, labels=None):
    """A table of studies; `labels` maps a label to the numbers of the studies that have it."""
    table = pd.DataFrame({"patient": list(patients)})
    for label in LABELS:
        table[label] = np.isin(np.arange(len(table)), list((labels or {}).get(label, ()))).astype(np.float32)
    return table


def place(studies, *, pixels=None, options=OPTIONS, placed=None):
    return place_patients(studies, pixels or {}, options=options, placed=placed or {})


def names(n):
    return [f"p{number:03d}" for number in range(n)]


def test_a_patient_with_several_studies_has_one_fold():
    studies = studies_of([*names(50), *names(50)])

    folds = place(studies)

    assert set(folds.by_patient) == set(names(50))
    assert sorted(set(folds.by_patient.values())) == [-1, 0, 1, 2, 3, 4]


def test_the_rarest_label_is_spread_evenly_over_folds_and_test_part():
    studies = studies_of(names(300), {"subdural": range(0, 200), "epidural": range(0, 30), "any": range(0, 200)})

    folds = place(studies).by_patient

    epidural = pd.Series([folds[name] for name in names(30)]).value_counts()
    assert epidural[-1] == 6  # a fifth of 30
    assert sorted(epidural.drop(-1)) in ([4, 5, 5, 5, 5], [5, 5, 5, 5, 4])


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_the_test_part_has_its_share_of_patients(share):
    folds = place(studies_of(names(200)), options=FoldOptions(5, share, 0)).by_patient

    assert sum(fold == -1 for fold in folds.values()) == pytest.approx(200 * share, abs=2)


def test_without_a_test_share_nobody_is_a_test_patient():
    folds = place(studies_of(names(20)), options=FoldOptions(5, 0, 0)).by_patient

    assert set(folds.values()) == {0, 1, 2, 3, 4}


def test_another_seed_gives_another_split_and_the_same_seed_the_same():
    studies = studies_of(names(40))

    one, same, other = (place(studies, options=FoldOptions(5, 0.2, seed)).by_patient for seed in (0, 0, 1))

    assert one == same != other


def test_patients_who_share_a_slice_directly_or_through_others_stay_together():
    pixels = {"p000": ["x"], "p017": ["x", "y"], "p033": ["y"]}

    folds = place(studies_of(names(40)), pixels=pixels).by_patient

    assert folds["p000"] == folds["p017"] == folds["p033"]


def test_nobody_moves_when_others_come():
    first = place(studies_of(names(30))).by_patient

    later = place(studies_of(names(60)), placed=first).by_patient

    assert {name: later[name] for name in first} == first
    assert len(later) == 60


def test_latecomers_go_where_their_rarest_label_is_rarest():
    placed = {name: number % 5 for number, name in enumerate(names(10))}
    studies = studies_of([*names(10), "q"], {"epidural": [0, 1, 2, 4, 10]})  # folds 0, 1, 2, 4

    folds = place(studies, options=FoldOptions(5, 0, 0), placed=placed).by_patient

    assert folds["q"] == 3


def test_many_latecomers_fill_test_part_and_folds_by_their_shares():
    placed = place(studies_of(names(30))).by_patient

    folds = pd.Series(place(studies_of(names(330)), placed=placed).by_patient).value_counts(normalize=True)

    assert folds[-1] == pytest.approx(0.2, abs=0.02)
    assert folds.drop(-1).tolist() == pytest.approx([0.16] * 5, abs=0.02)


def test_a_latecomer_joins_the_fold_of_the_patient_whose_pixels_he_has():
    placed = {name: number % 5 for number, name in enumerate(names(10))}

    folds = place(studies_of([*names(10), "q"]), pixels={"p003": ["x"], "q": ["x"]}, placed=placed).by_patient

    assert folds["q"] == 3


def test_a_latecomer_whose_pixels_stand_in_two_folds_gets_none_and_it_is_said():
    placed = {name: number % 5 for number, name in enumerate(names(10))}

    folds = place(studies_of([*names(10), "q"]), pixels={"p003": ["x"], "p004": ["y"], "q": ["x", "y"]}, placed=placed)

    assert folds.by_patient["q"] == NO_FOLD
    assert folds.notes == ("1 new patients share identical slices with patients of two folds and get none",)


@pytest.mark.parametrize("n_patients", [1, 2, 3, 6])
def test_few_patients_fill_what_they_can_and_it_is_said(n_patients):
    folds = place(studies_of(names(n_patients)))

    assert len(folds.by_patient) == n_patients
    assert any(fold >= 0 for fold in folds.by_patient.values())
    assert "folds; set store.n_folds" in folds.notes[0]


def test_the_rarest_label_of_a_study_is_the_one_fewest_studies_have():
    studies = studies_of(names(4), {"subdural": [0, 1, 2], "any": [0, 1, 2], "epidural": [1]})

    assert rarest_labels(studies).tolist() == [4, 0, 4, len(LABELS)]


def test_unknown_labels_count_as_none():
    studies = studies_of(names(3))
    studies[list(LABELS)] = np.nan

    assert rarest_labels(studies).tolist() == [len(LABELS)] * 3


@pytest.mark.parametrize(("n_folds", "share"), [(1, 0.2), (5, 1.0), (5, -0.1)])
def test_options_out_of_range_are_refused(n_folds, share):
    with pytest.raises(ConfigError, match="expected"):
        FoldOptions(n_folds, share, 0)


@settings(max_examples=40, deadline=None)
@given(st.permutations(names(12)), st.lists(st.tuples(st.integers(0, 11), st.integers(0, 5)), max_size=20))
def test_groups_do_not_depend_on_the_order_of_patients(order, shared):
    pixels: dict[str, list[str]] = {}
    for patient, slice_hash in shared:
        pixels.setdefault(names(12)[patient], []).append(str(slice_hash))

    assert group_patients(sorted(order), pixels) == group_patients(names(12), pixels)
    groups = group_patients(order, pixels)
    for one in pixels:
        for other in pixels:
            assert not set(pixels[one]) & set(pixels[other]) or groups[one] == groups[other]


@pytest.mark.slow
@pytest.mark.realdata
def test_rsna_studies_have_their_epidurals_spread_over_five_folds(realdata):
    table = pd.read_csv(realdata / "tables" / "rsna_studies.csv.xz")
    table = table.rename(columns={next(name for name in table if "patient" in name.lower()): "patient"})

    folds = place(table, options=FoldOptions(5, 0, 0)).by_patient

    counts = table.loc[table["epidural"] == 1, "patient"].map(folds).value_counts()
    assert set(counts) <= {70, 71}  # DESIGN 4; 352 epidural studies
