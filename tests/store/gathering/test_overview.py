"""What a store's studies are like, all together."""

from ich.store.gathering.overview import overview


def test_measured_facts_have_a_range_values_a_count_and_odd_slices_a_total():
    one = {"intercept": -1024.0, "tilt_degrees": 22.0, "n_repeated": 8, "stored_highest": 27476, "n_steps": 1}
    two = {"intercept": -1000.0, "tilt_degrees": -8.0, "n_repeated": 0, "stored_highest": 4095, "n_steps": 3}

    found = overview([{"facts": one}, {"facts": two}])

    assert found["tilt_degrees"] == [-8.0, 22.0]
    assert found["stored_highest"] == [4095, 27476]
    assert found["intercept"] == {"-1024": 1, "-1000": 1}
    assert found["n_repeated"] == {"studies": 1, "total": 8}
    assert found["uneven_steps"] == 1


def test_a_study_with_several_intercepts_counts_for_each():
    facts = {"intercept": -1024.0, "intercepts": [-1024.0, 0.0]}

    assert overview([{"facts": facts}])["intercept"] == {"-1024": 1, "0": 1}


def test_a_fact_that_no_study_has_is_null_or_none():
    found = overview([{"facts": {}}])

    assert (found["step_mm"], found["slope"], found["n_gaps"]) == (None, {}, {"studies": 0, "total": 0})
