"""What names look like, and nothing of them."""

import pytest

from ich.sources.tables.label_names import form_of


@pytest.mark.parametrize(
    ("names", "form"),
    [
        (["1.2.840", "1.2"], "3 to 7 characters (digits and signs)"),
        (["A77"], "3 characters (letters and digits)"),
        (["", ""], "no characters (none is stated)"),
    ],
)
def test_a_form_is_the_lengths_and_kinds_of_characters(names, form):
    assert form_of(names) == form
