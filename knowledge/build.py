"""Publish: check the content, write a new knowledge.db beside the old one, and swap it in whole.

The database is a build product, opened read-only everywhere else. Nothing changes unless every check has passed; the
last ten versions stay for rollback.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlite_utils

from knowledge import content, schema
from knowledge.search import Calibration, KnowledgeBase, calibrate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from knowledge.content import Tables
    from knowledge.vectors import SentenceEncoder

VERSIONS_KEPT = 10
WORKING = ".publish-"
ABANDONED = 3600  # seconds
SENTENCE_END = re.compile(r"(?<=[.?])\s+")
HERE = Path(__file__).parent
MAKERS = ("build.py", "schema.py", "search.py", "vectors.py")  # the code that a knowledge base is made by


def build(folder: Path, target: Path, encoder: SentenceEncoder) -> str:
    """Check the content in `folder` and publish it at `target`; return the new version.

    Raises `content.ContentError` and leaves `target` untouched when anything is wrong.
    """
    tables = content.read(folder)
    problems = content.check(tables)
    if problems:
        raise content.ContentError(problems)
    return publish(tables, target, encoder)


def publish(tables: Tables, target: Path, encoder: SentenceEncoder) -> str:
    """Write checked tables to a new database and swap it in at `target` by one rename; return its version."""
    version = fingerprint(tables)
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f"{WORKING}*"):  # by a build that was killed long ago
        if time.time() - left.stat().st_mtime > ABANDONED:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=WORKING) as work:
        made = Path(work) / "knowledge.db"
        _write(tables, version, made, encoder)
        _keep(made, target, version)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(target)
    return version


def fingerprint(tables: Tables) -> str:
    """A version that changes when, and only when, what is published changes: the content, or how it is put together."""
    published = {name: rows for name, rows in tables.items() if name not in schema.UNPUBLISHED}
    made_by = "".join((HERE / name).read_text(encoding="utf-8") for name in MAKERS)
    return hashlib.sha256((json.dumps(published, sort_keys=True) + made_by).encode()).hexdigest()[:12]


def _keep(made: Path, target: Path, version: str) -> None:
    """Keep a copy of each of the last versions, one of each, put in place whole like the published one."""
    versions = target.parent / "versions"
    versions.mkdir(exist_ok=True)
    stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
    same = list(versions.glob(f"{target.stem}-*-{version}.db"))
    copy = made.with_name("copy.db")
    shutil.copy2(made, copy)
    copy.replace(versions / f"{target.stem}-{stamp}-{version}.db")
    for old in [*same, *sorted(set(versions.glob(f"{target.stem}-*.db")) - set(same))[:-VERSIONS_KEPT]]:
        old.unlink(missing_ok=True)


def _write(tables: Tables, version: str, path: Path, encoder: SentenceEncoder) -> None:
    database = sqlite_utils.Database(path)
    for name, rows in tables.items():
        if name in schema.UNPUBLISHED:
            continue
        key = "id" if "id" in schema.COLUMNS[name] else None
        database.table(name).create(_column_types(name), pk=key)
        database.table(name).insert_all((_typed(row) for row in rows), batch_size=500)
        if key is None:
            database.table(name).create_index(["record_id"])
    database.table("attribute").create({"link_id": str, "taxonomy_term_id": str})
    database.table("attribute").insert_all(_attributes(tables))
    database.table("attribute").create_index(["taxonomy_term_id"])
    database.table("record").insert_all(_index(tables), pk="id")
    documents = list(_documents(tables))
    database.table("document").insert_all(documents, pk="number")
    database.table("document").enable_fts(["name", "text"], tokenize="porter unicode61 remove_diacritics 2")
    database.table("document_fts").optimize()
    _write_vectors(database, tables, documents, encoder)
    database.table("meta").insert_all(
        [
            {"name": "version", "value": version},
            {"name": "built_at", "value": datetime.now(timezone.utc).isoformat(timespec="seconds")},
        ],
        pk="name",
    )
    database.vacuum()
    database.close()
    _calibrate(path, tables, encoder)


def _calibrate(path: Path, tables: Tables, encoder: SentenceEncoder) -> None:
    """Work out, on this content's own questions, how good a match must be to be believed."""
    with KnowledgeBase(path, encoder, Calibration()) as base:
        found = calibrate(base, [(row["question"], row["record_id"]) for row in tables["question"]])
    database = sqlite_utils.Database(path)
    database.table("meta").insert({"name": "calibration", "value": found.to_json()}, pk="name")
    database.close()


def _column_types(table: str) -> dict[str, type]:
    types: dict[str, type] = dict.fromkeys(schema.COLUMNS[table], str)
    types.update({column: float for column in schema.NUMBERS if column in types})
    types.update({column: int for column in schema.AGES if column in types})
    return types


def _typed(row: content.Row) -> dict[str, Any]:
    typed: dict[str, Any] = dict(row)
    for column in schema.NUMBERS:
        if column in typed:
            typed[column] = float(typed[column]) if typed[column] else None
    for column in schema.AGES:
        if column in typed:
            typed[column] = int(float(typed[column])) if typed[column] else None
    return typed


def _records(tables: Tables) -> Iterator[tuple[str, content.Row]]:
    for kind in schema.KINDS:
        for row in tables[kind]:
            yield kind, row


def _attributes(tables: Tables) -> Iterator[dict[str, str]]:
    for _, row in _records(tables):
        for term in schema.split_list(row["taxonomy_terms"]):
            yield {"link_id": row["id"], "taxonomy_term_id": term}


def _index(tables: Tables) -> Iterator[dict[str, str]]:
    """Which table a record stands in; the ids of records that were merged into it lead there too."""
    for kind, row in _records(tables):
        for old in schema.split_list(row["merged_from"]):
            yield {"id": old, "kind": kind, "record_id": row["id"]}
        yield {"id": row["id"], "kind": kind, "record_id": row["id"]}


def _documents(tables: Tables) -> Iterator[dict[str, Any]]:
    """What the search reads: for each record its names, and its text with the ways that residents ask for it."""
    questions: dict[str, list[str]] = {}
    for row in tables["question"]:
        questions.setdefault(row["record_id"], []).append(row["question"])
    terms = {row["id"]: row["name"] for row in tables["taxonomy_term"]}
    for number, (kind, row) in enumerate(_records(tables), 1):
        names = [row["name"], *schema.split_list(row["alternate_name"])]
        subjects = [terms[term] for term in schema.split_list(row["taxonomy_terms"])]
        columns = ("description", "eligibility_description", "application_process", "organization", "address_1", "city")
        text = [row[column] for column in columns if row.get(column)]
        yield {
            "number": number,
            "record_id": row["id"],
            "kind": kind,
            "name": ". ".join(names),
            "text": "\n".join([*text, *subjects, *questions.get(row["id"], [])]),
            "summary": f"{row['name']}. {row['description']}",
        }


def _write_vectors(
    database: sqlite_utils.Database, tables: Tables, documents: list[dict[str, Any]], encoder: SentenceEncoder
) -> None:
    """The vectors that a message is compared with: shape (rows, 384), float16.

    Each record's name with its description comes first, in the order of the documents; then each question; then each
    name, and each sentence of the description, by itself. Measured: the right record is first for .53 of unseen
    questions instead of .47.
    """
    numbers = {document["record_id"]: document["number"] for document in documents}
    texts = [(document["number"], document["summary"]) for document in documents]
    texts += [(numbers[row["record_id"]], row["question"]) for row in tables["question"]]
    for (_, row), document in zip(_records(tables), documents, strict=True):
        parts = (row["name"], *schema.split_list(row["alternate_name"]), *SENTENCE_END.split(row["description"]))
        texts += [(document["number"], part) for part in dict.fromkeys(parts) if part]
    vectors = encoder.encode([text for _, text in texts]).astype(np.float16)
    database.table("vector").insert_all(
        ({"document": number, "vector": vector.tobytes()} for (number, _), vector in zip(texts, vectors, strict=True)),
        columns={"document": int, "vector": bytes},
    )
