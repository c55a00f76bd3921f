"""Other languages: a message that is surely not English gets an answer in its own language, and no guess in English.

The rule is made for English first. Residents misspell, shorten, and name places and people, and none of that may be
taken for Polish; so most messages are let through before any language is guessed:

- A message mostly in another script (Cyrillic, Arabic, Gurmukhi ...) is in another language, however short.
- Otherwise it must have two words or more, and words that are neither common English nor in the knowledge base. Those
  and the words of one language in `data/languages/words.csv` must be half of it, with no word that holds an English
  sentence together ("the", "my"). The table has, for each language, what people say when they ask for help (where,
  need, doctor, child ...) and the letters that give it away. Accents are not needed: "potrzebuje" is "potrzebuję".
- Two such words are enough, or one if the detector of languages sees no English either; one short word, if the
  detector sees its language.
- Without any, the detector must be sure, and the message must have three unknown words, or two and an accent.

The detector is lingua in its low-accuracy mode with the languages below: 50 MB instead of 460, and 0.05 ms a message
instead of 0.2. Alone it takes "upton upon severn" for Tagalog; what it lacks in accuracy the words make up for.
Urdu, Panjabi and Bengali in Latin letters (`ur-Latn`) are known by their words alone.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from lingua import Language, LanguageDetectorBuilder
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.component import MessageComponent
from bot.nlu.danger_detector import is_danger, shared_watch
from bot.nlu.plain import plain
from knowledge import published
from knowledge.places import POSTCODE
from knowledge.search import KnowledgeBaseError

OTHER_LANGUAGE = "other_language"
UNKNOWN = "und"  # ISO 639's code for a language that nobody could tell
TABLE = Path(__file__).resolve().parents[2] / "data" / "languages" / "words.csv"

# Those that are spoken in the two counties, and those that would else be taken for one of them.
LANGUAGES = """
    ENGLISH POLISH ROMANIAN BULGARIAN PORTUGUESE URDU PUNJABI LITHUANIAN HUNGARIAN RUSSIAN LATVIAN UKRAINIAN SPANISH
    BENGALI ARABIC TURKISH FRENCH ITALIAN GERMAN DUTCH CZECH SLOVAK CROATIAN ALBANIAN WELSH GREEK CHINESE PERSIAN HINDI
    GUJARATI TAMIL TAGALOG SOMALI VIETNAMESE
""".split()
LIKE_SLIPS = frozenset("cy de nl so sq tl vi".split())  # what misspelt English looks like to the detector
# What holds English sentences together: whoever says one of these says it in English, however the rest is spelt.
GLUE = frozenset(
    """
    the is are was my your you he she they we his her for and of where what how who when with can have has had this
    that there from been not which would could should about our any does did get got
    """.split()
)
WORD = re.compile(r"[^\W\d_]+")
ENGLISH_LETTERS = frozenset(ascii_lowercase + "éè")  # as in café

SHARE = 0.5  # how much of the message must not be English
NEARLY_ALL = 0.8  # how much of it one language must explain when only one of its words is not an English word too
NOT_ENGLISH = 0.2  # English less likely than this: the detector agrees that it is another language
LIKELY = 0.8  # so likely must a language be to be named
SURE = 0.95  # so likely must a language be that no word of the table speaks for
FEW, MANY = 2, 5  # unknown words that it takes then: with an accent, without: keyboard mash is no language
SHORT = 3  # letters: a word as short as this says little alone
BY_WORDS = 3  # more words of a table than this speak for a language when only one of them is not English too


@lru_cache(maxsize=1)
def shared_languages() -> Languages:
    """The process's one way to tell languages, with the English that the table of danger signs knows."""
    speller = shared_watch().table.speller
    return Languages(speller.english | frozenset(speller.words))


def is_settled(intent: dict[str, Any] | None) -> bool:
    """Whether what the intent is needs no classifier any more: a danger, or another language."""
    return is_danger(intent) or (intent or {}).get("name") == OTHER_LANGUAGE


def known_here(word: str) -> bool:
    """Whether the knowledge base says this word; where there is none, no word is known."""
    try:
        return published.current().knows_word(word)
    except KnowledgeBaseError:
        return False


class Languages:
    """Tells the language of a message, or that it is English as far as we can say."""

    def __init__(self, english: AbstractSet[str], table: Path = TABLE) -> None:
        """`english`: words that are English whatever else they are; `table`: words and letters of other languages."""
        self._english = english
        self._words: dict[str, list[str]] = {}
        self._letters: dict[str, list[str]] = {}
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                for word in WORD.findall(plain(row["words"])):
                    self._words.setdefault(word, []).append(row["language"])
                for letter in row["letters"]:
                    self._letters.setdefault(letter, []).append(row["language"])
        self._words = {word: list(dict.fromkeys(languages)) for word, languages in self._words.items()}
        languages = [getattr(Language, name) for name in LANGUAGES]
        builder = LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode()
        self._detector = builder.with_preloaded_language_models().build()

    def look(self, text: str, is_known: Callable[[str], bool] = known_here) -> str | None:
        """The code of the language of `text`; None for English, and for what may be English."""
        text = POSTCODE.sub(" ", unicodedata.normalize("NFKC", text))
        if not text.isascii() and _mostly_foreign_script(text):
            return self._likeliest(text, self._told(WORD.findall(plain(text))))
        words = WORD.findall(plain(text))
        if len(words) < 2:
            return None
        unknown = {word for word in words if word not in self._english}
        if not unknown and text.isascii():
            return None
        names = {word for word in unknown if is_known(word)}
        accented = _accented(text)
        unknown = unknown - names | accented
        if not unknown:
            return None
        words = [word for word in words if word not in names - accented]
        return self._of_latin(text, words, unknown, FEW if accented else MANY)

    def _of_latin(self, text: str, words: list[str], unknown: set[str], enough: int) -> str | None:
        """The language of a message in Latin letters that has words we don't know."""
        told = self._told(words)
        likely = self._likely(text)
        best = max(likely, key=lambda language: likely[language], default=UNKNOWN)
        said = max(told.values(), key=lambda said: (len(said & unknown), len(said)), default=set())
        if best in told and len(told[best] & unknown) == len(said & unknown):
            said = told[best]
        if GLUE.intersection(words) - said or _share(words, unknown | said) < SHARE:
            return None
        telling = len(said & unknown)
        by_words = telling > 1 or (telling == 1 and len(said) > BY_WORDS and _share(words, said) >= NEARLY_ALL)
        if by_words:
            return self._likeliest(text, told)
        if likely.get("en", 0.0) >= NOT_ENGLISH:
            return None
        long_enough = any(len(word) > SHORT for word in said & unknown)  # "hol" is also a holiday
        with_words = telling and len(unknown | said) > 1 and (long_enough or best in told)
        agreed = best in told and likely[best] >= LIKELY and len(unknown) >= FEW
        sure = likely.get(best, 0.0) >= SURE and (enough == FEW or best not in LIKE_SLIPS)
        alone = sure and len(unknown) >= enough and _share(words, unknown) >= SHARE
        return self._likeliest(text, told) if with_words or agreed or alone else None

    def _told(self, words: list[str]) -> dict[str, set[str]]:
        """For each language the words of the table that are said."""
        told: dict[str, set[str]] = {}
        for word in words:
            for language in self._words.get(word, ()):
                told.setdefault(language, set()).add(word)
        return told

    def _likeliest(self, text: str, told: dict[str, set[str]]) -> str:
        """The language for which words, letters and the detector speak loudest."""
        votes = self._likely(text)
        votes.pop("en", None)
        for language, said in told.items():
            votes[language] = votes.get(language, 0.0) + sum(0.5 if word in self._english else 1.0 for word in said)
        for letter in set(text.casefold()):
            for language in self._letters.get(letter, ()):
                votes[language] = votes.get(language, 0.0) + 1.0
        best = max(votes, key=lambda language: votes[language], default=UNKNOWN)
        return best if votes.get(best, 0.0) >= LIKELY else UNKNOWN

    def _likely(self, text: str) -> dict[str, float]:
        """How likely the detector holds each language, by its code; nothing for a script that it does not know."""
        values = self._detector.compute_language_confidence_values(text)
        return {one.language.iso_code_639_1.name.lower(): one.value for one in values if one.value > 0}


def _share(words: list[str], strange: set[str]) -> float:
    return sum(word in strange for word in words) / len(words)


def _accented(text: str) -> set[str]:
    """The words with a letter that English has not, as they are without it: "cât" is no cat. Names don't count."""
    if text.isascii():
        return set()
    words = [word for word in WORD.findall(text) if not word.istitle() and not ENGLISH_LETTERS.issuperset(word.lower())]
    return {plain(word) for word in words}


def _mostly_foreign_script(text: str) -> bool:
    """Whether at least half of the letters, and more than a single one, are of no Latin alphabet."""
    letters = [character for character in text if character.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return foreign > 1 and foreign * 2 >= len(letters)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class LanguageDetector(MessageComponent, IntentClassifier):
    """Sets the intent `other_language` with confidence 1 and the entity `language` where a message is not English."""

    def __init__(self) -> None:
        """Use the process's languages."""
        self._languages = shared_languages()

    def look_at(self, message: Message) -> None:
        """Look at the message, unless it is already known to be a danger."""
        if is_danger(message.get(INTENT)):
            return
        language = self._languages.look(message.get(TEXT) or "")
        if language is None:
            return
        intent = {"name": OTHER_LANGUAGE, "confidence": 1.0}
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent], add_to_output=True)
        entity = {"entity": "language", "value": language, "start": 0, "end": 0, "extractor": type(self).__name__}
        message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
