"""A second preparation takes up what is missing or was made otherwise, and nothing else."""

from ich.sources.folder import Folder
from ich.sources.rsna import Rsna
from ich.store.store import Store


def mtimes(path):
    return {file.name: file.stat().st_mtime_ns for file in (path / "studies").iterdir()}


def test_a_second_run_makes_nothing_and_changes_nothing(prepare, rsna_root):
    first = prepare(Rsna(rsna_root))
    before = mtimes(first.path)

    second = prepare(Rsna(rsna_root))

    assert (first.n_made, second.n_made) == (9, 0)
    assert first.hash == second.hash
    assert mtimes(first.path) == before


def test_what_is_missing_half_or_gone_is_made_again_and_the_rest_left(prepare, rsna_root):
    path = prepare(Rsna(rsna_root)).path
    one, two, *others = sorted((path / "studies").glob("*.json"))
    one.unlink()  # killed between the array and its facts
    two.with_suffix(".b2nd").unlink()
    before = {other.name: other.stat().st_mtime_ns for other in others}

    summary = prepare(Rsna(rsna_root))

    assert summary.n_made == 2
    assert summary.n_studies == 9
    assert {other.name: other.stat().st_mtime_ns for other in others} == before


def test_an_array_that_lost_its_end_is_made_again(prepare, rsna_root):
    path = prepare(Rsna(rsna_root)).path
    array = sorted((path / "studies").glob("*.b2nd"))[0]
    whole = array.read_bytes()
    array.write_bytes(whole[: len(whole) // 2])

    assert prepare(Rsna(rsna_root)).n_made == 1
    assert array.read_bytes() == whole


def test_a_study_of_an_older_version_that_does_not_tell_its_arrays_size_is_left(prepare, rsna_root):
    path = prepare(Rsna(rsna_root)).path
    facts = sorted((path / "studies").glob("*.json"))[0]
    facts.write_text(facts.read_text().replace('"array_bytes"', '"other"'))

    assert prepare(Rsna(rsna_root)).n_made == 0


def test_another_size_makes_every_study_again_and_gives_another_hash(prepare, rsna_root):
    small = prepare(Rsna(rsna_root))

    large = prepare(Rsna(rsna_root), size=64)

    assert large.n_made == 9
    assert large.hash != small.hash
    assert Store.open(large.path).read_study(Store.open(large.path).studies["study"][0]).shape == (5, 64, 64)


def test_another_size_and_seed_are_said_with_how_many_patients_changed_sides(prepare, rsna_root):
    before = Store.open(prepare(Rsna(rsna_root)).path).studies.set_index("patient")["fold"]

    summary = prepare(Rsna(rsna_root), size=64, seed=5)

    after = Store.open(summary.path).studies.set_index("patient")["fold"][before.index]
    n_moved, n_crossed = (before != after).sum(), ((before == -1) != (after == -1)).sum()
    assert "all studies were made again with other settings (size 32 -> 64)" in summary.notes
    [split] = [note for note in summary.notes if note.startswith("the split was made anew (seed 0 -> 5): ")]
    assert f": {n_moved} of 9 patients changed their fold, {n_crossed} between test and training; " in split
    assert n_crossed > 0


def test_nothing_is_said_of_changes_where_nothing_changed(prepare, rsna_root):
    assert prepare(Rsna(rsna_root)).notes == prepare(Rsna(rsna_root)).notes


def test_studies_whose_files_are_not_in_this_folder_are_counted_in_a_note(prepare, tmp_path, write_study):
    for number, name in enumerate(("one", "other"), start=1):
        write_study(tmp_path / name, number)
    prepare(Folder(tmp_path / "one"))

    summary = prepare(Folder(tmp_path / "other"))

    assert summary.n_studies == 2
    assert any(note.startswith("1 study of an earlier run stays in the store") for note in summary.notes)


def test_a_label_that_changed_makes_only_its_study_again(prepare, rsna_root):
    prepare(Rsna(rsna_root))
    table = rsna_root / "stage_2_train.csv"
    table.write_text(table.read_text().replace("9.5.0_epidural,0", "9.5.0_epidural,1"))

    summary = prepare(Rsna(rsna_root))

    assert summary.n_made == 1
    assert summary.positive_slices["epidural"] == 1


def test_patients_who_come_later_leave_the_others_in_their_folds(prepare, rsna_root, write_study):
    store = Store.open(prepare(Rsna(rsna_root)).path)
    before = dict(zip(store.studies["patient"], store.studies["fold"], strict=True))
    write_study(rsna_root / "stage_2_train", 20)

    later = Store.open(prepare(Rsna(rsna_root)).path).studies

    after = dict(zip(later["patient"], later["fold"], strict=True))
    assert len(after) == 10
    assert {patient: after[patient] for patient in before} == before


def test_a_header_that_was_read_is_not_read_again(prepare, rsna_root, monkeypatch, write_study):
    prepare(Rsna(rsna_root))
    write_study(rsna_root / "stage_2_train", 20)
    read = []
    from ich.store.listing import headers

    real = headers.read_headers
    monkeypatch.setattr(headers, "read_headers", lambda file: (read.append(file), real(file))[1])
    prepare(Rsna(rsna_root))

    assert len(read) == 5


def test_a_study_that_gets_a_better_series_later_is_chosen_anew(prepare, tmp_path, write_study):
    root = tmp_path / "export"
    write_study(root / "bone", 1, series="9.1.2", ConvolutionKernel="BONE", SeriesDescription="BONE")
    first = prepare(Folder(root))

    write_study(root / "soft", 1, n_slices=6, series="9.1.1", ConvolutionKernel="STANDARD")
    second = prepare(Folder(root))

    assert (first.n_slices, second.n_studies, second.n_slices) == (5, 1, 6)
    assert second.files == {"found": 11, "used": 6, "not_chosen": 5, "rejected": 0}
    assert second.not_chosen == {"sharp_kernel": 5}


def test_a_series_that_is_asked_for_in_one_run_and_not_in_the_next_is_said_in_both(prepare, tmp_path, write_study):
    root = tmp_path / "export"
    write_study(root / "soft", 1, series="9.1.1")
    write_study(root / "bone", 1, series="9.1.2", ConvolutionKernel="BONE")
    write_study(root / "other", 2)
    runs = [prepare(Folder(root, series=series)) for series in ([], ["9.1.2"], ["9.1.2"], [])]

    said = [[note for note in run.notes if "from another series than before" in note] for run in runs]

    assert [len(notes) for notes in said] == [0, 1, 0, 1]
    assert said[1][0].startswith("1 study is read")
