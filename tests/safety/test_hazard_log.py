"""The hazard log can be believed: every control names tests that exist, and nobody's score stands without a name."""

from __future__ import annotations

import ast
import csv
import re
from typing import TYPE_CHECKING

import pytest

from knowledge.settings import HOME

if TYPE_CHECKING:
    from pathlib import Path

LOG = HOME / "docs" / "safety" / "hazard-log.csv"
SCORES = ("initial_severity", "initial_likelihood", "residual_severity", "residual_likelihood")
WRITTEN = ("hazard_id", "hazard", "cause", "effect", "harm", "control", "tests")
COLUMNS = {*WRITTEN, *SCORES, "signed_by"}
NAMED = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
FEWEST = 25


def problems(log: Path) -> list[str]:
    """What is wrong with a hazard log, by row."""
    with log.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    missing = COLUMNS - set(reader.fieldnames or ())
    if missing:
        return [f"columns are missing: {', '.join(sorted(missing))}"]
    found, seen = [], set()
    for number, row in enumerate(rows, 2):
        where = f"row {number} ({row['hazard_id']})"
        found += [f"{where}: {column} is empty" for column in WRITTEN if not (row[column] or "").strip()]
        found += [f"{where}: the id is there twice"] if row["hazard_id"] in seen else []
        seen.add(row["hazard_id"])
        scored = [column for column in SCORES if (row[column] or "").strip()]
        if scored and not (row["signed_by"] or "").strip():
            found.append(f"{where}: {', '.join(scored)} filled in, and nobody has signed")
        found += [f"{where}: there is no test {test}" for test in (row["tests"] or "").split("; ") if not exists(test)]
    return found


def exists(test: str) -> bool:
    """Whether a test of this name stands in the file that is named."""
    named = NAMED.fullmatch(test)
    if named is None or not (HOME / named.group(1)).is_file():
        return False
    tree = ast.parse((HOME / named.group(1)).read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == named.group(2)
        for node in ast.walk(tree)
    )


def test_the_log_can_be_believed() -> None:
    assert problems(LOG) == []


def test_the_hazards_are_enough() -> None:
    with LOG.open(encoding="utf-8", newline="") as file:
        assert len({row["hazard"] for row in csv.DictReader(file)}) >= FEWEST


GOOD = {
    **dict.fromkeys((*WRITTEN, *SCORES, "signed_by"), ""),
    **dict.fromkeys(WRITTEN, "something"),
    "hazard_id": "H1",
    "tests": "tests/safety/test_hazard_log.py::test_the_log_can_be_believed",
}


@pytest.mark.parametrize(
    "change, problem",
    [
        ({}, None),
        ({"initial_severity": "3", "signed_by": "A. Clinician"}, None),
        ({"initial_severity": "3"}, "row 2 (H1): initial_severity filled in, and nobody has signed"),
        ({"control": " "}, "row 2 (H1): control is empty"),
        ({"tests": "tests/nothing.py::test_it"}, "row 2 (H1): there is no test tests/nothing.py::test_it"),
        (
            {"tests": GOOD["tests"] + "; tests/safety/test_hazard_log.py::test_gone"},
            "row 2 (H1): there is no test tests/safety/test_hazard_log.py::test_gone",
        ),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, change: dict[str, str], problem: str | None) -> None:
    write(tmp_path / "log.csv", [{**GOOD, **change}])
    assert problems(tmp_path / "log.csv") == ([problem] if problem else [])


def test_an_id_that_repeats_and_a_column_that_is_missing_are_found(tmp_path: Path) -> None:
    write(tmp_path / "log.csv", [GOOD, GOOD])
    assert problems(tmp_path / "log.csv") == ["row 3 (H1): the id is there twice"]
    write(tmp_path / "log.csv", [{key: value for key, value in GOOD.items() if key != "control"}])
    assert problems(tmp_path / "log.csv") == ["columns are missing: control"]


def write(log: Path, rows: list[dict[str, str]]) -> None:
    with log.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
