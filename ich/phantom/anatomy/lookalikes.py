"""What is bright or dark and no bleed: calcifications, dense vessels, tumours of the dura, old infarcts, hygromas."""

import numpy as np

from ich.phantom.anatomy.fields import HeadFields, squared_distance, surface_point
from ich.phantom.anatomy.head import Head
from ich.phantom.noise import NoiseBank
from ich.phantom.options import Difficulty

# Share of adults (FIELD.md 3.6; basal ganglia and meningioma raised so that a demo's patients show some).
PINEAL, CHOROID, FALX, NUCLEI, TUMOUR, INFARCT, HYGROMA, DENSE_ARTERY = 0.7, 0.65, 0.17, 0.04, 0.05, 0.08, 0.05, 0.10
CALCIUM_HU = (90.0, 320.0)


def add_lookalikes(head: Head, difficulty: Difficulty, *, bank: NoiseBank, rng: np.random.Generator) -> None:
    """Put look-alikes of blood into a head's HU, in place; `difficulty.lookalikes` is a factor on their frequency."""
    fields = head.fields

    def occurs(share: float) -> bool:
        return bool(rng.random() < share * difficulty.lookalikes)

    if occurs(PINEAL):
        _calcium(fields, (rng.normal(0, 1), 27.0, 3.0), radius=rng.uniform(1.2, 3.2), rng=rng)
    for side in (-1, 1):
        if occurs(CHOROID):
            _calcium(
                fields, (side * rng.normal(23, 1.5), rng.normal(36, 2), 10.0), radius=rng.uniform(1.5, 4.0), rng=rng
            )
        if occurs(NUCLEI):
            _calcium(fields, (side * 19.0, -6.0, 3.0), radius=rng.uniform(2, 4), rng=rng)
        if occurs(DENSE_ARTERY):
            _blob(
                fields,
                np.array([side * 17.0, -18.0, -17.0]),
                np.array([9.0, 1.6, 2.0]),
                hu=rng.uniform(46, 62),
                soft=1.0,
            )
    if occurs(FALX):
        place = np.array([0.0, rng.uniform(-70, -40), rng.uniform(10, 50)])
        _blob(
            fields, place, np.array([1.2, rng.uniform(3, 9), rng.uniform(3, 9)]), hu=rng.uniform(*CALCIUM_HU), soft=0.8
        )
    if occurs(TUMOUR):
        _tumour(fields, rng=rng)
    if occurs(INFARCT):
        _infarct(head, bank=bank, rng=rng)
    if occurs(HYGROMA):
        _hygroma(fields, csf=head.tissue.csf, rng=rng)


def _calcium(head: HeadFields, place: tuple[float, float, float], *, radius: float, rng: np.random.Generator) -> None:
    semi = radius * np.exp(rng.normal(0, 0.25, 3))
    _blob(head, np.array(place), semi, hu=rng.uniform(*CALCIUM_HU), soft=1.0)


def _blob(head: HeadFields, centre: np.ndarray, semi: np.ndarray, *, hu: float, soft: float) -> None:
    """An ellipsoid of one HU; one thinner than the slice only fills its share of it."""
    box = head.box(centre, semi + 5)
    x, y, z = head.points(box)
    high = max(float(semi[2]), head.spacing[0] / 2)
    part = min(1.0, 2 * float(semi[2]) / head.spacing[0])
    norm = np.sqrt(squared_distance((x, y, z), centre, scale=(semi[0], semi[1], high)))
    distance = (norm - 1) * np.float32(semi[:2].min())
    covered = np.clip(np.float32(0.5) - distance / np.float32(max(soft, head.edge_mm)), 0, 1) * np.float32(part)
    covered *= head.cavity[box] < 0
    target = head.hu[box]
    target += covered * (np.float32(hu) - target)


def _tumour(head: HeadFields, *, rng: np.random.Generator) -> None:
    """A meningioma-like mass on the dura: rounder than a subdural, a little brighter than brain."""
    centre = surface_point(head, rng.normal(0, 1, 3) * np.array([1, 1, 0.5]) + np.array([0, 0, 0.4]))
    if centre is not None:
        semi = rng.uniform(6, 14) * np.exp(rng.normal(0, 0.12, 3))
        _blob(head, centre * 0.9, semi, hu=rng.uniform(41, 54), soft=1.5)


def _infarct(head: Head, *, bank: NoiseBank, rng: np.random.Generator) -> None:
    """An old infarct: brain replaced by something near CSF in a patch at the surface."""
    fields = head.fields
    centre = surface_point(fields, np.array([rng.choice((-1, 1)), rng.normal(0, 0.8), rng.normal(0.1, 0.4)]))
    if centre is None:
        return
    reach = rng.uniform(14, 32)
    box = fields.box(centre, np.full(3, reach * 1.3))
    x, y, z = fields.points(box)
    distance = np.sqrt(squared_distance((x, y, z), centre, scale=(reach, reach, reach)))
    distance += bank.smooth(x, y, z, wavelength=22.0, rng=rng) * np.float32(0.15)
    lost = np.clip((1 - distance) * 4, 0, 1) * (fields.cavity[box] < 0) * np.float32(rng.uniform(0.4, 0.95))
    hu = fields.hu[box]
    hu += lost * np.minimum(np.float32(head.tissue.csf + 3) - hu, 0)


def _hygroma(head: HeadFields, *, csf: float, rng: np.random.Generator) -> None:
    """A crescent of CSF along one convexity: wide space of the old, or a hygroma."""
    side, thickness = int(rng.choice((-1, 1))), rng.uniform(3, 8)
    box = head.box(np.array([side * 40.0, -20.0, 30.0]), np.array([60.0, 70.0, 50.0]))
    x, y, z = head.points(box)
    u2 = ((y + 25) * np.float32(1 / 60)) ** 2 + ((z - 25) * np.float32(1 / 45)) ** 2
    depth = -head.cavity[box]
    layer = np.float32(thickness) * np.maximum(1 - u2, 0)
    covered = np.clip(layer - depth + np.float32(0.5), 0, 1) * np.clip(depth + np.float32(0.5), 0, 1) * (x * side > 4)
    hu = head.hu[box]
    hu += covered * (layer > 0.6) * (np.float32(csf + 2) - hu)
