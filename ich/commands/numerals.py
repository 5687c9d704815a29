"""Numbers with their nouns."""


def counted(number: int, one: str, many: str = "") -> str:
    """`1 study`, `1,200 studies`.

    Args:
        number: how many.
        one: the noun of one.
        many: of several; "" adds an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
