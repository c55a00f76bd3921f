"""The reply to danger on its own: for a message that is too long for the rest of the assistant, or breaks it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.shared.core.domain import Domain

from bot import settings
from bot.nlu.danger_detector import shared_watch


@lru_cache(maxsize=1)
def _responses() -> dict[str, list[dict[str, Any]]]:
    return Domain.load(settings.DOMAIN / "danger.yml").responses


def danger_reply(text: str, sender: str) -> list[dict[str, Any]] | None:
    """The messages that a sign of danger in `text` gets, or None where there is none."""
    danger = shared_watch().look(text)
    if danger is None:
        return None
    variations = _responses()[f"utter_{danger.intent}"]
    chosen = next((v for v in variations if _is_for(v, danger.kind)), variations[-1])
    return [
        {"recipient_id": sender, "text": chosen["text"]},
        {"recipient_id": sender, "custom": chosen["custom"]},
    ]


def may_have_to_hide(text: str) -> bool:
    """Whether a reply is one to violence: who gets it may have to leave the page before somebody sees it."""
    return any(text == variation["text"] for variation in _responses()["utter_danger_violence"])


def _is_for(variation: dict[str, Any], kind: str) -> bool:
    return any(condition.get("value") == kind for condition in variation.get("condition", []))
