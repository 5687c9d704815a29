"""Bleeds put into a head: nothing else changes, brain gives way, every kind shows."""

from dataclasses import replace

import numpy as np
import pytest

from ich.labels import SUBTYPES
from ich.phantom.bleeds.contrast import LEAST_VISIBLE
from ich.phantom.bleeds.place import add_bleeds


def bled(head, kinds, *, difficulty, bank, seed=1, masks=True):
    return add_bleeds(
        head.fields, np.random.default_rng(seed), kinds=kinds, difficulty=difficulty, bank=bank, masks=masks
    )


def test_no_kinds_leave_the_head_as_it_was(head, difficulty, bank):
    after = bled(head, (), difficulty=difficulty, bank=bank)

    np.testing.assert_array_equal(after.head.hu, head.fields.hu)
    assert not after.contrast.any()


def test_the_given_head_is_not_changed(head, difficulty, bank):
    before = head.fields.hu.copy()

    bled(head, SUBTYPES, difficulty=difficulty, bank=bank)

    np.testing.assert_array_equal(head.fields.hu, before)


@pytest.mark.parametrize("kind", SUBTYPES)
def test_a_kind_shows_in_its_own_column_and_in_at_least_one_slice(kind, head, difficulty, bank):
    after = bled(head, (kind,), difficulty=difficulty, bank=bank)

    seen = after.contrast.max(axis=0) >= LEAST_VISIBLE

    assert seen.tolist() == [subtype == kind for subtype in SUBTYPES]


def test_slices_with_blood_follow_each_other(head, difficulty, bank):
    one = replace(difficulty, several_share=0.0)

    after = bled(head, ("subdural",), difficulty=one, bank=bank)

    positive = np.flatnonzero(after.contrast.max(axis=1) >= LEAST_VISIBLE)
    assert np.ptp(positive) == len(positive) - 1


def test_masks_say_where_hu_became_blood(head, difficulty, bank):
    after = bled(head, ("intraparenchymal",), difficulty=replace(difficulty, acute_share=1.0), bank=bank)
    blood = after.masks[SUBTYPES.index("intraparenchymal")] > 0.95

    assert blood.any()
    assert after.head.hu[blood].min() > 45


def test_bone_does_not_move(head, difficulty, bank):
    after = bled(head, ("epidural", "subdural"), difficulty=difficulty, bank=bank)
    bone = head.fields.cavity > 3

    np.testing.assert_allclose(after.head.hu[bone], head.fields.hu[bone], atol=1)


def test_a_mass_pushes_ventricles_away(head, difficulty, bank):
    large = replace(difficulty, subdural_mm=(22, 22), several_share=0.0)
    shifts = []
    for seed in range(6):
        after = bled(head, ("subdural",), difficulty=large, bank=bank, seed=seed)
        x = np.broadcast_to(
            head.fields.points(tuple(slice(0, n) for n in head.fields.hu.shape))[0], head.fields.hu.shape
        )
        blood = np.average(x, weights=after.masks[4])
        moved = np.average(x, weights=after.head.ventricles) - np.average(x, weights=head.fields.ventricles)
        shifts.append(-np.sign(blood) * moved)

    assert np.mean(shifts) > 0.3  # mm, away from the blood
