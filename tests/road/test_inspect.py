"""`prepare.py inspect=true` as typed."""


def test_what_would_be_read_is_printed_with_its_reasons_and_cost_and_no_store_is_made(command, tmp_path):
    tiny = ("data.n_studies=3", "data.scanner.size=32", "data.scanner.n_slices=[6,6]", "store.size=32")

    done = command("prepare", "data=phantom", *tiny, "processes=0", "data.processes=1", "inspect=true")

    assert done.returncode == 0, done.stderr
    assert "3 studies of 3 patients would be read, 18 slices" in done.stdout
    assert "files: 18 found = 18 to read + 0 not chosen + 0 rejected" in done.stdout
    heads = "study series files slices matrix step mm tilt repeated intercept kind outcome series uid"
    assert heads in " ".join(done.stdout.split())
    assert "estimate: " in done.stdout
    assert [line.split()[-2] for line in done.stdout.splitlines() if line.startswith("s")] == [
        "series",
        *["chosen"] * 3,
    ]
    assert [file.name for file in (tmp_path / "stores" / "phantom").iterdir()] == ["headers.parquet"]


def test_where_nothing_is_a_head_the_counts_stand_above_the_error(command, tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "letter.txt").write_text("x")

    done = command("prepare", "data=folder", "data.root=export", "processes=0", "inspect=true")

    assert done.returncode == 2
    assert "files: 1 found = 0 to read + 0 not chosen + 1 rejected" in done.stdout
    assert "expected head CT, found none in 1 file (1 not_dicom); name another folder" in done.stderr


def test_a_shard_without_its_number_costs_one_line(command, tmp_path):
    done = command("prepare", "data=folder", "data.root=absent", "shards=4")

    assert done.returncode == 2
    assert "expected shard=0 to 3 beside it" in done.stderr
    assert list(tmp_path.iterdir()) == []
