"""The six labels of the RSNA 2019 challenge, their order and weights."""

SUBTYPES = ("epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural")
LABELS = (*SUBTYPES, "any")

# Flanders et al., Radiology: AI 2020;2(3):e190211: the challenge's log loss counts `any` twice.
LABEL_WEIGHTS = (1.0, 1.0, 1.0, 1.0, 1.0, 2.0)


def label_index(label: str) -> int:
    """Position of a label in every array, file and checkpoint.

    Raises:
        ValueError: not one of the six labels.

    >>> label_index("any")
    5
    """
    return LABELS.index(label)
