"""Metrics as markdown: the tables of metrics.md."""

from collections.abc import Iterator, Mapping, Sequence

MADE_HEADS = "Made heads are not patients: these figures say that the road works, nothing about a hospital."
IN_SAMPLE = (
    "In-sample: the sequence net learned from features of patients its CNN was trained on; "
    "what it gains over the CNN may not hold for others."
)
MEASURES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
}
ON_MADE_HEADS = "Trained on made heads, which are not patients, and met here with what it has never seen."
UNKNOWN_START = (
    "The net started from a file that does not say whom it had seen: nobody can know whether these patients are among "
    "them."
)
PREDICTORS = {"cnn": "CNN", "ensemble": "ensemble"}
CONTROLS = {"position": "position alone", "position_mean": "position alone (mean)", "prevalence": "prevalence"}
PREDICTOR_NAMES = PREDICTORS | CONTROLS
NOTHING = "-"


def metrics_markdown(
    metrics: Mapping, *, source: str | None = None, in_sample: bool = False, heading: int = 2, title: str = "Metrics"
) -> str:
    """Lay out what `ich.metrics.evaluation.evaluate_table` measured.

    Args:
        metrics: the content of metrics.json.
        source: name of the data set's kind; `phantom` brings the note that made heads are not patients.
        in_sample: brings the note on features of a CNN's own training patients.
        heading: level of the headings; 2 puts the title above them, deeper ones are for a part of a longer page.
        title: the page's title.

    Returns:
        Markdown that ends in a newline.
    """
    parts = [f"# {title}"] if heading == 2 else []
    said = notes(
        source,
        in_sample=in_sample,
        trained_on=metrics.get("trained_on", ()),
        start_is_unknown=metrics.get("start_is_unknown", False),
    )
    parts += [f"> {note}" for note in said]
    interval = metrics["interval"]
    parts.append(
        f"In brackets: {interval['level']:.0%} intervals over patients ({interval['n_resamples']:,} resamples of whole "
        f"patients, seed {interval['seed']}). Accuracy, sensitivity and specificity at a probability of "
        f"{metrics['threshold']:g}. Study rule: {metrics['study_rule']}."
    )
    for level, name in (("slice", "Slices"), ("study", "Studies")):
        parts += [f"{'#' * heading} {name}", *_level(metrics[level], level)]
    return "\n\n".join(parts) + "\n"


def notes(
    source: str | None, *, in_sample: bool, trained_on: Sequence[str] = (), start_is_unknown: bool = False
) -> list[str]:
    """What must stand above every table of such a run."""
    made = [MADE_HEADS] if source == "phantom" else [ON_MADE_HEADS] if "phantom" in trained_on else []
    return made + ([IN_SAMPLE] if in_sample else []) + ([UNKNOWN_START] if start_is_unknown else [])


def with_interval(measured: Mapping) -> str:
    """A measured number with its interval, or a hyphen.

    >>> with_interval({"value": 0.91234, "interval": [0.88, 0.94], "reason": None})
    '0.912 [0.880, 0.940]'
    """
    if measured["value"] is None:
        return NOTHING
    if measured["interval"] is None:
        return f"{measured['value']:.3f}"
    low, high = measured["interval"]
    return f"{measured['value']:.3f} [{low:.3f}, {high:.3f}]"


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A markdown table; bars and line breaks inside cells are made harmless."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _level(measured: Mapping, level: str) -> Iterator[str]:
    n_rows = f"{measured['n']:,} slices of " if level == "slice" else ""
    yield f"{n_rows}{measured['n_studies']:,} studies of {measured['n_patients']:,} patients."
    yield _label_table(measured)
    yield _loss_table(measured)
    yield from _paired(measured["paired"])
    yield from _rules(measured["rules"])
    reasons = list(dict.fromkeys(_reasons(measured)))
    if reasons:
        yield "Not measured, without an interval, or with resamples left out:\n\n" + "\n".join(
            f"- {reason}" for reason in reasons
        )


def _label_table(measured: Mapping) -> str:
    predictors = measured["predictors"]
    positions = [name for name in CONTROLS if name.startswith("position") and name in predictors]
    rows = [
        [
            label,
            f"{row['n']:,}",
            f"{row['positives']:,}",
            PREDICTORS[name],
            with_interval(row["auc"]),
            *(with_interval(predictors[position]["labels"][label]["auc"]) for position in positions),
            *(with_interval(row[measure]) for measure in MEASURES if measure != "auc"),
        ]
        for label in predictors["position"]["labels"]
        for name in PREDICTORS
        if name in predictors
        for row in [predictors[name]["labels"][label]]
    ]
    shown = [title for measure, title in MEASURES.items() if measure != "auc"]
    controls = [f"AUC of {CONTROLS[position]}" for position in positions]
    return markdown_table(["label", "n", "positives", "by", "AUC", *controls, *shown], rows)


def _loss_table(measured: Mapping) -> str:
    names = PREDICTOR_NAMES
    rows = [
        [
            title,
            with_interval(row["log_loss"]),
            with_interval(row["log_loss_ratio"]),
            with_interval(row["mean_auc"]),
            ", ".join(row["mean_auc"]["labels"]) or NOTHING,
        ]
        for name, title in names.items()
        if name in measured["predictors"]
        for row in [measured["predictors"][name]]
    ]
    return markdown_table(
        ["by", "weighted log loss", "of the prevalence answer's", "mean AUC", "over the labels"], rows
    )


def _paired(paired: Mapping) -> Iterator[str]:
    gain = paired["ensemble_minus_cnn"]
    if gain is not None:
        yield (
            "Ensemble minus CNN on the same patients: weighted log loss "
            f"{with_interval(gain['log_loss'])}, AUC any {with_interval(gain['auc_any'])}."
        )


def _rules(rules: Mapping) -> Iterator[str]:
    if rules["auc_any"]:
        yield markdown_table(
            ["one-number rule", "AUC any"], [[name, with_interval(auc)] for name, auc in rules["auc_any"].items()]
        )
    if rules["best"] is not None:
        yield f"The best rule is {rules['best']}."


def _reasons(measured: Mapping) -> Iterator[str]:
    for name, predictor in measured["predictors"].items():
        by = PREDICTOR_NAMES[name]
        for label, row in predictor["labels"].items():
            if row["unknown"]:
                yield f"{label}: {row['unknown']:,} rows left out, label unknown"
            if name in PREDICTORS:
                yield from (f"{label}, {by}, {titles}: {reason}" for reason, titles in _by_reason(row).items())
        for key, title in (("log_loss", "log loss"), ("log_loss_ratio", "ratio to the prevalence answer")):
            if predictor[key]["reason"]:
                yield f"{title}, {by}: {predictor[key]['reason']}"
    for key, gain in (measured["paired"]["ensemble_minus_cnn"] or {}).items():
        if gain["reason"]:
            yield f"ensemble minus CNN, {key}: {gain['reason']}"
    if measured["paired"]["reason"]:
        yield f"ensemble minus CNN: {measured['paired']['reason']}"


def _by_reason(row: Mapping) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for measure, title in MEASURES.items():
        reason = row[measure]["reason"]
        if reason is None and row[measure]["left_out"]:
            reason = f"{row[measure]['left_out']:,} resamples without the cases this needs were left out"
        if reason is not None:
            found.setdefault(reason, []).append(title)
    return {reason: ", ".join(titles) for reason, titles in found.items()}


def _cell(text: str) -> str:
    return " ".join(str(text).replace("|", "\\|").split())
