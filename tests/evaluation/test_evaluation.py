"""The measuring itself: what counts as right, that the sets are sound and unseen, and one small run with everything."""

from __future__ import annotations

import csv
import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from rasa.shared.utils.io import read_yaml_file
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import finding
from actions.turn import FOREIGN_WEIGHT, MOST_TRUST, NEUTRAL, read
from bot import settings
from knowledge.settings import CONTENT, HOME
from tests.evaluation import report
from tests.evaluation.__main__ import main
from tests.evaluation.asking import Answer, Asked, Asker, SetResult
from tests.evaluation.intents import Guess, Guesses, without_rules
from tests.evaluation.questions import (
    FRESH,
    OPEN,
    SETS,
    TOPICS,
    Question,
    QuestionSet,
    complaints,
    load_open,
    load_ours,
    outcome,
    record_ids,
    shown,
)
from tests.evaluation.refusal import Curve, evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from knowledge.search import KnowledgeBase

# -- what counts as right ----------------------------------------------------------------------------------------------


def question(need: tuple[str, ...] = (), forbid: tuple[str, ...] = (), topic: str = "find") -> Question:
    return Question("find-1", topic, ("pharmacy in Ledbury",), need, forbid)


def messages(text: str = "", outcome: str = "answer", **custom: Any) -> list[dict[str, Any]]:
    return [{"recipient_id": "01432", "text": text}, {"custom": {"outcome": outcome, **custom}}]


def answer(text: str = "hello", outcome: str = "answer", seconds: float = 0.01, **parsed: Any) -> Answer:
    return Answer(text, messages("It is open.", outcome), seconds, {"text": text, **parsed})


@pytest.mark.parametrize(
    "text, need, forbid, wrong",
    [
        ("Ring 01531 632400.", (r"01531\W?632\W?400",), (), []),
        ("Ring 01531 632400.", ("ring", "Fax"), (), ["missing /Fax/"]),
        ("It has CLOSED.", ("closed",), (), []),
        ("It has closed. Ring 01531.", ("closed",), ("01531", "Fax"), ["forbidden /01531/"]),
        ("Nothing of it.", ("a pharmacy|chemist", "open"), ("nothing",), None),
        ("", (), (), []),
    ],
)
def test_a_reply_must_hold_all_that_is_needed_and_nothing_that_is_forbidden(
    text: str, need: tuple[str, ...], forbid: tuple[str, ...], wrong: list[str] | None
) -> None:
    found = complaints(question(need, forbid), messages(text))
    assert found == (
        wrong if wrong is not None else ["missing /a pharmacy|chemist/", "missing /open/", "forbidden /nothing/"]
    )


def test_buttons_and_what_the_reply_was_made_from_count_too() -> None:
    said = [{"text": "Which?", "buttons": [{"title": "Ledbury", "payload": "Ledbury"}], "custom": {"card": "urgent"}}]
    assert not complaints(question(("Ledbury", '"card": "urgent"')), said)


def test_who_was_answered_does_not_count() -> None:
    assert complaints(question(("01432",)), messages("Ring them.")) == ["missing /01432/"]


def test_an_expression_may_go_over_the_end_of_a_line() -> None:
    assert not complaints(question(("Ring them. They",)), messages("Ring them.\nThey answer."))


def test_letters_with_accents_are_looked_at_as_they_are() -> None:
    assert "Café – £5" in shown([{"text": "Café – £5"}])


def test_outcome_and_records_are_those_of_the_reply() -> None:
    said = messages("Here.", "answer", records=[{"id": "svc-a"}, {"id": "svc-b"}])
    assert outcome(said) == "answer"
    assert record_ids(said) == ["svc-a", "svc-b"]
    assert outcome([{"text": "?"}]) == ""
    assert record_ids([]) == []


@pytest.mark.parametrize(
    "outcome, refused, not_ours",
    [
        ("answer", False, False),
        ("clarify", False, False),
        ("emergency", False, False),
        ("chitchat", False, True),
        ("fallback", True, True),
        ("out_of_scope", True, True),
    ],
)
def test_each_outcome_is_a_refusal_or_none(outcome: str, refused: bool, not_ours: bool) -> None:
    one = answer(outcome=outcome)
    assert (one.refused, one.not_ours) == (refused, not_ours)


def test_the_last_turn_is_judged() -> None:
    two = [Answer("a", messages("no"), 0.1, {}), Answer("b", messages("yes"), 0.1, {})]
    assert not Asked(question(("yes",), ("no",)), two).complaints
    assert Asked(question(("yes",)), two[::-1]).complaints == ["missing /yes/"]


# -- the sets ----------------------------------------------------------------------------------------------------------

AT_LEAST = {"dev": 600, "validation": 100, FRESH: 150}
SHORT = 4  # words: a town, "is it free" and "who is Jane Smith" are said the same way by everybody
SEALED = (FRESH, "validation")  # a failing test must not show what they say
WORD = re.compile(r"[a-z0-9']+")
# The open questions lie beside the repository and are no part of it: where they are not, there is nothing to look at.
ALL = [*map(load_ours, (*SETS, FRESH)), *filter(None, [load_open(HOME / OPEN)])]


@pytest.fixture(params=ALL, ids=lambda one_set: one_set.name)
def one_set(request: pytest.FixtureRequest) -> QuestionSet:
    found: QuestionSet = request.param
    return found


def test_a_set_is_large_enough_and_covers_every_topic(one_set: QuestionSet) -> None:
    ours, foreign = len(one_set.questions), len(one_set.foreign)
    assert ours >= AT_LEAST.get(one_set.name, 0)
    assert foreign >= 50
    topics = {question.topic for question in one_set.questions}
    assert topics == set(TOPICS)


def test_ids_and_conversations_are_there_once(one_set: QuestionSet) -> None:
    ids = [question.id for question in one_set.questions]
    assert {name for name in ids if ids.count(name) > 1} == set()
    said = [question.turns for question in one_set.questions]
    assert {one.id for one in one_set.questions if said.count(one.turns) > 1} == set()
    repeated = len(one_set.foreign) - len(set(one_set.foreign))
    assert repeated == 0


def test_every_question_can_be_judged(one_set: QuestionSet) -> None:
    wrong = [
        one.id
        for one in one_set.questions
        if not one.turns or not all(one.turns) or not one.need or not all(map(compiles, (*one.need, *one.forbid)))
    ]
    assert not wrong


def compiles(pattern: str) -> bool:
    """Whether it is an expression that something must be found for."""
    try:
        return re.search(pattern, "", re.IGNORECASE) is None
    except re.error:
        return False


def plain(text: str) -> str:
    return " ".join(WORD.findall(text.lower().replace("’", "'")))


@pytest.fixture(scope="module")
def learnt() -> dict[str, str]:
    """What the model learns and what the content says people ask, and where that stands."""
    found = {}
    for path in sorted((HOME / "data" / "nlu").glob("*.yml")):
        for block in read_yaml_file(path)["nlu"]:
            found.update(
                {plain(line.removeprefix("- ")): f"data/nlu/{path.name}" for line in block["examples"].splitlines()}
            )
    with (CONTENT / "question.csv").open(encoding="utf-8", newline="") as file:
        found.update({plain(row["question"]): "knowledge/content/question.csv" for row in csv.DictReader(file)})
    return found


def lines(one_set: QuestionSet) -> Iterator[tuple[str, str]]:
    """Everything that is said in a set, and where it stands."""
    for one in one_set.questions:
        yield from ((one.id, turn) for turn in one.turns)
    yield from ((f"out of scope, line {number}", text) for number, text in enumerate(one_set.foreign, 1))


def test_no_line_of_a_set_is_an_example_or_a_question_of_the_content(
    one_set: QuestionSet, learnt: dict[str, str]
) -> None:
    """Otherwise the set would measure memory. Only the other side may be mended, never the set."""
    known = [
        f"{where} stands in {learnt[plain(text)]}" + ("" if one_set.name in SEALED else f": {text}")
        for where, text in lines(one_set)
        if len(plain(text).split()) > SHORT and plain(text) in learnt
    ]
    assert not known, "\n".join([one_set.name, *known])


# -- figures -----------------------------------------------------------------------------------------------------------

GUESSES = Guesses(
    [
        Guess("hi", "greet", "greet", 0.9),
        Guess("hey", "greet", "greet", 0.5),
        Guess("ta", "thank", "greet", 0.6),
        Guess("cheers", "thank", "greet", 0.8),
        Guess("thanks", "thank", "thank", 0.95),
        Guess("I am hurt", "thank", "danger_life", 0.9),
    ],
    0.7,
)
RANKED = [{"name": "out_of_scope", "confidence": 0.8}, {"name": "greet", "confidence": 0.2}]


def test_guesses_are_counted() -> None:
    assert pytest.approx(3 / 6) == GUESSES.accuracy
    assert pytest.approx((2 * 2 / 6 + 2 * 1 / 5) / 2) == GUESSES.macro_f1
    assert GUESSES.share(right=True, sure=True) == pytest.approx(2 / 6)
    assert GUESSES.share(right=False, sure=True) == pytest.approx(2 / 6)
    assert pytest.approx(4 / 6) == GUESSES.sure
    (surest, count), *_ = GUESSES.confusions()
    assert (surest.text, count) == ("cheers", 2)


def test_the_learnt_pipeline_is_the_real_one_without_what_is_not_learnt() -> None:
    config = read_yaml_file(HOME / "config.yml")
    kept = without_rules(config)["pipeline"]
    assert [part for part in config["pipeline"] if part in kept] == kept
    names = [part["name"].split(".")[-1] for part in kept]
    assert {"EnglishTokenizer", "CountVectorsFeaturizer", "SentenceVectorFeaturizer"} < set(names)
    assert names[-1] == "WeighedIntentClassifier"
    assert not {"DangerDetector", "Gazetteer", "FallbackClassifier"} & set(names)


def test_a_curve_counts_what_lies_below_each_line() -> None:
    curve = Curve.of("ours", [(0.5, True), (0.7, False), (0.9, False), (1.1, False)], [(0.1, True), (0.6, False)])
    assert (curve.real_refused, curve.foreign_refused) == (0.25, 0.5)
    real, foreign = curve.points()
    assert [tuple(point) for point in zip(real, foreign, strict=True)] == [
        (0, 0), (0, 0.5), (0.25, 0.5), (0.25, 1), (0.5, 1), (0.75, 1), (1, 1)
    ]  # fmt: skip
    assert curve.at(0.0) == 0.5
    assert curve.at(0.3) == 1.0
    assert curve.area == pytest.approx(7 / 8)


def test_equal_scores_are_half_right() -> None:
    assert Curve.of("ours", [(0.5, False)], [(0.5, False)]).area == 0.5


LIKELIHOODS = [0.0, 0.002, *(number / 50 for number in range(1, 50)), 0.998, 1.0]


def parsed(text: str, foreign: float) -> dict[str, Any]:
    """A message without names, and how likely the classifier holds it foreign."""
    ranking = [{"name": "find_service", "confidence": 1 - foreign}, {"name": "out_of_scope", "confidence": foreign}]
    return {"text": text, "entities": [], "intent": ranking[0], "intent_ranking": ranking}


@pytest.fixture
def _published(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(database))


@pytest.mark.usefixtures("_published")
def test_the_assistant_answers_where_the_evidence_is_believable_and_nowhere_else(base: KnowledgeBase) -> None:
    """The actions themselves answer or refuse here: evidence that weighed anything otherwise would part from them."""
    texts = [
        "where can i get my ears cleaned",
        "who do i ring about damp in my flat",
        "somebody to talk to about my worries",
        "can anybody help me fill in forms",
        "what do i do about a rat in the garden",
        "help with the cost of school shoes",
        "my cat is poorly",
        "how do i cook an egg",
    ]
    flipped = 0
    for text in texts:
        heard = [parsed(text, likely) for likely in LIKELIHOODS]
        answered = [outcome_of(message) != "fallback" for message in heard]
        assert answered == [evidence(message) >= base.calibration.believable for message in heard], text
        flipped += len(set(answered)) == 2
    assert flipped >= len(texts) / 2


def outcome_of(message: dict[str, Any]) -> str:
    """What the actions make of a parsed first message."""
    dispatcher = CollectingDispatcher()
    turn = read(Tracker("jo", {}, message, [], False, None, {}, None))
    finding.answer_question(dispatcher, turn, "unsure")
    return outcome(dispatcher.messages)


@pytest.mark.usefixtures("_published")
def test_what_the_classifier_holds_foreign_is_believed_less() -> None:
    def score(likely: float) -> float:
        return evidence(parsed("pharmacy in Ledbury", likely))

    scores = [score(likely) for likely in LIKELIHOODS]
    assert scores == sorted(scores, reverse=True)
    assert score(0.1) - score(0.9) == pytest.approx(FOREIGN_WEIGHT * 2 * math.log(9))
    assert score(0.0) - score(NEUTRAL) == pytest.approx(MOST_TRUST)


def test_the_percentile_is_that_of_the_nearest_rank() -> None:
    assert [report.percentile([4, 1, 3, 2], share) for share in (0.0, 0.5, 0.95)] == [1, 2, 4]


# -- the report --------------------------------------------------------------------------------------------------------

RESULT = SetResult(
    "dev",
    [
        Asked(question(("open",)), [answer()]),
        Asked(question(("closed",)), [answer(outcome="fallback", intent={"name": "find_service", "confidence": 0.9})]),
        Asked(question(("open",), topic="scope"), [answer(outcome="fallback")]),
    ],
    [answer(outcome="chitchat"), answer("how far is it to Mars")],
)


def test_a_set_is_summed_up() -> None:
    assert dict(report.rows_of(RESULT)) == {
        "find": "1/2 (50.0%)",
        "scope": "1/1 (100.0%)",
        "all questions": "2/3 (66.7%)",
        "out of scope, refused": "1/2 (50.0%)",
        "ours, but refused": "1/2 (50.0%)",
        "a turn, p50 / p95": "10 / 10 ms",
    }


def test_failures_are_shown_with_how_they_were_understood() -> None:
    assert list(report.failure_lines(RESULT, sealed=False)) == [
        "dev find-1 (find): pharmacy in Ledbury",
        "    missing /closed/",
        "    find_service 0.90 -> fallback: no record",
        "dev, not ours but answered: how far is it to Mars",
        "    None 0.00 -> answer: no record",
    ]


def test_of_an_unsure_message_the_likeliest_intent_is_shown() -> None:
    ranking = [{"name": "nlu_fallback", "confidence": 0.7}, *RANKED]
    assert answer(intent_ranking=ranking).understood == "unsure, perhaps out_of_scope 0.80 -> answer: no record"


def test_of_a_sealed_set_only_counts_are_shown() -> None:
    assert list(report.failure_lines(RESULT, sealed=True)) == ["dev: failed by topic find 1"]


def test_the_report_shows_every_picture_and_says_what_it_shows(tmp_path: Path) -> None:
    curve = Curve.of("ours", [(0.9, False), (0.4, True)], [(0.1, True)])
    versions = report.Versions("help-1.tar.gz", "abc", "2026-11-22T10:00:00")
    report.write(tmp_path / "evaluation", versions, [RESULT], GUESSES, [curve])
    text = (tmp_path / "evaluation" / "README.md").read_text(encoding="utf-8")
    pictures = dict(re.findall(r"!\[(.+)]\((.+\.png)\)", text))
    assert sorted(pictures.values()) == ["confusion-matrix.png", "refusal-curve.png", "topics.png"]
    for name in pictures.values():
        assert (tmp_path / "evaluation" / name).read_bytes().startswith(b"\x89PNG")
    assert "thank taken for greet, 2 times" in text
    assert "| 2 | thank | greet | cheers |" in text
    assert "help-1.tar.gz" in text and "abc" in text


# -- everything together -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_three_questions_asked_of_the_real_assistant(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(database))
    questions = QuestionSet(
        "by hand",
        (
            Question(
                "a", "find", ("is there a chemist in Ledbury",), ("pharmacy", '"outcome": "answer"'), ("Redditch",)
            ),
            Question(
                "b", "follow", ("Ledbury Community Hospital", "what is their number"), (r"\d{5} \d{6}|\d{4} \d{3}",)
            ),
            Question("c", "ics", ("what is the integrated care board",), ("a word that nobody says",)),
        ),
        ("what is the capital of Mongolia",),
    )
    asker = Asker.start(settings.models_folder(), tmp_path)
    result = asker.ask(questions)
    assert [one.question.id for one in result.failed] == ["c"]
    assert [len(one.answers) for one in result.asked] == [1, 2, 1]
    assert len(result.seconds) == 5 and all(0 < seconds < 5 for seconds in result.seconds)
    assert result.asked[0].answers[0].parsed["intent"]["name"]
    assert result.foreign[0].not_ours
    assert asker.model.endswith(".tar.gz")


def test_a_report_is_of_a_whole_run() -> None:
    ran = CliRunner().invoke(main, ["--write", "--quick"])
    assert ran.exit_code == 2 and "whole run" in ran.output


def test_without_a_model_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_MODELS", str(tmp_path))
    ran = CliRunner().invoke(main, ["--quick"])
    assert ran.exit_code == 1 and "make model" in ran.output
