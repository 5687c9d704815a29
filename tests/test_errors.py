"""What an error says."""

from ich.errors import first_line, one_line, out_of_range


def test_a_value_out_of_range_says_what_was_expected_what_was_found_and_what_to_do():
    error = out_of_range("loss.gamma", -1, expected="0 or more", advice="0 is plain cross-entropy")

    assert str(error) == "loss.gamma=-1: expected 0 or more, found -1; 0 is plain cross-entropy"


def test_without_advice_the_option_is_to_be_set():
    assert str(out_of_range("data.workers", -1, expected="0 or more")).endswith("found -1; set data.workers")


def test_the_first_line_of_an_error_is_the_first_that_says_something():
    assert first_line(ValueError("\nodd\nin line 3")) == "odd"
    assert first_line(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_all_that_an_error_says_stands_on_one_line():
    assert one_line(ValueError("odd\n  in line 3")) == "odd in line 3"
