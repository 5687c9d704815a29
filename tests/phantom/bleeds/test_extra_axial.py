"""Epidural and subdural bleeds lie where their names say."""

from dataclasses import replace

import numpy as np
import pytest

from ich.phantom.bleeds.extra_axial import make_epidural, make_subdural


def bleeds_of(make, head, *, difficulty, bank, n=12):
    made = (make(head.fields, np.random.default_rng(seed), difficulty=difficulty, bank=bank) for seed in range(n))
    return [bleed for bleed in made if bleed is not None and bleed.mask.max() > 0.5]


def test_an_epidural_touches_the_skull_and_is_a_short_thick_lens(head, difficulty, bank):
    for bleed in bleeds_of(make_epidural, head, difficulty=difficulty, bank=bank):
        blood = bleed.mask > 0.5
        depth = -head.fields.cavity[bleed.box][blood]
        _x, y, _z = head.fields.points(bleed.box)
        length = np.ptp(np.broadcast_to(y, blood.shape)[blood])

        assert depth.min() < 3
        assert length < 75  # mm; ends at sutures
        assert length < 9 * depth.max()


def test_an_epidural_stays_on_its_side(head, difficulty, bank):
    for bleed in bleeds_of(make_epidural, head, difficulty=difficulty, bank=bank):
        x = np.broadcast_to(head.fields.points(bleed.box)[0], bleed.mask.shape)[bleed.mask > 0.1]

        assert (x > 0).all() or (x < 0).all()


def test_a_subdural_never_crosses_the_midline(head, difficulty, bank):
    for bleed in bleeds_of(make_subdural, head, difficulty=difficulty, bank=bank, n=20):
        x = np.broadcast_to(head.fields.points(bleed.box)[0], bleed.mask.shape)[bleed.mask > 0.6]

        assert (x > -2).all() or (x < 2).all()


def test_subdurals_are_longer_than_epidurals(head, difficulty, bank):
    def length(bleed):
        _slices, rows, columns = np.nonzero(bleed.mask > 0.5)
        return np.hypot(np.ptp(rows), np.ptp(columns)) * head.fields.spacing[1]

    lengths = [
        np.median([length(bleed) for bleed in bleeds_of(make, head, difficulty=difficulty, bank=bank)])
        for make in (make_epidural, make_subdural)
    ]

    assert lengths[0] < lengths[1]


def test_blood_outside_the_brain_is_never_thicker_than_asked_for(head, difficulty, bank):
    thin = replace(difficulty, epidural_mm=(8, 8))

    for bleed in bleeds_of(make_epidural, head, difficulty=thin, bank=bank):
        assert (-head.fields.cavity[bleed.box][bleed.mask > 0.5]).max() <= 8 + head.fields.edge_mm


@pytest.mark.parametrize("make", [make_epidural, make_subdural])
def test_fresh_blood_is_bright(make, head, difficulty, bank):
    fresh = replace(difficulty, acute_share=1.0, acute_hu=(70, 75))

    for bleed in bleeds_of(make, head, difficulty=fresh, bank=bank):
        assert 45 < np.average(bleed.hu, weights=bleed.mask) < 80
