"""Whatever is sent: a plain sentence or an ordinary answer, never a trace, and the conversation is not lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conversations.conftest import App, Chat

pytestmark = pytest.mark.conversation

TRACES = ("Traceback", 'File "', ".py", "Error:", "sqlite", "Exception")


def sentence(response: Any) -> str:
    """The error, which must be one plain sentence or two."""
    body = response.json()
    assert set(body) == {"error"}
    assert body["error"].endswith(".")
    assert 10 < len(body["error"]) < 200
    assert not any(trace in body["error"] for trace in TRACES)
    return str(body["error"])


@pytest.mark.parametrize(
    "body, status",
    [
        (b"", 400),
        (b"hello", 400),
        (b'{"sender": "a", "message": "hello"', 400),
        (b"\x00\xff\xfe\x89PNG\r\n\x1a\n", 400),
        (b"null", 400),
        (b"[]", 400),
        (b'"hello"', 400),
        (b"[" * 50_000, 400),
        (b"{}", 400),
        (b'{"sender": "a"}', 400),
        (b'{"sender": "a", "message": null}', 400),
        (b'{"sender": "a", "message": ""}', 400),
        (b'{"sender": "a", "message": "  \\n\\t "}', 400),
        (b'{"sender": "a", "message": "\\u0000\\u200b\\u0007"}', 400),
        (b'{"sender": "a", "message": "///"}', 400),
        (b'{"sender": "a", "message": 42}', 400),
        (b'{"sender": "a", "message": ["hello"]}', 400),
        (b'{"sender": "a", "message": {"text": "hello"}}', 400),
        (b'{"sender": 42, "message": "hello"}', 400),
        (b'{"sender": null, "message": "hello"}', 400),
        (b'{"sender": ["a"], "message": "hello"}', 400),
        (b'{"sender": {"id": 1}, "message": "hello"}', 400),
        (b'{"sender": true, "message": "hello"}', 400),
        (b'{"sender": "", "message": "hello"}', 400),
        (b'{"sender": "a\\nb", "message": "hello"}', 400),
        (json.dumps({"sender": "a" * 1000, "message": "hello"}).encode(), 400),
        (json.dumps({"sender": "a", "message": "lovely weather " * 334}).encode(), 413),
        (json.dumps({"sender": "a", "message": "x" * 1001}).encode(), 413),
        (b" " * 200_000, 413),
        (b"\xff" * 5_000_000, 413),
    ],
    ids=lambda value: f"{value[:40]!r} of {len(value)}" if isinstance(value, bytes) else str(value),
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(app: App, body: bytes, status: int) -> None:
    response = app.post(data=body)
    assert response.status_code == status
    sentence(response)


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_other_methods_are_refused(app: App, method: str) -> None:
    import requests

    response = requests.request(method, f"{app.address}/webhooks/rest/webhook", timeout=10)
    assert response.status_code == 405
    assert not any(trace in response.text for trace in TRACES)


def test_an_address_that_is_not_there(app: App) -> None:
    import requests

    response = requests.get(f"{app.address}/webhooks/../../etc/passwd", timeout=10)
    assert response.status_code == 404
    assert not any(trace in response.text for trace in TRACES)


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert('hello')</script>",
        "<b>pharmacy</b> in <i>Redditch</i>",
        "'; DROP TABLE event; --",
        '" OR 1=1 UNION SELECT * FROM phone --',
        'NEAR("pharmacy" "redditch", 3) AND name:* ^',
        "{{7*7}} ${7*7} %(name)s %n",
        "\\x00\\u0000 \\' \\\"",
        "?",
        "...",
        "1234567890",
        "999999999999999999999999999999",
        "💊💉🏥",
        "هل توجد صيدلية قريبة",
        "药房在哪里",
        "Ẓ̌á̲l͔̝̞̄̑͌g̖̘̘̔̔͢͞͝o̪̔T̢̙̫̈̍͞",
        "A" * 1000,
        "a " * 499,
        "pharmacy\nin\n\nRedditch\t",
        "null",
        "None",
        "HR",
        "HR1",
        "WR99 9ZZ",
        "'",
        "&amp; &lt; &#39;",
        "GP",
    ],
)
def test_odd_messages_get_an_ordinary_answer(chat: Chat, words: str) -> None:
    reply = chat.say(words)
    assert reply.text or reply.buttons
    assert reply.outcome in ("answer", "clarify", "fallback", "out_of_scope", "chitchat")
    assert not any(trace in reply.text for trace in ("Traceback", 'File "', "Exception"))
    assert "went wrong" not in reply.text
    assert "can't look things up" not in reply.text


def test_the_conversation_is_not_lost(app: App, chat: Chat) -> None:
    chat.say("Nunwell Surgery")
    for message in ("", None, 42, "lovely weather " * 400):
        assert 400 <= app.post(json={"sender": chat.sender, "message": message}).status_code < 500
    assert app.post(data=b"\x00").status_code == 400
    chat.say("'; DELETE FROM event; --")
    assert chat.say("Nunwell Surgery", "their number?").lines[0] == "Ring 01885 483412 (surgery)."


def test_without_a_sender_there_is_still_an_answer(app: App) -> None:
    response = app.post(json={"message": "hello"})
    assert response.status_code == 200
    assert response.json()[0]["recipient_id"] == "default"


def test_many_at_once_in_one_conversation_are_all_answered_and_kept(chat: Chat) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(chat.say, ["pharmacy in Redditch"] * 24))
    assert {tuple(reply.records) for reply in replies} == {tuple(replies[0].records)}
    assert chat.say("the first one").records == replies[0].records[:1]


def test_nothing_of_all_this_broke_anything_inside(app: App) -> None:
    """Runs last in this file: the log of the app holds no trace."""
    assert "Traceback" not in app.log
