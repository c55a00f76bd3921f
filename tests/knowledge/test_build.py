"""Publishing: whole or not at all, with notes left out, versions kept, and a version that follows the content."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge import content, schema
from knowledge.build import VERSIONS_KEPT, build, fingerprint, publish
from knowledge.content import ContentError
from knowledge.search import KnowledgeBase, KnowledgeBaseError, Query
from knowledge.settings import CONTENT, sentence_model_path

if TYPE_CHECKING:
    from knowledge.content import Tables
    from knowledge.vectors import SentenceEncoder
    from tests.conftest import WriteContent

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the tests publish."""
    return tmp_path / "published" / "knowledge.db"


@pytest.fixture
def other(tiny: Tables) -> Tables:
    """The tiny content with another name for a service."""
    changed = deepcopy(tiny)
    changed["service"][0]["name"] = "Example Carers Desk"
    return changed


def name_of_the_service(path: Path, encoder: SentenceEncoder) -> str:
    with KnowledgeBase(path, encoder) as base:
        return base.get("svc-carers").name


def assert_sound(path: Path) -> None:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def kept(target: Path) -> list[str]:
    """The versions that are kept, oldest first."""
    return [path.stem.rsplit("-", 1)[1] for path in sorted((target.parent / "versions").iterdir())]


def test_content_is_published_with_its_version(tiny_content: Path, target: Path, encoder: SentenceEncoder) -> None:
    version = build(tiny_content, target, encoder)
    assert_sound(target)
    with KnowledgeBase(target, encoder) as base:
        assert base.version == version == fingerprint(content.read(tiny_content))
        record = base.get("svc-carers")
    assert record.alternate_name == ("Carers Line", "Helping Hands")
    assert [phone.number for phone in record.phones] == ["01432 260101", "85258"]
    assert [(hours.byday, hours.opens_at) for hours in record.schedules] == [("MO,TU", "09:00")]
    assert [source.name for source in record.sources] == ["Example Council"]
    assert (record.latitude, record.minimum_age) == (52.056, 16)
    assert [path.name for path in target.parent.iterdir() if path.is_file()] == ["knowledge.db"]


def test_tables_that_may_be_empty_can_be_empty(tiny: Tables, target: Path, encoder: SentenceEncoder) -> None:
    for table in ("organization", "location", "route", "phone", "schedule", "step", "question", "phrase", "note"):
        tiny[table] = []
    tiny["taxonomy_term"] = []
    tiny["service"][0].update(taxonomy_terms="", location_id="", related="")
    tiny["source"] = [row for row in tiny["source"] if row["record_id"].startswith(("svc", "fact"))]
    assert content.check(tiny) == []
    publish(tiny, target, encoder)
    with KnowledgeBase(target, encoder) as base:
        assert base.get("svc-carers").phones == ()


def test_a_failed_check_leaves_what_is_published_untouched(
    tiny: Tables, tiny_content: Path, write_content: WriteContent, target: Path, encoder: SentenceEncoder
) -> None:
    build(tiny_content, target, encoder)
    before, stamp = target.read_bytes(), target.stat()
    tiny["service"][0]["postal_code"] = "nowhere"
    with pytest.raises(ContentError):
        build(write_content(tiny, "spoilt"), target, encoder)
    (tiny_content / "phone.csv").unlink()
    with pytest.raises(ContentError):
        build(tiny_content, target, encoder)
    after = target.stat()
    assert target.read_bytes() == before
    assert (after.st_ino, after.st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)
    assert len(kept(target)) == 1


def test_a_failed_check_publishes_nothing_where_nothing_was(
    tiny: Tables, write_content: WriteContent, target: Path, encoder: SentenceEncoder
) -> None:
    tiny["source"].clear()
    with pytest.raises(ContentError):
        build(write_content(tiny), target, encoder)
    assert not target.parent.exists()


def test_who_reads_the_old_one_goes_on_and_who_comes_reads_the_new(
    tiny: Tables, other: Tables, target: Path, encoder: SentenceEncoder
) -> None:
    publish(tiny, target, encoder)
    with KnowledgeBase(target, encoder) as reader:
        publish(other, target, encoder)
        assert reader.get("svc-carers").name == "Example Carers Line"
        assert [hit.record.name for hit in reader.search(Query("carers line"), 1).hits] == ["Example Carers Line"]
        assert name_of_the_service(target, encoder) == "Example Carers Desk"


def test_readers_never_see_half_a_knowledge_base(
    tiny: Tables, other: Tables, target: Path, encoder: SentenceEncoder
) -> None:
    publish(tiny, target, encoder)
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(name_of_the_service(target, encoder))
            except KnowledgeBaseError as trouble:
                seen.append(str(trouble))

    reader = threading.Thread(target=read)
    reader.start()
    for tables in (other, tiny) * 4:
        publish(tables, target, encoder)
    done.set()
    reader.join()
    assert set(seen) == {"Example Carers Line", "Example Carers Desk"}


# -- killed in the middle ----------------------------------------------------------------------------------------------

BUILDER = """
import sys
from pathlib import Path
from knowledge.build import build
from knowledge.vectors import SentenceEncoder
model, target, *folders = map(Path, sys.argv[1:])
encoder = SentenceEncoder(model)
print("ready", flush=True)
while True:
    for folder in folders:
        build(folder, target, encoder)
"""


def test_a_build_killed_at_any_time_leaves_the_old_or_the_new(
    tiny: Tables,
    other: Tables,
    write_content: WriteContent,
    target: Path,
    encoder: SentenceEncoder,
) -> None:
    old, new = write_content(tiny, "old"), write_content(other, "new")
    good = {fingerprint(tiny), fingerprint(other)}
    start = time.perf_counter()
    build(old, target, encoder)
    takes = time.perf_counter() - start
    dice = random.Random(8)  # any times will do
    for _ in range(8):
        command = [sys.executable, "-c", BUILDER, str(sentence_model_path()), str(target), str(new), str(old)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            time.sleep(dice.uniform(0, 2 * takes))
            process.kill()
        assert_sound(target)
        with KnowledgeBase(target, encoder) as base:
            assert base.version in good
        for version in (target.parent / "versions").iterdir():
            assert_sound(version)
            with KnowledgeBase(version, encoder) as base:
                assert base.version in good
                assert version.stem.endswith(base.version)
    assert list(target.parent.glob(".publish-*")), "no build was killed in the middle"
    assert build(new, target, encoder) == fingerprint(other)
    assert name_of_the_service(target, encoder) == "Example Carers Desk"
    assert set(kept(target)) == good


# -- versions ----------------------------------------------------------------------------------------------------------


def test_the_last_ten_versions_stay(tiny: Tables, target: Path, encoder: SentenceEncoder) -> None:
    versions = []
    for number in range(VERSIONS_KEPT + 3):
        tiny["fact"][0]["description"] = f"There are {number} libraries."
        versions.append(publish(tiny, target, encoder))
    assert VERSIONS_KEPT == 10
    assert kept(target) == versions[-10:]
    oldest = min((target.parent / "versions").iterdir())
    with KnowledgeBase(oldest, encoder) as base:
        assert base.get("fact-count").description == "There are 3 libraries."


def test_publishing_the_same_again_pushes_no_other_version_out(
    tiny: Tables, other: Tables, target: Path, encoder: SentenceEncoder
) -> None:
    publish(tiny, target, encoder)
    for _ in range(VERSIONS_KEPT):
        publish(other, target, encoder)
    assert kept(target) == [fingerprint(tiny), fingerprint(other)]


@pytest.mark.parametrize("table", [table for table in schema.COLUMNS if table not in schema.UNPUBLISHED])
def test_the_version_changes_with_every_published_table(tiny: Tables, table: str) -> None:
    before = fingerprint(tiny)
    last = schema.COLUMNS[table][-1]
    tiny[table][-1][last] += "x"
    assert fingerprint(tiny) != before
    tiny[table][-1][last] = tiny[table][-1][last].removesuffix("x")
    assert fingerprint(tiny) == before
    tiny[table].append(dict(tiny[table][0]))
    assert fingerprint(tiny) != before


def test_the_version_stays_when_only_notes_or_the_order_of_columns_change(
    tiny: Tables, target: Path, encoder: SentenceEncoder
) -> None:
    version = publish(tiny, target, encoder)
    tiny["note"].append({"record_id": "fact-count", "note": "Count them again."})
    tiny["step"] = [dict(reversed(row.items())) for row in tiny["step"]]
    assert publish(tiny, target, encoder) == version


# -- staff notes -------------------------------------------------------------------------------------------------------


def test_a_staff_note_is_nowhere_in_what_is_published(
    tiny_content: Path, target: Path, encoder: SentenceEncoder
) -> None:
    assert b"Marmalade owls" in (tiny_content / "note.csv").read_bytes()
    build(tiny_content, target, encoder)
    for path in (target, *(target.parent / "versions").iterdir()):
        assert b"Example Carers Line" in path.read_bytes()
        assert b"armalade" not in path.read_bytes()


def test_none_of_the_real_staff_notes_is_published(database: Path) -> None:
    published = database.read_bytes()
    texts = "\n".join(
        path.read_text("utf-8") for path in sorted(CONTENT.glob("*.csv")) if path.stem not in schema.UNPUBLISHED
    )
    with (CONTENT / "note.csv").open(encoding="utf-8", newline="") as file:
        notes = [row["note"] for row in csv.DictReader(file)]
    # Pieces of each note, short enough to lie on one page of the file; what a published text says too does not count.
    pieces = [note[start : start + 25] for note in notes for start in range(0, len(note) - 25, 40)]
    own = [piece for piece in pieces if piece.rstrip(". ") not in texts]
    assert len(own) > 1000
    assert [piece for piece in own if piece.encode() in published] == []


def test_what_is_published_says_how_much_a_match_must_be_worth(base: KnowledgeBase, database: Path) -> None:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        (text,) = connection.execute("SELECT value FROM meta WHERE name = 'calibration'").fetchone()
    connection.close()
    assert json.loads(text) == {"believable": base.calibration.believable}
    assert 0.5 < base.calibration.believable < 0.9


def test_a_folder_may_have_any_name(tiny: Tables, tmp_path: Path, encoder: SentenceEncoder) -> None:
    target = tmp_path / "50% of #1? é" / "knowledge.db"
    publish(tiny, target, encoder)
    assert name_of_the_service(target, encoder) == "Example Carers Line"
    assert sorted(path.name for path in target.parent.iterdir()) == ["knowledge.db", "versions"]
