"""Keyed hashes of patients and studies."""

import stat

import pytest

from ich.errors import ConfigError, DataError
from ich.store.keys import KEY_FILE, PUBLIC_KEY, HashKey, find_hash_key


def test_a_public_patient_has_the_same_key_everywhere(tmp_path):
    key = find_hash_key(tmp_path, public=True)

    # HMAC-SHA256 of "patient\0rsna\0ID_1" under the documented key, first 16 digits, by openssl 3 dgst -sha256 -hmac
    assert key.patient("rsna", "ID_1") == "p1642b9e11479d3de"
    assert key.secret == PUBLIC_KEY
    assert not list(tmp_path.iterdir())


def test_keys_differ_by_source_by_secret_and_by_kind():
    one, other = HashKey(b"one secret", "file"), HashKey(b"another secret", "file")

    keys = {
        one.patient("a", "1"),
        one.patient("b", "1"),
        other.patient("a", "1"),
        one.study("a", "1", patient_id=""),
        one.id,
        other.id,
    }

    assert len(keys) == 6


def test_a_key_is_made_once_for_its_owner_only(tmp_path):
    first = find_hash_key(tmp_path / "stores", public=False, environment={})
    second = find_hash_key(tmp_path / "stores", public=False, environment={})

    assert first == second
    assert stat.S_IMODE((tmp_path / "stores" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "stores").iterdir()] == [KEY_FILE]


def test_a_key_made_elsewhere_is_another_one(tmp_path):
    keys = {find_hash_key(tmp_path / name, public=False, environment={}).secret for name in "ab"}

    assert len(keys) == 2


def test_the_users_own_key_comes_from_the_environment(tmp_path):
    key = find_hash_key(tmp_path, public=False, environment={"ICH_HASH_KEY": "correct horse"})

    assert key.secret == b"correct horse"
    assert not list(tmp_path.iterdir())


def test_a_short_key_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="ICH_HASH_KEY: expected at least 8 characters, found 3"):
        find_hash_key(tmp_path, public=False, environment={"ICH_HASH_KEY": "abc"})


@pytest.mark.parametrize("content", ["no key", "", "abcd"])
def test_a_damaged_key_file_is_never_replaced(tmp_path, content):
    (tmp_path / KEY_FILE).write_text(content)

    with pytest.raises(DataError, match="restore it"):
        find_hash_key(tmp_path, public=False, environment={})

    assert (tmp_path / KEY_FILE).read_text() == content


def test_the_secret_does_not_show():
    assert "horse" not in repr(HashKey(b"correct horse", "environment"))


def test_an_accession_number_has_a_key_of_its_own_kind_and_spaces_do_not_count():
    key = HashKey(b"one secret", "file")

    assert key.accession("a", " 0012 ") == key.accession("a", "0012")
    assert key.accession("a", "0012") not in {key.accession("a", "12"), key.accession("b", "0012")}
    assert key.accession("a", "0012")[1:] != key.patient("a", "0012")[1:]
