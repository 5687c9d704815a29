"""What can be chosen about made heads: how hard they are, the scanner, and how often each kind of bleed occurs."""

from dataclasses import astuple, dataclass, fields

from ich.errors import ConfigError
from ich.labels import SUBTYPES

Range = tuple[float, float]


@dataclass(frozen=True)
class Difficulty:
    """How large, how bright and how many bleeds are, and how much else looks like blood.

    Meaning, unit and source of each field stand in `conf/difficulty/clear.yaml`, which holds the values of the demo.
    """

    acute_share: float
    acute_hu: Range
    older_hu: Range
    epidural_mm: Range
    intraparenchymal_mm: Range
    subdural_mm: Range
    subarachnoid_mm: Range
    intraventricular_fill: Range
    several_share: float
    lookalikes: float
    noise: float
    atrophy: Range

    def __post_init__(self) -> None:
        _check_ranges(self, "difficulty")
        for name in ("acute_share", "several_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"difficulty.{name}={getattr(self, name)}: expected a share from 0 to 1; set it so")
        for name in ("lookalikes", "noise"):
            if getattr(self, name) < 0:
                raise ConfigError(
                    f"difficulty.{name}={getattr(self, name)}: expected a factor of at least 0; set it so"
                )


@dataclass(frozen=True)
class Scanner:
    """The scanner and how it was used; a range is drawn from once a study."""

    size: int = 256
    """Rows and columns of a slice; RSNA's are 512."""
    thickness_mm: float = 5.0
    """Thickness of a slice and spacing along the normal."""
    n_slices: tuple[int, int] = (28, 34)
    """Fewest and most slices a study, both included."""
    field_of_view_mm: Range = (230.0, 255.0)
    """Edge of the picture."""
    tilt_degrees: Range = (-22.0, 22.0)
    """Gantry tilt of the tilted studies."""
    tilted_share: float = 0.6
    """Share of studies with a tilted gantry."""
    noise_hu: Range = (2.2, 4.6)
    """Standard deviation of the noise in brain at 0.98 mm pixels; grows as pixels and slices shrink."""
    motion_share: float = 0.05
    """Share of studies with motion in some slices."""

    def __post_init__(self) -> None:
        _check_ranges(self, "scanner")
        if not 16 <= self.size <= 1024:
            raise ConfigError(f"scanner.size={self.size}: expected 16 to 1024 pixels; 256 or 512 are usual")
        if not 0.5 <= self.thickness_mm <= 20:
            raise ConfigError(f"scanner.thickness_mm={self.thickness_mm}: expected 0.5 to 20 mm; 5 is usual")
        if self.n_slices[0] < 1 or self.field_of_view_mm[0] <= 0:
            raise ConfigError(
                "scanner: expected at least one slice and a field of view above 0 mm; set n_slices and field_of_view_mm"
            )


@dataclass(frozen=True)
class Prevalence:
    """Share of studies with each kind of bleed; RSNA's 21,744 by default (`any` is near .41 as there)."""

    epidural: float = 0.0163
    intraparenchymal: float = 0.245
    intraventricular: float = 0.170
    subarachnoid: float = 0.181
    subdural: float = 0.175

    def __post_init__(self) -> None:
        for subtype in SUBTYPES:
            if not 0 <= getattr(self, subtype) <= 1:
                raise ConfigError(
                    f"prevalence.{subtype}={getattr(self, subtype)}: expected a share of studies from 0 to 1; set it so"
                )

    def shares(self) -> tuple[float, ...]:
        """The five shares in the order of `SUBTYPES`."""
        return astuple(self)


def _check_ranges(options: Difficulty | Scanner, name: str) -> None:
    """Turn lists, as YAML has them, into tuples, and refuse ranges that run backwards.

    Raises:
        ConfigError: not two numbers, or the lower one above the upper one.
    """
    for field in fields(options):
        value = getattr(options, field.name)
        if isinstance(value, int | float):
            continue
        if len(value) != 2 or value[0] > value[1]:
            raise ConfigError(f"{name}.{field.name}={list(value)}: expected [lowest, highest]; set it so")
        object.__setattr__(options, field.name, tuple(value))
