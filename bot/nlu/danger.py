"""Danger detection: does a message come from someone in danger?

What counts as danger is data (`data/safety`), reviewed by people and never trained:

- `signs.csv`: the signs, the care card each one gets, its kind;
- `words.csv`: named groups of words (PERSON, BREATHE, ...) that wordings are made of;
- `wordings.csv`: how people say each sign; `other_languages.csv`: the plainest ways in other languages;
- `kinds.csv`: how who is in danger narrows the kind: it may be somebody else's life, or a child that is hurt;
- `harmless.csv`: phrases whose frightening words mean no danger (stroke club, dying for a cup of tea);
- `spellings.csv`: contractions, text-speak, emoji; `local.txt`: names and words of this area,
  which like common English words are never corrected into another.

`data/safety/README.md` is the guide to writing them. In short::

    not .. wake|rouse          words in order; `|` between alternatives; `_` inside one of several words (come_round)
    BABY ... floppy            CAPITALS name a word group; `..` skips up to 2 words, `...` up to 6, within a sentence
    chest ~ tight              either order, up to 6 words between
    BABY & HOT & 38-43         all within 40 words, any order; `38-43` is any number from 38 to 43

The words of all wordings are found in one pass by spaCy's PhraseMatcher; a wording is then tried only when every
group it needs is in the message. The pure Python that follows is small enough to be read in one go.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from bot.nlu.plain import STOP, Speller, plain
from knowledge.spelling import common_english

CARDS = ("immediate", "urgent")
GUARDS = ("", "none")
DOUBTFUL = ("", "yes")
ENGLISH = "wordings.csv"
DATA = Path(__file__).resolve().parents[2] / "data"
FOLDER, LANGUAGES = DATA / "safety", DATA / "languages" / "words.csv"

NUMBER = re.compile(r"\d+(\.\d+)?(-\d+(\.\d+)?)?")
ANY_NUMBER = "#"
GAPS = {"..": 2, "...": 6}
TOGETHER = 40  # words: how far apart the parts of `a & b` may be
UNLESS_NEAR = 20  # words: how near what is in `unless` must be
PAST_NEAR = 8  # words: how near "three years ago" must be to what it puts in the past
ALONE, FEW = "ALONE", 3  # the group that stands for a message of at most three words: "heart attack"
MOST_TRIED = 60  # matches of one part that are looked at

Span = tuple[int, int]
Found = tuple[Span, ...]  # where each slot of a part was found
Hits = Mapping[int, list[Span]]


class DangerDataError(ValueError):
    """The safety data cannot be used: which file, row and column, and what to do."""

    def __init__(self, file: str, row: int, column: str, problem: str, remedy: str) -> None:
        """Say where and what, and what to do."""
        super().__init__(f"{file}, row {row}, column {column}: {problem}. {remedy}")


@dataclass(frozen=True)
class Sign:
    """A sign of danger, as a clinical safety officer signs it."""

    id: str
    sign: str
    card: str
    kind: str
    route: str
    rank: int  # which comes first when a message holds several: 1 before 2


@dataclass(frozen=True)
class Danger:
    """A danger seen in a message; `others` are the further signs seen, most pressing first."""

    sign: Sign
    words: tuple[str, ...]
    wording: str
    kind: (
        str  # of the most pressing sign, narrowed by who is in danger (`kinds.csv`); it chooses the wording of the card
    )
    doubtful: bool = False  # whether everyday messages use such words too
    english: bool = True  # or a wording in another language
    others: tuple[Sign, ...] = ()

    @property
    def card(self) -> str:
        """The care card of the most pressing sign."""
        return self.sign.card

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of all signs seen, without repeats: a reply may need a second number for the second kind."""
        return tuple(dict.fromkeys(s.kind for s in (self.sign, *self.others)))


class Reading(NamedTuple):
    """What the table makes of a message: its words in plain form, the groups of words in it, and the danger."""

    words: str
    groups: tuple[int, ...]
    danger: Danger | None


@dataclass(frozen=True)
class Narrower:
    """Who is in danger makes one kind another: somebody else's thoughts of ending life, a child that is hurt."""

    kind: str
    becomes: str
    who: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]


class Slot(NamedTuple):
    """One group of words in a sequence, and how many words may stand before it."""

    gap: int  # words that may stand before it
    group: int


Sequence = tuple[Slot, ...]
Part = tuple[Sequence, ...]  # alternatives: the orders of `a ~ b`


@dataclass(frozen=True)
class Pattern:
    """A wording or phrase as compiled: all its parts must be found."""

    text: str
    parts: tuple[Part, ...]
    need: frozenset[int]  # the groups without which it cannot match


@dataclass(frozen=True)
class Wording:
    """How people say a sign, what makes it harmless, and whether denial cancels it."""

    sign: Sign
    pattern: Pattern
    unless: tuple[Pattern, ...]
    guarded: bool
    doubtful: bool
    english: bool


@dataclass
class Groups:
    """The word groups in use: their numbers, and which groups a phrase or a number belongs to."""

    named: dict[str, tuple[str, ...]]
    numbers: dict[str, int] = field(default_factory=dict)
    phrases: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)

    def number(self, text: str) -> int:
        """The number of the group that `a|b|NAME` or `38-43` stands for."""
        if text in self.numbers:
            return self.numbers[text]
        group = self.numbers[text] = len(self.numbers)
        for member in text.split("|"):
            for phrase in self.named[member] if member.isupper() else (plain(member.replace("_", " ")),):
                low, high = 0.0, float("inf")
                words = phrase.split()
                for i, word in enumerate(words):
                    if NUMBER.fullmatch(word):
                        ends = [float(n) for n in word.split("-")]
                        low, high, words[i] = ends[0], ends[-1], ANY_NUMBER
                entry = (group, low, high)
                entries = self.phrases.setdefault(" ".join(words), [])
                if entry not in entries:
                    entries.append(entry)
        return group


class Index:
    """Finds the patterns that can match at all, each by the rarest of the groups that it needs."""

    def __init__(self, needs: list[frozenset[int]], sizes: Mapping[int, int]) -> None:
        """The groups that each pattern needs, and how many phrases each group has."""
        self._by_group: dict[int, list[tuple[int, frozenset[int]]]] = {}
        for number, need in enumerate(needs):
            rarest = min(need, key=lambda group: (sizes[group], group))
            self._by_group.setdefault(rarest, []).append((number, need))

    def possible(self, hits: Hits) -> list[int]:
        """The numbers of the patterns all of whose groups are in a message, in order."""
        groups = hits.keys()
        return sorted(number for group in groups for number, need in self._by_group.get(group, ()) if need <= groups)


class DangerTable:
    """The reviewed table of signs and wordings, ready to look at messages."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Load the CSV files in `folder`; raise :class:`DangerDataError` for anything that cannot be used."""
        self.folder = folder
        self.signs = self._load_signs()
        self.groups = Groups({**self._load_words(), ALONE: ()})
        self._alone = self.groups.number(ALONE)
        english = self._load_wordings(ENGLISH)
        self.harmless = [
            p
            for row, r in self._rows("harmless.csv", "pattern")
            for p in self._patterns(r, "harmless.csv", row, "pattern")
        ]
        self.narrower = self._load_kinds()
        self._negator, self._filler, self._past, self._present = map(
            self.groups.number, ("NEGATOR", "FILLER", "PAST", "PRESENT")
        )
        own = self._words()
        self.wordings = self._in_order(english + self._load_wordings("other_languages.csv"))
        spellings = {
            r["written"] if not r["written"].isalnum() else plain(r["written"]): r["meant"]
            for _, r in self._rows("spellings.csv", "written", "meant")
        }
        sizes = Counter(group for entries in self.groups.phrases.values() for group, _, _ in entries)
        self._wordings_by_word = Index([w.pattern.need for w in self.wordings], sizes)
        self._harmless_by_word = Index([p.need for p in self.harmless], sizes)
        local = frozenset((folder / "local.txt").read_text(encoding="utf-8").split())
        self._vocabulary = self._words()
        foreign = _words_of_other_languages() | (self._vocabulary - own - common_english())
        self.speller = Speller(self._vocabulary, local | common_english(), spellings, foreign, local)
        self._vocab = Vocab()
        self._matcher = PhraseMatcher(self._vocab, attr="ORTH")
        self._groups_of: dict[int, tuple[int, tuple[tuple[int, float, float], ...]]] = {}
        for phrase, entries in self.groups.phrases.items():
            words = phrase.split()
            self._matcher.add(phrase, [Doc(self._vocab, words=words)])
            counted = words.index(ANY_NUMBER) if ANY_NUMBER in words else -1
            self._groups_of[self._vocab.strings[phrase]] = counted, tuple(entries)

    # Looking at a message

    def look(self, text: str) -> Danger | None:
        """The danger in `text`, the most pressing sign first, or None."""
        return self.read(text).danger

    def read(self, text: str) -> Reading:
        """What the table makes of `text`. A misspelt word is read in every likely way until there is danger."""
        first: Reading | None = None
        for tokens in self.speller.readings(text):
            hits = self._hits(tokens)
            danger = self._look_at(tokens, hits)
            if first is None or danger:
                first = Reading(" ".join(tokens), tuple(hits), danger)
            if danger:
                break
        return first or Reading("", (), None)

    def _look_at(self, tokens: list[str], hits: Hits) -> Danger | None:
        message = Message(tokens, hits)
        masks = [
            (found[0][0], found[-1][1])
            for p in map(self.harmless.__getitem__, self._harmless_by_word.possible(hits))
            for part in p.parts
            for found in message.find(part)
        ]
        if masks:
            message = message.without(masks)
        seen: dict[str, tuple[Wording, list[Found]]] = {}
        for wording in map(self.wordings.__getitem__, self._wordings_by_word.possible(message.hits)):
            if wording.sign.id not in seen:
                found = self._match(wording, message)
                if found:
                    seen[wording.sign.id] = wording, found
        if not seen:
            return None
        (wording, found), *rest = seen.values()
        words = tuple(" ".join(tokens[s:e]) for s, e in sorted({span for part in found for span in part}))
        kind = self._narrowed(wording.sign.kind, Message(tokens, message.before_masking))
        others = tuple(w.sign for w, _ in rest)
        # As sure as the surest of the wordings with the same card.
        doubtful = all(w.doubtful for w, _ in seen.values() if w.sign.card == wording.sign.card)
        english = all(w.english for w, _ in seen.values())
        return Danger(wording.sign, words, wording.pattern.text, kind, doubtful, english, others)

    def narrowed(self, kind: str, text: str) -> str:
        """The kind of a danger that something else found in `text`, narrowed by who is in danger."""
        tokens = next(iter(self.speller.readings(text)), [])
        return self._narrowed(kind, Message(tokens, self._hits(tokens)))

    def _narrowed(self, kind: str, message: Message) -> str:
        fits = (n for n in self.narrower if n.kind == kind and message.has(n.who) and not message.has(n.unless))
        return next((n.becomes for n in fits), kind)

    def _hits(self, tokens: list[str]) -> dict[int, list[Span]]:
        """Where each group is in the message. Words of no wording are blanked: nothing typed stays in spaCy's vocab."""
        shown = [t if t in self._vocabulary else ANY_NUMBER if t[0].isdigit() else "_" for t in tokens]
        hits: dict[int, list[Span]] = {}
        for phrase, start, end in self._matcher(Doc(self._vocab, words=shown)):
            counted, entries = self._groups_of[phrase]
            value = float(tokens[start + counted]) if counted >= 0 else 0.0
            for group, low, high in entries:
                if low <= value <= high:
                    hits.setdefault(group, []).append((start, end))
        for spans in hits.values():
            spans.sort()
        if sum(t[0].isalnum() for t in tokens) <= FEW:
            hits[self._alone] = [(0, len(tokens))]
        return hits

    def _match(self, wording: Wording, message: Message) -> list[Found] | None:
        """Where the wording's parts are, near each other and with nothing that takes the danger away."""
        every: list[list[Found]] = []
        for part in wording.pattern.parts:
            found = [f for f in message.find(part) if not (wording.guarded and self._harmless(f, message))]
            if not found:
                return None
            every.append(found)
        for first in every[0]:
            near = [next((f for f in others if abs(f[0][0] - first[0][0]) <= TOGETHER), None) for others in every[1:]]
            if None not in near:
                together = [first, *(f for f in near if f)]
                if not self._unless(wording, together, message):
                    return together
        return None

    @staticmethod
    def _unless(wording: Wording, found: list[Found], message: Message) -> bool:
        start, end = min(f[0][0] for f in found), max(f[-1][1] for f in found)
        everything = Message(message.tokens, message.before_masking)
        for pattern in wording.unless:
            if pattern.need <= everything.hits.keys() and all(
                any(start - UNLESS_NEAR <= f[0][0] and f[-1][1] <= end + UNLESS_NEAR for f in everything.find(part))
                for part in pattern.parts
            ):
                return True
        return False

    def _harmless(self, found: Found, message: Message) -> bool:
        return self._negated(found, message) or self._long_ago(found, message)

    def _negated(self, found: Found, message: Message) -> bool:
        """Is a word of the match said not to be so: "no chest pain", "no rash, fever or stiff neck"?"""
        own = {i for span in found for i in range(*span)}
        negators, fillers = message.covered(self._negator), message.covered(self._filler)
        if not negators:
            return False
        for start, _ in found:
            listed = False  # walking back over a comma needs an "or" after it
            for i in range(start - 1, max(-1, start - 14), -1):
                token = message.tokens[i]
                if i in own:
                    break
                if i in negators:
                    return True
                if token in ("or", "nor"):
                    listed = True
                elif token == ",":
                    if not listed:
                        break
                elif i not in fillers and not (listed and token != STOP):
                    break
        return False

    def _long_ago(self, found: Found, message: Message) -> bool:
        """Is the match put in the past ("a stroke three years ago") with nothing of the present beside it?"""
        start, end = found[0][0], found[-1][1]
        for cue_start, cue_end in message.hits.get(self._past, ()):
            low, high = min(start, cue_start), max(end, cue_end)
            near = cue_start - end <= PAST_NEAR and start - cue_end <= PAST_NEAR
            if near and STOP not in message.tokens[low:high]:
                present = message.hits.get(self._present, ())
                if not any(low - 1 <= s and e <= high for s, e in present):
                    return True
        return False

    # Loading

    def _rows(self, name: str, *columns: str) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a file with their numbers as a spreadsheet shows them; these columns must not be empty."""
        path = self.folder / name
        if not path.is_file():
            raise DangerDataError(name, 0, "-", "the file is missing", f"Put it back into {self.folder.name}")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for column in columns:
                if column not in (reader.fieldnames or ()):
                    raise DangerDataError(name, 1, column, "the column is missing", "Add it to the first row")
            for row, record in enumerate(reader, 2):
                if None in record or None in record.values():
                    raise DangerDataError(
                        name,
                        row,
                        "-",
                        "the row has too many or too few cells",
                        "Put cells that hold a comma in double quotes",
                    )
                record = {k: v.strip() for k, v in record.items()}
                for column in columns:
                    if not record[column]:
                        raise DangerDataError(name, row, column, "the cell is empty", "Fill it in or delete the row")
                yield row, record

    def _load_signs(self) -> dict[str, Sign]:
        signs: dict[str, Sign] = {}
        for row, r in self._rows(
            "signs.csv", "id", "sign", "card", "kind", "rank", "route", "source", "date", "version"
        ):
            if r["card"] not in CARDS:
                raise DangerDataError(
                    "signs.csv", row, "card", f"'{r['card']}' is no card", f"Use one of: {', '.join(CARDS)}"
                )
            if r["id"] in signs:
                raise DangerDataError(
                    "signs.csv", row, "id", f"sign {r['id']} is there twice", "Delete one of the rows"
                )
            if not r["rank"].isdigit():
                raise DangerDataError(
                    "signs.csv", row, "rank", f"'{r['rank']}' is not a whole number", "Write 1 for the most pressing"
                )
            signs[r["id"]] = Sign(r["id"], r["sign"], r["card"], r["kind"], r["route"], int(r["rank"]))
        return signs

    def _load_kinds(self) -> list[Narrower]:
        kinds = {sign.kind for sign in self.signs.values()}
        narrower = []
        for row, r in self._rows("kinds.csv", "kind", "becomes", "pattern"):
            if r["kind"] not in kinds:
                raise DangerDataError(
                    "kinds.csv", row, "kind", f"no sign is of the kind '{r['kind']}'", "Use a kind of signs.csv"
                )
            who = tuple(self._patterns(r, "kinds.csv", row, "pattern"))
            unless = tuple(self._patterns(r, "kinds.csv", row, "unless"))
            narrower.append(Narrower(r["kind"], r["becomes"], who, unless))
        return narrower

    def _load_words(self) -> dict[str, tuple[str, ...]]:
        lines: dict[str, list[tuple[int, str]]] = {}
        for row, r in self._rows("words.csv", "name", "words"):
            if not r["name"].isupper():
                raise DangerDataError(
                    "words.csv", row, "name", f"'{r['name']}' is not in capitals", "Write group names in capitals"
                )
            lines.setdefault(r["name"], []).extend((row, w.strip()) for w in r["words"].split("|"))

        def members(name: str, within: tuple[str, ...]) -> dict[str, None]:
            found: dict[str, None] = {}
            for row, word in lines[name]:
                if not word.isupper() or not word.isascii():
                    found[" ".join(plain(word).split())] = None
                elif word not in lines or word in within:
                    raise DangerDataError(
                        "words.csv",
                        row,
                        "words",
                        f"the group {word} is not there or holds itself",
                        "Check the name, or write the words out",
                    )
                else:
                    found.update(members(word, (*within, word)))
            found.pop("", None)
            return found

        groups = {name: tuple(members(name, (name,))) for name in lines}
        for name in ("NEGATOR", "FILLER", "PAST", "PRESENT"):
            if name not in groups:
                raise DangerDataError(
                    "words.csv", 1, "name", f"the group {name} is missing", "Put it back: the detection needs it"
                )
        return groups

    def _load_wordings(self, file: str) -> list[Wording]:
        wordings: list[Wording] = []
        for row, r in self._rows(file, "sign", "pattern"):
            if r["sign"] not in self.signs:
                raise DangerDataError(file, row, "sign", f"there is no sign {r['sign']}", "Use an id of signs.csv")
            if r["guard"] not in GUARDS:
                raise DangerDataError(
                    file, row, "guard", f"'{r['guard']}' is not known", "Leave it empty, or write none"
                )
            if r.get("doubtful", "") not in DOUBTFUL:
                raise DangerDataError(
                    file, row, "doubtful", f"'{r['doubtful']}' is not known", "Leave it empty, or write yes"
                )
            unless = tuple(self._patterns(r, file, row, "unless"))
            wordings += [
                Wording(self.signs[r["sign"]], p, unless, not r["guard"], r.get("doubtful") == "yes", file == ENGLISH)
                for p in self._patterns(r, file, row, "pattern")
            ]
        return wordings

    def _in_order(self, wordings: list[Wording]) -> list[Wording]:
        """All wordings, the immediate ones first, then in the order of the signs."""
        missing = [s for s in self.signs if not any(w.sign.id == s for w in wordings)]
        if missing:
            raise DangerDataError(
                "wordings.csv", 1, "sign", f"no wording for sign {', '.join(missing)}", "Write at least one"
            )
        order = {s: i for i, s in enumerate(self.signs)}
        return sorted(wordings, key=lambda w: (CARDS.index(w.sign.card), w.sign.rank, order[w.sign.id]))

    def _words(self) -> set[str]:
        """The words of all patterns read so far."""
        return {w for phrase in self.groups.phrases for w in phrase.split()} - {ANY_NUMBER}

    def _patterns(self, record: Mapping[str, str], file: str, row: int, column: str) -> Iterator[Pattern]:
        """The patterns of a cell, which `;` separates."""
        for text in filter(None, (t.strip() for t in record[column].split(";"))):
            try:
                yield self._pattern(text)
            except (KeyError, ValueError) as trouble:
                raise DangerDataError(
                    file,
                    row,
                    column,
                    f"'{text}' cannot be read: {trouble}",
                    "Check the group's name in words.csv and the signs between the words",
                ) from None

    def _pattern(self, text: str) -> Pattern:
        parts: list[Part] = []
        need: set[int] = set()
        for part in text.split("&"):
            sides = [self._slots(side) for side in part.split("~")]
            if len(sides) > 2:
                raise ValueError("more than one ~ in a part")
            for side in sides:
                for slot in side:
                    need.add(slot.group)
            if len(sides) == 1:
                parts.append((sides[0],))
            else:
                left, right = sides
                near = GAPS["..."]
                parts.append(
                    ((*left, right[0]._replace(gap=near), *right[1:]), (*right, left[0]._replace(gap=near), *left[1:]))
                )
        return Pattern(text, tuple(parts), frozenset(need))

    def _slots(self, text: str) -> Sequence:
        slots: list[Slot] = []
        gap = 0
        for word in text.split():
            if word in GAPS:
                gap = GAPS[word]
                continue
            slots.append(Slot(gap if slots else 0, self.groups.number(word)))
            gap = 0
        if not slots or gap:
            raise ValueError("a gap needs a word on both sides")
        return tuple(slots)


def _words_of_other_languages() -> frozenset[str]:
    """What people who ask for help say in other languages: the words that the language of a message is told by."""
    with LANGUAGES.open(encoding="utf-8", newline="") as file:
        return frozenset(word for row in csv.DictReader(file) for word in plain(row["words"]).split())


class Message:
    """A message's words and where the groups are in it."""

    def __init__(self, tokens: list[str], hits: Hits, before_masking: Hits | None = None) -> None:
        """Keep the words, and the hits with and without what is masked as harmless."""
        self.tokens = tokens
        self.hits = hits
        self.before_masking = hits if before_masking is None else before_masking
        self._stops = [0]
        for token in tokens:
            self._stops.append(self._stops[-1] + (token == STOP))

    def without(self, masks: list[Span]) -> Message:
        """The message without the words in `masks`; a phrase that holds all of a mask stays."""
        kept: dict[int, list[Span]] = {}
        for group, spans in self.hits.items():
            left = [
                (s, e)
                for s, e in spans
                if all(e <= low or s >= high or (s <= low and e >= high) for low, high in masks)
            ]
            if left:
                kept[group] = left
        return Message(self.tokens, kept, self.hits)

    def covered(self, group: int) -> set[int]:
        """The places of the words of a group."""
        return {i for span in self.hits.get(group, ()) for i in range(*span)}

    def has(self, patterns: tuple[Pattern, ...]) -> bool:
        """Whether one of the patterns is anywhere in the message."""
        return any(p.need <= self.hits.keys() and all(self.find(part) for part in p.parts) for p in patterns)

    def find(self, part: Part) -> list[Found]:
        """Where a part is, at most MOST_TRIED times."""
        found: list[Found] = []
        for sequence in part:
            for span in self.hits.get(sequence[0].group, ()):
                self._follow(sequence, (span,), found)
                if len(found) >= MOST_TRIED:
                    return found
        return found

    def _follow(self, sequence: Sequence, spans: Found, found: list[Found]) -> None:
        if len(spans) == len(sequence):
            found.append(spans)
            return
        slot, end = sequence[len(spans)], spans[-1][1]
        for span in self.hits.get(slot.group, ()):
            if span[0] > end + slot.gap:
                break
            if span[0] >= end and self._stops[span[0]] == self._stops[end]:
                self._follow(sequence, (*spans, span), found)
                if len(found) >= MOST_TRIED:
                    return
