"""Danger detection: every sign, look-alikes, spelling, guards, speed, and errors that a clinician can act on."""

from __future__ import annotations

import csv
import shutil
import unicodedata
from pathlib import Path

import pytest

from bot.nlu.danger import FOLDER, DangerDataError, DangerTable
from bot.nlu.plain import plain

SETS = Path(__file__).resolve().parents[2] / "safety"


@pytest.fixture(scope="module")
def table() -> DangerTable:
    return DangerTable()


def messages() -> list[tuple[str, str]]:
    """The sealed-before-tuning set, then the one that grew with the wordings."""
    names = ("danger.tsv", "danger-tuned.tsv")
    lines = [line for name in names for line in (SETS / name).read_text(encoding="utf-8").splitlines()]
    return [(message, label) for message, label in (line.split("\t") for line in lines)]


def right(table: DangerTable, message: str, label: str) -> bool:
    danger = table.look(message)
    if danger is None:
        return False
    if label == "crisis":
        return danger.card == "immediate" and bool({"crisis", "self-harm"} & set(danger.kinds))
    return label == "urgent" or danger.card == "immediate"


@pytest.mark.parametrize("label, least", [("immediate", 1.0), ("crisis", 1.0), ("urgent", 0.95)])
def test_danger_is_recognised(table: DangerTable, label: str, least: float) -> None:
    asked = [m for m, wanted in messages() if wanted == label]
    missed = [m for m in asked if not right(table, m, label)]
    assert 1 - len(missed) / len(asked) >= least, missed


def test_look_alikes_raise_no_alarm(table: DangerTable) -> None:
    asked = [
        line
        for name in ("lookalike.txt", "lookalike-tuned.txt")
        for line in (SETS / name).read_text(encoding="utf-8").splitlines()
    ]
    alarms = [m for m in asked if (d := table.look(m)) and d.card == "immediate"]
    assert len(asked) >= 300
    assert len(alarms) / len(asked) <= 0.02, alarms


def in_other_languages(name: str) -> list[list[str]]:
    """The lines of a set, each followed by itself as it is typed without accents."""
    lines = [line.split("\t") for line in (SETS / name).read_text(encoding="utf-8").splitlines()]
    return [[language, m, *rest] for language, message, *rest in lines for m in (message, without_accents(message))]


def without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.translate(str.maketrans("\u0142\u0131", "li")))
    return "".join(letter for letter in letters if not "\u0300" <= letter <= "\u036f")


def test_the_plainest_signs_are_recognised_in_other_languages(table: DangerTable) -> None:
    asked = in_other_languages("danger-languages.tsv")
    assert {"pl", "ro", "bg", "pt", "ur", "pa", "lt", "hu", "lv", "tr", "es", "bn"} <= {line[0] for line in asked}
    assert not [line for line in asked if not right(table, line[1], line[2])]


def test_what_is_ordinary_in_other_languages_raises_no_alarm(table: DangerTable) -> None:
    asked = [message for _, message in in_other_languages("lookalike-languages.tsv")]
    with (SETS.parent / "bot" / "other_languages.csv").open(encoding="utf-8", newline="") as file:
        asked += [row["message"] for row in csv.DictReader(file)]
    assert len(asked) > 600
    assert not [(message, danger.words) for message in asked if (danger := table.look(message))]


@pytest.mark.parametrize(
    "message, seen",
    [
        ("boli mnie z\u0105b od trzech dni", False),
        ("od wczoraj boli mnie gard\u0142o", False),
        ("od", True),
        ("think hes done an OD", True),
        ("pomocy", True),
        ("potrzebuj\u0119 pomocy z zasi\u0142kiem", False),
        ("mainu chset pain", True),
        ("mera husband is not brething", True),
        ("mam mysli o samobojstwo", True),
        ("maz jest nieprzytomy", True),
    ],
)
def test_words_are_read_in_the_language_of_the_message(table: DangerTable, message: str, seen: bool) -> None:
    assert (table.look(message) is not None) is seen


@pytest.mark.parametrize(
    "message, card",
    [
        ("thank you goodbye", None),
        ("thank you for everything, goodbye", "immediate"),
        ("are my tablets ready to collect", None),
        ("i've got my tablets ready and i'm saying goodbye", "immediate"),
        ("useless bot put me through", None),
        ("i am useless to everyone", "immediate"),
        ("formula is costing a bomb", None),
        ("there's a bomb in the shopping centre", "immediate"),
        ("my grandson don't speak, he is nearly three, mother says he'll grow out of it", None),
        ("my kids' grandad died and the youngest wont talk about it", None),
        ("he's got food stuck and cant speak", "immediate"),
        ("the ringing in my ears is driving me round the bend, is there any help", None),
        ("im going mad and cant sleep help me", "immediate"),
        ("Mother (87) has had her stroke chair on loan and it's worn out", None),
        ("mother has had a stroke", "immediate"),
        ("my lad had a tooth knocked out at rugby", "urgent"),
        ("he got knocked out and his tooth is missing", "immediate"),
        ("call an ambulance", "immediate"),
        ("need ambulance transport to my appointment", None),
    ],
)
def test_everyday_words_and_the_danger_beside_them(table: DangerTable, message: str, card: str | None) -> None:
    danger = table.look(message)
    assert (danger.card if danger else None) == card


@pytest.mark.parametrize(
    "message",
    [
        "CHEST PAIN and sweating",
        "chest  pain, sweating",
        "chestpain sweating",
        "c h e s t p a i n",
        "chset pain really bad",
        "he can\u2019t breathe",
        "he cant breathe",
        "he cannot breathe",
        "he can not breeeathe",
        "he cant br\u00e9athe",
        "su1cidal",
        "i want to d!e",
        "shes unconcious",
        "he is not\nbreathing",
        "i'm bleeding heavily \U0001fa78 it wont stop",
    ],
)
def test_spelling_does_not_hide_danger(table: DangerTable, message: str) -> None:
    danger = table.look(message)
    assert danger is not None and danger.card == "immediate"


@pytest.mark.parametrize(
    "message, seen",
    [
        ("no chest pain, just a sore throat", False),
        ("no rash but he won't wake up", True),
        ("my dad had a stroke three years ago", False),
        ("dad had a stroke three years ago and now his face is drooping", True),
        ("he doesn't have chest pain, fever or trouble breathing", False),
        ("she was bleeding and it hasn't stopped, blood everywhere", True),
        ("is there a stroke club in Malvern", False),
        ("I'm in a stroke club and my mouth has dropped on one side", True),
    ],
)
def test_denied_past_and_named_services(table: DangerTable, message: str, seen: bool) -> None:
    assert (table.look(message) is not None) is seen


def test_immediate_beats_urgent_and_all_kinds_are_told(table: DangerTable) -> None:
    danger = table.look("my eye is red and painful. also i have taken 40 paracetamol and i want to die")
    assert danger is not None
    assert (danger.card, danger.kind) == ("immediate", "self-harm")
    assert {"self-harm", "crisis"} <= set(danger.kinds)
    assert danger.words and danger.wording


def test_whole_of_a_long_message_is_looked_at(table: DangerTable) -> None:
    padding = "the weather was lovely and we went to the market in Ledbury for some bread. " * 70
    assert len(padding) > 5000 and table.look(padding) is None
    danger = table.look(padding + "my husband won't wake up " + padding)
    assert danger is not None and danger.card == "immediate"


def test_nothing_and_noise(table: DangerTable) -> None:
    for message in ("", "   ", "\u200b", "?!", "12345", "\U0001f602", "x" * 5000, "\u00a0"):
        assert table.look(message) is None


def test_nothing_typed_stays_in_memory(table: DangerTable) -> None:
    before = len(table._vocab.strings)
    table.look("my name is Xyzzyqwert Plughfoo and I live in Nowhereville")
    assert len(table._vocab.strings) == before


def test_every_sign_has_a_wording(table: DangerTable) -> None:
    assert {str(n) for n in range(1, 46)} <= {w.sign.id for w in table.wordings}


def test_plain() -> None:
    assert plain("Mum\u2019s CAF\u00c9 \u0141\u00f3d\u017a can\u2019t") == "mum cafe lodz cant"


@pytest.mark.parametrize(
    "file, old, new, told",
    [
        ("signs.csv", ",immediate,", ",now,", "signs.csv, row 2, column card"),
        ("wordings.csv", "\n1,", "\n99,", "wordings.csv, row 2, column sign"),
        ("wordings.csv", "CHEST ~", "CHST ~", "wordings.csv, row 2, column pattern"),
        ("words.csv", "NEGATOR,", "NEGATER,", "the group NEGATOR is missing"),
        ("other_languages.csv", "\nmul,5,", "\nmul,99,", "other_languages.csv, row 2, column sign"),
    ],
)
def test_errors_say_where_and_what_to_do(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    folder = tmp_path / "safety"
    shutil.copytree(FOLDER, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DangerDataError, match=told):
        DangerTable(folder)
