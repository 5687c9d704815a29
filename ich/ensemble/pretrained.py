"""An ensemble as a folder for strangers: model.safetensors, config.json and a model card."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ich.ensemble.file import check_facts
from ich.errors import CheckpointError
from ich.labels import LABELS
from ich.learn.checkpoint import FACTS_KEY

TENSORS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
_HUB_NAME = re.compile(r"^(hub:)?[\w.-]+/[\w.-]+$")
_WAYS = "name a folder that save_pretrained wrote, or a hub repository as owner/name"


def write_pretrained(content: Mapping[str, Any], folder: Path) -> None:
    """Write the three files; the config last, so that a folder with a config is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(dict(content["tensors"]), folder / f".{TENSORS}.tmp")
    (folder / f".{TENSORS}.tmp").replace(folder / TENSORS)
    (folder / CARD).write_text(model_card(content[FACTS_KEY]), encoding="utf-8")
    (folder / f".{CONFIG}.tmp").write_text(json.dumps(content[FACTS_KEY], indent=1), encoding="utf-8")
    (folder / f".{CONFIG}.tmp").replace(folder / CONFIG)


def read_pretrained(folder: Path) -> dict[str, Any]:
    """The content of a pretrained folder, as `read_bundle` gives it. Its config is data: nothing it names is imported.

    Raises:
        CheckpointError: a file is missing or broken, another format or label order.
    """
    missing = [name for name in (TENSORS, CONFIG) if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(
            f"{folder}: expected {TENSORS} and {CONFIG}, found no {' and no '.join(missing)}; {_WAYS}"
        )
    try:
        facts = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(folder / TENSORS)
    except (ValueError, SafetensorError) as error:
        raise CheckpointError(
            f"{folder}: expected JSON and safetensors, found a broken file ({error}); {_WAYS}"
        ) from error
    if not isinstance(facts, dict):
        raise CheckpointError(f"{folder}: expected a JSON object in {CONFIG}, found a {type(facts).__name__}; {_WAYS}")
    check_facts(facts, str(folder))
    return {FACTS_KEY: facts, "tensors": tensors}


def find_pretrained(name: str | Path) -> Path:
    """The folder itself, or the local copy of a hub repository.

    Raises:
        CheckpointError: neither a folder nor a repository that can be reached.
    """
    if Path(name).is_dir():
        return Path(name)
    if not _HUB_NAME.match(str(name)):
        raise CheckpointError(f"{name}: expected a folder or owner/name on the hub, found neither; {_WAYS}")
    import huggingface_hub

    repository = str(name).removeprefix("hub:")
    try:
        return Path(huggingface_hub.snapshot_download(repository, allow_patterns=[TENSORS, CONFIG, CARD]))
    except Exception as error:  # offline, absent, private: the hub's client raises some twenty kinds
        raise CheckpointError(
            f"{name}: expected a folder, or a hub repository in the cache or within reach, found neither "
            f"({type(error).__name__}); {_WAYS}"
        ) from error


def model_card(facts: Mapping[str, Any]) -> str:
    """What a stranger should know before using the weights; no number that was not measured."""
    nets = [member["cnn"]["net"].get("backbone", "?") for member in facts["members"]]
    sequences = [(member["sequence"] or {}).get("net", {}).get("net", "none") for member in facts["members"]]
    lines = [
        "# Intracranial hemorrhage in head CT: an ensemble of ich",
        "",
        "For research only. Not a medical device; no decision about a patient may rest on it.",
        "",
        f"- Labels, in this order: {', '.join(LABELS)}",
        f"- Input: HU, {facts['size']} px, slices feet to head",
        f"- Slice nets: {', '.join(nets)}; sequence nets: {', '.join(sequences)}",
        f"- Trained on: {', '.join(facts['sources'])} ({len(facts['train_patients'])} patients)",
        f"- Made: {facts['date']}, ich {facts['code_version']}",
    ]
    if "phantom" in facts["sources"]:
        lines.append("- Made heads are not patients: what it does on real CT has to be measured first.")
    if any(member["in_sample"] for member in facts["members"]):
        lines.append("- In-sample: a sequence net learned on features of a CNN that had seen the same patients.")
    lines += [
        "- The licence of a pretrained backbone and of the training data binds these weights too.",
        "",
        "```python",
        "from ich import ICHEnsemble, preprocess_scan",
        "",
        'prediction = ICHEnsemble.from_pretrained("this folder").predict(preprocess_scan("path/to/dicom"))',
        "```",
        "",
    ]
    return "\n".join(lines)
