"""Domain, rules, examples, actions and phrases fit together: nothing is missing, and nothing is left over."""

from __future__ import annotations

import ast
import csv
import re
from string import Formatter
from typing import TYPE_CHECKING

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_yaml_file

from actions import closing, finding, nearby
from bot.assistant import custom_actions
from bot.nlu.danger import DangerTable
from bot.nlu.danger_detector import Alarm
from bot.settings import DOMAIN, WORDING
from knowledge.settings import CONTENT, HOME

if TYPE_CHECKING:
    from pathlib import Path

    from knowledge.search import KnowledgeBase

ACTIONS = sorted((HOME / "actions").glob("*.py"))
SPEAKING = [*ACTIONS, *sorted((HOME / "bot" / "pages").glob("*.py"))]  # where phrases are said
BOT = sorted((HOME / "bot").rglob("*.py"))
DETAILS = ("phone", "address", "hours", "eligibility", "referral", "cost", "email", "website")
DAYS = ("now", "today", "tomorrow")
OUTCOMES = {"answer", "clarify", "fallback", "out_of_scope", "chitchat", "emergency"}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(DOMAIN))


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """Every step of every rule: its kind (intent or action) and its name."""
    found = []
    for path in sorted((HOME / "data" / "rules").glob("*.yml")):
        for rule in read_yaml_file(path)["rules"]:
            found += [next(iter(step.items())) for step in rule["steps"]]
    return found


@pytest.fixture(scope="module")
def phrases() -> dict[str, frozenset[str]]:
    """The blanks of each phrase."""
    with (CONTENT / "phrase.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["id"]: frozenset(name for _, name, _, _ in Formatter().parse(row["text"]) if name)
            for row in csv.DictReader(file)
        }


def own_intents(domain: Domain) -> set[str]:
    return {intent for intent in domain.intents if intent not in ("back", "restart", "session_start")}


def constants(paths: list[Path]) -> set[str]:
    """Every string that stands in the code."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return {
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_action_of_the_domain_exists_and_the_other_way_round(domain: Domain) -> None:
    listed = {name for name in domain.user_actions if not name.startswith("utter_")}
    assert listed == set(custom_actions())


def test_every_rule_speaks_of_what_there_is(domain: Domain, steps: list[tuple[str, str]]) -> None:
    assert {name for kind, name in steps if kind == "intent"} <= own_intents(domain)
    assert {name for kind, name in steps if kind == "action"} <= {*custom_actions(), *domain.responses}


def test_every_intent_has_a_rule(domain: Domain, steps: list[tuple[str, str]]) -> None:
    assert own_intents(domain) == {name for kind, name in steps if kind == "intent"}


def test_every_intent_has_enough_examples_and_no_example_two_intents(domain: Domain) -> None:
    examples: dict[str, set[str]] = {}
    for path in sorted((HOME / "data" / "nlu").glob("*.yml")):
        for block in read_yaml_file(path)["nlu"]:
            lines = block["examples"].splitlines()
            said = {line.removeprefix("- ").strip().lower() for line in lines if line.strip()}
            examples.setdefault(block["intent"], set()).update(said)
    assert set(examples) == own_intents(domain) - {"nlu_fallback"}
    assert {intent: len(said) for intent, said in examples.items() if len(said) < 15} == {}
    owners: dict[str, list[str]] = {}
    for intent, said in examples.items():
        for text in said:
            owners.setdefault(text, []).append(intent)
    assert {text: intents for text, intents in owners.items() if len(intents) > 1} == {}


def test_every_response_is_used(domain: Domain, steps: list[tuple[str, str]]) -> None:
    used = {name for kind, name in steps if kind == "action"} | constants([*ACTIONS, *BOT])
    assert set(domain.responses) <= used


def test_every_response_keeps_the_contract(domain: Domain) -> None:
    for name, variations in domain.responses.items():
        for variation in variations:
            assert variation["text"].strip(), name
            assert list(variation["custom"]) == ["outcome", "card", "records", "sources"], name
            assert variation["custom"]["outcome"] in OUTCOMES, name
            assert (variation["custom"]["outcome"] == "emergency") == name.startswith("utter_danger"), name
            assert len(variation.get("buttons", [])) <= 5, name
            assert all(button["payload"][0] != "/" for button in variation.get("buttons", [])), name


def test_every_kind_of_danger_has_a_reply(domain: Domain, steps: list[tuple[str, str]]) -> None:
    table = DangerTable()
    for kind in {sign.kind for sign in table.signs.values()} | {row.becomes for row in table.narrower}:
        for card in ("immediate", "urgent"):
            intent = Alarm(card, kind).intent
            assert ("intent", intent) in steps
            last = domain.responses[f"utter_{intent}"][-1]
            assert "condition" not in last, "the last wording is for every kind without one of its own"


def test_every_narrower_kind_has_a_wording_of_its_own(domain: Domain) -> None:
    for row in DangerTable().narrower:
        variations = domain.responses[f"utter_{Alarm('immediate', row.becomes).intent}"]
        assert any(row.becomes in str(variation.get("condition")) for variation in variations), row.becomes


def test_every_wording_of_danger_that_is_for_now_says_999(domain: Domain) -> None:
    for name, variations in domain.responses.items():
        for variation in variations:
            if variation["custom"]["card"] == "immediate":
                assert "999" in variation["text"], name
                assert "18000" in variation["text"] or "18001" in variation["text"] or "text relay" in variation["text"]
            if variation["custom"]["card"] == "urgent":
                assert "111" in variation["text"] or "999" in variation["text"], name


def test_no_slot_chooses_an_action_and_each_is_used(domain: Domain) -> None:
    own = [slot for slot in domain.slots if slot.name not in ("requested_slot", "session_started_metadata")]
    assert not [slot.name for slot in own if slot.influence_conversation]
    assert {slot.name for slot in own} <= constants([*ACTIONS, *BOT])


def test_every_wording_of_the_app_is_used_with_its_blanks() -> None:
    code = constants(BOT)
    assert set(WORDING) <= code
    blanks = {key: {name for _, name, _, _ in Formatter().parse(text) if name} for key, text in WORDING.items()}
    calls = [
        (str(node.args[0].value), {keyword.arg for keyword in node.keywords})
        for path in BOT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "BadMessage"
        if node.args and isinstance(node.args[0], ast.Constant)
    ]
    assert calls
    for wording, given in calls:
        assert blanks[wording] <= given, wording


class Calls(ast.NodeVisitor):
    """The calls of `phrase` in a file: with a phrase's id, and with one that is chosen elsewhere; their blanks."""

    def __init__(self, path: Path) -> None:
        self.named: list[tuple[str, frozenset[str]]] = []
        self.chosen: list[frozenset[str]] = []
        self.strings: set[str] = set()
        self.visit(ast.parse(path.read_text(encoding="utf-8")))

    def visit_Call(self, node: ast.Call) -> None:  # ast's name
        if isinstance(node.func, ast.Attribute) and node.func.attr == "phrase" and node.args:
            given = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
            options = self._options(node.args[0])
            self.named += [(option, given) for option in options]
            if not options:
                self.chosen.append(given)
            for keyword in node.keywords:
                self.visit(keyword)
            return
        self.generic_visit(node)

    def _options(self, node: ast.expr) -> list[str]:
        match node:
            case ast.Constant(value=str(one)):
                return [one]
            case ast.IfExp(body=body, orelse=orelse):
                return [*self._options(body), *self._options(orelse)]
        return []

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """f"{detail}_unknown" is any of the details, f"when_{name}" any of the days that have a phrase of their own."""
        match node.values:
            case [ast.Constant(value="when_"), ast.FormattedValue()]:
                self.strings |= {f"when_{day}" for day in DAYS}
            case [ast.FormattedValue(), ast.Constant(value=str(ending))]:
                self.strings |= {f"{detail}{ending}" for detail in DETAILS}
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.strings.add(node.value)


def test_every_phrase_that_is_said_exists_and_gets_its_blanks(phrases: dict[str, frozenset[str]]) -> None:
    for path in SPEAKING:
        calls = Calls(path)
        for phrase, given in calls.named:
            assert phrase in phrases, f"{path.name} says {phrase}"
            assert phrases[phrase] <= given, f"{path.name} says {phrase} without {phrases[phrase] - given}"
        for phrase in (calls.strings & set(phrases)) - set(DETAILS):
            if calls.chosen and phrase not in {name for name, _ in calls.named}:
                assert any(phrases[phrase] <= given for given in calls.chosen), f"{path.name} says {phrase}"


def test_every_unknown_detail_has_its_phrase(phrases: dict[str, frozenset[str]]) -> None:
    assert {f"{detail}_unknown" for detail in DETAILS} <= set(phrases)


def test_every_phrase_is_said(phrases: dict[str, frozenset[str]]) -> None:
    said = set()
    for path in SPEAKING:
        calls = Calls(path)
        said |= calls.strings | {name for name, _ in calls.named}
    assert set(phrases) - said == set()


def test_every_record_and_subject_that_the_code_names_exists(base: KnowledgeBase) -> None:
    like_a_record = re.compile(r"(route|svc|org|loc|fact)-[a-z0-9-]+|wcc-adult-front-door|herefordshire-art")
    named = {string for string in constants(ACTIONS) if like_a_record.fullmatch(string)}
    assert named >= {"route-nhs-111", *closing.COUNCIL_RECORDS}
    for record in named:
        assert record in base
        assert base.get(record).open_for_use
    for record in closing.COUNCIL_RECORDS:
        assert base.get(record).phones
    assert {aim.within for aim in finding.AIMS.values() if aim.within} <= set(base.terms)


def test_every_town_and_offer_on_a_button_leads_somewhere(base: KnowledgeBase) -> None:
    for town in nearby.TOWNS:
        assert base.places.named(town)
    names = [name for term in base.terms.values() for name in (term["name"], *term["alternate_name"].split("; "))]
    subjects = {name.lower() for name in names}
    for need in {*nearby.NEEDS, *closing.OFFERS}:
        assert base.phrases[need].lower() in subjects
