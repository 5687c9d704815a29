"""What a preparation will take."""

import pytest

from ich.sources.folder import Folder
from ich.store.inspecting.estimate import Size, estimate, peak_bytes
from ich.store.keys import HashKey
from ich.store.listing.inventory import list_studies
from ich.store.settings import StoreSettings

SETTINGS = StoreSettings("folder", 32, 5.0, "k")


@pytest.fixture
def studies(tmp_path, write_study):
    for number in (1, 2):
        write_study(tmp_path / "export", number)
    key = HashKey(b"secret key", "file")
    source = Folder(tmp_path / "export")
    return list_studies(source, path=tmp_path / "store", find_key=lambda: key, processes=0).studies


def test_disk_and_time_grow_with_the_slices_and_memory_with_the_largest_study(studies):
    small = estimate(studies, [Size(5, 5, 10_240)] * 2, settings=SETTINGS, processes=0)
    large = estimate(studies, [Size(5, 5, 10_240), Size(5000, 5000, 10_240_000_000)], settings=SETTINGS, processes=0)

    assert large.disk_bytes / small.disk_bytes == pytest.approx(500.5)
    assert large.memory_bytes - small.memory_bytes > 20e9


def test_studies_whose_headers_do_not_tell_are_counted_by_the_samples(studies):
    told = estimate(studies, [Size(4, 4, 8192)] * 2, settings=SETTINGS, processes=0)
    untold = estimate(studies, None, settings=SETTINGS, processes=0)

    assert untold.disk_bytes == pytest.approx(told.disk_bytes)


def test_memory_counts_this_process_each_worker_and_the_server_they_are_forked_from(studies):
    one, two = (
        estimate(studies, [Size(5, 5, 10_240)] * 2, settings=SETTINGS, processes=processes).memory_bytes
        for processes in (1, 2)
    )

    without_workers = one - (two - one)
    assert without_workers - peak_bytes() > 40e6
