"""Blood in spaces fills these spaces and nothing else."""

from dataclasses import replace

import numpy as np

from ich.phantom.bleeds.spaces import make_intraventricular, make_subarachnoid


def test_intraventricular_blood_lies_in_the_ventricles(head, difficulty, bank):
    for seed in range(8):
        bleed = make_intraventricular(head.fields, np.random.default_rng(seed), difficulty=difficulty, bank=bank)

        assert (head.fields.ventricles[bleed.box][bleed.mask > 0.01] > 0).all()


def test_subarachnoid_blood_lies_in_the_csf_around_the_brain(head, difficulty, bank):
    for seed in range(8):
        bleed = make_subarachnoid(head.fields, np.random.default_rng(seed), difficulty=difficulty, bank=bank)

        assert (head.fields.sulci[bleed.box][bleed.mask > 0.01] > 0).all()


def test_blood_sinks_to_the_back_of_a_patient_on_the_back(head, difficulty, bank):
    places = []
    for seed in range(12):
        bleed = make_intraventricular(head.fields, np.random.default_rng(seed), difficulty=difficulty, bank=bank)
        y = head.fields.points(bleed.box)[1]
        blood = np.average(np.broadcast_to(y, bleed.mask.shape), weights=bleed.mask + 1e-9)
        places.append(
            blood - np.average(np.broadcast_to(y, bleed.mask.shape), weights=head.fields.ventricles[bleed.box])
        )

    assert np.median(places) > 0


def test_a_scan_without_ventricles_gets_no_blood_there(head, difficulty, bank):
    none = replace(head.fields, ventricles=np.zeros_like(head.fields.ventricles))

    assert make_intraventricular(none, np.random.default_rng(0), difficulty=difficulty, bank=bank) is None
