"""Bring what people type into the plain form that the safety wordings are written in.

Two steps. :func:`plain` works on characters and needs no data. :class:`Speller` works on words: contractions and
text-speak from a table, joined and broken words, and misspelt danger words. A word that is real English is never
turned into another word; only a word nobody knows is compared with the vocabulary of the wordings.

All of that is for English. A message in another language has words that only look misspelt ("hogyan" is how, in
Hungarian), and short words that are no text-speak ("od" is from, in Polish): in such a message a long word is still
put right where one letter of it is wrong, and nothing else is changed.
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
TELLING = 3  # letters: a shorter word says little about the language it is in
LONG, LONGEST = 8, 40  # letters: a word of another language is put right from here on; no word is, that is longer

STOP = "."
"""The token for any end of a sentence or line."""

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ð": "d", "þ": "th"})
# Letters of Arabic, Urdu and Persian that are typed for one another, and signs of Gurmukhi and Bengali often left out.
_ALIKE = str.maketrans("يىےكهةۃۂں", "یییکہہہہن", "\u0a02\u0a70\u0a71\u0981")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]")
_APOSTROPHE = re.compile("(?<=\\w)[\u2018\u2019\u201b\u02bc\u02b9\u00b4\u0060\u2032'](?=\\w)")
_POSSESSIVE = re.compile(
    r"\b(?!(?:she|it|that|who|there|what|here|where|how|let|\w*one|\w+thing|nobody)'s)([^\W\d_]{3,})'s\b(?=(\s+(?:\w+ing|\w+ed|not|an?|the|in|on|at|out|got|had|been|gone|just|so|very|really|too|all|still|now|"
    r"here|taken|fallen|unconscious|blue|grey|floppy|limp|cold|hot|having|stuck|under|about)\b)?)"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_][\s.\-_*]{1,2}){3,}[^\W\d_](?![^\W_])")
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")
# Signs for vowels stand after the letter in Gurmukhi and Bengali, and are part of the word.
_SIGNS = "".join(c for c in map(chr, range(0x0300, 0x1000)) if unicodedata.category(c) in ("Mn", "Mc"))
_TOKEN = re.compile(rf"\d+\.\d+|\d+|[^\W\d_](?:[^\W\d_]|[{_SIGNS}])*|[.!?;,\u060c\u061b\u061f\u06d4\u0964]+|\n\s*\n")
_COMMAS = ",\u060c"
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzéè")  # as in café
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
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).translate(_ALIKE)
    text = _APOSTROPHE.sub("'", text)
    text = _POSSESSIVE.sub(lambda m: f"{m.group(1)} is" if m.group(2) else m.group(1), text).replace("'", "")
    return _THOUSANDS.sub("", text)


def _accented(text: str) -> set[str]:
    """The words, made plain, that have a letter English has not; names do not count."""
    if text.isascii():
        return set()
    words = [w for w in _WORD.findall(text) if not w.istitle() and not _ENGLISH_LETTERS.issuperset(w.casefold())]
    return {plain(w) for w in words}


class Speller:
    """Turns a message into the list of plain words that the wordings are matched against."""

    def __init__(
        self,
        vocabulary: Iterable[str],
        english: AbstractSet[str],
        spellings: Mapping[str, str],
        foreign: AbstractSet[str] = frozenset(),
        names: AbstractSet[str] = frozenset(),
    ) -> None:
        """Keep the words.

        `vocabulary`: the words of the wordings; `english`: words to leave alone; `spellings`: written to meant;
        `foreign`: words of other languages; `names`: those of `english` that are no sign of English, such as places.
        """
        self.vocabulary = frozenset(vocabulary)
        self.english = english
        self.foreign = foreign
        self.names = names
        self._no_english = foreign - english - set(spellings)
        self._pieces = self.vocabulary - self._no_english
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
        accented = _accented(text)
        if self._signs:
            text = self._signs.sub(lambda m: self.signs[m.group()], text.casefold())
        text = plain(text)
        if self._signs:
            text = self._signs.sub(lambda m: self.signs[m.group()], text)
        text = _WHISPERED.sub("", text)
        text = _SPACED.sub(lambda m: re.sub(r"[\s.\-_*]", "", m.group()), text)
        text = _LEET_WORD.sub(self._unleet, text)
        rough = [self._mark(t) if not t[0].isalnum() else t for t in _TOKEN.findall(text)]
        foreign = self._is_foreign(rough, accented)
        options = self._respell(self._rejoin(rough, foreign), foreign)
        for reading in range(max((len(o) for o in options), default=1)):
            words = [w for o in options for w in o[min(reading, len(o) - 1)]]
            yield words if foreign else numbers(words)

    def _is_foreign(self, tokens: list[str], accented: AbstractSet[str]) -> bool:
        """Is a message in another language, as far as its words tell? Two tell, or one if there is no English."""
        told = english = 0
        for token in tokens:
            if token in self.foreign or token in accented or not token.isascii():
                told += token in self._no_english or not self._known(token)
            else:
                english += token in self.words or (token in self.english and token not in self.names)
        return told > english or (told > 1 and told == english)

    @staticmethod
    def _mark(token: str) -> str:
        return "," if token.strip(_COMMAS) == "" else STOP

    def _unleet(self, found: re.Match[str]) -> str:
        word = found.group().translate(_LEET)
        return word if self._known(word) else found.group()

    def _known(self, word: str) -> bool:
        return word in self.vocabulary or word in self.words or word in self.english

    def _rejoin(self, tokens: list[str], foreign: bool) -> list[str]:
        """Join a word broken by a space: `bre athing`. One of the pieces must be no word."""
        joined: list[str] = []
        for token in tokens:
            before = joined[-1] if joined else ""
            if (
                before.isalpha()
                and token.isalpha()
                and not (foreign and min(len(before), len(token)) < TELLING)
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

    def _respell(self, tokens: list[str], foreign: bool) -> list[list[Words]]:
        """For each token the ways to read it, likeliest first; each way is one word or more."""
        return [self._ways(t, foreign) for t in tokens]

    def _ways(self, token: str, foreign: bool) -> list[Words]:
        if foreign and (len(token) < TELLING or token in self.foreign):
            return [(token,)]
        if token in self.words:
            return [self.words[token]]
        if not token.isalpha() or self._known(token):
            return [(token,)]
        if foreign or not token.isascii():
            return [(self._one_letter_wrong(token),)]
        return self._repair(token)

    def _one_letter_wrong(self, token: str) -> str:
        """Of a word in another language: the long word of the vocabulary that it surely is, or the word itself."""
        if len(token) < LONG or len(token) > LONGEST:
            return token
        targets = self._targets.get(len(token), ())
        near = process.extract(token, targets, scorer=OSA.distance, score_cutoff=1, limit=3)
        return next((w for w, _, _ in near if w[0] == token[0] and len(w) >= LONG), token)

    def _repair(self, token: str) -> list[Words]:
        """What an unknown word may be; itself when nothing is near."""
        for fewer in (_REPEATED.sub(r"\1\1", token), _REPEATED.sub(r"\1", token)):
            if fewer != token and self._known(fewer):
                return [self._meant(fewer)]
        token = _REPEATED.sub(r"\1\1", token)
        if len(token) > LONGEST:
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
        return [
            w
            for w, d, _ in ranked
            if d == ranked[0][1]
            and (d < 2 or w[0] == token[0])
            and (w not in self._no_english or (d < 2 and w[0] == token[0] and len(w) >= LONG))
        ]

    def _split(self, token: str) -> Words | None:
        """`chestpain` as its words: each at least three letters or one of the commonest short ones."""
        if len(token) < 5 or not token.isascii():
            return None
        best: dict[int, list[str]] = {0: []}
        for end in range(1, len(token) + 1):
            for start in range(max(0, end - 14), end):
                piece = token[start:end]
                known = piece in _SHORT or (len(piece) > 2 and (piece in self._pieces or piece in self.words))
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
