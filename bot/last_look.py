"""A last look at every reply before it goes out: what the assistant must never say is held back here.

It stands behind everything that words a reply, and trusts none of it. It looks for phone numbers that are neither
published nor in the fixed wording, HTML, internal names, and the wordings of data/safety/never_said.csv: doses,
diagnoses, reassurance, bookings. A reply that fails is not sent at all; the caller says the fixed sentence instead.
The reply to danger is never held back: only what was added to its fixed wording is dropped.
"""

from __future__ import annotations

import csv
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rasa.shared.core.domain import Domain

from bot import settings
from knowledge import published
from knowledge.search import KnowledgeBaseError
from knowledge.settings import HOME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from knowledge.search import KnowledgeBase

logger = logging.getLogger(__name__)

Message = dict[str, Any]

NEVER_SAID = HOME / "data" / "safety" / "never_said.csv"
KINDS = ("dose", "diagnosis", "reassurance", "booking", "dead number")

# Whatever could be dialled: five digits or more, however they are spaced, and three or four that one is told to ring.
# A figure in a sentence has commas ("806,000"), and what follows a letter is a postcode or a code.
LONG = re.compile(r"(?<![\w£])(?<!\d[.,:/-])[+(]{0,2}\d(?:[^\S\n]?[().\u2010-\u2015-]?[^\S\n]?\d){4,}(?!\w)(?![,.:]\d)")
SHORT = re.compile(r"(?:[Rr]ing|[Cc]all|[Pp]hone|[Dd]ial|[Tt]ext)s? (\d{3,4})(?!\w)(?![-,.:/ ]?\d)")
ABROAD = re.compile(r"\(?(?:\+|00)[^\S\n]?44\)?[^\S\n]?(?:\(0\))?")
YEAR = re.compile(r"(?:19|20)\d\d")
TIME = re.compile(r"[.:]\d\d(?!\d)")  # 9.30: no phone number is written with two digits after a point
FEW = 5  # digits: fewer after a phone number are not part of another ("24 hours")

WEB = re.compile(r"(?:https?://[^\s<>\"']+)?")
HTML = re.compile(r"<\s?[a-z!/?]|&(?:#\d+|#x[\da-f]+|[a-z]{2,8}\d*);", re.IGNORECASE)
INTERNAL = re.compile(r"[{}_]|None\b(?! of\b)|NaN\b|Traceback|Error\b|object at 0x|\[['\"\[]|['\"\]]\]|\(\w+=|\(\)")
FOR_PROGRAMS = ("id", "kind", "outcome", "card", "checked_on", "url")  # keys of `custom` that nobody is shown
PUNCTUATION = ".,;:?!()'\"“”‘’"

# Contractions are written out before wordings are looked for, as in the other tables of data/safety.
WRITTEN_OUT = (
    ("\u00a0", " "),
    ("’", "'"),
    ("can't", "can not"),
    ("cannot", "can not"),
    ("won't", "will not"),
    ("n't", " not"),
    ("'ll", " will"),
    ("'ve", " have"),
    ("'re", " are"),
    ("'m ", " am "),
    ("it's", "it is"),
    ("that's", "that is"),
    ("there's", "there is"),
)
NUMBER_WORDS = "a an half one two three four five six seven eight nine ten twelve".split()
NUMBER = rf"(?:\d{{1,4}}(?:\.\d+)?(?:[-–]\d+)?(?!\d)|{'|'.join(NUMBER_WORDS)})"
WORD = re.compile(r"[a-z]+|\d+")
BETWEEN = r"[ ,]+"  # words of one sentence
CONDITIONS = ("if ", "when ", "whether ", "unless ", "once ", "because ")  # "if you have flu" is no diagnosis
GAPS = {"..": 2, "...": 6}
PATTERN = re.compile(r"(?:[a-z\d#]+(?:[|_][a-z\d#]+)*| |\.{2,3})+")


class NeverSaidError(ValueError):
    """The table of what is never said cannot be used: which row, and what to do."""

    def __init__(self, row: int, problem: str, remedy: str) -> None:
        """Say where and what, and what to do."""
        super().__init__(f"never_said.csv, row {row}: {problem}. {remedy}.")


@dataclass(frozen=True)
class NeverSaid:
    """The reviewed table, ready to look at replies.

    Wordings are kept by their first word ("#" for a figure), with the kind of each group of the expression.
    """

    wordings: dict[str, tuple[re.Pattern[str], tuple[str, ...]]]
    dead: frozenset[str]  # phone numbers, digits only

    @classmethod
    def read(cls, path: Path) -> NeverSaid:
        """Read it; raises `NeverSaidError` where a row cannot be used."""
        found: dict[str, list[tuple[str, str]]] = {}
        dead = set()
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                if row["kind"] not in KINDS:
                    raise NeverSaidError(number, f"“{row['kind']}” is no kind", f"Use one of: {', '.join(KINDS)}")
                if not row["note"].strip():
                    raise NeverSaidError(number, "there is no note", "Say what it is an example of")
                if row["kind"] == "dead number":
                    dead.add(digits(row["pattern"]))
                    continue
                for pattern in row["pattern"].split(" ; "):
                    if not PATTERN.fullmatch(pattern):
                        raise NeverSaidError(number, f"“{pattern}” cannot be read", "See data/safety/README.md")
                    expression = _expression(pattern) + _not_before(row["unless"])
                    for first in _first_words(pattern):
                        found.setdefault(first, []).append((row["kind"], expression))
        wordings = {
            first: (re.compile("|".join(f"({one})" for _, one in every)), tuple(kind for kind, _ in every))
            for first, every in found.items()
        }
        return cls(wordings, frozenset(dead))

    def kind_in(self, text: str) -> str:
        """The kind of the first wording in a text that is never said, or nothing."""
        text = _written_out(text)
        for word in WORD.finditer(text):
            first = word.group()
            wordings = self.wordings.get(first if first.isalpha() else "#")
            found = wordings[0].match(text, word.start()) if wordings else None
            if wordings and found and found.lastindex and not text.endswith(CONDITIONS, 0, word.start()):
                return wordings[1][found.lastindex - 1]
        return ""


def _first_words(pattern: str) -> Iterator[str]:
    for option in pattern.split()[0].split("|"):
        first = option.split("_")[0]
        yield from ["#", *NUMBER_WORDS] if first == "#" else ["#"] if first.isdigit() else [first]


def _not_before(unless: str) -> str:
    """The end of a word, and none of the words that take the meaning away."""
    return rf"\b(?!{BETWEEN}{_any([_expression(one) for one in unless.split('|')])}\b)" if unless else r"\b"


def _expression(pattern: str) -> str:
    """A wording of the table as a regular expression."""
    parts: list[str] = []
    gap = ""
    for word in pattern.split():
        if word in GAPS:
            gap = rf"{BETWEEN}(?:[\w'-]+{BETWEEN}){{0,{GAPS[word]}}}"
            continue
        options = [option.replace("_", BETWEEN).replace("#", NUMBER) for option in word.split("|")]
        # A unit stands close to its number: 500mg.
        parts += [(gap or ("[ ,-]*" if parts and parts[-1] == NUMBER else BETWEEN)) if parts else "", _any(options)]
        gap = ""
    return "".join(parts)


def _any(options: Sequence[str]) -> str:
    return options[0] if len(options) == 1 else f"(?:{'|'.join(options)})"


def _written_out(text: str) -> str:
    text = text.lower()
    for written, meant in WRITTEN_OUT:
        if written in text:
            text = text.replace(written, meant)
    return text


@dataclass(frozen=True)
class Known:
    """What may be said: phone numbers (digits only); and what may not: the ids of records."""

    numbers: frozenset[str]
    ids: frozenset[str]

    def phone_is_known(self, written: str) -> bool:
        """Whether every phone number in a run of digits is known; it may be two, or one with a figure beside it."""
        groups = re.findall(r"\d+", ABROAD.sub("0", written))
        while sum(map(len, groups)) >= FEW:
            known = (n for n in range(len(groups), 0, -1) if digits("".join(groups[:n])) in self.numbers)
            taken = next(known, 0) or (1 if YEAR.fullmatch(groups[0]) else 0)
            if not taken:
                return False
            groups = groups[taken:]
        return True


@lru_cache(maxsize=1)
def never_said() -> NeverSaid:
    """The reviewed table, read once."""
    return NeverSaid.read(NEVER_SAID)


@lru_cache(maxsize=1)
def _fixed() -> tuple[frozenset[str], frozenset[str]]:
    """The numbers in all fixed wording (bot/domain, bot/wording.yml), and the lines of the replies to danger."""
    texts, danger = list(settings.WORDING.values()), set()
    for name, variations in Domain.load(str(settings.DOMAIN)).responses.items():
        texts += [variation["text"] for variation in variations]
        if name.startswith("utter_danger"):
            danger |= {line for variation in variations for line in variation["text"].splitlines()}
    return frozenset(number for text in texts for number in numbers_in(text)), frozenset(danger)


@lru_cache(maxsize=1)
def _known(base: KnowledgeBase | None) -> Known:
    """Worked out once for each knowledge base, when its first reply goes out."""
    if base is None:
        return Known(_fixed()[0], frozenset())
    said = {number for text in base.texts() for number in numbers_in(text)}
    ids = frozenset(record_id for record_id in base.ids() if "-" in record_id)
    return Known((_fixed()[0] | base.numbers | said) - never_said().dead, ids)


def digits(number: str) -> str:
    """The digits of a number as 0 to 9, whatever script they are written in."""
    return "".join(str(int(c)) for c in number if c.isdecimal())


def numbers_in(text: str) -> Iterator[str]:
    """The digits of every phone number in a text that is to be trusted."""
    text = _without_addresses(text)
    yield from (digits(ABROAD.sub("0", written)) for written in _long_numbers(text))
    yield from SHORT.findall(text)


def _without_addresses(text: str) -> str:
    """A text without email addresses and links, which may hold figures and any names."""
    if "@" not in text and "://" not in text:
        return text
    return " ".join(word for word in text.replace("\n", " \n ").split(" ") if "@" not in word and "://" not in word)


def _hyphened(text: str) -> Iterator[str]:
    return (word.strip(PUNCTUATION) for word in text.split() if "-" in word)


def _long_numbers(text: str) -> list[str]:
    return [match.group() for match in LONG.finditer(text) if not TIME.search(match.group())]


def last_look(messages: list[Message]) -> list[Message] | None:
    """The messages as they may go out, or None where the reply as a whole may not. What is wrong is logged.

    Takes messages as the REST channel sends them and as an action's dispatcher collects them.
    """
    try:
        return _look(messages)
    except Exception:
        logger.exception("The last look at a reply broke, so the reply was held back")
        return None


def safe_reply(wording: str = "held_back") -> Message:
    """One of the app's own sentences as a reply."""
    custom: dict[str, Any] = {"outcome": "fallback", "card": None, "records": [], "sources": []}
    return {"text": settings.WORDING[wording], "custom": custom}


def _look(messages: list[Message]) -> list[Message] | None:
    try:
        known = _known(published.current())
    except KnowledgeBaseError:
        known = _known(None)
    if any((message.get("custom") or {}).get("outcome") == "emergency" for message in messages):
        return _danger(messages, known)
    messages = [_without_bad_buttons(message, known) for message in messages]
    wrong = {fault for message in messages for fault in _faults(message, known)}
    if not wrong:
        return messages
    # Neither the text nor the number: it may be the resident's own.
    records = [r.get("id") for m in messages for r in (m.get("custom") or {}).get("records", ())]
    logger.error("A reply was held back: %s. It was made from %s.", ", ".join(sorted(wrong)), records or "no record")
    return None


def _without_bad_buttons(message: Message, known: Known) -> Message:
    """A button may say back what the resident typed: one that may not go out is dropped with the line that says it."""
    bad = [button for button in message.get("buttons") or () if any(_wrong_with_all(button.values(), known))]
    if not bad:
        return message
    text = message.get("text") or ""
    for button in bad:
        text = text.replace(str(button.get("title")), "\0")
    text = "\n".join(line for line in text.split("\n") if "\0" not in line)
    return {**message, "text": text, "buttons": [button for button in message["buttons"] if button not in bad]}


def _danger(messages: list[Message], known: Known) -> list[Message] | None:
    """The reply to danger: its fixed wording as it is, and of everything else what is in order."""
    fixed, kept, dropped = _fixed()[1], [], False
    for message in messages:
        lines = (message.get("text") or "").split("\n")
        good = [line for line in lines if line in fixed or not any(_wrong_with(line, known))]
        buttons = message.get("buttons") or []
        good_buttons = [button for button in buttons if not any(_wrong_with_all(button.values(), known))]
        custom = message.get("custom") or {}
        good_custom = {**custom, "records": [], "sources": []} if any(_wrong_in_custom(custom, known)) else custom
        if (good, good_buttons, good_custom) != (lines, buttons, custom):
            dropped = True
            message = {**message, "text": "\n".join(good), "buttons": good_buttons, "custom": good_custom}
            message = {key: value for key, value in message.items() if value}
        if set(message) - {"recipient_id"}:
            kept.append(message)
    if dropped:
        logger.error("Something was left out of a reply to danger that may not be said; its fixed wording went out")
    told = any(line in fixed for message in kept for line in (message.get("text") or "").split("\n"))
    return kept if told else None


def _faults(message: Message, known: Known) -> Iterator[str]:
    text, custom = message.get("text"), message.get("custom") or {}
    if text is not None and not text.strip():
        yield "an empty text"
    yield from _wrong_with(text or "", known)
    for button in message.get("buttons") or ():
        yield from _wrong_with_all(button.values(), known)
    yield from _wrong_in_custom(custom, known)


def _wrong_in_custom(custom: dict[str, Any], known: Known) -> Iterator[str]:
    """What is shown of records and sources is looked at like any text, and a link must be one."""
    for key, value in custom.items():
        for shown in value if isinstance(value, list) else [value]:
            if isinstance(shown, dict):
                yield from _wrong_in_custom(shown, known)
            elif key == "url" and not WEB.fullmatch(shown or ""):
                yield "a link that is none"
            elif isinstance(shown, str) and key not in FOR_PROGRAMS:
                yield from _wrong_with(shown, known)


def _wrong_with_all(texts: Iterable[object], known: Known) -> Iterator[str]:
    for text in texts:
        yield from _wrong_with(str(text), known)


def _wrong_with(text: str, known: Known) -> Iterator[str]:
    """What is wrong with a text, in the words of the log."""
    words = _without_addresses(text)
    if not known.numbers.issuperset(SHORT.findall(words)) or not all(map(known.phone_is_known, _long_numbers(words))):
        yield "a phone number that may not be given"
    if HTML.search(text):
        yield "HTML"
    if INTERNAL.search(words) or not known.ids.isdisjoint(_hyphened(words)):
        yield "an internal name"
    kind = never_said().kind_in(words)
    if kind:
        yield kind
