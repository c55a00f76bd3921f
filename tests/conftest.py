"""What tests of every room share: the real sentence model, content and app, and a tiny content."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from bot import settings
from knowledge import schema
from knowledge.build import build, publish
from knowledge.content import read
from knowledge.search import KnowledgeBase
from knowledge.settings import CONTENT, sentence_model_path
from knowledge.vectors import SentenceEncoder, prepare, shared_encoder
from tests.postgres import PostgresServer
from tests.running import App

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from knowledge.content import Row, Tables


class WriteContent(Protocol):
    """Writes tables as CSV files and returns their folder."""

    def __call__(self, tables: Tables, name: str = "content") -> Path: ...


FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes what a test measured, to be shown at the end of the run."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what was measured."""
    if measured := config.stash.get(FIGURES, []):
        terminalreporter.section("measured")
        for line in measured:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _no_postcode_is_looked_up() -> Iterator[None]:
    """No test asks the public server for a postcode; whoever tests the lookup names a server of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELP_POSTCODES", "off")
        yield


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    """The process's one encoder, with the real model."""
    prepare(sentence_model_path())
    return shared_encoder()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL server of our own."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Path:
    """The real content, published."""
    path = tmp_path_factory.mktemp("published") / "knowledge.db"
    build(CONTENT, path, encoder)
    return path


@pytest.fixture(scope="session")
def base(database: Path, encoder: SentenceEncoder) -> Iterator[KnowledgeBase]:
    """The knowledge base of the real content."""
    with KnowledgeBase(database, encoder) as opened:
        yield opened


@pytest.fixture(scope="session")
def start_app() -> Iterator[Callable[..., App]]:
    """Starts an app in a folder, with settings of its own; all are stopped at the end."""
    if not any(settings.models_folder().glob("*.tar.gz")):
        pytest.fail(f"There is no trained model in {settings.models_folder()}. Run: make model")
    running = []

    def start(folder: Path, **own: str) -> App:
        app = App(folder, **own)
        running.append(app)
        app.start()
        return app

    yield start
    for app in running:
        app.stop()


@pytest.fixture(scope="session")
def published_in(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder for an app, with the real content published in it."""

    def make(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(database, folder / "knowledge.db")
        return folder

    return make


@pytest.fixture(scope="session")
def app(start_app: Callable[..., App], published_in: Callable[[str], Path]) -> App:
    """The one app that most conversations are held with."""
    return start_app(published_in("app"))


@dataclass(frozen=True)
class Unseen:
    """Questions of the content, and the knowledge base of a content that lacks just these."""

    base: KnowledgeBase
    questions: list[Row]


EVERY = 10  # of the content's questions, one is left out


@pytest.fixture(scope="session")
def unseen(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Iterator[Unseen]:
    """A tenth of the content's questions, to be asked as somebody else might ask them: published without them."""
    tables = read(CONTENT)
    questions = tables["question"]
    fewer = {**tables, "question": [row for number, row in enumerate(questions) if number % EVERY]}
    path = tmp_path_factory.mktemp("unseen") / "knowledge.db"
    publish(fewer, path, encoder)
    with KnowledgeBase(path, encoder) as opened:
        yield Unseen(opened, questions[::EVERY])


RECORD = {"status": "active", "confidence": "high", "area": "herefordshire", "source_date": "2025-03"}
TINY = {
    "organization": [
        {**RECORD, "id": "org-council", "name": "Example Council", "description": "Runs the libraries.", "url": "https://council.example"},
    ],
    "service": [
        {
            **RECORD,
            "id": "svc-carers",
            "name": "Example Carers Line",
            "alternate_name": "Carers Line; Helping Hands",
            "description": "Talk to somebody about looking after a relative.",
            "taxonomy_terms": "carers",
            "address_1": "1 High Street",
            "city": "Hereford",
            "postal_code": "HR1 2AA",
            "latitude": "52.056",
            "longitude": "-2.716",
            "location_id": "loc-library",
            "organization": "Example Council",
            "urgency": "non-urgent",
            "minimum_age": "16",
            "maximum_age": "99",
            "referral": "self_referral",
            "email": "carers@council.example",
            "url": "https://council.example/carers",
            "related": "route-carers",
            "assured_date": "2025-03-06",
            "review_date": "2026",
            "merged_from": "svc-old-carers",
        },
        {
            **RECORD,
            "id": "svc-closed",
            "name": "Example Day Centre (closed)",
            "description": "A day centre that closed.",
            "status": "defunct",
            "alert": "It closed in 2020. Ring the Example Carers Line.",
            "replaced_by": "svc-carers",
        },
    ],
    "location": [
        {**RECORD, "id": "loc-library", "name": "Example Library", "description": "Books, and computers to use."},
    ],
    "route": [
        {**RECORD, "id": "route-carers", "name": "Getting help as a carer", "description": "Ask for an assessment."},
    ],
    "fact": [
        {**RECORD, "id": "fact-count", "name": "How many libraries we have", "description": "We have three libraries."},
    ],
    "phone": [
        {"record_id": "svc-carers", "number": "01432 260101", "type": "voice", "source_date": "2024"},
        {"record_id": "svc-carers", "number": "85258", "type": "text"},
    ],
    "schedule": [{"record_id": "svc-carers", "byday": "MO,TU", "opens_at": "09:00", "closes_at": "17:00"}],
    "step": [{"record_id": "route-carers", "step": "Ring the Example Carers Line."}],
    "source": [
        {"record_id": record_id, "name": "Example Council", "url": "https://council.example", "date": "March 2025"}
        for record_id in ("org-council", "svc-carers", "svc-closed", "loc-library", "route-carers", "fact-count")
    ],
    "question": [
        {"record_id": "svc-carers", "question": "who can help me look after my dad"},
        {"record_id": "fact-count", "question": "number of places to borrow books"},
    ],
    "taxonomy_term": [{"id": "carers", "name": "Carers", "by_place": "yes", "description": "Looking after somebody"}],
    "place": [
        {"id": "herefordshire", "name": "Herefordshire", "place_type": "county", "county": "Herefordshire",
         "latitude": "52.1", "longitude": "-2.7"},
        {"id": "hereford", "name": "Hereford", "place_type": "city", "county": "Herefordshire",
         "district": "Herefordshire", "latitude": "52.056", "longitude": "-2.716"},
        {"id": "hr1", "name": "HR1", "place_type": "postcode_district", "county": "Herefordshire",
         "latitude": "52.07", "longitude": "-2.65"},
        {"id": "paris", "name": "Paris", "place_type": "outside"},
    ],
    "phrase": [{"id": "ring", "text": "Ring {number}.", "note": "The first number"}],
    "note": [{"record_id": "svc-carers", "note": "Marmalade owls checked this by ringing."}],
}  # fmt: skip


@pytest.fixture
def tiny() -> Tables:
    """A few good rows of every table, to be spoilt or changed at will."""
    return {
        table: [{column: row.get(column, "") for column in columns} for row in TINY[table]]
        for table, columns in schema.COLUMNS.items()
    }


@pytest.fixture
def write_content(tmp_path: Path) -> WriteContent:
    """Writes tables into a folder of CSV files."""

    def write(tables: Tables, name: str = "content") -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for table, rows in tables.items():
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, schema.COLUMNS[table], lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        return folder

    return write


@pytest.fixture
def tiny_content(tiny: Tables, write_content: WriteContent) -> Path:
    """The tiny content as a folder of CSV files."""
    return write_content(tiny)
