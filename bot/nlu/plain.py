"""Bring what people type into the plain form that the safety wordings are written in.

Two steps. :func:`plain` works on characters and needs no data. :class:`Speller` works on words: contractions and
text-speak from a table, joined and broken words, and misspelt danger words. A word that is real English is never
turned into another word; only a word nobody knows is compared with the vocabulary of the wordings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from rapidfuzz import process
from rapidfuzz.distance import OSA

Words = tuple[str, ...]
MOST_READINGS = 5

STOP = "."
"""The token for any end of a sentence or line."""

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ð": "d", "þ": "th"})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]")
_APOSTROPHE = re.compile("(?<=\\w)[\u2018\u2019\u201b\u02bc\u02b9\u00b4\u0060\u2032'](?=\\w)")
_POSSESSIVE = re.compile(
    r"\b(?!(?:she|it|that|who|there|what|here|where|how|let|\w*one|\w+thing|nobody)'s)([^\W\d_]{3,})'s\b(?=(\s+(?:\w+ing|\w+ed|not|an?|the|in|on|at|out|got|had|been|gone|just|so|very|really|too|all|still|now|"
    r"here|taken|fallen|unconscious|blue|grey|floppy|limp|cold|hot|having|stuck|under|about)\b)?)"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][\s.\-_*]{1,2}){3,}[^\W\d_](?![^\W_])")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
_TOKEN = re.compile(r"\d+\.\d+|\d+|[^\W\d_]+|[.!?;,]+|\n\s*\n")
_LEET_WORD = re.compile(r"(?<![^\W_])(?=\S*[a-z]\S*[a-z])(?=\S*[013457@$!])[a-z013457@$!]{3,}(?![^\W_])")
_LEET = str.maketrans("013457@$!", "oieastasi")
_WHISPERED = re.compile(r"(?<=[a-z])\*+(?=[a-z])")

_UNITS = dict(
    zip(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(1, 20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))


def plain(text: str) -> str:
    """The text without case, accents, invisible characters, curly quotes and apostrophes inside words."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold().translate(_LETTERS)
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    text = _APOSTROPHE.sub("'", text)
    text = _POSSESSIVE.sub(lambda m: f"{m.group(1)} is" if m.group(2) else m.group(1), text).replace("'", "")
    return _THOUSANDS.sub("", text)


class Speller:
    """Turns a message into the list of plain words that the wordings are matched against."""

    def __init__(self, vocabulary: Iterable[str], english: AbstractSet[str], spellings: Mapping[str, str]) -> None:
        """`vocabulary`: the words of the wordings; `english`: words to leave alone; `spellings`: written to meant."""
        self.vocabulary = frozenset(vocabulary)
        self.english = english
        self.words = {w: tuple(m.split()) for w, m in spellings.items() if w.isalnum()}
        self.signs = {w: f" {m} " for w, m in spellings.items() if not w.isalnum()}
        self._signs = (
            re.compile("|".join(map(re.escape, sorted(self.signs, key=len, reverse=True)))) if self.signs else None
        )
        self._targets: dict[int, list[str]] = {}
        for word in sorted(self.vocabulary):
            if word.isalpha() and len(word) >= 4:
                for length in range(len(word) - 2, len(word) + 3):
                    self._targets.setdefault(length, []).append(word)

    def tokens(self, text: str) -> list[str]:
        """The plain words of `text`, with `.` for a sentence's end and `,` for a comma."""
        return next(self.readings(text))

    def readings(self, text: str) -> Iterator[list[str]]:
        """The message's words, then again with the next likeliest repair of each misspelt word, while there is one."""
        if self._signs:
            text = self._signs.sub(lambda m: self.signs[m.group()], text.casefold())
        text = plain(text)
        if self._signs:
            text = self._signs.sub(lambda m: self.signs[m.group()], text)
        text = _WHISPERED.sub("", text)
        text = _SPACED.sub(lambda m: re.sub(r"[\s.\-_*]", "", m.group()), text)
        text = _LEET_WORD.sub(self._unleet, text)
        rough = [self._mark(t) if not t[0].isalnum() else t for t in _TOKEN.findall(text)]
        options = self._respell(self._rejoin(rough))
        for reading in range(max((len(o) for o in options), default=1)):
            yield numbers([w for o in options for w in o[min(reading, len(o) - 1)]])

    @staticmethod
    def _mark(token: str) -> str:
        return "," if token.strip(",") == "" else STOP

    def _unleet(self, found: re.Match[str]) -> str:
        word = found.group().translate(_LEET)
        return word if self._known(word) else found.group()

    def _known(self, word: str) -> bool:
        return word in self.vocabulary or word in self.words or word in self.english

    def _rejoin(self, tokens: list[str]) -> list[str]:
        """Join a word broken by a space: `bre athing`. One of the pieces must be no word."""
        joined: list[str] = []
        for token in tokens:
            before = joined[-1] if joined else ""
            if (
                before.isalpha()
                and token.isalpha()
                and (before + token) in self.vocabulary
                and len(before + token) >= 5
                and not (self._real(before) and self._real(token))
            ):
                joined[-1] = before + token
            else:
                joined.append(token)
        return joined

    def _real(self, word: str) -> bool:
        return self._known(word) and (len(word) > 2 or word in _SHORT)

    def _respell(self, tokens: list[str]) -> list[list[Words]]:
        """For each token the ways to read it, likeliest first; each way is one word or more."""
        return [
            [self.words[t]] if t in self.words else [(t,)] if not t.isalpha() or self._known(t) else self._repair(t)
            for t in tokens
        ]

    def _repair(self, token: str) -> list[Words]:
        """What an unknown word may be; itself when nothing is near."""
        for fewer in (_REPEATED.sub(r"\1\1", token), _REPEATED.sub(r"\1", token)):
            if fewer != token and self._known(fewer):
                return [self._meant(fewer)]
        token = _REPEATED.sub(r"\1\1", token)
        if len(token) > 40:
            return [(token,)]
        near = self._near(token)
        pieces = self._split(token)
        ways = [self._meant(w) for w in near]
        if pieces:
            ways.insert(1 if near and OSA.distance(near[0], token) == 1 and near[0][0] == token[0] else 0, pieces)
        return ways[:MOST_READINGS] or [(token,)]

    def _meant(self, word: str) -> Words:
        return self.words.get(word, (word,))

    def _near(self, token: str) -> list[str]:
        """The words of the vocabulary that are a slip away, or two with the same first letter, nearest first."""
        if len(token) < 4:
            return []
        cutoff = 1 if len(token) < 7 else 2
        found = process.extract(
            token, self._targets.get(len(token), ()), scorer=OSA.distance, score_cutoff=cutoff, limit=12
        )
        ranked = sorted(
            found, key=lambda f: (f[1], f[0][0] != token[0], sorted(f[0]) != sorted(token), abs(len(f[0]) - len(token)))
        )
        return [w for w, d, _ in ranked if d == ranked[0][1] and (d < 2 or w[0] == token[0])]

    def _split(self, token: str) -> Words | None:
        """`chestpain` as its words: each at least three letters or one of the commonest short ones."""
        if len(token) < 5 or not token.isascii():
            return None
        best: dict[int, list[str]] = {0: []}
        for end in range(1, len(token) + 1):
            for start in range(max(0, end - 14), end):
                piece = token[start:end]
                known = piece in _SHORT or (len(piece) > 2 and (piece in self.vocabulary or piece in self.words))
                if start not in best or not known:
                    continue
                if end not in best or len(best[end]) > len(best[start]) + 1:
                    best[end] = [*best[start], piece]
        pieces = best.get(len(token))
        if not pieces or len(pieces) * 3 > len(token) + 2 or all(p in _SHORT for p in pieces):
            return None
        return tuple(w for p in pieces for w in self._meant(p))


_SHORT = frozenset("i a my me he is it in to of on no so we us am an at be by do go up".split())


def numbers(tokens: list[str]) -> list[str]:
    """Numbers in words as digits: `thirty eight` is 38, `thirty eight point five` is 38.5."""
    counted: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in _TENS:
            both = 0 < _UNITS.get(after, 0) < 10
            counted.append(str(_TENS[token] + (_UNITS[after] if both else 0)))
            at += 1 + both
        elif token == "point" and counted and counted[-1].isdigit() and (after.isdigit() or after in _UNITS):
            counted[-1] += f".{_UNITS.get(after, after)}"
            at += 2
        else:
            counted.append(str(_UNITS[token]) if token in _UNITS and token != "one" else token)
            at += 1
    return counted
