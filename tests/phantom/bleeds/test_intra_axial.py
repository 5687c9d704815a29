"""Bleeds in the brain: size, oedema, place."""

from dataclasses import replace

import numpy as np
import pytest

from ich.phantom.bleeds.intra_axial import SITES, make_intraparenchymal


def made(head, *, difficulty, bank, n=15):
    bleeds = (
        make_intraparenchymal(head.fields, np.random.default_rng(seed), difficulty=difficulty, bank=bank)
        for seed in range(n)
    )
    return [bleed for bleed in bleeds if bleed is not None and bleed.mask.max() > 0.5]


def test_shares_of_sites_add_up():
    assert sum(share for _, _, share in SITES.values()) == pytest.approx(1)


def test_the_clot_has_about_the_volume_of_its_diameter(head, difficulty, bank):
    of_20_mm = replace(difficulty, intraparenchymal_mm=(20, 20))

    volumes = [bleed.mask.sum() * np.prod(head.fields.spacing) for bleed in made(head, difficulty=of_20_mm, bank=bank)]

    assert 0.5 < np.median(volumes) / (np.pi / 6 * 20**3) < 1.6


def test_the_clot_stays_inside_the_skull(head, difficulty, bank):
    for bleed in made(head, difficulty=difficulty, bank=bank):
        assert (head.fields.cavity[bleed.box][bleed.mask > 0.5] < 0).all()


def test_oedema_reaches_further_than_the_clot(head, difficulty, bank):
    for bleed in made(head, difficulty=difficulty, bank=bank):
        assert np.count_nonzero(bleed.oedema > 0.05) > np.count_nonzero(bleed.mask > 0.5)
