"""Says how the names in a label table and those of the files differ, when not one of them is the same."""

from collections.abc import Iterable

from ich.errors import DataError
from ich.numerals import counted
from ich.sources.source import LABEL_KEYS, LabelTable


def nothing_matches(known: LabelTable, *, files: Iterable[str], uids: Iterable[str] = ()) -> DataError:
    """The error of a label table none of whose rows names anything that was found.

    Names themselves may be a patient's: only a path below the root is shown, of uids and numbers what they look like.

    Args:
        known: the labels.
        files: paths of the files as a row would name them; the first is shown where rows may be paths.
        uids: names of the kind the rows are matched by, as the files state them; hashed ones don't count.
    """
    way = f"by {known.by}" if known.by else f"by any of {', '.join(LABEL_KEYS)}"
    theirs = f"the table's names have {form_of(map(str, known.frame.index))}"
    first = next(iter(files), "")
    ours = f", a file's is {first}" if first and known.by in ("file", "") else ""
    if known.by not in ("file", "", "accession"):
        ours = f", the files' {form_of(uids)}"
    return DataError(
        f"label table: expected rows that name files of the data, matched {way}, found none among "
        f"{counted(len(known.frame), 'row')}; {theirs}{ours}; write the names as the files have them, or "
        "name another column with data.match=COLUMN"
    )


def form_of(names: Iterable[str]) -> str:
    """What names look like, without a word of them.

    >>> form_of(["0012", "7"])
    '1 to 4 characters (digits)'
    >>> form_of(["1.2.840"])
    '7 characters (digits and signs)'
    """
    given = [name for name in names if name]
    if not given:
        return "no characters (none is stated)"
    low, high = min(map(len, given)), max(map(len, given))
    tests = {"letters": str.isalpha, "digits": str.isdigit, "signs": lambda one: not one.isalnum()}
    characters = set().union(*given)
    kinds = [kind for kind, is_kind in tests.items() if any(map(is_kind, characters))]
    return f"{low if low == high else f'{low} to {high}'} characters ({' and '.join(kinds)})"
