"""The messages of a conversation as the page shows them: what was said, records as cards, what can be asked next."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rasa.shared.core.events import BotUttered, Restarted, UserUttered

from actions.reply import Speaker
from bot import settings
from bot.danger_reply import may_have_to_hide
from bot.pages.map import Map, map_of
from bot.pages.records import Card

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rasa.shared.core.trackers import DialogueStateTracker

    from knowledge.search import KnowledgeBase

# What can be asked next about a record, in this order: the detail, the button, and the question in words that are
# understood.
FOLLOW_UPS = (
    ("hours", "button_hours", "what are the opening times"),
    ("referral", "button_referral", "do I need a referral"),
    ("eligibility", "button_eligibility", "who can use it"),
)
EMERGENCY = "emergency"
RATED = ("answer", "fallback", "out_of_scope")  # what residents are asked about, whether it helped


@dataclass(frozen=True)
class Button:
    """Something to choose: what it shows, what it says for the resident, and whether that was chosen."""

    title: str
    payload: str
    chosen: bool = False


@dataclass
class Part:
    """A part of an answer: lines as they were said, or a record, as a card or in a line."""

    kind: str  # say, card, line, fact
    lines: list[str] = field(default_factory=list)
    card: Card | None = None
    number: int = 0  # on the map


@dataclass
class Shown:
    """One message: the resident's, or the assistant's. `number` is its place in the conversation, from 1."""

    who: str  # you, assistant
    number: int
    text: str
    outcome: str = ""
    urgency: str = ""
    heading: str = ""
    parts: list[Part] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    follow_ups: list[Button] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    map: Map | None = None
    leave: bool = False  # who gets it may have to leave the page quickly
    answered_with: str = ""  # what the resident said next

    @property
    def danger(self) -> bool:
        """Whether it is a reply to danger."""
        return self.outcome == EMERGENCY

    @property
    def rated(self) -> bool:
        """Whether it is an answer that may be called helpful or not."""
        return self.outcome in RATED


def conversation(tracker: DialogueStateTracker | None, base: KnowledgeBase | None) -> list[Shown]:
    """What was said since the last restart, oldest first."""
    said: list[Shown] = []
    for event in tracker.events if tracker else []:
        if isinstance(event, Restarted):
            said = []
        elif isinstance(event, UserUttered) and event.text:
            if said:
                said[-1].answered_with = event.text
            said.append(Shown("you", len(said) + 1, event.text))
        elif isinstance(event, BotUttered) and (event.text or event.data.get("buttons")):
            custom, buttons = event.data.get("custom") or {}, event.data.get("buttons") or []
            if event.text == settings.WORDING["masked"] and said:
                said[-1].parts.append(Part("say", [event.text]))  # belongs to the answer before it
                said[-1].text += f"\n{event.text}"
            else:
                said.append(from_assistant(event.text or "", custom, buttons, base, len(said) + 1, event.metadata))
    for message in said:
        chosen = message.answered_with
        message.buttons = [Button(b.title, b.payload, bool(chosen) and b.payload == chosen) for b in message.buttons]
    return said


def from_assistant(
    text: str,
    custom: dict[str, Any],
    buttons: Sequence[dict[str, str]] = (),
    base: KnowledgeBase | None = None,
    number: int = 1,
    metadata: dict[str, Any] | None = None,
) -> Shown:
    """A message of the assistant. A reply to danger has its first line for a heading, and is never taken apart.

    `metadata` says which lines are about which record, and how many miles away that is (`actions.reply.Reply.send`).
    """
    lines = text.splitlines()
    message = Shown(
        "assistant",
        number,
        text,
        outcome=custom.get("outcome") or "",
        urgency=custom.get("card") or "",
        buttons=[Button(button["title"], button["payload"]) for button in buttons],
        records=[record["id"] for record in custom.get("records") or []],
        leave=may_have_to_hide(text),
    )
    if message.danger:
        message.heading, lines = lines[0], lines[1:]
    if base is None or message.danger:
        message.parts = [Part("say", lines)]
        return message
    about, miles = (metadata or {}).get("about") or [], (metadata or {}).get("miles") or {}
    message.parts = list(_parts(lines, about if len(about) == len(lines) else [""] * len(lines), miles, base))
    _offer_more(message, base)
    message.map = _number_sites(message.parts, base)
    return message


def _parts(lines: Sequence[str], about: Sequence[str], miles: dict[str, float], base: KnowledgeBase) -> Iterator[Part]:
    """Lines that tell of a record give way to the record, each once; those after "also" to a line with a link."""
    shown: set[str] = set()
    beside = False
    for record_id, pairs in groupby(zip(lines, about, strict=True), key=lambda pair: pair[1]):
        told = [line for line, _ in pairs]
        if record_id not in base:
            beside = beside or base.phrases["also"] in told
            yield Part("say", told)
        elif record_id not in shown:
            shown.add(record_id)
            record = base.get(record_id)
            kind = "line" if beside else "fact" if record.kind == "fact" else "card"
            yield Part(kind, told, Card(base, record, miles.get(record_id)))


def _offer_more(message: Shown, base: KnowledgeBase) -> None:
    """Buttons for what can be asked next: more of the list, and the details of the first record."""
    speaker, more = Speaker(base), base.phrases["more_to_show"]
    for part in message.parts:
        if more in part.lines:
            part.lines.remove(more)
            message.follow_ups.append(Button(speaker.phrase("button_more"), "more"))
    cards = [part.card for part in message.parts if part.kind == "card" and part.card]
    if message.outcome == "answer" and len(cards) == 1 and cards[0].record.open_for_use:
        message.follow_ups += [
            Button(speaker.phrase(button), question)
            for detail, button, question in FOLLOW_UPS
            if speaker.knows(cards[0].record, detail)
        ]
    message.parts = [part for part in message.parts if part.lines or part.card]


def _number_sites(parts: Sequence[Part], base: KnowledgeBase) -> Map | None:
    """A map of the sites among the cards, which get the numbers of several pins; None where there is none."""
    cards = {part.card.id: part for part in parts if part.kind == "card" and part.card}
    found = map_of(base, [base.get(record_id) for record_id in cards])
    if found and len(found.pins) > 1:
        for _, _, pin in found.pins:
            cards[pin.record_id].number = pin.number
    return found
