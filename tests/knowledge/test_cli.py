"""The `knowledge` command: what it prints and how it ends, and plain words where it cannot do something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from knowledge.cli import main
from knowledge.schema import KINDS
from knowledge.search import KnowledgeBase
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from knowledge.content import Tables
    from knowledge.vectors import SentenceEncoder
    from tests.conftest import WriteContent

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: SentenceEncoder) -> Path:
    """Where the command publishes; `encoder` sees to it that there is a model."""
    path = tmp_path / "published" / "knowledge.db"
    monkeypatch.setenv("HELP_KNOWLEDGE", str(path))
    return path


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch, database: Path) -> None:
    """Makes the command look into the real content."""
    monkeypatch.setenv("HELP_KNOWLEDGE", str(database))


def knowledge(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def done(*arguments: str | Path) -> str:
    """What a command that goes well prints."""
    result = knowledge(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str | Path, code: int = 1) -> str:
    """What a command that cannot be done prints: never a trace."""
    result = knowledge(*arguments)
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    assert "Error" in result.output
    return result.output


def in_a_process(*arguments: str | Path, **variables: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in a Python of its own, with settings of its own."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    command = [sys.executable, "-m", "knowledge.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


# -- help --------------------------------------------------------------------------------------------------------------


def test_help_names_every_command_with_a_sentence() -> None:
    output = done("--help")
    commands = {line.split()[0]: line.split()[1:] for line in output.split("Commands:")[1].strip().splitlines()}
    assert set(commands) == {"build", "check", "prepare", "search", "show"}
    assert all(len(words) >= 3 for words in commands.values())


@pytest.mark.parametrize(
    "command, words",
    [
        ("build", ["--content", "--if-changed", "a failed check changes nothing"]),
        ("check", ["--content", "without publishing"]),
        ("prepare", ["sentence model"]),
        ("search", ["WORDS...", "--near", "--kind", "--limit", *KINDS]),
        ("show", ["ID", "one record in full"]),
    ],
)
def test_each_command_has_help(command: str, words: list[str]) -> None:
    output = done(command, "--help")
    assert [word for word in words if word not in output] == []


@pytest.mark.parametrize("arguments", [["search"], ["show"], ["nonsense"], ["search", "x", "--kind", "cat"]])
def test_wrong_use_says_how_it_is_used(arguments: list[str]) -> None:
    assert "Usage:" in refused(*arguments, code=2)


# -- check and build ---------------------------------------------------------------------------------------------------


def test_check_says_that_the_real_content_is_good() -> None:
    output = done("check")
    assert output.endswith(" records, nothing to mend.\n")
    assert int(output.split()[0]) > 600


def test_check_lists_what_is_to_mend(tiny: Tables, write_content: WriteContent) -> None:
    tiny["service"][0]["postal_code"] = "nowhere"
    tiny["phone"][0]["type"] = "mobile"
    output = refused("check", "--content", write_content(tiny))
    assert "2 things to mend" in output
    assert "service.csv, row 2, column postal_code: “nowhere” is not written as expected." in output
    assert "phone.csv, row 2, column type: " in output


def test_check_of_a_folder_that_is_not_there_says_what_is_missing(tmp_path: Path) -> None:
    output = refused("check", "--content", tmp_path / "nowhere")
    assert "service.csv: The file is missing. Put it back in" in output


def test_check_publishes_nothing(tiny_content: Path, target: Path) -> None:
    done("check", "--content", tiny_content)
    assert not target.parent.exists()


def test_build_publishes_and_says_where(tiny_content: Path, target: Path, encoder: SentenceEncoder) -> None:
    output = done("build", "--content", tiny_content)
    with KnowledgeBase(target, encoder) as base:
        assert output.endswith(f"Published knowledge {base.version} at {target}\n")


def test_a_failed_build_says_so_and_leaves_what_is_published(
    tiny: Tables, tiny_content: Path, write_content: WriteContent, target: Path
) -> None:
    done("build", "--content", tiny_content)
    before = target.read_bytes()
    tiny["fact"][0]["name"] = ""
    output = refused("build", "--content", write_content(tiny, "spoilt"))
    assert "Nothing was published: 1 thing to mend." in output
    assert "fact.csv, row 2, column name: It is empty. Fill it in." in output
    assert target.read_bytes() == before


def test_build_if_changed_does_nothing_until_the_content_changes(
    tiny: Tables, tiny_content: Path, write_content: WriteContent, target: Path
) -> None:
    assert "Published" in done("build", "--if-changed", "--content", tiny_content)
    stamp = target.stat().st_mtime_ns
    assert "up to date" in done("build", "--if-changed", "--content", tiny_content)
    assert target.stat().st_mtime_ns == stamp
    tiny["fact"][0]["description"] = "There are four libraries."
    assert "Published" in done("build", "--if-changed", "--content", write_content(tiny))
    target.write_bytes(b"damaged")
    assert "Published" in done("build", "--if-changed", "--content", tiny_content)


def test_where_nothing_can_be_written_it_is_said_plainly(
    tiny_content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: SentenceEncoder
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("HELP_KNOWLEDGE", str(tmp_path / "file" / "knowledge.db"))
    assert str(tmp_path / "file") in refused("build", "--content", tiny_content)


# -- search and show ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("real")
def test_search_shows_the_best_records_and_how_far_they_are_believed() -> None:
    first, *hits = done("search", "talking therapies for anxiety").splitlines()
    assert first.startswith("belief ") and first.endswith(", believable")
    assert len(hits) == 5
    assert any("  svc-talking-therapies  " in hit for hit in hits)


@pytest.mark.usefixtures("real")
def test_search_takes_words_without_quotes_and_a_limit() -> None:
    assert done("search", "food", "bank", "--limit", "2") == done("search", "food bank", "--limit", "2")
    assert len(done("search", "food bank", "--limit", "2").splitlines()) == 3
    assert "0" in refused("search", "food bank", "--limit", "0", code=2)


@pytest.mark.usefixtures("real")
def test_search_says_what_is_refused() -> None:
    assert ", refused\n" in done("search", "best pizza recipe")


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("near", ["HR9", "hr97aa", "Ross"])
def test_search_near_a_place_gives_miles(near: str) -> None:
    assert " miles)" in done("search", "doctors surgery", "--near", near, "--kind", "service")


@pytest.mark.usefixtures("real")
def test_search_of_one_kind_shows_only_that() -> None:
    hits = done("search", "mental health", "--kind", "route").splitlines()[1:]
    assert hits
    assert all("(route" in hit for hit in hits)


@pytest.mark.usefixtures("real")
def test_search_near_a_place_we_do_not_know_says_so() -> None:
    assert "We don't know a place called “Atlantis”." in refused("search", "gp", "--near", "Atlantis")


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("words", ["", '"', "AND OR NEAR(", "😀", "' OR 1=1 --"])
def test_search_takes_any_words(words: str) -> None:
    assert done("search", "--", words).startswith("belief ")


@pytest.mark.usefixtures("real")
def test_show_shows_a_record_in_full_also_by_an_old_id() -> None:
    output = done("show", "org-healthwatch-herefordshire")
    assert "id: org-healthwatch-herefordshire\n" in output
    assert "kind: organization\n" in output
    assert "sources:\n  Source(name=" in output
    assert done("show", "healthwatch-herefordshire") == output


@pytest.mark.usefixtures("real")
def test_show_of_an_id_that_nobody_has_says_so() -> None:
    assert "There is no record “nowhere”." in refused("show", "nowhere")


@pytest.mark.parametrize("arguments", [["search", "gp"], ["show", "svc-carers"]])
def test_without_a_knowledge_base_it_is_said_what_to_do(target: Path, arguments: list[str]) -> None:
    assert f"There is no knowledge base at {target}. Run: knowledge build" in refused(*arguments)
    target.parent.mkdir()
    target.write_bytes(b"damaged" * 1000)
    assert "Run: knowledge build" in refused(*arguments)


# -- the sentence model ------------------------------------------------------------------------------------------------


def test_prepare_makes_the_model_once_and_then_the_rest_works(tiny_content: Path, tmp_path: Path) -> None:
    made: dict[str, str | Path] = {"HELP_BUILD": tmp_path / "build", "HELP_KNOWLEDGE": "", "HELP_SENTENCE_MODEL": ""}
    without = in_a_process("build", "--content", tiny_content, **made)
    assert without.returncode == 1
    assert "There is no sentence model" in without.stderr
    assert "Run: knowledge prepare" in without.stderr
    assert "Traceback" not in without.stderr
    first = in_a_process("prepare", **made)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"Sentence model written to {tmp_path / 'build' / 'sentence-model'}\n"
    again = in_a_process("prepare", **made)
    assert again.stdout == f"Sentence model is ready in {tmp_path / 'build' / 'sentence-model'}\n"
    assert in_a_process("build", "--content", tiny_content, **made).returncode == 0
    found = in_a_process("search", "somebody", "to", "look", "after", "my", "dad", **made)
    assert "svc-carers" in found.stdout.splitlines()[1]


def test_the_content_of_the_project_is_what_is_built_by_default() -> None:
    assert str(CONTENT) in "".join(done("build", "--help").split())
