"""Read the content tables and check them: what is wrong is said by file, row, column and remedy.

The starting content is CSV (`knowledge/content/*.csv`); whatever else supplies the same rows goes through `check` too.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import phonenumbers

from knowledge import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Row = dict[str, str]
Tables = dict[str, list[Row]]

FIRST_ROW = 2  # as a spreadsheet counts: the header is row 1
AGES = frozenset(str(age) for age in range(121))
SHORT_NUMBERS = frozenset({"999", "111", "112", "101", "105", "119", "18000", "18001"})
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PLACEHOLDER = re.compile(r"{[a-z_]+}")
DIALLED = re.compile(r"[\d ()-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the content: where it stands, and what to do about it."""

    table: str
    row: int
    column: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """One line a content editor can act on."""
        where = f"{self.table}.csv" + (f", row {self.row}" if self.row else "")
        where += f", column {self.column}" if self.column else ""
        return f"{where}: {self.what} {self.remedy}"


class ContentError(ValueError):
    """The content cannot be published; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        """Keep the problems, and list them in the message."""
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def read(folder: Path) -> Tables:
    """Read every content table in `folder`; raise `ContentError` where a file or its header is not as expected."""
    tables: Tables = {}
    problems: list[Problem] = []
    for table, columns in schema.COLUMNS.items():
        try:
            tables[table] = _read_table(folder / f"{table}.csv", columns)
        except FileNotFoundError:
            problems.append(Problem(table, 0, "", "The file is missing.", f"Put it back in {folder}."))
        except UnicodeDecodeError:
            problems.append(Problem(table, 0, "", "The file is not UTF-8 text.", "Save it as “CSV UTF-8”."))
        except OSError as trouble:
            what = f"The file cannot be opened ({trouble.strerror})."
            problems.append(Problem(table, 0, "", what, f"Put the file in its place in {folder}."))
        except _BadTable as bad:
            problems.append(Problem(table, bad.row, bad.column, bad.what, bad.remedy))
    if problems:
        raise ContentError(problems)
    return tables


class _BadTable(ValueError):
    def __init__(self, row: int, column: str, what: str, remedy: str) -> None:
        super().__init__(what)
        self.row, self.column, self.what, self.remedy = row, column, what, remedy


def _read_table(path: Path, columns: tuple[str, ...]) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines: list[list[str]] = []  # the header and the rows; a cell may go over several lines of the file
        try:
            for cells in csv.reader(file, strict=True):
                lines.append(cells)
        except csv.Error as trouble:
            raise _BadTable(len(lines) + 1, "", f"The row cannot be read ({trouble}).", "Mend the quotes.") from None
    while lines and not lines[-1]:
        lines.pop()
    header = lines[0] if lines else []
    _check_header(header, columns)
    for number, cells in enumerate(lines[1:], FIRST_ROW):
        if not cells:
            raise _BadTable(number, "", "The row is empty.", "Delete it.")
        if len(cells) != len(header):
            what = "The row has more or fewer cells than the header."
            raise _BadTable(number, "", what, "Put cells that contain commas in double quotes.")
    return [dict(zip(header, (cell.strip() for cell in cells), strict=True)) for cells in lines[1:]]


def _check_header(header: list[str], columns: tuple[str, ...]) -> None:
    remedy = f"The header must be: {','.join(columns)}"
    for column in columns:
        if column not in header:
            raise _BadTable(1, column, "The column is missing.", remedy)
    for number, column in enumerate(header):
        if column not in columns:
            raise _BadTable(1, column, "This column is not known.", remedy)
        if column in header[:number]:
            raise _BadTable(1, column, "The column is there twice.", remedy)


def check(tables: Tables) -> list[Problem]:
    """Everything that is wrong with the content, in the order of the tables; nothing means it can be published."""
    known = _Known.of(tables)
    problems = list(_unique_ids(tables))
    if not known.records:
        problems.append(Problem("service", 0, "", "There are no records at all.", "Put the content back."))
    for table, rows in tables.items():
        for number, row in enumerate(rows, FIRST_ROW):
            rules: Iterable[tuple[str, str, str]] = _CHECKS[table](row, known)
            problems += [Problem(table, number, *found) for found in rules]
    return problems


@dataclass(frozen=True)
class _Known:
    """The ids that other rows may point at."""

    records: frozenset[str]
    areas: frozenset[str]
    terms: frozenset[str]
    sourced: frozenset[str]
    phoned: frozenset[str]

    @classmethod
    def of(cls, tables: Tables) -> _Known:
        def ids(table: str, column: str = "id") -> frozenset[str]:
            return frozenset(row[column] for row in tables[table])

        areas = {row["id"] for row in tables["place"] if row["place_type"] in ("county", "district")}
        return cls(
            records=frozenset().union(*(ids(kind) for kind in schema.KINDS)),
            areas=frozenset(areas | {"national"}),
            terms=ids("taxonomy_term"),
            sourced=ids("source", "record_id"),
            phoned=ids("phone", "record_id"),
        )


def _unique_ids(tables: Tables) -> Iterator[Problem]:
    for group in (schema.KINDS, ("place",), ("taxonomy_term",), ("phrase",)):
        seen: dict[str, str] = {}
        for table in group:
            for number, row in enumerate(tables[table], FIRST_ROW):
                where = f"{table}.csv, row {number}"
                if not row["id"]:
                    yield Problem(table, number, "id", "There is no id.", "Give it one that nothing else has.")
                elif row["id"] in seen:
                    yield Problem(
                        table,
                        number,
                        "id",
                        f"“{row['id']}” is also at {seen[row['id']]}.",
                        "Give one of them another id.",
                    )
                seen.setdefault(row["id"], where)
                for old in schema.split_list(row.get("merged_from", "")):
                    if old in seen:
                        yield Problem(
                            table,
                            number,
                            "merged_from",
                            f"“{old}” is also at {seen[old]}.",
                            "An old id leads to one record.",
                        )
                    seen[old] = where


_Found = tuple[str, str, str]  # column, what is wrong, remedy


def _one_of(row: Row, column: str, allowed: Iterable[str]) -> Iterator[_Found]:
    allowed = tuple(allowed)
    if row[column] not in allowed:
        shown = ", ".join(value or "nothing" for value in allowed)
        yield column, f"“{row[column]}” is not one of the values it may have.", f"Use one of: {shown}."


def _fits(row: Row, column: str, pattern: re.Pattern[str], like: str) -> Iterator[_Found]:
    if row.get(column) and not pattern.fullmatch(row[column]):
        yield column, f"“{row[column]}” is not written as expected.", f"Write it like {like}, or leave it empty."


def _filled(row: Row, *columns: str) -> Iterator[_Found]:
    for column in columns:
        if not row[column]:
            yield column, "It is empty.", "Fill it in."


def _points_at(row: Row, column: str, known: frozenset[str], what: str) -> Iterator[_Found]:
    for value in schema.split_list(row.get(column, "")):
        if value not in known:
            yield column, f"There is no {what} “{value}”.", f"Use the id of a {what} that exists, or add it."


def _number(row: Row, column: str, low: float, high: float) -> Iterator[_Found]:
    if not row.get(column):
        return
    try:
        fits = low <= float(row[column]) <= high
    except ValueError:
        fits = False
    if not fits:
        yield column, f"“{row[column]}” is not a number from {low:g} to {high:g}.", "Correct it or leave it empty."


def _ages(row: Row) -> Iterator[_Found]:
    for column in schema.AGES:
        if row.get(column) and row[column] not in AGES:
            yield (
                column,
                f"“{row[column]}” is not an age.",
                f"Write a whole number up to {len(AGES) - 1}, or leave it empty.",
            )
    lowest, highest = (row.get(column, "") for column in schema.AGES)
    if {lowest, highest} <= AGES and int(lowest) > int(highest):
        yield "minimum_age", f"It is more than the maximum age, {highest}.", "Write them the other way round."


def _real_date(row: Row, column: str) -> Iterator[_Found]:
    text = row.get(column, "")
    if not text:
        return
    try:
        if not DATE.fullmatch(text):
            raise ValueError(text)
        parts = [int(part) for part in text.split("-")]
        date(*[*parts, 1, 1][:3])
    except ValueError:
        yield column, f"“{text}” is not a date.", "Write 2025, 2025-03 or 2025-03-06, or leave it empty if unknown."


def _point(row: Row) -> Iterator[_Found]:
    yield from _number(row, "latitude", 49, 61)
    yield from _number(row, "longitude", -9, 2)
    if bool(row.get("latitude")) != bool(row.get("longitude")):
        yield "longitude", "Latitude and longitude go together.", "Fill in both or neither."


def _check_record(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _filled(row, "name", "description")
    yield from _one_of(row, "status", schema.STATUSES)
    yield from _one_of(row, "confidence", schema.CONFIDENCES)
    if "referral" in row:
        yield from _one_of(row, "referral", schema.REFERRALS)
        yield from _one_of(row, "urgency", schema.URGENCIES)
    for column in ("source_date", "assured_date", "review_date"):
        yield from _real_date(row, column)
    yield from _fits(row, "postal_code", POSTCODE, "WR5 1DD")
    yield from _fits(row, "email", EMAIL, "name@example.org")
    yield from _fits(row, "url", re.compile(r"https?://\S+"), "https://www.example.org")
    yield from _point(row)
    yield from _ages(row)
    for column in ("replaced_by", "related", "location_id"):
        yield from _points_at(row, column, known.records, "record")
    yield from _points_at(row, "area", known.areas, "area")
    yield from _points_at(row, "taxonomy_terms", known.terms, "subject")
    if row["id"] not in known.sourced:
        yield "id", "No source is named for it.", "Add a row with its id to source.csv: no fact without a source."
    if row["status"] == "defunct":
        if not row["alert"]:
            yield "alert", "It is closed, and nothing says what to do instead.", "Say since when, and where to go."
        if row["id"] in known.phoned:
            yield "status", "It is closed and still has a phone number.", "Remove its rows from phone.csv."


def _check_phone(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _belongs(row, known)
    yield from _one_of(row, "type", schema.PHONE_TYPES)
    yield from _real_date(row, "source_date")
    if not phone_is_possible(row["number"], row["type"]):
        yield (
            "number",
            f"“{row['number']}” is not a phone number in this country.",
            "Write it as dialled: 01562 513039.",
        )


def phone_is_possible(number: str, kind: str = "voice") -> bool:
    """Whether `number` can be dialled here: a UK number, a short emergency number, or a text shortcode."""
    if not DIALLED.fullmatch(number):
        return False
    digits = re.sub(r"\D", "", number)
    if digits in SHORT_NUMBERS or (kind in ("text", "textphone") and 3 <= len(digits) <= 6):
        return True
    if kind == "textphone" and digits.startswith("18001"):
        digits = digits.removeprefix("18001")
        if digits in SHORT_NUMBERS:
            return True
    if re.fullmatch(r"116\d{3}", digits):
        return True
    try:
        return digits.startswith("0") and phonenumbers.is_valid_number(phonenumbers.parse(digits, "GB"))
    except phonenumbers.NumberParseException:
        return False


def _belongs(row: Row, known: _Known) -> Iterator[_Found]:
    if row["record_id"] not in known.records:
        yield "record_id", f"There is no record “{row['record_id']}”.", "Use the id of a record that exists."


def _check_schedule(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _belongs(row, known)
    for day in row["byday"].split(","):
        if day not in (*schema.DAYS, schema.BANK_HOLIDAY):
            yield (
                "byday",
                f"“{day}” is not a day.",
                f"Use {','.join(schema.DAYS)}, with commas between, and {schema.BANK_HOLIDAY} for bank holidays.",
            )
    closed_on_bank_holidays = row["byday"] == schema.BANK_HOLIDAY and not row["opens_at"] and not row["closes_at"]
    for column in ("opens_at", "closes_at"):
        if not closed_on_bank_holidays:
            yield from _filled(row, column)
        yield from _fits(row, column, TIME, "08:30")
    if TIME.fullmatch(row["opens_at"]) and TIME.fullmatch(row["closes_at"]) and row["opens_at"] >= row["closes_at"]:
        yield "closes_at", "It closes before it opens.", "Hours past midnight are two rows: to 23:59, and from 00:00."


def _check_step(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _belongs(row, known)
    yield from _filled(row, "step")


def _check_source(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _belongs(row, known)
    yield from _filled(row, "name")
    yield from _fits(row, "url", re.compile(r"https?://\S+"), "https://www.example.org")


def _check_question(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _belongs(row, known)
    yield from _filled(row, "question")


def _check_note(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _belongs(row, known)


def _check_term(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _filled(row, "name")
    yield from _one_of(row, "by_place", ("", "yes"))


def _check_place(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _filled(row, "name")
    yield from _one_of(row, "place_type", schema.PLACE_TYPES)
    yield from _point(row)
    if row["place_type"] != "outside":
        yield from _filled(row, "latitude")


def _check_phrase(row: Row, known: _Known) -> Iterator[_Found]:
    yield from _filled(row, "text")
    if re.search("[{}]", PLACEHOLDER.sub("", row["text"])):
        yield "text", "A curly bracket has no partner, or what is in it is no blank.", "Write each blank like {name}."


_CHECKS: dict[str, Callable[[Row, _Known], Iterator[_Found]]] = {
    **dict.fromkeys(schema.KINDS, _check_record),
    "phone": _check_phone,
    "schedule": _check_schedule,
    "step": _check_step,
    "source": _check_source,
    "question": _check_question,
    "note": _check_note,
    "taxonomy_term": _check_term,
    "place": _check_place,
    "phrase": _check_phrase,
}
