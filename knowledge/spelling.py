"""Misspelt words: what somebody meant who wrote a word that is no word.

Only a word that is neither English, nor somebody's name, nor known to the knowledge base is ever changed, and only to a
word that the knowledge base speaks of: one slip of the pen away, two in a long word, or sounding the same ("optishun").
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import jellyfish
import names
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMMON = 100  # times in the spell-checker's corpus, from which on a word is surely meant as it is written
ALIKE = 84  # of 100: how alike a word must look to one that it neither sounds like nor is a slip away from
SHORTEST = 5  # letters; shorter words are too easily taken for something else
LONG = 8  # letters from which on two slips are forgiven
SAID_OFTEN = 3.0  # of 100, times the logarithm of how many records say a word: what is said more is likelier meant
SURELY_MEANT = 65  # of 100, with that: what a longer word must come to that looks less alike ("speshul" is special)
SOUNDS_ALIKE = 62  # of 100: how alike a word that sounds the same must look
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


# The spell-checker's words are American: how British ones are looked up.
BRITISH = (
    ("isation", "ization"),
    ("ise", "ize"),
    ("ising", "izing"),
    ("our", "or"),
    ("tre", "ter"),
    ("ll", "l"),
    ("mme", "m"),
    ("ae", "e"),
    ("oe", "e"),
    ("oul", "ol"),
    ("que", "ck"),
)
# Words of today and of here that the spell-checker does not know.
OF_TODAY = frozenset("admin walkin textphone jobcentre jobcenter motability sainsburys online email website".split())
BORNE = 0.001  # of 100 people: a rarer name of the list may well be a slip of the pen ("nuber", "speach")
# Names of people here that the list of names, which is American, does not have or has as rare ones.
NAMES_OF_HERE = frozenset(
    """
    alfie apperley bengry bufton dovey eirlys garbett gwilliam gwilliams gwilym hince jaxon llewellyn probert tranter
    whittall
    """.split()
)


def words_of(text: str) -> set[str]:
    """The words of a text, in lower case."""
    return {match.group().lower() for match in WORD.finditer(text)}


@lru_cache(maxsize=1)
def english() -> frozenset[str]:
    """Every English word that the spell-checker knows, and contractions as people type them: "theyre"."""
    words = SpellChecker(language="en", distance=1).word_frequency.words()
    return frozenset(word.replace("'", "") for word in words)


def is_english(word: str) -> bool:
    """Whether a word in lower case is English, American or British."""
    return word in english() or any(
        there in word and word.replace(there, other) in english() for there, other in BRITISH
    )


@lru_cache(maxsize=1)
def common_english() -> frozenset[str]:
    """The English words that are common enough to be meant as they are written."""
    frequency = SpellChecker(language="en", distance=1).word_frequency
    return frozenset(word for word in frequency.words() if word.isalpha() and frequency[word] >= COMMON)


@lru_cache(maxsize=1)
def names_of_people() -> frozenset[str]:
    """First names and surnames in lower case: Preece is no misspelt price."""
    found = set(NAMES_OF_HERE)
    for listed in names.FILES.values():
        rows = (line.split() for line in Path(listed).read_text("ascii").splitlines())  # name, share, sum, rank
        found.update(name.lower() for name, share, *_ in rows if float(share) >= BORNE)
    return frozenset(found)


class Spelling:
    """Corrects the words of a text by a vocabulary: how many records speak of each word."""

    def __init__(self, vocabulary: Mapping[str, int], also_known: Iterable[str] = ()) -> None:
        """Words in lower case; of those `also_known` none is corrected and none is corrected to."""
        self._vocabulary = vocabulary
        self._known = {*vocabulary, *also_known, *OF_TODAY}
        self._names = names_of_people()
        self._targets = [word for word in vocabulary if len(word) >= SHORTEST and word.isalpha()]
        self._by_sound: dict[str, list[str]] = {}
        for word in self._targets:
            self._by_sound.setdefault(jellyfish.metaphone(word), []).append(word)
        self.meant = lru_cache(maxsize=4096)(self._meant)

    def corrected(self, text: str) -> str:
        """The text with its misspelt words put right; the same text where there are none."""
        return WORD.sub(lambda match: self._replaced(match.group()), text)

    def _replaced(self, written: str) -> str:
        word = written.lower()
        meant = self.meant(word)
        return written if meant == word else meant

    def _meant(self, word: str) -> str:
        """The word that was meant, or the word itself."""
        if len(word) < SHORTEST or not word.isalpha() or self._is_word(word):
            return word
        for found in (self._a_slip_away(word), self._sounding_like(word), self._looking_like(word)):
            if found:
                return min(
                    found, key=lambda near: (near[0], near[1][0] != word[0], -self._vocabulary[near[1]], near[1])
                )[1]
        return word

    def _rank(self, word: str, distance: float, found: str) -> tuple[float, bool, int, str]:
        """The nearest first, then those with the right first letter, then those that more records speak of."""
        return distance, found[0] != word[0], -self._vocabulary[found], found

    def _is_word(self, word: str) -> bool:
        if word in self._names:
            return True
        forms = (word, word.removesuffix("s"), word.removesuffix("es"))
        return any(form in self._known or is_english(form) for form in forms)

    def _a_slip_away(self, word: str) -> list[tuple[float, str]]:
        """Words one slip away, or two in a long word whose first letter is right: people rarely get that wrong."""
        slips = 2 if len(word) >= LONG else 1
        near = process.extract(word, self._targets, scorer=OSA.distance, score_cutoff=slips, limit=10)
        return [(distance, found) for found, distance, _ in near if distance < 2 or word[0] == found[0]]

    def _sounding_like(self, word: str) -> list[tuple[float, str]]:
        same = self._by_sound.get(jellyfish.metaphone(word), ())
        heard = [(fuzz.ratio(word, found), SAID_OFTEN * math.log(self._vocabulary[found]), found) for found in same]
        return [
            (100 - alike - often, found)
            for alike, often, found in heard
            if alike >= SOUNDS_ALIKE or (len(word) >= LONG - 1 and alike + often >= SURELY_MEANT)
        ]

    def _looking_like(self, word: str) -> list[tuple[float, str]]:
        near = process.extract(word, self._targets, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=5)
        return [(100 - alike, found) for found, alike, _ in near]
