"""What a store is known by, and what it was made with: format, source, size, slabs, key."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from ich.errors import ConfigError
from ich.sources.source import Source

FORMAT = 1
STORE_FILE = "store.json"  # what makes a folder a store
SMALLEST, LARGEST = 32, 1024  # pixels


@dataclass(frozen=True)
class StoreSettings:
    """Settings that shape the arrays; studies of other settings are made again.

    Attributes:
        source: name of the data set.
        size: rows and columns in pixels.
        slab_mm: thin slices are averaged to this; None where every slice is kept.
        key_id: tells which key the patients are hashed with.
        part: of the data set, "" for all of it.
        format: of the store's files.
    """

    source: str
    size: int
    slab_mm: float | None
    key_id: str
    part: str = ""
    format: int = FORMAT

    def __post_init__(self) -> None:
        if not SMALLEST <= self.size <= LARGEST:
            raise ConfigError(f"store.size={self.size}: expected {SMALLEST} to {LARGEST} pixels; 256 is usual")
        if self.slab_mm is not None and self.slab_mm <= 0:
            raise ConfigError(
                f"store.slab_mm={self.slab_mm}: expected more than 0 mm, or null to leave thin slices as they are"
            )

    @classmethod
    def of(cls, source: Source, *, size: int, slab_mm: float | None, key_id: str = "") -> "StoreSettings":
        """The settings of a data set's store: its thin slices are left where it keeps every slice.

        Raises:
            ConfigError: a size or a height out of range.
        """
        asked = cls(source.name, size, slab_mm, key_id, source.part)
        return replace(asked, slab_mm=None) if source.keeps_every_slice else asked

    @property
    def hash(self) -> str:
        """The same for the same settings."""
        return digest(json.dumps(asdict(self), sort_keys=True).encode())


def digest(*parts: bytes) -> str:
    """SHA-256 of the parts, 32 hexadecimal digits."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()[:32]
