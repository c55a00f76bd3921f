"""Other languages are told from English, however English is spelt, and answered in their own words."""

from __future__ import annotations

import csv
import random
import statistics
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.utils.io import read_yaml_file

from actions.other_language import PHRASES
from bot.nlu.danger_detector import shared_watch
from bot.nlu.intent_classifier import WeighedIntentClassifier
from bot.nlu.language_detector import (
    OTHER_LANGUAGE,
    TABLE,
    LanguageDetector,
    Languages,
    is_settled,
    shared_languages,
)
from knowledge.settings import CONTENT, HOME

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.assistant import Assistant
    from knowledge.search import KnowledgeBase

FIRST_EIGHT = ("pl", "ro", "bg", "pt", "ur", "pa", "lt", "hu")
# Examples and content that are no English themselves.
NOT_ENGLISH = {"dzien dobry", "lorem ipsum dolor sit amet"}


@pytest.fixture(scope="module")
def languages() -> Languages:
    return shared_languages()


@pytest.fixture(scope="module")
def messages() -> list[tuple[str, str]]:
    """What residents might write: the language's code and the message."""
    with (HOME / "tests" / "bot" / "other_languages.csv").open(encoding="utf-8", newline="") as file:
        return [(row["language"], row["message"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def english(base: KnowledgeBase) -> list[str]:
    """All English that the project has: the examples, the questions, and the names of records, places, subjects."""
    lines = []
    for path in sorted((HOME / "data" / "nlu").glob("*.yml")):
        for block in read_yaml_file(path)["nlu"]:
            if block["intent"] != OTHER_LANGUAGE:
                lines += [line.strip().removeprefix("- ") for line in block["examples"].splitlines()]
    with (CONTENT / "question.csv").open(encoding="utf-8", newline="") as file:
        lines += [row["question"] for row in csv.DictReader(file)]
    for name, _ in base.names():
        lines += [name, name.lower()]
    lines += base.places.names()
    for term in base.terms.values():
        lines += [term["name"], *term["alternate_name"].split("; ")]
    return sorted(set(filter(None, lines)) - NOT_ENGLISH)


def slip(word: str, chance: random.Random) -> str:
    """The word with one letter left out, doubled, changed, or two turned round."""
    if len(word) < 3:
        return word
    at = chance.randrange(len(word) - 1)
    return chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + chance.choice("aeioustnr") + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )


def test_english_is_never_another_language(
    languages: Languages, base: KnowledgeBase, english: list[str], figure: Callable[[str], None]
) -> None:
    alarms = [line for line in english if languages.look(line, base.knows_word)]
    figure(f"languages: {len(alarms)} of {len(english)} English lines taken for another language")
    assert len(english) > 9_000
    assert alarms == []


def test_misspelt_english_is_hardly_ever_another_language(
    languages: Languages, base: KnowledgeBase, english: list[str], figure: Callable[[str], None]
) -> None:
    chance = random.Random(1)
    spoilt = [" ".join(slip(w, chance) if chance.random() < 0.2 else w for w in line.split()) for line in english]
    alarms = [line for line in spoilt if languages.look(line, base.knows_word)]
    figure(f"languages: {len(alarms)} of {len(spoilt)} with a slip in every fifth word")
    assert len(alarms) < len(spoilt) / 1_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "12345",
        "WR14 2GP",
        "💊💊",
        "gp",
        "que",
        "hola",
        "apteka",
        "apteka hereford",
        "café in ledbury",
        "β blocker",
        "a" * 1000,
        "where is the polish shop doctor",
        "i need a polish interpreter",
        "what does nie mam mean",
        "my neighbour only speaks polish: gdzie jest lekarz, who helps",
        "Gurpreet Kaur Singh",
        "Dr Małgorzata Wiśniewska",
        "dr katarzyna wojciechowska surgery",
        "Müller practice",
        "llandrindod wells hospital",
        "Merthyr Tydfil",
        "cwtch cafe pontrilas",
        "wheer bist thee gwain",
        "ow bist",
        "wer iz da neerest docter 4 me m8",
        "hw do i c a gp",
        "luk at me nan shes had a fall",
        "wot tym duz it opn",
        "pip esa uc lcwra",
        "adhd asd camhs ehcp senco",
        "amitriptyline sertraline",
        "asdf qwer zxcv",
        "upton upon severn",
        "wuster royle hospitle",
        "pls help 请",
        "zib zab",
    ],
)
def test_what_residents_type_stays_english(languages: Languages, base: KnowledgeBase, text: str) -> None:
    assert languages.look(text, base.knows_word) is None


def test_nearly_every_message_in_another_language_is_seen(
    languages: Languages, base: KnowledgeBase, messages: list[tuple[str, str]], figure: Callable[[str], None]
) -> None:
    every, seen, named = Counter[str](), Counter[str](), Counter[str]()
    for language, text in messages:
        found = languages.look(text, base.knows_word)
        every[language] += 1
        seen[language] += found is not None
        named[language] += found is not None and (language == "other" or found.split("-")[0] == language)
    figure("languages, seen and rightly named: " + ", ".join(f"{k} {seen[k]}, {named[k]} of {every[k]}" for k in every))
    assert all(every[language] >= 20 for language in FIRST_EIGHT)
    assert all(named[language] >= 0.95 * every[language] for language in FIRST_EIGHT)
    assert all(named[language] >= 0.9 * every[language] for language in every)
    assert sum(named.values()) >= 0.95 * sum(every.values())


@pytest.mark.parametrize(
    "text, language",
    [
        ("аптека", "bg ru uk"),
        ("医院", "zh"),
        ("ਡਾਕਟਰ", "pa"),
        ("ฉันต้องการหมอ", "und"),
        ("POTRZEBUJE LEKARZA", "pl"),
        ("nu am doctor, locuiesc in Ledbury", "ro"),
        ("mujhe doctor chahiye", "ur-Latn"),
        ("mainu doctor chahida hai", "pa-Latn"),
        ("amar daktar lagbe", "bn-Latn"),
        ("ble mae'r fferyllfa agosaf", "cy"),
    ],
)
def test_the_language_is_named(languages: Languages, base: KnowledgeBase, text: str, language: str) -> None:
    assert languages.look(text, base.knows_word) in language.split()


def test_without_a_knowledge_base_it_works_all_the_same(
    languages: Languages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(tmp_path / "nothing.db"))
    assert languages.look("szukam lekarza w Hereford") == "pl"
    assert languages.look("is there a doctor in Hereford") is None


def test_ordinary_english_costs_next_to_nothing(
    languages: Languages, base: KnowledgeBase, english: list[str], figure: Callable[[str], None]
) -> None:
    took = []
    for line in english:
        start = time.perf_counter()
        languages.look(line, base.knows_word)
        took.append((time.perf_counter() - start) * 1000)
    middle, nearly_all = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    figure(f"languages: p50 {middle:.3f} ms, p95 {nearly_all:.3f} ms for an English line")
    assert middle < 0.3


def test_every_language_with_a_reply_can_be_told(messages: list[tuple[str, str]]) -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        told = {row["language"] for row in csv.DictReader(file)}
    # Panjabi and Bengali have scripts of their own, which tell them.
    assert set(PHRASES) - told == {"pa", "bn"}
    assert {language.split("-")[0] for language in PHRASES} <= {language for language, _ in messages}


def reply(messages: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The whole text of a reply, and its `custom`."""
    [custom] = [message["custom"] for message in messages if "custom" in message]
    return "\n".join(message["text"] for message in messages if message.get("text")), custom


def process(text: str, **known: Any) -> Message:
    [message] = LanguageDetector().process([Message({TEXT: text, **known})])
    return message


def test_the_component_sets_intent_and_language(published: Path) -> None:
    message = process("szukam lekarza w Hereford")
    assert message.get(INTENT) == {"name": OTHER_LANGUAGE, "confidence": 1.0}
    [entity] = message.get(ENTITIES)
    assert (entity["entity"], entity["value"]) == ("language", "pl")


def test_the_component_leaves_english_alone(published: Path) -> None:
    message = process("a doctor in Hereford")
    assert message.get(INTENT) is None
    assert not message.get(ENTITIES)


def test_a_danger_stays_a_danger(published: Path) -> None:
    text = "nie chce zyc"
    alarm = shared_watch().look(text)
    assert alarm is not None
    before = {"name": alarm.intent, "confidence": 1.0}
    assert is_settled(before)
    assert process(text, **{INTENT: before, ENTITIES: []}).get(INTENT) == before


def test_only_the_detector_says_that_it_is_another_language(assistant: Assistant) -> None:
    assert assistant.processor is not None
    nodes = assistant.processor.graph_runner._nodes.values()
    [classifier] = [n._component for n in nodes if isinstance(n._component, WeighedIntentClassifier)]
    names = list(classifier.clf.classes_)
    ranking = classifier._ranking(np.array([0.6 if name == OTHER_LANGUAGE else 0.01 for name in names]))
    assert {intent["name"] for intent in ranking} == {*names} - {OTHER_LANGUAGE}
    assert sum(intent["confidence"] for intent in ranking) == pytest.approx(1.0)


@pytest.mark.parametrize("language", ["pl", "ro", "ur", "pa", "other"])
def test_the_reply_is_in_the_language_and_in_english(
    say: Callable[..., list[dict[str, Any]]], base: KnowledgeBase, messages: list[tuple[str, str]], language: str
) -> None:
    text = next(text for code, text in messages if code == language)
    said, custom = reply(say(f"writes {language}", text))
    assert said.startswith(base.phrases[f"language_{language}"])
    assert said.endswith(base.phrases["language_english" if language != "other" else "language_other"])
    assert custom["outcome"] == "answer"
    assert [record["id"] for record in custom["records"]] == ["route-nhs-111"]


def test_every_reply_gives_111_999_and_what_to_say(base: KnowledgeBase) -> None:
    for phrase in {*PHRASES.values(), "language_other"}:
        assert [part for part in ("NHS 111", "interpreter, please", "999") if part not in base.phrases[phrase]] == []


def test_what_was_spoken_of_is_kept(say: Callable[..., list[dict[str, Any]]]) -> None:
    asked = ("chemist in Ledbury", "szukam lekarza", "what is its phone number")
    between, _ = reply(say("in between", *asked))
    straight, _ = reply(say("straight on", asked[0], asked[2]))
    assert between == straight
