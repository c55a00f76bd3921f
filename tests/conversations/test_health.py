"""What is published is answered from on the next turn; what is missing or damaged takes nothing away."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest
import requests
from sqlite_utils import Database

from knowledge import build, content, schema
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from knowledge.content import Tables
    from knowledge.vectors import SentenceEncoder
    from tests.conversations.conftest import App

pytestmark = pytest.mark.conversation

# A service as an editor would add it. Nothing like it is in the content, or in what the model was trained on.
CHOIR = {
    "id": "svc-lungs-choir",
    "name": "Quillbury Lungs Choir",
    "alternate_name": "the puffing tenors",
    "description": "Sing with others if you have COPD or another lung condition. Singing helps your breathing.",
    "status": "active",
    "area": "herefordshire",
    "taxonomy_terms": "loneliness",
    "address_1": "3 Quill Lane",
    "city": "Bromyard",
    "postal_code": "HR7 4BZ",
    "application_process": "Just turn up.",
    "fees_description": "£2 a time.",
    "confidence": "high",
    "source_date": "2026-11",
}
NUMBER = "01432 960777"


class Listening:
    """Hears which texts `knowledge build` wants vectors of."""

    width = 384

    def hear(self, tables: Tables) -> list[str]:
        self._texts: list[str] = []
        build._write_vectors(Database(memory=True), tables, list(build._documents(tables)), self)  # type: ignore[arg-type]
        return self._texts

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._texts += texts
        return np.zeros((len(texts), self.width), dtype=np.float32)


class Remembering:
    """The encoder, with the vectors of what is published already: only what is new is worked out."""

    def __init__(self, encoder: SentenceEncoder, published: Path) -> None:
        self._encoder = encoder
        self.width = encoder.width
        texts = Listening().hear(content.read(CONTENT))
        with sqlite3.connect(published) as database:
            rows = database.execute("SELECT vector FROM vector ORDER BY rowid").fetchall()
        vectors = [np.frombuffer(row[0], dtype=np.float16).astype(np.float32) for row in rows]
        self._known: dict[str, NDArray[np.float32]] = dict(zip(texts, vectors, strict=True))
        assert np.allclose(self._known[texts[7]], encoder.encode_one(texts[7]), atol=0.02)

    def encode_one(self, text: str) -> NDArray[np.float32]:
        if text not in self._known:
            self._known[text] = self._encoder.encode_one(text)
        return self._known[text]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_one(text) for text in texts])


@pytest.fixture(scope="module")
def publish(encoder: SentenceEncoder, database: Path) -> Callable[[App, Tables], str]:
    """Publishes tables for an app, as `knowledge build` does, and gives their version."""
    remembering = Remembering(encoder, database)

    def publish(app: App, tables: Tables) -> str:
        assert not content.check(tables)
        return build.publish(tables, app.knowledge, remembering)  # type: ignore[arg-type]

    return publish


@pytest.fixture(scope="module")
def own_app(start_app: Callable[[Path], App], tmp_path_factory: pytest.TempPathFactory) -> App:
    """An app of these tests alone, started before anything was published."""
    app = start_app(tmp_path_factory.mktemp("own"))
    before = app.health()
    assert before.status_code == 503
    assert before.json() == {"status": "unavailable", "model": True, "knowledge": None}
    return app


@pytest.fixture
def fresh(own_app: App, database: Path) -> App:
    """The app with the real content published again."""
    swap(database, own_app.knowledge)
    return own_app


def swap(source: Path, target: Path) -> None:
    """Put a file in another's place at one stroke."""
    beside = target.with_suffix(".new")
    shutil.copy(source, beside)
    beside.replace(target)


def with_the_choir() -> Tables:
    tables = content.read(CONTENT)
    tables["service"].append({column: CHOIR.get(column, "") for column in schema.COLUMNS["service"]})
    phone = {"record_id": CHOIR["id"], "number": NUMBER, "type": "voice", "description": "the choir's leader"}
    tables["phone"].append({column: phone.get(column, "") for column in schema.COLUMNS["phone"]})
    tables["source"].append({"record_id": CHOIR["id"], "name": "Quillbury Lungs Choir", "url": "", "date": ""})
    return tables


def test_what_is_published_after_the_start_is_taken_up(fresh: App) -> None:
    health = fresh.health()
    assert health.status_code == 200
    body = health.json()
    assert (body["status"], body["model"]) == ("ok", True)
    assert body["knowledge"]
    assert fresh.chat().say("pharmacy in Redditch").outcome == "answer"


def test_a_new_service_is_answered_on_the_next_turn(fresh: App, publish: Callable[[App, Tables], str]) -> None:
    """The promise of the whole: content is changed, and nothing is started or trained again."""
    chat = fresh.chat()
    for words in ("Quillbury Lungs Choir", "the puffing tenors", "singing for people with COPD in Bromyard"):
        assert CHOIR["id"] not in chat.say(words).records
    before = fresh.health().json()["knowledge"]

    version = publish(fresh, with_the_choir())

    assert fresh.health().json()["knowledge"] == version != before
    by_name = chat.say("what's the number of Quillbury Lungs Choir")
    assert by_name.records[0] == CHOIR["id"]
    assert by_name.lines[0] == f"Ring {NUMBER} (the choir's leader)."
    assert "These details are from November 2026." in by_name.lines
    assert by_name.custom["sources"] == [{"name": "Quillbury Lungs Choir", "url": "", "checked_on": "2026-11"}]
    assert chat.say("how much is it").lines[0] == "Cost: £2 a time."
    assert fresh.chat().say("where do the puffing tenors meet").records[0] == CHOIR["id"]
    assert CHOIR["id"] in fresh.chat().say("is there singing for people with COPD in Bromyard").records


def test_a_changed_number_is_the_one_that_is_said(fresh: App, publish: Callable[[App, Tables], str]) -> None:
    chat = fresh.chat()
    assert "01885 483412" in chat.say("Nunwell Surgery").text
    tables = content.read(CONTENT)
    for row in tables["phone"]:
        if row["record_id"] == "gp-m81048":
            row["number"] = NUMBER
    publish(fresh, tables)
    reply = chat.say("what's their number")
    assert NUMBER in reply.lines[0]
    assert "01885 483412" not in reply.text


def test_a_changed_phrase_is_the_one_that_is_said(fresh: App, publish: Callable[[App, Tables], str]) -> None:
    tables = content.read(CONTENT)
    for row in tables["phrase"]:
        if row["id"] == "ask_place":
            row["text"] = "Where do you live, roughly?"
    publish(fresh, tables)
    assert fresh.chat().say("pharmacy").text == "Where do you live, roughly?"


def test_a_conversation_goes_on_when_what_was_shown_is_gone(fresh: App, publish: Callable[[App, Tables], str]) -> None:
    publish(fresh, with_the_choir())
    chat = fresh.chat()
    chat.say("Quillbury Lungs Choir")
    publish(fresh, content.read(CONTENT))
    reply = chat.say("what's their number")
    assert reply.outcome in ("clarify", "fallback", "answer")
    assert NUMBER not in reply.text
    assert "can't look things up" not in reply.text
    assert chat.say("pharmacy in Redditch").outcome == "answer"


@pytest.mark.parametrize("damage", ["rubbish", "half", "empty", "another database", "gone"])
def test_a_damaged_knowledge_base_takes_the_last_good_one_from_nobody(
    fresh: App, database: Path, tmp_path: Path, damage: str
) -> None:
    chat = fresh.chat()
    version = fresh.health().json()["knowledge"]
    bad = tmp_path / "bad.db"
    if damage == "rubbish":
        bad.write_bytes(b"This is no database. " * 1000)
    elif damage == "half":
        bad.write_bytes(database.read_bytes()[: database.stat().st_size // 2])
    elif damage == "empty":
        bad.write_bytes(b"")
    elif damage == "another database":
        with sqlite3.connect(bad) as other:
            other.execute("CREATE TABLE thing (id TEXT)")
    if damage == "gone":
        fresh.knowledge.unlink()
    else:
        swap(bad, fresh.knowledge)
    assert chat.say("Nunwell Surgery").records[0] == "gp-m81048"
    assert chat.say("their number").lines[0] == "Ring 01885 483412 (surgery)."
    health = fresh.health()
    assert (health.status_code, health.json()["knowledge"]) == (200, version)
    assert f"Still answering from knowledge {version}" in fresh.log


def test_a_turn_that_cannot_be_kept_is_an_error_and_danger_is_answered_all_the_same(fresh: App) -> None:
    chat = fresh.chat()
    chat.say("pharmacy")
    with sqlite3.connect(fresh.conversations) as conversations:
        conversations.execute("ALTER TABLE event RENAME TO away")
    try:
        response = fresh.post(json={"sender": chat.sender, "message": "Redditch"})
        assert response.status_code == 500
        assert set(response.json()) == {"error"}
        assert "111" in response.json()["error"] and "999" in response.json()["error"]
        assert chat.say("my neighbour has collapsed and isn't breathing").outcome == "emergency"
        page = requests.post(fresh.address, data={"message": "Redditch"}, timeout=30)
        assert page.status_code == 500 and page.headers["content-type"].startswith("text/html")
        assert 'href="tel:111"' in page.text and "Sorry, that did not work" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    finally:
        with sqlite3.connect(fresh.conversations) as conversations:
            conversations.execute("ALTER TABLE away RENAME TO event")
    assert "The nearest to Redditch:" in chat.say("Redditch").text


def test_a_conversation_outlives_a_crash(fresh: App) -> None:
    chat = fresh.chat()
    chat.say("GP surgeries in Kidderminster", "the second one")
    shown = chat.say("what's their address").records
    fresh.kill()
    fresh.start()
    assert chat.say("and the number").records == shown
    assert chat.say("more").outcome == "answer"
