"""One-number rules on made slices: a skull of bone, a brain of 35 HU, a square of blood."""

import numpy as np
import pytest

from ich.metrics.one_number import one_number_rules, skull_cavity

ROWS, COLUMNS = np.mgrid[:128, :128]
RADIUS = np.hypot(ROWS - 64, COLUMNS - 64)
CAVITY = RADIUS < 40


def head() -> np.ndarray:
    return np.where(CAVITY, 35, np.where(RADIUS < 48, 900, np.where(RADIUS < 52, 60, -1000))).astype(np.int16)


def test_the_cavity_is_what_the_bone_encloses():
    cavity = skull_cavity(head())

    assert (cavity != CAVITY).mean() < 0.002


def test_a_thin_gap_in_the_skull_is_closed():
    hu = head()
    hu[64:67, 64:] = np.where(hu[64:67, 64:] == 900, 60, hu[64:67, 64:])  # a suture 3 px wide

    assert (skull_cavity(hu) != CAVITY).mean() < 0.01


def test_calcifications_inside_belong_to_the_cavity():
    hu = head()
    hu[60:66, 60:66] = 500

    assert skull_cavity(hu)[62, 62]


@pytest.mark.parametrize("value", [-1000, 35, 900], ids=["air", "brain without a skull", "nothing but bone"])
def test_where_no_bone_is_closed_every_rule_says_zero(value):
    hu = np.full((64, 64), value, dtype=np.int16)

    assert one_number_rules(hu) == {"rule_share": 0, "rule_eroded": 0, "rule_blurred": 0}


def test_blood_inside_counts_and_the_scalp_of_the_same_density_does_not():
    hu = head()
    assert one_number_rules(hu)["rule_share"] == 0

    hu[60:70, 60:70] = 70

    assert one_number_rules(hu)["rule_share"] == pytest.approx(100 / CAVITY.sum(), rel=0.02)


def test_erosion_forgets_what_lies_at_the_skull():
    hu = np.where((RADIUS >= 38) & CAVITY, 70, head()).astype(np.int16)

    rules = one_number_rules(hu)

    assert rules["rule_share"] > 0.05
    assert rules["rule_eroded"] == 0


def test_the_blur_forgets_single_bright_pixels_and_keeps_a_bleed():
    speckled, bleeding = head(), head()
    speckled[40:88:8, 40:88:8] = 90
    bleeding[60:72, 60:72] = 70

    assert one_number_rules(speckled)["rule_share"] > 0
    assert one_number_rules(speckled)["rule_blurred"] == 0
    assert one_number_rules(bleeding)["rule_blurred"] == pytest.approx(144, abs=20)


def test_the_blur_takes_nothing_from_the_bone():
    assert one_number_rules(head())["rule_blurred"] == 0
