"""Every reply keeps the contract (docs/reply-contract.md) to the letter, whatever is said."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.settings import DOMAIN

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import App

pytestmark = pytest.mark.conversation

OUTCOMES = {"answer", "clarify", "fallback", "out_of_scope", "chitchat", "emergency"}
CARDS = {"immediate", "urgent", "non-urgent", None}
DATE = re.compile(r"(\d{4}(-\d{2}(-\d{2})?)?)?")
# Whatever looks as if it could be dialled: long numbers, the numbers that are said in words of three, and shortcodes.
NUMBER = re.compile(
    r"(?<![\d£.,])(?:0\d[\d ]{7,12}\d|116 ?\d{3}|18001 111|85258|18000|(?:ring|call) \d{3})(?!\d)", re.IGNORECASE
)
ALWAYS = {"999", "111", "101", "105", "55"}  # said in instructions; no record's own

# Conversations, each in one string with its turns between bars: every topic, the turns that depend on the one before,
# slips of the pen, nothing at all, and things that are not ours.
CONVERSATIONS = """
hello | what can you do | thanks | bye
are you a robot
pharmacy | Worcester | more | more | the second one | what's their number
pharmacies in Hereford | is there one in Ross | and Leominster? | are they open on Sunday
GP surgery near WR14 2AB | the first one | do they have a website
doctors in Tenbury | what is the postcode | how do I register
I cant find a dentist anywhere | how much is it | what if it hurts
opticians in Malvern | yes | no
what minor injuries units are there in Worcestershire | show more
minor injuries in Ross-on-Wye
Is there still an Age UK in Worcester | their phone
Hereford County Hospital | parking | visiting
Worcestershire Royal | how do I get there | ring them
my ankle is swollen after football where should I go | Evesham
I feel anxious all the time and can't sleep
my teenager won't go to school and I'm worried about her mind
how do I get help looking after my husband | we live in Herefordshire
mum is leaving hospital and needs help at home | Redditch | what does it cost
who do I tell about an old man being robbed by his carer, Worcestershire
food bank in Kidderminster | when
I'm losing my flat next week | Bromsgrove
help with drinking too much | Hereford
stop smoking | Worcester
how do I get to hospital without a car | Ledbury
my hearing is going
talking therapies | can I refer myself | how old must I be | email
what is the ICS | how many people | who is in it | when did it start
what replaced the CCG
how many pharmacies are there in the two counties
what does PCN mean
who runs the hospitals in Worcestershire
is the ICB being abolished
I want to complain about my dentist | how long do I have
compliment for the ambulance crew
can you tell me if this mole is cancer
how much calpol for a two year old
book me an appointment | at Nunwell Surgery
where are my test results
talk to a human
start again | Pershore | chemist
what's the weather | no really | tell me a joke
the second one
their number
yes | no
Birmingham | dentist | Hereford
vet in Malvern
where do I pay my council tax
my bins were not collected
asdkjh qwpeoi | zxmnbv
!!! ??? ... | 12345 | é
PHARMACY IN REDDITCH | THEIR NUMBER
farmacy in kiderminster | wots there nummber
HR9 | pharmacy
I am at B97 4AB and need a chemist tonight
he has chest pain and is sweating | pharmacy in Hereford
I want to kill myself
my baby is six weeks old and has a temperature of 39
Herefordshire | GP
all the GP surgeries in Herefordshire | more
the one on Broad Street
Boots in Evesham
Which pharmacy is nearest to the Alexandra Hospital
when is the flu jab | who can have it | is it free
do I need to pay for prescriptions if I am 61
something for dementia in Bromsgrove | and for carers
bereavement support | Worcester
are there any warm spaces in Worcester
help I am being hit at home and need somewhere to go
drugs
"""


def conversations() -> list[list[str]]:
    return [[turn.strip() for turn in line.split("|")] for line in CONVERSATIONS.strip().splitlines()]


def digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def published_numbers(base: KnowledgeBase) -> set[str]:
    """What may be said: the numbers of the knowledge base, and those of the fixed wording of danger."""
    danger = (DOMAIN / "danger.yml").read_text(encoding="utf-8")
    return base.numbers | {digits(number) for number in NUMBER.findall(danger)} | ALWAYS


def check(messages: Any, sender: str, base: KnowledgeBase) -> None:
    """Fail where a reply does not keep the contract."""
    assert isinstance(messages, list)
    assert messages
    for message in messages:
        assert set(message) <= {"recipient_id", "text", "buttons", "custom"}
        assert message["recipient_id"] == sender
        assert message.get("text", "x").strip()
    buttons = [button for message in messages for button in message.get("buttons", [])]
    assert len(buttons) <= 5
    for button in buttons:
        assert set(button) == {"title", "payload"}
        assert all(isinstance(value, str) and value.strip() for value in button.values())
    customs = [message["custom"] for message in messages if "custom" in message]
    assert len(customs) == 1
    check_custom(customs[0], base)
    text = "\n".join(message["text"] for message in messages if "text" in message)
    assert text
    unknown = {number for number in NUMBER.findall(text) if digits(number) not in published_numbers(base)}
    assert not unknown, f"numbers that no record has: {unknown}"


def check_custom(custom: dict[str, Any], base: KnowledgeBase) -> None:
    assert list(custom) == ["outcome", "card", "records", "sources"]
    assert custom["outcome"] in OUTCOMES
    assert custom["card"] in CARDS
    assert (custom["card"] == "immediate") <= (custom["outcome"] == "emergency")
    if custom["outcome"] in ("emergency", "chitchat", "out_of_scope"):
        assert custom["records"] == []
    records = []
    for said in custom["records"]:
        record = base.get(said["id"])
        assert said == {"id": record.id, "kind": record.kind, "name": record.name}
        records.append(record)
    assert len({record.id for record in records}) == len(records)
    assert bool(custom["sources"]) == bool(records)
    known = {
        (source.name, source.url, record.assured_date or record.source_date)
        for record in records
        for source in record.sources
    }
    for source in custom["sources"]:
        assert set(source) == {"name", "url", "checked_on"}
        assert (source["name"], source["url"], source["checked_on"]) in known
        assert source["url"] == "" or source["url"].startswith(("http://", "https://"))
        assert DATE.fullmatch(source["checked_on"])
    assert len({(source["name"], source["url"]) for source in custom["sources"]}) == len(custom["sources"])


def test_there_are_enough_of_all_kinds() -> None:
    assert len(conversations()) >= 60


@pytest.mark.parametrize("turns", conversations(), ids=" | ".join)
def test_every_reply_keeps_the_contract(app: App, base: KnowledgeBase, turns: list[str]) -> None:
    sender = app.chat().sender
    for turn in turns:
        response = app.post(json={"sender": sender, "message": turn})
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        check(response.json(), sender, base)


def test_a_sources_date_is_said_where_there_is_one(app: App) -> None:
    """What a client shows from `custom` and what `text` says are the same."""
    reply = app.chat().say("Nunwell Surgery")
    assert {source["checked_on"] for source in reply.custom["sources"]} == {"2025"}
    assert "These details are from 2025." in reply.lines
    assert reply.custom["sources"][0]["name"] in reply.lines[-1]


def test_the_check_itself_finds_what_is_wrong(app: App, base: KnowledgeBase) -> None:
    good = app.chat().say("Nunwell Surgery").messages
    sender = good[0]["recipient_id"]
    check(good, sender, base)
    whole = json.dumps(good)
    for old, new in (
        ("01885 483412", "01885 483413"),
        ('"card": null', '"card": "red"'),
        ('"checked_on": "2025"', '"checked_on": "2026"'),
        ('"kind": "service"', '"kind": "thing"'),
        ('"custom"', '"custom_"'),
    ):
        assert old in whole
        with pytest.raises((AssertionError, KeyError)):
            check(json.loads(whole.replace(old, new)), sender, base)
