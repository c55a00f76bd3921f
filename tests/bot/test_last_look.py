"""A last look at every reply: what must never be said is held back, and what is said every day is not."""

from __future__ import annotations

import asyncio
import csv
import logging
import statistics
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain

from actions.reply import Speaker
from bot import last_look as last_look_module
from bot.last_look import KINDS, NEVER_SAID, NeverSaid, NeverSaidError, digits, last_look, safe_reply
from bot.messages import Messages
from bot.settings import DOMAIN, WORDING
from knowledge.build import publish
from knowledge.content import read
from knowledge.search import KnowledgeBase
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.assistant import Assistant
    from knowledge.content import Tables
    from knowledge.vectors import SentenceEncoder

pytestmark = pytest.mark.usefixtures("published")

NUMBER = "a phone number that may not be given"
INTERNAL = "an internal name"

# What a reply might hold if something went wrong, and what it is held back for.
BAD = """
dose: Take two paracetamol tablets every four hours.
dose: Give her 5ml of Calpol.
dose: You can take 500 mg.
dose: Take 2 x 200mg ibuprofen three times a day.
dose: The usual dose for an adult is two.
dose: The maximum is 8 tablets in 24 hours.
dose: You should take ibuprofen.
dose: Stop taking your tablets.
dose: Double your dose tonight.
dose: Take it twice a day.
dose: Take one every 4-6 hours.
diagnosis: You have a chest infection.
diagnosis: You’ve got flu.
diagnosis: It is probably a cold.
diagnosis: It's probably just a virus.
diagnosis: Sounds like you have a migraine.
diagnosis: You may have a broken wrist.
diagnosis: It could be a stroke.
diagnosis: Your symptoms suggest an infection.
diagnosis: The most likely cause is a virus.
diagnosis: You are suffering from anxiety.
diagnosis: I think it's an ear infection.
reassurance: There's nothing to worry about.
reassurance: Don't worry, it's common.
reassurance: It will be fine.
reassurance: You’ll be OK.
reassurance: That's perfectly normal.
reassurance: You don't need to see a doctor.
reassurance: You don't need to ring 999.
reassurance: There is no need to call an ambulance.
reassurance: It's not serious.
reassurance: It will pass on its own.
reassurance: It is safe to wait until Monday.
booking: I have booked you an appointment.
booking: I've booked you in for Monday.
booking: I'll book that for you.
booking: We have sent an ambulance.
booking: Your appointment is on Monday at 10am.
booking: You are booked in for 9am.
booking: An ambulance is on its way.
booking: A doctor will call you back today.
booking: I have told your GP.
a phone number that may not be given: Ring 01905 724295.
a phone number that may not be given: Tel: +44 1905 724295
a phone number that may not be given: Ring (01905) 724295.
a phone number that may not be given: Ring 01905.724.295 or wait.
a phone number that may not be given: Ring 07700 900123.
a phone number that may not be given: Call 911.
a phone number that may not be given: Ring 560667.
a phone number that may not be given: Text HELP to 85259.
a phone number that may not be given: Samaritans are on 116 124.
a phone number that may not be given: Ring 111 560667.
HTML: <b>Hello</b>
HTML: Fish &amp; chips
an internal name: utter_greet
an internal name: The intent find_service was chosen.
an internal name: See svc-miu-kidderminster for more.
an internal name: Ring {number}.
an internal name: Open: None.
an internal name: Record(id='x')
an internal name: ['a', 'b']
an internal name: KeyError: 'phone'
"""

GOOD = [
    "Ring 01562 513039 for advice before you go.",
    "Ring 0808 196 9127 (24 hours).",
    "Ring 01562 513039 24 hours a day.",
    "Ring 01562 513039 or 0300 123 1732.",
    "Textphone: 18001 111 (if you are deaf).",
    "Text SHOUT to 85258.",
    "Open: 8.30am to 10pm, 9.00-17.00 at weekends, 1 to 24 December 2026.",
    "The two counties had 806,000 people in 2022, and 9,600 veterans in 2021-2023.",
    "It cost £9.90 in 2024, or £1200 a year.",
    "3 High Street, WR5 1DD: about 4 miles away.",
    "You don't need to see your GP first.",
    "If you have flu, ask a pharmacist. None of them is open.",
    "If you are booked in for a scan, bring your letter.",
    "I can't book, change or cancel appointments.",
    "I can't say what is wrong or which medicine or dose is right.",
    "Write to a_b@example.org or look at https://www.example.org/a_b/12345678.",
    "As of 1 July 2022.",
]


def reply(text: str, **custom: Any) -> list[dict[str, Any]]:
    return [{"text": text}, {"custom": {"outcome": "answer", "card": None, "records": [], "sources": [], **custom}}]


@pytest.fixture
def faults(caplog: pytest.LogCaptureFixture) -> Callable[[list[dict[str, Any]]], str]:
    """What a reply is held back for, as the log says it; nothing where it goes out."""

    def faults(messages: list[dict[str, Any]]) -> str:
        caplog.clear()
        if last_look(messages) == messages:
            return ""
        [line] = caplog.messages
        return line.removeprefix("A reply was held back: ").split(". It was made from")[0]

    return faults


@pytest.mark.parametrize("line", BAD.strip().splitlines())
def test_what_is_never_said_is_held_back(faults: Callable[[list[dict[str, Any]]], str], line: str) -> None:
    why, text = line.split(": ", 1)
    assert faults(reply(text)) == why
    assert faults(reply(f"Quillbury Clinic. It looks at sore feet.\n{text}\nThese details are from 2025.")) == why
    assert faults(reply("Hello.", sources=[{"name": text, "url": "", "checked_on": ""}])) == why


@pytest.mark.parametrize("text", GOOD)
def test_what_is_said_every_day_goes_out(faults: Callable[[list[dict[str, Any]]], str], text: str) -> None:
    assert faults(reply(text)) == ""


def test_a_link_must_be_one(faults: Callable[[list[dict[str, Any]]], str]) -> None:
    source = {"name": "A council", "url": "javascript:alert(1)", "checked_on": ""}
    assert faults(reply("Hello.", sources=[source])) == "a link that is none"
    assert faults(reply("Hello.", sources=[{**source, "url": "https://council.example/12345678?a_b=1"}])) == ""


# -- phone numbers -----------------------------------------------------------------------------------------------------

spaces = st.lists(st.sampled_from(["", " ", "-", "\u00a0", " - "]), min_size=10, max_size=10)


@settings(max_examples=200, deadline=None)
@given(number=st.from_regex(r"0[1-9]\d{9}", fullmatch=True), between=spaces)
@example("08001958040", [""] * 10)
def test_a_number_that_nobody_published_never_goes_out_however_it_is_written(number: str, between: list[str]) -> None:
    fixed = last_look_module._known(None)
    assume(not any(number.startswith(known) for known in fixed.numbers))
    written = "".join(digit + space for digit, space in zip(number, [*between, ""], strict=True))
    assert not fixed.phone_is_known(written)
    assert last_look_module._long_numbers(f"Ring {written}.") == [written]


def test_every_published_number_goes_out_however_it_is_written(base: KnowledgeBase) -> None:
    for number in base.numbers - last_look_module.never_said().dead:
        for written in (number, f"{number[:5]} {number[5:]}", f"{number[:4]}-{number[4:7]}-{number[7:]}"):
            assert last_look(reply(f"Ring {written} (desk).")), number
        if number.startswith("0"):
            assert last_look(reply(f"Ring +44 {number[1:]}.")), number


class Published:
    """A knowledge base as the last look sees it."""

    def __init__(self, *texts: str, numbers: tuple[str, ...] = ()) -> None:
        self._texts, self.numbers = texts, frozenset(map(digits, numbers))

    def texts(self) -> tuple[str, ...]:
        return self._texts

    def ids(self) -> tuple[str, ...]:
        return ()


def test_a_dead_number_never_goes_out_even_if_it_is_published_again() -> None:
    with NEVER_SAID.open(encoding="utf-8", newline="") as file:
        dead = [row["pattern"] for row in csv.DictReader(file) if row["kind"] == "dead number"]
    assert len(dead) > 10
    known = last_look_module._known(Published(*(f"Ring {n}." for n in dead), numbers=tuple(dead)))
    for number in dead:
        assert not known.phone_is_known(number), number


def test_the_number_of_a_closed_service_never_goes_out(tiny: Tables, encoder: SentenceEncoder, tmp_path: Path) -> None:
    closed = next(row for row in tiny["service"] if row["id"] == "svc-closed")
    closed["description"], closed["alert"] = "Ring 01432 960999.", "It closed. Ring 01432 260202 instead."
    tiny["step"].append({"record_id": "svc-closed", "step": "Ring 01432 960998."})
    publish(tiny, tmp_path / "knowledge.db", encoder)
    with KnowledgeBase(tmp_path / "knowledge.db", encoder) as base:
        known = last_look_module._known(base)
    assert [known.phone_is_known(n) for n in ("01432 960999", "01432 960998", "01432 260202")] == [False, False, True]


# -- what is published and fixed goes out ------------------------------------------------------------------------------


def test_every_fixed_wording_goes_out() -> None:
    for name, variations in Domain.load(str(DOMAIN)).responses.items():
        for variation in variations:
            assert last_look([variation]) == [variation], name
    for wording in WORDING.values():
        assert last_look(reply(wording.format(longest=1000))), wording
    assert last_look([safe_reply()]) == [safe_reply()]


def test_every_record_goes_out_in_every_way(base: KnowledgeBase) -> None:
    speaker = Speaker(base)
    held = []
    for record in map(base.get, base.ids()):
        said = [*speaker.full(record, 1.0), speaker.brief(record, 1.0), speaker.short(record), *record.steps]
        sources = [{"name": s.name, "url": s.url, "checked_on": ""} for s in record.sources]
        shown = {"id": record.id, "kind": record.kind, "name": record.name}
        held += [record.id] if last_look(reply("\n".join(said), records=[shown], sources=sources)) is None else []
    assert held == []


@pytest.mark.slow
def test_no_answer_to_the_contents_own_questions_is_held_back(
    assistant: Assistant, figure: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    messages = Messages(assistant)
    asked = [row["question"] for row in read(CONTENT)["question"][::10]]

    async def ask() -> None:
        for number, question in enumerate(asked):
            await messages.answer(f"last-look-{number}", question)

    with caplog.at_level(logging.ERROR, "bot.last_look"):
        asyncio.run(ask())
    held = [record.getMessage() for record in caplog.records if record.name == "bot.last_look"]
    figure(f"last look: {len(held)} false alarms in the answers to {len(asked)} of the content's questions")
    assert held == []


# -- what happens then -------------------------------------------------------------------------------------------------


def test_the_log_says_what_failed_and_nothing_that_the_resident_said(caplog: pytest.LogCaptureFixture) -> None:
    record = {"id": "svc-clinic", "kind": "service", "name": "Quillbury Clinic"}
    assert last_look(reply("Jo Quill, you have flu. Ring 07700 900123.", records=[record])) is None
    assert caplog.messages == [
        "A reply was held back: a phone number that may not be given, diagnosis. It was made from ['svc-clinic']."
    ]


def test_a_button_that_says_back_something_bad_is_dropped_with_its_line() -> None:
    good = {"title": "GP surgery", "payload": "GP surgery"}
    bad = {"title": "is 07700 900123 yours", "payload": "is 07700 900123 yours"}
    text = "Quillbury Clinic.\nYou also asked: “is 07700 900123 yours”"
    [message, custom] = last_look([{"text": text, "buttons": [good, bad]}, reply("")[1]]) or []
    assert message == {"text": "Quillbury Clinic.", "buttons": [good]}
    assert custom["custom"]["outcome"] == "answer"


class Saying:
    """An assistant that says what it was made to say."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = list(messages)

    async def answer(self, sender: str, text: str) -> list[dict[str, Any]]:
        return [{"recipient_id": sender, **message} for message in self._messages]


def answered(text: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
    return asyncio.run(Messages(Saying(*messages)).answer("me", text))  # type: ignore[arg-type]


def test_instead_of_a_bad_reply_the_safe_one_goes_out() -> None:
    safe = [{"recipient_id": "me", **safe_reply()}]
    assert answered("my foot hurts", *reply("It will be fine.")) == safe
    assert answered("my foot hurts") == safe
    assert "111" in safe_reply()["text"] and "999" in safe_reply()["text"]


def test_whoever_is_in_danger_gets_the_reply_to_danger_instead_of_a_bad_one() -> None:
    messages = answered("he isn't breathing", *reply("It will be fine."))
    assert messages[-1]["custom"]["outcome"] == "emergency"
    assert "999" in messages[0]["text"]


def test_a_last_look_that_breaks_lets_nothing_out_but_danger(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(messages: object) -> None:
        raise OSError

    monkeypatch.setattr(last_look_module, "_look", broken)
    assert answered("hello", *reply("Hello.")) == [{"recipient_id": "me", **safe_reply()}]
    assert answered("he isn't breathing", *reply("Hello."))[-1]["custom"]["outcome"] == "emergency"


def danger_replies() -> list[dict[str, Any]]:
    responses = Domain.load(str(DOMAIN / "danger.yml")).responses
    return [variation for variations in responses.values() for variation in variations]


@settings(max_examples=100, deadline=None)
@given(
    fixed=st.sampled_from(danger_replies()),
    extra=st.sampled_from([line.split(": ", 1)[1] for line in BAD.strip().splitlines()]),
    first=st.booleans(),
)
def test_of_a_reply_to_danger_only_what_was_added_is_dropped(fixed: dict[str, Any], extra: str, first: bool) -> None:
    custom = {"custom": fixed["custom"]}
    said = {"text": f"{extra}\n{fixed['text']}" if first else f"{fixed['text']}\n{extra}"}
    button = {"title": extra, "payload": extra}
    assert last_look([said, custom]) == [{"text": fixed["text"]}, custom]
    assert last_look([{"text": fixed["text"]}, {"text": extra, "buttons": [button]}, custom]) == [
        {"text": fixed["text"]},
        custom,
    ]


def test_without_a_knowledge_base_the_fixed_wording_still_goes_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(tmp_path / "nothing.db"))
    for variation in danger_replies():
        assert last_look([variation]) == [variation]
    assert last_look([safe_reply("knowledge_unavailable")])
    assert last_look(reply("Ring 01562 513039.")) is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.text(max_size=30))
def test_no_text_breaks_it(text: str, title: str) -> None:
    assert last_look_module._look([{"text": text, "buttons": [{"title": title, "payload": title}]}]) is None or text


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row, problem",
    [
        ("dosage,take two,,an amount", "row 2: “dosage” is no kind. Use one of: " + ", ".join(KINDS)),
        ("dose,take two,,", "row 2: there is no note"),
        ("dose,take (two),,an amount", "row 2: “take (two)” cannot be read"),
    ],
)
def test_a_mistake_in_the_table_is_told(tmp_path: Path, row: str, problem: str) -> None:
    (tmp_path / "never_said.csv").write_text(f"kind,pattern,unless,note\n{row}\n", encoding="utf-8")
    with pytest.raises(NeverSaidError) as told:
        NeverSaid.read(tmp_path / "never_said.csv")
    assert problem in str(told.value)


def test_how_a_wording_is_written(tmp_path: Path) -> None:
    rows = "kind,pattern,unless,note\ndose,take .. # pill|small_tablet ; eat up,with_care,an amount\n"
    (tmp_path / "never_said.csv").write_text(rows, encoding="utf-8")
    table = NeverSaid.read(tmp_path / "never_said.csv")
    said = ["take 2 pill", "Take up to two small tablet", "just take the odd one pill", "eat up"]
    assert [text for text in said if table.kind_in(text) != "dose"] == []
    not_said = ["take pill", "take 2. Pill", "take 2 pills", "mistake 2 pill", "if take 2 pill", "eat up with care"]
    assert [text for text in not_said if table.kind_in(text)] == []


def test_it_costs_next_to_nothing(base: KnowledgeBase, figure: Callable[[str], None]) -> None:
    speaker, took = Speaker(base), []
    replies = [reply("\n".join(speaker.full(record))) for record in map(base.get, base.ids())]
    last_look(replies[0])
    for messages in replies:
        tries = []
        for _ in range(3):  # the best of three: other processes are not to be measured
            start = time.perf_counter()
            last_look(messages)
            tries.append((time.perf_counter() - start) * 1000)
        took.append(min(tries))
    middle, nearly_all = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    figure(f"last look: p50 {middle:.3f} ms, p95 {nearly_all:.3f} ms for a record in full")
    assert middle < 1  # on a busy machine; the figure is what counts
