"""Taking up a new knowledge base while running, and never losing a good one."""

from __future__ import annotations

import logging
import sqlite3
import threading
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from knowledge import published
from knowledge.build import publish
from knowledge.published import Published
from knowledge.search import KnowledgeBase, KnowledgeBaseError, Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from knowledge.content import Tables
    from knowledge.vectors import SentenceEncoder


@pytest.fixture
def path(tiny: Tables, tmp_path: Path, encoder: SentenceEncoder) -> Path:
    """The tiny content, published."""
    target = tmp_path / "knowledge.db"
    publish(tiny, target, encoder)
    return target


@pytest.fixture
def other(tiny: Tables) -> Tables:
    """The tiny content with another name for a service."""
    changed = deepcopy(tiny)
    changed["service"][0]["name"] = "Example Carers Desk"
    return changed


def name_of_the_service(base: KnowledgeBase) -> str:
    return base.get("svc-carers").name


def test_a_replaced_file_is_taken_up_on_the_next_call(path: Path, other: Tables, encoder: SentenceEncoder) -> None:
    running = Published(path)
    before = running.current()
    assert running.current() is before
    publish(other, path, encoder)
    after = running.current()
    assert name_of_the_service(after) == "Example Carers Desk"
    assert after.search(Query("carers desk"), 1).hits[0].record.name == "Example Carers Desk"
    assert after.version != before.version
    assert running.current() is after
    # Who is in the middle of a question with the old one comes to its end.
    assert name_of_the_service(before) == "Example Carers Line"
    assert before.search(Query("carers line"), 1).hits[0].record.name == "Example Carers Line"


def test_going_back_to_a_kept_version_is_taken_up_too(path: Path, other: Tables, encoder: SentenceEncoder) -> None:
    running = Published(path)
    publish(other, path, encoder)
    assert name_of_the_service(running.current()) == "Example Carers Desk"
    oldest = min((path.parent / "versions").iterdir())
    oldest.replace(path)
    assert name_of_the_service(running.current()) == "Example Carers Line"


def without_its_calibration(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM meta WHERE name = 'calibration'")
    database.close()


def overwritten_where_no_start_looks(path: Path) -> None:
    with sqlite3.connect(path) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'step'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(content)


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def overwritten_inside(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8192] = b"\xff" * 8192
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "deleted": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "no database": lambda path: path.write_bytes(b"<!doctype html>" * 5000),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-4096]),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "first page only": lambda path: path.write_bytes(path.read_bytes()[:4096]),
    "overwritten inside": overwritten_inside,
    "overwritten where no start looks": overwritten_where_no_start_looks,
    "not whole": without_its_calibration,
    "a folder": made_a_folder,
}
damages = pytest.mark.parametrize("damage", DAMAGES.values(), ids=[name.replace(" ", "-") for name in DAMAGES])


@damages
def test_a_damaged_or_deleted_file_keeps_the_last_good_one(
    path: Path, damage: Callable[[Path], Any], encoder: SentenceEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    # A new copy is damaged and put in place: a file is never changed under its readers.
    running = Published(path)
    good = running.current()
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    damage(copy)
    path.unlink()
    if copy.exists():
        copy.rename(path)
    with caplog.at_level(logging.ERROR, "knowledge.published"):
        assert running.current() is good
        assert running.current() is good
    assert name_of_the_service(good) == "Example Carers Line"
    assert good.search(Query("carers line"), 1).hits
    assert len(caplog.messages) == 1  # said once, not at every turn
    assert good.version in caplog.messages[0]
    assert "knowledge build" in caplog.messages[0]


@damages
def test_where_there_never_was_a_good_one_it_is_said_what_to_do(path: Path, damage: Callable[[Path], Any]) -> None:
    damage(path)
    with pytest.raises(KnowledgeBaseError, match="Run: knowledge build") as refused:
        Published(path).current()
    assert str(path) in str(refused.value)


def test_a_good_one_that_comes_after_a_bad_one_is_taken_up(path: Path, other: Tables, encoder: SentenceEncoder) -> None:
    path.unlink()
    running = Published(path)
    with pytest.raises(KnowledgeBaseError):
        running.current()
    publish(other, path, encoder)
    good = running.current()
    path.unlink()
    assert running.current() is good
    path.write_bytes(b"no database")
    assert running.current() is good
    publish(other, path, encoder)
    assert running.current() is not good
    assert name_of_the_service(running.current()) == "Example Carers Desk"


def test_threads_that_ask_at_once_get_one_and_the_same(path: Path) -> None:
    running = Published(path)
    start = threading.Barrier(8)
    got: list[KnowledgeBase] = []

    def ask() -> None:
        start.wait()
        got.append(running.current())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len({id(base) for base in got}) == 1


def test_the_settings_say_which_file_is_published(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(path))
    assert name_of_the_service(published.current()) == "Example Carers Line"
    monkeypatch.setenv("HELP_KNOWLEDGE", str(path.with_name("nowhere.db")))
    with pytest.raises(KnowledgeBaseError, match=r"nowhere\.db"):
        published.current()
