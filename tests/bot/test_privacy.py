"""What identifies a resident is masked; what belongs to a service stays."""

from __future__ import annotations

import asyncio
import csv
import logging
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.assistant import Processor
from bot.messages import Messages, without_personal_data
from bot.nlu.danger_detector import shared_watch
from bot.privacy import is_masked, mask, mask_postcode, without_placeholders
from bot.settings import WORDING
from knowledge import schema
from knowledge.content import read
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from bot.assistant import Assistant
    from knowledge.search import KnowledgeBase

HERE = Path(__file__).resolve().parent
SAFETY = HERE.parent / "safety"
WEIGHTS = range(10, 1, -1)
GOOD = 0.99  # of the identifiers of each kind that must be masked
SEPARATED = st.sampled_from(["", " ", "-", "."])


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


# -- measured: what residents write, and what they ask


def test_personal_data_is_masked_and_nothing_else(base: KnowledgeBase, figure: Callable[[str], None]) -> None:
    """Every message of the file, by kind; whatever else a message says must stay word for word."""
    with (HERE / "personal_data.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) >= 200
    all_of, masked, lost = Counter[str](), Counter[str](), Counter[str]()
    missed = []
    for row in rows:
        kept = mask_postcode(mask(row["message"], base.knows))
        for identifier in row["gone"].split(" | "):
            all_of[row["kind"]] += 1
            found = identifier not in kept
            masked[row["kind"]] += found
            missed += [] if found else [row["message"]]
        rest = row["message"]
        for identifier in row["gone"].split(" | "):
            rest = rest.replace(identifier, "")
        gone_too = Counter(re.findall(r"\w+", rest)) - Counter(re.findall(r"\w+", kept))
        lost[row["kind"]] += any(word.islower() and word not in "sort code account number" for word in gone_too)
    for kind, count in all_of.items():
        figure(f"masked {kind}: {masked[kind]} of {count}; messages that lost a word more: {lost[kind]}")
    right, wrong = sum(masked.values()), sum(lost.values())
    figure(f"masked: recall {right / sum(all_of.values()):.1%}, precision {right / (right + wrong):.1%}")
    assert all(masked[kind] >= GOOD * count for kind, count in all_of.items()), missed
    assert wrong == 0


def service_texts() -> Iterator[str]:
    """What must not lose a word: questions with numbers, dates and names, all of the content, and signs of danger."""
    yield from (HERE / "service_questions.txt").read_text(encoding="utf-8").splitlines()
    tables = read(CONTENT)
    yield from (row["question"] for row in tables["question"])
    for kind in schema.KINDS:
        for row in tables[kind]:
            yield from (row["name"], *schema.split_list(row["alternate_name"]), row["description"])
    for path in sorted([*SAFETY.glob("*.tsv"), *SAFETY.glob("*.txt")]):
        yield from (line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines())


def test_no_service_question_loses_a_word(base: KnowledgeBase, figure: Callable[[str], None]) -> None:
    texts = list(service_texts())
    changed = [(text, masked) for text in texts if (masked := mask(text, base.knows)) != text]
    figure(f"service questions, names and signs of danger that masking changed: {len(changed)} of {len(texts)}")
    assert len((HERE / "service_questions.txt").read_text(encoding="utf-8").splitlines()) >= 200
    assert not changed


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "before, after", [("my name is Margaret Lloyd, ", ""), ("", ". NHS number 943 476 5919, dob 3.2.61")]
)
def test_no_danger_is_hidden(loaded: Assistant, before: str, after: str) -> None:
    watch, hidden = shared_watch(), []
    for line in (SAFETY / "danger.tsv").read_text(encoding="utf-8").splitlines():
        text = before + line.split("\t")[0] + after
        seen, still = watch.look(text), watch.look(without_placeholders(without_personal_data(text)))
        if seen and not (still and still.intent == seen.intent):
            hidden.append(text)
    assert not hidden


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("text", ["my name is suicidal", "this is Mr Overdose speaking, my name is not breathing"])
def test_words_that_a_danger_hangs_on_are_no_name(loaded: Assistant, text: str) -> None:
    seen = shared_watch().look(text)
    still = shared_watch().look(without_placeholders(without_personal_data(text)))
    assert (seen and seen.intent) == (still and still.intent)


def test_an_error_that_quotes_the_message_logs_nothing_personal(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever breaks behind the mask, and however much is logged: there is nothing to log."""

    def breaks(dispatcher: object, tracker: Any, domain: object) -> None:
        raise RuntimeError(f"cannot find {tracker.latest_message}")

    assert isinstance(assistant.processor, Processor)
    for action in assistant.processor._custom.values():
        monkeypatch.setattr(action._action, "run", breaks)
    caplog.set_level(logging.DEBUG)
    words = "I'm on 07700 900123, nhs no 943 476 5919, pharmacy near WR14 9QX"
    messages = asyncio.run(Messages(assistant).answer("quotes", words))
    assert messages[0]["text"] == WORDING["knowledge_unavailable"]
    assert "cannot find" in caplog.text
    assert not [secret for secret in ("07700", "943 476", "9QX") if secret in caplog.text]


# -- kind by kind


def nhs_number(nine: str) -> str | None:
    """Nine digits with their check digit, or None where there is none (as the NHS Data Dictionary has it)."""
    check = 11 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, nine, strict=True)) % 11
    return None if check == 10 else nine + str(check % 11)


@given(digits(9).filter(lambda nine: not nine.startswith(("03", "08")) and len(set(nine)) > 1), SEPARATED)
def test_every_nhs_number_is_masked(nine: str, between: str) -> None:
    if number := nhs_number(nine):
        written = between.join((number[:3], number[3:6], number[6:]))
        assert mask(f"it's {written}, where are my results") in (
            "it's [NHS number], where are my results",
            "it's [phone number], where are my results",  # what begins with 0 may be either
        )


@pytest.mark.parametrize("number", ["943 476 5918", "943 476 591", "94347659190", "123 456 7890"])
def test_what_fails_the_check_is_no_nhs_number(number: str) -> None:
    assert "[NHS number]" not in mask(f"ref {number}")


def test_what_is_said_to_be_an_nhs_number_may_be_mistyped() -> None:
    assert mask("my NHS number is 943 476 5918") == "my NHS number is [NHS number]"


@given(digits(14), SEPARATED)
def test_every_card_number_is_masked(fourteen: str, between: str) -> None:
    doubled = [int(d) * 2 if number % 2 == 0 else int(d) for number, d in enumerate("4" + fourteen)]
    check = -sum(d - 9 if d > 9 else d for d in doubled) % 10
    number = f"4{fourteen}{check}"
    assert "[card number]" in mask("card " + between.join(number[i : i + 4] for i in range(0, 16, 4)))


@given(st.from_regex(r"\A[A-CEGHJ-PR-TW-Z]{2}[0-9]{6}[A-D]\Z"), SEPARATED)
def test_every_national_insurance_number_is_masked(number: str, between: str) -> None:
    written = between.join((number[:2], number[2:4], number[4:6], number[6:8], number[8]))
    assert mask(f"ni {written} ok") == "ni [National Insurance number] ok"


@given(st.dates(), st.sampled_from(["%d/%m/%Y", "%d.%m.%y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d", "%B %d, %Y", "%d%m%Y"]))
def test_every_date_of_birth_is_masked(day: date, written: str) -> None:
    day = day.replace(year=1900 + day.year % 126, day=min(day.day, 28))
    assert mask(f"dob {day.strftime(written)} ok") == "dob [date of birth] ok"


@pytest.mark.parametrize(
    "text, masked",
    [
        ("12 Acacia Avenue, WR14 9QX", "[address], WR14 ***"),
        ("is Boots at 12 Broad Street, WR14 2AA", "is Boots at 12 Broad Street, WR14 ***"),
        ("my name is Jo Redditch dentist", "my name is [name] Redditch dentist"),
    ],
)
def test_what_the_knowledge_base_has_stays(text: str, masked: str) -> None:
    assert mask_postcode(mask(text, {"WR14 2AA", "redditch"}.__contains__)) == masked


def test_what_is_read_has_no_words_that_nobody_said() -> None:
    text = mask("ring 07700 900123, I need a dentist")
    assert is_masked(text)
    assert without_placeholders(text) == "ring ***, I need a dentist"
    assert not is_masked("I need a [dentist]")


@pytest.mark.parametrize(
    "email", ["jo.bloggs@example.org", "jo+nhs@mail.example.co.uk", "J_B-1@example.com", "o'jo@example.org"]
)
def test_email_addresses_are_masked(email: str) -> None:
    masked = mask(f"write to {email}. Thanks")
    assert "@" not in masked
    assert "example" not in masked
    assert masked.startswith("write to ") and masked.endswith(" Thanks")


@pytest.mark.parametrize(
    "number",
    [
        "07700 900123",
        "07700900123",
        "07700-900-123",
        "+44 7700 900123",
        "0044 7700 900 123",
        "+44 (0)7700 900123",
        "07911 123456",
        "01432 960123",
        "+33 1 42 68 53 00",
    ],
)
def test_private_numbers_are_masked(number: str) -> None:
    assert mask(f"ring me on {number} please") == "ring me on [phone number] please"


@pytest.mark.parametrize(
    "number", ["0300 123 1732", "0800 111 999", "0808 196 9127", "111", "999", "116 123", "85258", "0845 46 47"]
)
def test_numbers_that_no_resident_has_stay(number: str) -> None:
    assert mask(f"is {number} free") == f"is {number} free"


def test_the_number_of_a_service_stays() -> None:
    def is_service(digits: str) -> bool:
        return digits == "01885483412"

    text = "is 01885 483412 right, or 07700 900123, or 01885 483413"
    assert mask(text, is_service) == "is 01885 483412 right, or [phone number], or [phone number]"


@pytest.mark.parametrize(
    "text", ["pharmacy in WR14", "I am 74", "open 9 to 5 on 12/11/2026", "£9.90", "B97 4RN", "2 a day, 500 mg, 3 weeks"]
)
def test_ordinary_text_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text, masked",
    [
        ("WR14 2GP", "WR14 ***"),
        ("wr142gp", "wr14***"),
        ("I'm at HR1 2ER now", "I'm at HR1 *** now"),
        ("b97 4rn or WR5 1DD", "b97 *** or WR5 ***"),
        ("WR14  2GP", "WR14 ****"),
        ("pharmacy in WR14", "pharmacy in WR14"),
        ("WR14 2", "WR14 2"),
        ("a 24 hour A1 service", "a 24 hour A1 service"),
    ],
)
def test_only_the_outward_code_of_a_postcode_stays(text: str, masked: str) -> None:
    assert mask_postcode(text) == masked


@given(st.text("HRWB 0123456789abz,.\n", max_size=40))
def test_a_masked_postcode_is_as_long_as_it_was_and_masked_for_good(text: str) -> None:
    masked = mask_postcode(text)
    assert len(masked) == len(text)
    assert mask_postcode(masked) == masked
    assert all(new in (old, "*", " ") for old, new in zip(text, masked, strict=True))


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert "@" not in mask(text) or "@" in text
    mask_postcode(text)
