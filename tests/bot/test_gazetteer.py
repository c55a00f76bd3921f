"""Names that the knowledge base knows are found in what people say, and point at the right place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import spacy
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.gazetteer import MANY, Gazetteer, Names

if TYPE_CHECKING:
    from pathlib import Path

    from knowledge.search import KnowledgeBase


@pytest.fixture(scope="module")
def names(base: KnowledgeBase) -> Names:
    return Names(base, spacy.blank("en"))


def values(found: list[dict[str, Any]], entity: str) -> list[str]:
    return [one["value"] for one in found if one["entity"] == entity]


@pytest.mark.parametrize(
    "text, entity, value",
    [
        ("chemist in Ledbury", "place", "ledbury"),
        ("CHEMIST IN LEDBURY", "place", "ledbury"),
        ("ross-on-wye please", "place", "ross-on-wye"),
        ("doctors in kiddy", "place", "kidderminster"),
        ("anywhere in Herefordshire", "place", "herefordshire"),
        ("chemist in Birmingham", "place", "birmingham"),
        ("chemist in Ledbury", "subject", "pharmacy"),
        ("G.P. surgery or doctors", "subject", "gp"),
        ("what's the minor injuries unit", "subject", "minor-injuries"),
        ("near WR14 2GP", "postcode", "WR14"),
        ("near wr142gp", "postcode", "WR14"),
        ("in HR9", "postcode", "HR9"),
        ("is Nunwell Surgery open", "record", "gp-m81048"),
        ("the alexandra hospital", "record", "loc-alexandra-redditch"),
    ],
)
def test_names_are_found(names: Names, text: str, entity: str, value: str) -> None:
    assert value in values(names.find(text), entity)


@pytest.mark.parametrize(
    "text, entity, value",
    [
        ("chemist in Kidderminister", "place", "kidderminster"),
        ("chemist in Bromyerd", "place", "bromyard"),
        ("farmacy please", "subject", "pharmacy"),
    ],
)
def test_misspelt_names_that_the_content_knows_are_found(names: Names, text: str, entity: str, value: str) -> None:
    """All others are put right before: see test_spelling_corrector.py."""
    assert value in values(names.find(text), entity)


@pytest.mark.parametrize("text", ["chemist in Ledbry", "pharmasist", "dentust", "Nunwel Surgry"])
def test_a_name_is_found_as_it_is_written_or_not_at_all(names: Names, text: str) -> None:
    assert [one["value"] for one in names.find(text) if one["value"] not in ("pharmacy", "ledbury")] == []


@pytest.mark.parametrize(
    "text", ["", " ", "hello", "I am feeling low", "what is the time", "12345", "💊", "a" * 1000, "for the other one"]
)
def test_where_there_is_no_name_none_is_found(names: Names, text: str) -> None:
    assert names.find(text) == []


def test_an_entity_stands_where_it_says(names: Names) -> None:
    for text, said in {
        "is there a chemist in Ledbury?": {"chemist", "Ledbury"},
        "what’s Nunwell Surgery’s number": {"Nunwell Surgery"},
        "dentist near wr5 1dd, please": {"dentist", "wr5 1dd"},
        "  Malvern  ": {"Malvern"},
    }.items():
        assert {text[one["start"] : one["end"]] for one in names.find(text)} >= said


def test_a_records_name_may_hold_a_place(names: Names) -> None:
    found = names.find("Kidderminster Medical Centre")
    assert values(found, "record") == ["gp-m81010"]
    assert values(found, "place") == ["kidderminster"]


def test_a_full_postcode_leaves_only_about_where(names: Names) -> None:
    [found] = [one for one in names.find("near WR14 2GP") if one["entity"] == "postcode"]
    assert "2GP" not in repr(found).upper()
    assert [round(part, 2) for part in found["point"]] == found["point"]
    [found] = [one for one in names.find("near WR14") if one["entity"] == "postcode"]
    assert "point" not in found


def test_a_name_that_many_share_is_nobodys(names: Names, base: KnowledgeBase) -> None:
    owners: dict[str, set[str]] = {}
    for name, record in base.names():
        owners.setdefault(name.split(",")[0].lower(), set()).add(record)
    shared = [name for name, records in owners.items() if len(records) > MANY and name in ("boots", "lloyds pharmacy")]
    assert shared
    for name in shared:
        assert not values(names.find(f"where is {name}"), "record")


def test_every_own_name_of_a_service_is_found(names: Names, base: KnowledgeBase) -> None:
    missed = []
    for name, record in base.names():
        if base.get(record).name != name or values(names.find(name), "record"):
            continue
        sharing = {other for known, other in base.names() if known.lower().split(",")[0] == name.lower().split(",")[0]}
        if len(sharing) <= MANY and not values(names.find(name), "subject") and not values(names.find(name), "place"):
            missed.append(name)
    assert not missed


def process(gazetteer: Gazetteer, text: str) -> list[dict[str, Any]]:
    [message] = gazetteer.process([Message({TEXT: text})])
    found: list[dict[str, Any]] = message.get(ENTITIES, [])
    return found


def test_the_component_adds_its_own_to_what_others_found(published: Path) -> None:
    message = Message({TEXT: "chemist in Ledbury", ENTITIES: [{"entity": "danger_kind", "value": "life"}]})
    Gazetteer().process([message])
    assert values(message.get(ENTITIES), "danger_kind") == ["life"]
    assert values(message.get(ENTITIES), "place") == ["ledbury"]
    assert {one.get("extractor") for one in message.get(ENTITIES)[1:]} == {"Gazetteer"}


def test_without_a_knowledge_base_no_name_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(tmp_path / "nothing.db"))
    assert process(Gazetteer(), "chemist in Ledbury") == []


def test_names_are_compiled_once_a_version(published: Path) -> None:
    gazetteer = Gazetteer()
    process(gazetteer, "chemist in Ledbury")
    compiled = gazetteer._names
    process(gazetteer, "dentist in Malvern")
    assert gazetteer._names is compiled
