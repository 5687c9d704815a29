"""Numbers with their nouns, and sentences about several things that are right of one."""

from collections.abc import Iterable

# Words that lose more than an s when one thing is spoken of.
OF_ONE = {"are": "is", "were": "was", "have": "has", "don't": "doesn't", "studies": "study"}


def counted(number: int, one: str, many: str = "") -> str:
    """`1 study`, `1,200 studies`.

    Args:
        number: how many.
        one: the noun of one.
        many: of several; "" adds an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def in_words(number: int, sentence: str) -> str:
    """`1 slice is missing`, `2 slices are missing`.

    Args:
        number: how many.
        sentence: what is said of them; a word that depends on the number stands in both forms, `slice|slices is|are`.
    """
    forms = (word.split("|") for word in sentence.split(" "))
    return f"{number:,} {' '.join(form[0] if number == 1 else form[-1] for form in forms)}"


def those_found(counts: Iterable[tuple[int, str]]) -> list[str]:
    """The sentence of each count above 0.

    Args:
        counts: a number and a sentence, as `in_words` takes them.
    """
    return [in_words(number, sentence) for number, sentence in counts if number > 0]


def without_numbers(sentence: str) -> str:
    """A sentence that is the same for any number: `n` in its place, and every word as if of one.

    Args:
        sentence: as `in_words` gives it.
    """
    return " ".join(map(_without_number, sentence.split(" ")))


def _without_number(word: str) -> str:
    bare = word.strip(",.;:")
    if bare.lstrip("-").replace(",", "").replace(".", "").isdigit():
        return "n"
    return OF_ONE.get(bare, bare).removesuffix("s")
