"""What is known of a model beside its code: from the card of a shipped weight, or from the record of a run."""

import json
import re
from pathlib import Path

FACTS = ("data", "licence", "limits")


def card_facts(what: str) -> dict[str, str]:
    """Data, licence and limits of WHAT, as far as they are written down."""
    path = Path(what)
    record = (path if path.is_dir() else path.parent) / "config.json"
    if path.exists():
        return _of_run(json.loads(record.read_text(encoding="utf-8"))) if record.is_file() else {}
    from zoo._shipped import shipped

    return {"weight": what, **of_card(shipped(what).with_suffix(".md").read_text(encoding="utf-8"))}


def of_card(text: str) -> dict[str, str]:
    """The lines `- **Data**: ...` of a card, each unwrapped.

    Example:
        >>> of_card("- **Data**: photographs\\n  of cats.")
        {'data': 'photographs of cats.'}
    """
    lines = re.findall(r"^- \*\*(\w+)\*\*: (.*?)(?=^- |^\s*$|\Z)", text, re.MULTILINE | re.DOTALL)
    return {name.lower(): " ".join(words.split()) for name, words in lines if name.lower() in FACTS}


def _of_run(record: dict) -> dict[str, str]:
    """Folders by their last name only: where a person keeps pictures is nobody else's business."""
    sources = [source.partition(":") for source in record["run"]["sources"].values()]
    names = [f"{kind}:{Path(place).name}" for kind, _, place in sources]
    return {"data": f"{record['run']['steps']} steps on {', '.join(names)}; TO FILL IN: what is in it, and under which terms"}
