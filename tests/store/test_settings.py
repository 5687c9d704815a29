"""Settings of a store and hashes over them."""

import pytest

from ich.errors import ConfigError
from ich.store.settings import StoreSettings, digest


def test_each_setting_changes_the_hash():
    base = {"source": "a", "size": 256, "slab_mm": 5.0, "key_id": "k"}
    changes = ({}, {"source": "b"}, {"size": 512}, {"slab_mm": None}, {"key_id": "l"}, {"part": "p"})

    assert len({StoreSettings(**{**base, **change}).hash for change in changes}) == 6


def test_a_digest_tells_where_one_part_ends_and_the_next_begins():
    assert digest(b"ab", b"c") != digest(b"a", b"bc")


@pytest.mark.parametrize("change", [{"size": 16}, {"size": 4096}, {"slab_mm": 0.0}])
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(ConfigError, match=r"store\."):
        StoreSettings(**{"source": "a", "size": 256, "slab_mm": 5.0, "key_id": "k", **change})
