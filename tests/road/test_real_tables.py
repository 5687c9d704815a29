"""The real tables of RSNA 2019 through label reader, match and folds; counts as the tables' own README states them."""

import lzma

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ich.labels import LABELS
from ich.sources.rsna import read_long_labels
from ich.sources.source import LabelTable
from ich.store.gathering.folds import FoldOptions, group_patients, place_patients
from ich.store.keys import PUBLIC_KEY, HashKey
from ich.store.listing.label_match import match_labels

pytestmark = pytest.mark.realdata

KEY = HashKey(PUBLIC_KEY, "public")


def read_table(realdata, name):
    return pd.read_csv(realdata / "tables" / f"{name}.csv.xz")


def long_labels(wide, images, tmp_path):
    """Six columns of labels, written in the challenge's form and read."""
    rows = wide[list(LABELS)].set_axis([f"_{label}" for label in LABELS], axis=1).set_index(wide[images])
    long = rows.stack().rename("Label").reset_index()
    table = pd.DataFrame({"ID": long.iloc[:, 0] + long.iloc[:, 1], "Label": long["Label"]})
    table.to_csv(tmp_path / "stage_2_train.csv", index=False)
    return read_long_labels(tmp_path / "stage_2_train.csv")


def headers_like(slices, **uids):
    """A header table with a row a slice, uids taken from columns."""
    columns = {name: pa.array(slices[column].astype(str), pa.string()) for name, column in uids.items()}
    empty = pa.array([""] * len(slices), pa.string())
    others = {name: empty for name in ("code", "accession", "sop_uid", "series_uid", "study_uid") if name not in uids}
    files = pa.array([f"{number}.dcm" for number in range(len(slices))], pa.string())
    return pa.table({"file": files, "n_frames": pa.array(np.ones(len(slices), np.int32))} | others | columns)


def sums(labels):
    return np.nansum(np.asarray(labels), axis=0).astype(int).tolist()


@pytest.fixture(scope="module")
def eight_hundred(realdata):
    return read_table(realdata, "rsna_800_studies")


@pytest.fixture
def matched(eight_hundred, tmp_path):
    known = long_labels(eight_hundred, "SOPInstanceUID", tmp_path)
    # the files come in no order of the label table
    slices = eight_hundred.sample(frac=1, random_state=0).reset_index(drop=True)
    table = headers_like(slices, sop_uid="SOPInstanceUID", series_uid="SeriesInstanceUID", study_uid="StudyInstanceUID")
    found = match_labels(known, table, key=KEY, source="rsna")
    assert found.notes == ()
    return pd.concat([slices.drop(columns=list(LABELS)), pd.DataFrame(found.slices, columns=list(LABELS))], axis=1)


def test_the_long_table_has_the_known_positives(realdata, tmp_path):
    with lzma.open(realdata / "tables" / "rsna_long_excerpt.csv.xz") as packed:
        (tmp_path / "stage_2_train.csv").write_bytes(packed.read())

    table = read_long_labels(tmp_path / "stage_2_train.csv")

    assert len(table.frame) == 8_898
    assert sums(table.frame) == [123, 3_462, 3_011, 3_292, 3_170, 8_033]
    assert table.notes == ()


def test_slices_of_800_studies_get_their_labels(matched):
    studies = matched.groupby("StudyInstanceUID")[list(LABELS)].max()

    assert sums(matched[list(LABELS)]) == [195, 3_386, 2_477, 3_403, 3_979, 9_747]
    assert sums(studies) == [25, 503, 326, 369, 335, 800]


def test_780_patients_with_800_studies_are_in_one_part_each(matched):
    studies = matched.groupby("StudyInstanceUID").agg({"PatientID": "first", **dict.fromkeys(LABELS, "max")})
    studies = studies.rename(columns={"PatientID": "patient"}).reset_index()

    folds = place_patients(studies, {}, options=FoldOptions(5, 0.2, 0), placed={}).by_patient

    parts = studies["patient"].map(folds)
    assert len(folds) == 780
    assert (studies["patient"].value_counts() == 2).sum() == 20
    assert (parts.groupby(studies["patient"]).nunique() == 1).all()
    assert parts[studies["epidural"] == 1].value_counts().sort_index().tolist() == [5, 4, 4, 4, 4, 4]  # test part first


def test_patients_with_the_same_pixels_are_one_group(eight_hundred):
    first, second = eight_hundred["PatientID"].unique()[[0, 400]]
    patients = sorted(set(eight_hundred["PatientID"]))

    groups = group_patients(patients, {first: ["a", "b"], second: ["b"]})

    assert groups[first] == groups[second]
    assert len(set(groups.values())) == 779


def test_labels_of_whole_series_reach_every_slice_of_them(realdata):
    series = read_table(realdata, "rsna_series_labels")
    known = LabelTable(
        series.set_index("SeriesInstanceUID")[list(LABELS)].astype(np.float32), by="series_uid", level="study"
    )
    slices = series.loc[series.index.repeat(series["slices"])].reset_index(drop=True)
    table = headers_like(slices, series_uid="SeriesInstanceUID", study_uid="SeriesInstanceUID")

    found = match_labels(known, table, key=KEY, source="rsna")

    firsts = ~slices["SeriesInstanceUID"].duplicated().to_numpy()
    assert len(table) == 237_108
    assert firsts.sum() == 6_748
    assert sums(found.studies[firsts]) == [94, 1_612, 1_138, 1_221, 1_147, 2_691]
    np.testing.assert_array_equal(found.studies, slices[list(LABELS)].to_numpy(np.float32))
    assert np.isnan(found.slices).all()
    assert found.unmatched.empty


def test_two_tables_agree_where_they_hold_the_same_series(realdata, matched):
    series = read_table(realdata, "rsna_series_labels").set_index("SeriesInstanceUID")
    ours = matched.groupby("SeriesInstanceUID")[list(LABELS)].max()
    both = ours.index.intersection(series.index)

    assert len(both) == 236
    np.testing.assert_array_equal(ours.loc[both], series.loc[both, list(LABELS)])
    np.testing.assert_array_equal(matched.groupby("SeriesInstanceUID").size().loc[both], series.loc[both, "slices"])


@pytest.mark.slow
def test_every_part_of_the_real_studies_has_its_share_of_epidural_ones(realdata):
    studies = read_table(realdata, "rsna_studies").rename(columns={"PatientID": "patient"})

    folds = place_patients(studies, {}, options=FoldOptions(5, 0.2, 0), placed={}).by_patient

    parts = studies["patient"].map(folds)
    epidural = studies.loc[studies["epidural"] == 1].groupby(parts).size()
    assert (len(studies), len(folds)) == (21_508, 18_746)
    assert sums(studies[list(LABELS)]) == [352, 5_269, 3_658, 3_887, 3_778, 8_796]
    assert abs(epidural[-1] - 352 * 0.2) <= 1
    assert (abs(epidural.drop(-1) - 352 * 0.8 / 5) <= 1).all()


@pytest.mark.slow
def test_a_cross_validation_without_test_part_shares_epidural_studies_out(realdata):
    studies = read_table(realdata, "rsna_studies").rename(columns={"PatientID": "patient"})

    folds = place_patients(studies, {}, options=FoldOptions(5, 0.0, 0), placed={}).by_patient

    counts = studies.loc[studies["epidural"] == 1, "patient"].map(folds).value_counts()
    assert set(counts) <= {70, 71}
