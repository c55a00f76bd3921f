"""What was said, read: where it is about, what it names, and whether it speaks of what was shown before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import spacy
from rasa_sdk import Tracker

from actions import finding, following, nearby
from actions.turn import Turn, read
from bot.nlu.gazetteer import Names
from knowledge.places import Spot
from knowledge.search import Hit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from knowledge.search import KnowledgeBase

SHOWN = ["gp-m81012", "gp-m81076", "gp-m81600"]  # Ledbury, Colwall, Cradley


@pytest.fixture(scope="module")
def names(base: KnowledgeBase) -> Names:
    return Names(base, spacy.blank("en"))


@pytest.fixture
def say(names: Names, database: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Turn]:
    """The turn that a text makes, with what the conversation remembers."""
    monkeypatch.setenv("HELP_KNOWLEDGE", str(database))

    def say(text: str, intent: str = "find_service", confidence: float = 0.99, **slots: Any) -> Turn:
        message = {
            "text": text,
            "intent": {"name": intent, "confidence": confidence},
            "intent_ranking": [{"name": intent}, {"name": "get_care"}],
            "entities": names.find(text),
        }
        return read(Tracker("jo", slots, message, [], False, None, {}, "action_listen"))

    return say


@pytest.mark.parametrize(
    "text, spot_id",
    [
        ("chemist in Ledbury", "ledbury"),
        ("from Ledbury to Malvern", "malvern"),
        ("I live in Birmingham and want a chemist in Evesham", "evesham"),
        ("a chemist in Hereford, Herefordshire", "hereford"),
        ("anywhere in Herefordshire", "herefordshire"),
        ("anywhere in Herefordshire or Worcestershire", ""),
        ("near HR9 in Ledbury", "hr9"),
        ("near M1 1AA", "outside M1"),
        ("chemist", ""),
    ],
)
def test_the_one_place_a_message_is_about(say: Callable[..., Turn], text: str, spot_id: str) -> None:
    assert say(text).spot_id == spot_id


def test_the_place_said_before_is_remembered_until_another_is_said(say: Callable[..., Turn]) -> None:
    assert say("chemist", place="ledbury").known_spot_id == "ledbury"
    assert say("chemist in Malvern", place="ledbury").known_spot_id == "malvern"
    assert say("chemist", place="a place that is no more").known_spot is None


def test_a_full_postcode_is_about_where_it_is(say: Callable[..., Turn]) -> None:
    spot = say("chemist near WR14 2GP").spot
    assert spot is not None
    assert spot.name == "WR14"
    assert (spot.latitude, spot.longitude) == (round(spot.latitude or 0, 2), round(spot.longitude or 0, 2))


def test_the_question_is_kept_without_its_place(say: Callable[..., Turn]) -> None:
    assert say("is there a chemist in Ledbury today").placeless == "is there a chemist in today"
    assert say("Ledbury").only_place
    assert not say("chemist Ledbury").only_place


@pytest.mark.parametrize(
    "text",
    ["their number?", "what time does it open", "is it free", "and on sundays", "how old do you have to be", "ok"],
)
def test_a_detail_points_back(say: Callable[..., Turn], text: str) -> None:
    assert say(text, records=SHOWN).points_back
    assert not say(text).points_back, "nothing was shown"


@pytest.mark.parametrize(
    "text", ["chemist", "Nunwell Surgery", "I look after my mother, who can give me a break", "help to stop smoking"]
)
def test_a_new_subject_does_not_point_back(say: Callable[..., Turn], text: str) -> None:
    assert not say(text, records=SHOWN).points_back


@pytest.mark.parametrize("text", ["they never answer", "can my lad go there", "and on sundays?", "about the cost"])
def test_a_few_words_more_may_still_point_back(say: Callable[..., Turn], text: str) -> None:
    assert say(text, records=SHOWN).points_back


@pytest.mark.parametrize("text", ["their chemist", "is Nunwell Surgery any good", "and a chemist"])
def test_a_subject_or_name_of_its_own_does_not_point_back(say: Callable[..., Turn], text: str) -> None:
    assert not say(text, records=SHOWN).points_back


def test_whether_my_doctor_must_refer_me_is_no_question_about_doctors(say: Callable[..., Turn]) -> None:
    text = "does my doctor have to refer me"
    assert say(text, intent="ask_referral", records=SHOWN).points_back
    assert not say(text, records=SHOWN).points_back


def test_a_question_that_waits_for_its_place_is_pointed_back_to_as_well(say: Callable[..., Turn]) -> None:
    question = {"text": "somewhere to swim", "subjects": [], "aim": "find_service"}
    assert say("in Ledbury", question=question).points_back


@pytest.mark.parametrize(
    "text, asks",
    [
        ("can my daughter use it", True),
        ("and can she go", True),
        ("is it for teenagers", True),
        ("ok, do they take children", True),
        ("15 year olds?", True),
        ("my daughter is 15", False),
        ("im 15 actually", False),
        ("it's for my mum", False),
        ("candles", False),
        ("island", False),
    ],
)
def test_asking_is_told_from_telling(say: Callable[..., Turn], text: str, asks: bool) -> None:
    assert say(text).is_question is asks


@pytest.mark.parametrize(
    "text, puts_right",
    [
        ("no i meant a&e", True),
        ("No, I meant the mental health trust", True),
        ("sorry, I meant Bromsgrove", True),
        ("oh sorry i mean ross", True),
        ("not a dentist a doctor", True),
        ("no not that one", True),
        ("nah, Evesham", True),
        ("its for my son", True),
        ("actually it's for my mum", True),
        ("we meant Malvern", True),
        ("no", False),
        ("nobody answers", False),
        ("notes from my doctor", False),
        ("north Malvern", False),
        ("nothing works", False),
        ("is it not open", False),
        ("what does that mean", False),
        ("sorry", False),
    ],
)
def test_putting_right_what_was_understood(say: Callable[..., Turn], text: str, puts_right: bool) -> None:
    assert say(text).corrects is puts_right


@pytest.mark.parametrize(
    "text, spot_id",
    [
        ("no i meant ross not ledbury", "ross-on-wye"),
        ("Hereford, not Worcester", "hereford"),
        ("not in Ledbury, in Malvern", "malvern"),
        ("Evesham instead of Pershore", "evesham"),
    ],
)
def test_a_place_that_is_put_aside_is_not_where_it_is_about(say: Callable[..., Turn], text: str, spot_id: str) -> None:
    assert say(text).spot_id == spot_id


def test_a_subject_that_is_put_aside_is_not_what_it_is_about(say: Callable[..., Turn]) -> None:
    assert say("not a dentist a doctor").subjects == ("gp",)
    assert say("a chemist rather than a doctor").subjects == ("pharmacy",)


ABOUT_A_TEENAGER = {"text": "a club for my 15 year old", "subjects": [], "aim": "find_service"}


@pytest.mark.parametrize(
    "text, question, person, age",
    [
        ("a club for my 15 year old", {}, {"teenager"}, 15),
        ("im 70 and look after my wife", {}, {"older"}, 70),
        ("shes 84", {}, {"older"}, 84),
        ("help for teenagers", {}, {"teenager"}, None),
        ("a club", {}, set(), None),
        ("in Ledbury", ABOUT_A_TEENAGER, {"teenager"}, 15),
        ("its for pensioners", ABOUT_A_TEENAGER, {"older"}, None),
        ("no, he's 6", ABOUT_A_TEENAGER, {"child"}, 6),
    ],
)
def test_who_it_is_for_is_what_was_said_last(
    say: Callable[..., Turn], text: str, question: dict[str, Any], person: set[str], age: int | None
) -> None:
    turn = say(text, question=question)
    assert turn.person == person
    assert turn.age == age


@pytest.mark.parametrize("text", ["i'm 50 and a carer", "im 50 and look after my wife", "I am 50, a carer"])
def test_the_age_of_who_asks(say: Callable[..., Turn], text: str) -> None:
    assert say(text).age == 50


@pytest.mark.parametrize("asked, back", [("", False), ("place", True), ("need", True), ("offered", False)])
def test_an_offer_is_no_question_back(say: Callable[..., Turn], asked: str, back: bool) -> None:
    assert say("dunno", asked=asked).asked_back is back


def test_words_for_a_time_are_not_looked_for_where_hours_are_asked(say: Callable[..., Turn]) -> None:
    assert say("is the hive open on Boxing Day", intent="ask_hours").sought == "is the hive open on"
    assert say("a Christmas dinner club").sought == "a Christmas dinner club"


@pytest.mark.parametrize(
    "text, which",
    [
        ("the first one", 0),
        ("2", 1),
        ("number two please", 1),
        ("third", 2),
        ("the last one", 2),
        ("the Colwall one", 1),
        ("the one in Cradley", 2),
        ("the fourth one", None),
        ("one of them", None),
        ("that one", None),
    ],
)
def test_picking_one_of_a_list(say: Callable[..., Turn], text: str, which: int | None) -> None:
    picked = following.picked(say(text, records=SHOWN, shown=[SHOWN]))
    assert (picked and picked.id) == (None if which is None else SHOWN[which])


def test_picking_counts_in_the_page_that_is_shown_not_in_the_order_of_looking(say: Callable[..., Turn]) -> None:
    looked_at = [SHOWN[2], SHOWN[0], SHOWN[1]]
    picked = following.picked(say("the first one", records=looked_at, shown=[["gp-m81048"], SHOWN]))
    assert picked is not None and picked.id == SHOWN[0]


def test_records_and_subjects_that_are_no_more_are_forgotten(say: Callable[..., Turn]) -> None:
    question = {"text": "somewhere", "subjects": ["gp", "a subject that is no more"], "aim": "find_service"}
    turn = say("their number?", records=["gone", *SHOWN], shown=[["gone"], ["gone", *SHOWN]], question=question)
    assert turn.records == tuple(SHOWN)
    assert turn.shown == ((), tuple(SHOWN))
    assert turn.question_subjects == ("gp",)


def test_the_likeliest_intent_where_none_was_sure(say: Callable[..., Turn]) -> None:
    assert say("hm", intent="nlu_fallback").likeliest == "get_care"
    assert say("hm", intent="ask_hours").likeliest == "ask_hours"


@pytest.mark.parametrize(
    "nearest, other, worth",
    [(0.5, 4.9, True), (0.5, 5.1, False), (4.0, 8.0, True), (4.0, 8.1, False), (None, 50, True)],
)
def test_what_is_listed_beside_the_nearest(
    base: KnowledgeBase, nearest: float | None, other: float, worth: bool
) -> None:
    record = base.get("gp-m81012")
    assert nearby.worth_the_way(Hit(record, 1.0, other), Hit(record, 1.0, nearest)) is worth


def test_a_postcode_district_is_said_with_its_town(say: Callable[..., Turn]) -> None:
    assert nearby.place_in_words(say("HR8")) == "HR8 (Ledbury)"
    assert nearby.place_in_words(say("Ledbury")) == "Ledbury"


def test_who_asks_for_an_email_gets_an_email(say: Callable[..., Turn]) -> None:
    assert finding.aim_of(say("can I e-mail them"), "ask_contact").detail == "email"
    assert finding.aim_of(say("what is their number"), "ask_contact").detail == "phone"
    assert finding.aim_of(say("anything"), "no such aim") == finding.AIMS["unsure"]


def test_a_list_of_nothing_is_nothing(base: KnowledgeBase) -> None:
    from actions.reply import Speaker

    assert nearby.list_nearest(Speaker(base), Spot("Nowhere"), []) is None
