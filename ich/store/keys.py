"""Keyed hashes that stand for patients and studies in everything that is written."""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ich.errors import ConfigError, DataError

# Named public data sets are hashed with this key everywhere, so that two laboratories' patients can be compared.
PUBLIC_KEY = b"ich: key of the public data sets, version 1"
KEY_VARIABLE = "ICH_HASH_KEY"
KEY_FILE = "hash.key"
SHORTEST_KEY = 8  # characters; shorter ones are guessed in no time
DIGITS = 16  # hexadecimal digits of a key: 64 bits, collisions below 1e-8 for a million patients


@dataclass(frozen=True)
class HashKey:
    """The secret behind a store's keys, and where it comes from."""

    secret: bytes = field(repr=False)
    origin: str

    @property
    def id(self) -> str:
        """Tells two keys apart without giving either away."""
        return self._digest("k", "key")

    def patient(self, source: str, patient_id: str) -> str:
        """The patient's key within a source."""
        return self._digest("p", "patient", source, patient_id)

    def study(self, source: str, study_uid: str, *, patient_id: str) -> str:
        """The study's key within a source; also its file name."""
        return self._digest("s", "study", source, patient_id, study_uid)

    def accession(self, source: str, number: str) -> str:
        """The key of an accession number within a source; spaces around the number don't count."""
        return self._digest("a", "accession", source, number.strip())

    def _digest(self, letter: str, *parts: str) -> str:
        """The letter keeps a key from being taken for a number by YAML or a spreadsheet."""
        message = "\0".join(parts).encode("utf-8", "surrogateescape")
        return letter + hmac.new(self.secret, message, hashlib.sha256).hexdigest()[:DIGITS]


def find_hash_key(folder: Path, *, public: bool, environment: Mapping[str, str] | None = None) -> HashKey:
    """The key of a data set: the documented one, the user's own, or one made now and kept in `folder`.

    Args:
        folder: where the stores lie; a key that is made stays there as `hash.key`, readable by its owner only.
        public: the data set is one of the named public ones.
        environment: where `ICH_HASH_KEY` is looked for; this process's by default.

    Raises:
        ConfigError: `ICH_HASH_KEY` is too short.
        DataError: the key file is damaged.
    """
    if public:
        return HashKey(PUBLIC_KEY, "public")
    own = (os.environ if environment is None else environment).get(KEY_VARIABLE)
    if own is None:
        return HashKey(_kept_key(folder / KEY_FILE), "file")
    if len(own) < SHORTEST_KEY:
        raise ConfigError(
            f"{KEY_VARIABLE}: expected at least {SHORTEST_KEY} characters, found {len(own)}; choose a longer secret"
        )
    return HashKey(own.encode(), "environment")


def _kept_key(path: Path) -> bytes:
    if not path.exists():
        _make_key(path)
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise DataError(
            f"{path}: expected a key in hexadecimal digits, found something else; "
            "restore it, or remove it with its stores"
        ) from error
    if len(secret) < SHORTEST_KEY:
        raise DataError(
            f"{path}: expected a key of {SHORTEST_KEY} bytes or more, found {len(secret)}; "
            "restore it, or remove it with its stores"
        )
    return secret


def _make_key(path: Path) -> None:
    """Write a new key beside its place (mode 600) and link it there: whoever comes second finds the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".hash", suffix=".part")
    written = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(written, path)
    except FileExistsError:
        pass
    finally:
        written.unlink()
