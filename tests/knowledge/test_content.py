"""The checks: good content passes, and each way of spoiling it is named by file, row, column and remedy."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import content, schema
from knowledge.content import ContentError, Problem
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from knowledge.content import Tables
    from tests.conftest import WriteContent


def test_the_real_content_has_nothing_to_mend() -> None:
    assert [str(problem) for problem in content.check(content.read(CONTENT))] == []


def test_the_tiny_content_has_nothing_to_mend(tiny_content: Path, tiny: Tables) -> None:
    tables = content.read(tiny_content)
    assert tables == tiny
    assert [str(problem) for problem in content.check(tables)] == []


# Table, row as a spreadsheet counts, column, what is put there, and a word of the remedy.
SPOILT_CELLS = [
    ("organization", 2, "name", "", "Fill it in"),
    ("service", 2, "description", "", "Fill it in"),
    ("service", 2, "status", "open", "temporarily closed"),
    ("service", 2, "confidence", "", "medium"),
    ("service", 2, "urgency", "soon", "immediate"),
    ("service", 2, "referral", "GP", "self_referral"),
    ("service", 2, "source_date", "March 2025", "2025-03"),
    ("service", 2, "source_date", "2025-3", "2025-03"),
    ("service", 2, "assured_date", "2025-02-30", "2025-03"),
    ("service", 2, "review_date", "06/03/2025", "2025-03"),
    ("fact", 2, "source_date", "2025-13", "2025-03"),
    ("service", 2, "postal_code", "HR12AA", "WR5 1DD"),
    ("service", 2, "postal_code", "hr1 2aa", "WR5 1DD"),
    ("service", 2, "postal_code", "Hereford", "WR5 1DD"),
    ("service", 2, "email", "carers at council", "name@example.org"),
    ("service", 2, "email", "a@b.example c@d.example", "name@example.org"),
    ("service", 2, "url", "council.example", "https://"),
    ("route", 2, "url", "javascript:alert(1)", "https://"),
    ("service", 2, "latitude", "north", "Correct it"),
    ("service", 2, "latitude", "-2.7", "Correct it"),
    ("service", 2, "longitude", "52.1", "Correct it"),
    ("service", 2, "longitude", "nan", "Correct it"),
    ("service", 2, "longitude", "", "both or neither"),
    ("service", 2, "minimum_age", "sixteen", "whole number"),
    ("service", 2, "minimum_age", "16.5", "whole number"),
    ("service", 2, "maximum_age", "130", "whole number"),
    ("service", 2, "minimum_age", "100", "other way round"),
    ("service", 2, "replaced_by", "svc-carers; svc-nowhere", "add it"),
    ("service", 2, "related", "svc-nowhere", "add it"),
    ("service", 2, "location_id", "loc-nowhere", "add it"),
    ("service", 2, "area", "hereford", "add it"),
    ("service", 2, "taxonomy_terms", "carers; cats", "add it"),
    ("service", 3, "alert", "", "where to go"),
    ("service", 2, "id", "", "that nothing else has"),
    ("service", 2, "id", "org-council", "another id"),
    ("service", 2, "merged_from", "org-council", "An old id leads to one record"),
    ("service", 2, "merged_from", "svc-carers", "An old id leads to one record"),
    ("place", 3, "id", "herefordshire", "another id"),
    ("phone", 2, "record_id", "svc-nowhere", "a record that exists"),
    ("phone", 2, "record_id", "svc-old-carers", "a record that exists"),
    ("phone", 2, "number", "", "01562 513039"),
    ("phone", 2, "number", "260", "01562 513039"),
    ("phone", 2, "number", "01432 26010", "01562 513039"),
    ("phone", 2, "number", "1432 260101", "01562 513039"),
    ("phone", 2, "number", "+33 1 42 68 53 00", "01562 513039"),
    ("phone", 2, "number", "01432 26O101", "01562 513039"),
    ("phone", 2, "number", "01432 260101 or 02", "01562 513039"),
    ("phone", 3, "number", "1234567", "01562 513039"),
    ("phone", 2, "type", "mobile", "voice"),
    ("phone", 2, "source_date", "last year", "2025-03"),
    ("schedule", 2, "record_id", "svc-nowhere", "a record that exists"),
    ("schedule", 2, "byday", "Monday", "MO,TU"),
    ("schedule", 2, "byday", "MO;TU", "MO,TU"),
    ("schedule", 2, "byday", "", "MO,TU"),
    ("schedule", 2, "opens_at", "9am", "08:30"),
    ("schedule", 2, "opens_at", "", "Fill it in"),
    ("schedule", 2, "closes_at", "24:00", "08:30"),
    ("schedule", 2, "closes_at", "", "Fill it in"),
    ("schedule", 2, "closes_at", "08:59", "two rows"),
    ("schedule", 2, "closes_at", "09:00", "two rows"),
    ("schedule", 2, "byday", "MO,PH,XX", "PH for bank holidays"),
    ("step", 2, "record_id", "svc-nowhere", "a record that exists"),
    ("step", 2, "step", "", "Fill it in"),
    ("source", 3, "name", "", "Fill it in"),
    ("source", 3, "url", "www.council.example", "https://"),
    ("question", 2, "record_id", "svc-nowhere", "a record that exists"),
    ("question", 2, "question", "", "Fill it in"),
    ("note", 2, "record_id", "svc-nowhere", "a record that exists"),
    ("taxonomy_term", 2, "name", "", "Fill it in"),
    ("taxonomy_term", 2, "by_place", "no", "yes"),
    ("place", 3, "name", "", "Fill it in"),
    ("place", 3, "place_type", "hamlet", "village"),
    ("place", 3, "latitude", "", "both or neither"),
    ("place", 4, "longitude", "2.65 W", "Correct it"),
    ("phrase", 2, "text", "", "Fill it in"),
    ("phrase", 2, "text", "Ring {number.", "like {name}"),
    ("phrase", 2, "text", "Ring number}.", "like {name}"),
    ("phrase", 2, "text", "Ring {}.", "like {name}"),
    ("phrase", 2, "text", "Ring {the number}.", "like {name}"),
]


@pytest.mark.parametrize("table, row, column, cell, remedy", SPOILT_CELLS)
def test_a_spoilt_cell_is_named_with_its_remedy(
    tiny: Tables, table: str, row: int, column: str, cell: str, remedy: str
) -> None:
    tiny[table][row - content.FIRST_ROW][column] = cell
    # A record that loses its id also takes its rows' ground away; what stands at the spoilt row itself is looked at.
    found = [problem for problem in content.check(tiny) if (problem.table, problem.row) == (table, row)]
    pointed = [problem for problem in found if remedy in problem.remedy]
    assert pointed, found
    assert str(pointed[0]).startswith(f"{table}.csv, row {row}, column {pointed[0].column}: ")
    assert pointed[0].column == ("longitude" if "both or neither" in remedy else column)
    assert pointed[0].what
    assert str(pointed[0]).endswith(pointed[0].remedy)


def test_a_record_without_a_source_is_refused(tiny: Tables) -> None:
    tiny["source"] = [row for row in tiny["source"] if row["record_id"] != "fact-count"]
    problem = Problem(
        "fact", 2, "id", "No source is named for it.", "Add a row with its id to source.csv: no fact without a source."
    )
    assert content.check(tiny) == [problem]


@pytest.mark.parametrize(
    "byday, opens, closes, columns",
    [
        ("PH", "", "", []),
        ("PH", "10:00", "14:00", []),
        ("SA,SU,PH", "00:00", "23:59", []),
        ("MO", "00:00", "00:01", []),
        ("PH", "10:00", "", ["closes_at"]),
        ("PH", "", "14:00", ["opens_at"]),
        ("MO,PH", "", "", ["opens_at", "closes_at"]),
        ("PH,PH", "", "", ["opens_at", "closes_at"]),
        ("MO", "17:00", "09:00", ["closes_at"]),
        ("PH", "17:00", "09:00", ["closes_at"]),
        ("MO", "9:00", "17:00", ["opens_at"]),
        ("MO", "09:00", "5pm", ["closes_at"]),
    ],
)
@pytest.mark.parametrize("part", ["", "X-ray"])
def test_hours_are_whole_and_only_bank_holidays_may_be_without(
    tiny: Tables, part: str, byday: str, opens: str, closes: str, columns: list[str]
) -> None:
    tiny["schedule"].append(
        {"record_id": "svc-carers", "byday": byday, "opens_at": opens, "closes_at": closes, "description": part}
    )
    found = content.check(tiny)
    assert [problem.column for problem in found] == columns
    assert all((problem.table, problem.row) == ("schedule", 3) for problem in found)


def test_hours_may_be_those_of_a_part(tiny: Tables, write_content: WriteContent) -> None:
    assert schema.COLUMNS["schedule"][-1] == "description"
    tiny["schedule"][0]["description"] = "The helpline"
    assert content.read(write_content(tiny)) == tiny
    assert content.check(tiny) == []


def test_a_closed_service_with_a_phone_number_is_refused(tiny: Tables) -> None:
    tiny["phone"][0]["record_id"] = "svc-closed"
    (problem,) = content.check(tiny)
    assert (problem.table, problem.row, problem.column) == ("service", 3, "status")
    assert problem.remedy == "Remove its rows from phone.csv."


def test_a_source_of_no_record_is_refused(tiny: Tables) -> None:
    tiny["source"].append({**tiny["source"][0], "record_id": "svc-nowhere"})
    (problem,) = content.check(tiny)
    assert (problem.table, problem.row, problem.column) == ("source", 8, "record_id")


def test_content_without_any_record_is_refused() -> None:
    (problem,) = content.check({table: [] for table in schema.COLUMNS})
    assert "no records" in problem.what
    assert problem.remedy


def test_everything_that_is_wrong_is_said_at_once(tiny: Tables) -> None:
    tiny["service"][0]["postal_code"] = "nowhere"
    tiny["phone"][0]["number"] = "none"
    tiny["phrase"][0]["text"] = "Ring {number"
    assert [(p.table, p.column) for p in content.check(tiny)] == [
        ("service", "postal_code"),
        ("phone", "number"),
        ("phrase", "text"),
    ]


@pytest.mark.parametrize(
    "number, kind, possible",
    [
        ("01905 763333", "voice", True),
        ("0300 013 5727", "voice", True),
        ("07400 123456", "voice", True),
        ("0800 1111", "voice", True),
        ("116 123", "voice", True),
        ("111", "voice", True),
        ("999", "voice", True),
        ("85258", "text", True),
        ("85258", "voice", False),
        ("18001 111", "textphone", True),
        ("18001 01905 768053", "textphone", True),
        ("01204 62083", "voice", True),  # a few towns have short numbers
        ("(01905) 763333", "voice", True),
        ("+44 1905 763333", "voice", False),
        ("01905 763333 ext 2", "voice", False),
        ("", "voice", False),
    ],
)
def test_numbers_that_can_be_dialled_here_are_known(number: str, kind: str, possible: bool) -> None:
    assert content.phone_is_possible(number, kind) is possible


# -- files -----------------------------------------------------------------------------------------------------------


def replaced(old: bytes, new: bytes) -> Callable[[Path], None]:
    """Spoils a file by replacing one piece of it."""

    def spoil(path: Path) -> None:
        before = path.read_bytes()
        assert old in before
        path.write_bytes(before.replace(old, new, 1))

    return spoil


def appended(line: bytes) -> Callable[[Path], None]:
    """Spoils a file by a line at its end."""

    def spoil(path: Path) -> None:
        path.write_bytes(path.read_bytes() + line)

    return spoil


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT_FILES: list[tuple[str, Callable[[Path], Any], str, int, str, str, str]] = [
    # What is done, how, table, row, column, what is wrong, remedy
    ("missing", lambda path: path.unlink(), "step", 0, "", "missing", "Put it back"),
    ("a folder", made_a_folder, "step", 0, "", "cannot be opened", "Put the file in its place"),
    ("empty", lambda path: path.write_bytes(b""), "step", 1, "record_id", "column is missing", "record_id,step"),
    ("column missing", replaced(b"record_id,step", b"record_id"), "step", 1, "step", "column is missing", "The header"),
    ("column unknown", replaced(b"d,step", b"d,step,x"), "step", 1, "x", "not known", "The header must be"),
    ("column twice", replaced(b"d,step", b"d,step,step"), "step", 1, "step", "twice", "The header must be"),
    ("no header", replaced(b"record_id,step\n", b""), "step", 1, "record_id", "column is missing", "The header"),
    ("quote in header", replaced(b"record_id", b'"record"_id'), "step", 1, "", "cannot be read", "Mend the quotes"),
    ("Latin-1", replaced(b"Ring", "Café".encode("latin-1")), "step", 0, "", "not UTF-8", "CSV UTF-8"),
    ("UTF-16", lambda path: path.write_text("record_id,step", "utf-16"), "step", 0, "", "not UTF-8", "CSV UTF-8"),
    ("broken quote", replaced(b"Ring the", b'"Ring" the'), "step", 2, "", "cannot be read", "Mend the quotes"),
    ("open quote", replaced(b"Ring the", b'"Ring the'), "step", 2, "", "cannot be read", "Mend the quotes"),
    ("zero byte", replaced(b"Ring", b"R\0ng"), "step", 2, "", "cannot be read", "Mend the quotes"),
    ("too many cells", replaced(b"Ring the", b"Ring, the"), "step", 2, "", "more or fewer cells", "double quotes"),
    ("too few cells", appended(b"route-carers\n"), "step", 3, "", "more or fewer cells", "double quotes"),
    ("empty row", appended(b"\nroute-carers,Wait.\n"), "step", 3, "", "The row is empty", "Delete it"),
    ("after line breaks", appended(b'route-carers,"a\nb\nc"\nx\n'), "step", 4, "", "more or fewer cells", "quotes"),
]


@pytest.mark.parametrize(
    "spoil, table, row, column, what, remedy",
    [pytest.param(*case, id=name.replace(" ", "-")) for name, *case in SPOILT_FILES],
)
def test_a_spoilt_file_is_named_with_its_remedy(
    tiny_content: Path,
    spoil: Callable[[Path], Any],
    table: str,
    row: int,
    column: str,
    what: str,
    remedy: str,
) -> None:
    spoil(tiny_content / f"{table}.csv")
    with pytest.raises(ContentError) as refused:
        content.read(tiny_content)
    (problem,) = refused.value.problems
    assert (problem.table, problem.row, problem.column) == (table, row, column)
    assert what in problem.what
    assert remedy in problem.remedy
    assert str(refused.value).startswith(f"{table}.csv")


def test_every_spoilt_file_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as refused:
        content.read(tmp_path / "nowhere")
    assert [problem.table for problem in refused.value.problems] == list(schema.COLUMNS)


@pytest.mark.parametrize(
    "harmless",
    [
        lambda text: "\ufeff" + text,  # as Excel saves it
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "\n\n",
        lambda text: text.replace("Ring the Example Carers Line.", '"  Ring the Example Carers Line. "'),
    ],
    ids=["byte-order-mark", "windows-line-ends", "empty-lines-at-the-end", "blanks-around"],
)
def test_what_spreadsheets_do_to_a_file_is_harmless(
    tiny_content: Path, tiny: Tables, harmless: Callable[[str], str]
) -> None:
    path = tiny_content / "step.csv"
    path.write_text(harmless(path.read_text("utf-8")), "utf-8", newline="")
    assert content.read(tiny_content) == tiny


# The fixtures are not changed for good by an example, so that they need no new making.
examples = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
cells = [(table, column) for table, columns in schema.COLUMNS.items() for column in columns]


@examples
@given(cell=st.sampled_from(cells), text=st.text(max_size=30))
def test_whatever_stands_in_a_cell_the_check_ends_well(tiny: Tables, cell: tuple[str, str], text: str) -> None:
    table, column = cell
    row = tiny[table][0]
    before, row[column] = row[column], text.strip()
    try:
        assert all(str(problem) for problem in content.check(tiny))
    finally:
        row[column] = before


@examples
@given(data=st.binary(max_size=200) | st.text(alphabet='record_id,step"\n\r;\0 é', max_size=60).map(str.encode))
def test_whatever_stands_in_a_file_it_is_read_or_refused(tiny_content: Path, data: bytes) -> None:
    (tiny_content / "step.csv").write_bytes(data)
    with suppress(ContentError):  # and nothing else
        content.read(tiny_content)
