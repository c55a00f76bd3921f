"""Who may import whom, what may stand in a file, and that the locks fit together."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import files as files_of
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent

# Besides itself, Python's own library and other people's packages, what a room may import.
MAY_IMPORT = {
    "knowledge": set(),
    "actions": {"rasa_sdk", "knowledge"},
    "bot": {"rasa", "rasa_sdk", "spacy", "knowledge", "actions"},
}
# What only the rooms that name it above may import.
GUARDED = {"actions", "bot", "knowledge", "rasa", "rasa_sdk", "spacy", "tests"}

# In two parts, so that this file does not hold them itself.
REGISTRIES = [
    "pyp" + "i.org",
    "pythonh" + "osted.org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
    "deb.deb" + "ian.org",
    "archive.ubuntu" + ".com",
    "anaconda" + ".org",
]
PERSONAL_FOLDER = re.compile(r"(?<![\w.~%-])/(?:" + "home|root|Users|work" + r")/\w")


def imported(module: Path) -> Iterator[tuple[int, str]]:
    """The line and the top-level package of every import in a file, those by `import_module("...")` among them."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"), str(module))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name.split(".")[0]) for name in names)
            case ast.ImportFrom(module=str(name), level=0):
                yield node.lineno, name.split(".")[0]
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)) | ast.JoinedStr(values=[ast.Constant(value=str(name)), *_]), *_],
            ):
                yield node.lineno, name.split(".")[0]


def test_imports_are_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        "import a.b, c\nfrom d.e import f\nfrom . import g\ndef h():\n    import i\n"
        "import_module('j.k')\nimportlib.import_module(f'l.{m}')\n"
    )
    assert sorted(imported(module)) == [(1, "a"), (1, "c"), (2, "d"), (5, "i"), (6, "j"), (7, "l")]


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    modules = sorted((ROOT / room).rglob("*.py"))
    assert modules, f"there is nothing in {room}/"
    forbidden = GUARDED - MAY_IMPORT[room] - {room}
    wrong = [
        f"{module.relative_to(ROOT)}:{line} imports {package}"
        for module in modules
        for line, package in imported(module)
        if package in forbidden
    ]
    assert not wrong, "\n".join(wrong)


def test_actions_use_nothing_but_the_sdk_and_the_knowledge() -> None:
    allowed = {"actions", *MAY_IMPORT["actions"], *sys.stdlib_module_names}
    wrong = [
        f"{module.relative_to(ROOT)}:{line} imports {package}"
        for module in sorted((ROOT / "actions").rglob("*.py"))
        for line, package in imported(module)
        if package not in allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_every_imported_package_is_declared() -> None:
    declared = [re.split(r"[^\w.-]", wanted)[0] for wanted in requires("local-help-assistant") or []]
    installed = {file.parts[0].removesuffix(".py") for name in declared for file in files_of(name) or ()}
    undeclared = {
        package for room in MAY_IMPORT for module in (ROOT / room).rglob("*.py") for _, package in imported(module)
    } - {*sys.stdlib_module_names, *MAY_IMPORT, *installed}
    assert not undeclared, f"add to the dependencies in pyproject.toml: {undeclared}"


def test_the_data_room_holds_no_code() -> None:
    assert not list((ROOT / "data").rglob("*.py"))


def test_the_knowledge_loads_nothing_of_the_other_rooms() -> None:
    """What the source says, seen at work: the whole room is imported in a fresh Python."""
    modules = [f"knowledge.{path.stem}" for path in (ROOT / "knowledge").glob("*.py") if path.stem != "__init__"]
    code = f"import sys, {', '.join(modules)}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not (GUARDED - {"knowledge"}) & set(loaded.stdout.split())


def files() -> list[Path]:
    """Every file that is, or is about to be, in version control."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_registry_or_somebodys_folder() -> None:
    wrong = []
    for path in files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), 1):
            found = [host for host in REGISTRIES if host in line]
            found += [match.group() for match in PERSONAL_FOLDER.finditer(line)]
            wrong += [f"{path.relative_to(ROOT)}:{number} holds {what}" for what in found]
    assert not wrong, "\n".join(wrong)


def locked(lock: str) -> dict[str, set[str]]:
    """The hashes of every package and version in a lock."""
    entries: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if pin := re.match(r"\S+==\S+", line):
            hashes = entries.setdefault(pin.group(), set())
        elif found := re.search(r"--hash=sha256:[0-9a-f]{64}\b", line):
            hashes.add(found.group())
    return entries


def test_every_locked_package_has_a_hash() -> None:
    entries = locked("requirements-dev.lock")
    assert len(entries) > 100
    assert not [name for name, hashes in entries.items() if not hashes]


def test_what_is_tested_is_what_runs() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()
