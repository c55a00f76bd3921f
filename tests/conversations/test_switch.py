"""The off switch, used while the app runs: numbers to ring for everybody, and danger answered all the same."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

import pytest
import requests
from click.testing import CliRunner

from bot.commands import main
from bot.settings import WORDING
from bot.switch import last
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conversations.conftest import App

pytestmark = pytest.mark.conversation

NOT_BREATHING = "my neighbour has collapsed in his garden and he isn't breathing"


def command(app: App, *words: str) -> str:
    result = CliRunner().invoke(main, words, env={"HELP_BUILD": str(app.folder), "HELP_OFF": ""})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def off(app: App) -> Iterator[App]:
    """The app, switched off."""
    command(app, "off", "--who", "Jo Quill", "--why", "wrong number\nfor the dentists")
    yield app
    command(app, "on", "--who", "Ann Quill")


def test_everything_but_danger_gets_the_numbers(off: App) -> None:
    for message in ("pharmacy in Redditch", "hello", "x" * 5000):
        reply = off.chat().say(message)
        assert reply.text == WORDING["off"]
        assert (reply.outcome, reply.card) == ("fallback", None)
    reply = off.chat().say(NOT_BREATHING)
    assert (reply.outcome, reply.card) == ("emergency", "immediate")
    assert reply.lines[0].startswith("Call 999")
    assert off.chat().say("word " * 1000 + NOT_BREATHING).outcome == "emergency"
    assert off.post(json={"sender": "a", "message": ""}).status_code == 400


def test_health_says_off_and_nobody_is_sent_away(off: App) -> None:
    response = off.health()
    assert (response.status_code, response.json()["status"]) == (200, "off")
    assert "Quill" not in response.text


def test_the_page_has_the_numbers_and_no_box(app: App) -> None:
    with requests.Session() as session:
        session.post(app.address, data={"message": NOT_BREATHING}, timeout=30)
        session.post(app.address, data={"message": "pharmacy in Redditch"}, timeout=30)
        command(app, "off", "--who", "Jo", "--why", "wrong number")
        try:
            text = session.get(app.address, timeout=30).text
            assert "<textarea" not in text
            for number in ("999", "111", "01432260000", "01905768053"):
                assert f'href="tel:{number}"' in text.split('id="off"')[1].split("</section>")[0]
            assert 'href="#off"' in text
            assert "wrong number" not in text, "the reason is for colleagues"
            assert "The nearest to Redditch" not in text, "it may be what is wrong"
            assert 'class="pinned' in text
            assert "Delete my chat" in text
            sent = session.post(app.address, data={"message": "optician in Malvern"}, timeout=30)
            assert 'id="off"' in sent.text
            danger = requests.post(app.address, data={"message": NOT_BREATHING}, timeout=30)
            assert "or go to A&amp;E now.</h2>" in danger.text and 'id="off"' in danger.text
            assert "Your chat is deleted" in session.post(f"{app.address}/delete", timeout=30).text
        finally:
            command(app, "on", "--who", "Jo")
    assert "<textarea" in requests.get(app.address, timeout=30).text
    assert app.health().json()["status"] == "ok"
    assert app.chat().say("pharmacy in Redditch").outcome == "answer"


def test_who_and_why_and_when_are_kept_and_logged(off: App) -> None:
    off.health()
    line = json.loads((off.folder / "switch.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (line["off"], line["who"], line["why"]) == (True, "Jo Quill", "wrong number for the dentists")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", line["at"])
    assert f"Switched off by Jo Quill at {line['at']}: wrong number for the dentists" in off.log
    command(off, "on", "--who", "Ann")
    off.health()
    assert "Switched on by Ann" in off.log
    command(off, "off", "--who", "Jo", "--why", "again")
    lines = (off.folder / "switch.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["off"] for line in lines[-3:]] == [True, False, True], "each use is kept"


@pytest.mark.parametrize("words", [["off"], ["off", "--who", "Jo"], ["off", "--who", " ", "--why", "x"], ["on"]])
def test_nobody_switches_without_a_name_and_a_reason(tmp_path: Path, words: list[str]) -> None:
    result = CliRunner().invoke(main, words, env={"HELP_BUILD": str(tmp_path)})
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"off\n", b"\xff\xfe", b'{"off": false}\n', b"[]\n", b"{\n"])
def test_what_cannot_be_read_counts_as_off(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "switch.jsonl"
    path.write_bytes(content)
    switching = last(path)
    assert switching is not None and switching.off


def test_the_setting_switches_it_off_from_the_start(
    start_app: Callable[..., App], published_in: Callable[[str], Path]
) -> None:
    app = start_app(published_in("off"), HELP_OFF="not reviewed yet")
    assert app.health().json()["status"] == "off"
    assert app.chat().say("pharmacy in Redditch").text == WORDING["off"]
    assert app.chat().say(NOT_BREATHING).outcome == "emergency"
    assert "not reviewed yet" in app.log
    app.stop()


def test_the_numbers_of_the_councils_are_those_of_the_content() -> None:
    with (CONTENT / "phone.csv").open(encoding="utf-8", newline="") as file:
        numbers = {row["record_id"]: row["number"] for row in csv.DictReader(file)}
    for council in ("council-herefordshire", "council-worcestershire-county"):
        assert numbers[council] in WORDING["off"]
