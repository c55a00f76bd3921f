"""Reading age: all that residents read suits a reader of 11 or younger; the exceptions stand in `hard_to_read.csv`.

The measure is the Flesch-Kincaid grade: it rises with the words in a sentence and with the syllables in a word. It is
an American school grade; five more is the reading age in years, so grades 4 to 6 are the house rule's 9 to 11. How many
syllables a word has comes from a library (pysyllables) with the counts of the CMU Pronouncing Dictionary in it.

A formula made for pages of prose needs help to be fair to ours:

- Names, numbers, times, postcodes and addresses can't be put more simply: each word of a name counts as a short one, a
  number or a web address as one short word. Names are known from the records themselves; any other word with a capital
  inside a sentence is one too (months, people, BSL), and so are the few `TERMS`. Long names still make long sentences.
- One sentence alone says little: in five words, one syllable more is two grades. So a record is judged by all that it
  says to residents, its steps included. A response, a phrase, or the part of a page under one heading is judged alone
  where it has `ENOUGH` words (one syllable more is then half a grade), and else with the other short ones of its file.
- One or two words ("Send", "Free.") are a label and no sentence, and left out. What phone numbers are for, and the
  names of subjects, are a few words each: they are judged as one text for each table.

What is harder is put more simply, or listed with its grade and why it can't be. The list only gets shorter or easier: a
text that is easy by now has to go from it, and one that got harder than listed fails.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

import pytest
from pysyllables import get_syllable_count
from rasa.shared.utils.io import read_yaml_file

from knowledge import content, schema
from knowledge.settings import CONTENT, HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from knowledge.content import Row, Tables

HARDEST = 6.0  # the grade of a reader of 11
YOUNGEST = 4.0  # the grade of a reader of 9
LONG = 20  # words in a sentence; more are counted, not forbidden: some are lists of names
ENOUGH = 20  # words of a text that is judged by itself
LISTED = Path(__file__).with_name("hard_to_read.csv")

# What a record says in sentences; the rest of what is said are names and addresses. Facts and ways to care have titles.
SENTENCES = [c for c in schema.SAID if c not in ("name", "address_1", "city", "postal_code", "organization")]
TITLED = ("fact", "route")
ENGLISH = ("language_english", "language_other")  # of the phrases language_*, which say the same in their language

PLAIN = "Jo"  # what every word of a name counts as
TERMS = re.compile(
    r"\b(?:integrated care (?:board|system|partnership)|clinical commissioning group)s?\b", re.IGNORECASE
)
NAME = re.compile(r"[A-Z]\S*(?: (?:(?:and|at|for|in|of|on|the|to|with|&) )*[A-Z0-9]\S*)*")
ADDRESS = re.compile(r"[^\s(]*\w[.@]\w[^\s)]*\w/?")  # of a website or an email
WORD = re.compile(r"[^\W_]+(?:['.,:&][^\W_]+)*")
END = re.compile(r"(?<=[.!?])[\"”)]*\s+|\n+")
BLANK = re.compile(r"\{\w+\}")

# -- the measure -------------------------------------------------------------------------------------------------------


@cache
def syllables(word: str) -> int:
    """How many syllables a word has; where the library does not know it, one for each group of vowels."""
    word = word.removesuffix("'s")
    one = word.removesuffix("s")
    known = get_syllable_count(word) or get_syllable_count(one)
    return known or max(1, len(re.findall("[aeiouy]+", one.removesuffix("e"))))


@cache
def names() -> re.Pattern[str]:
    """The names of all services, organisations and places."""
    tables = content.read(CONTENT)
    rows = [row for kind in (*schema.KINDS, "place") for row in tables[kind]]
    found = [row["name"].split(" (")[0] for row in [*rows, *tables["source"]]]
    found += [name for row in rows for name in schema.split_list(row["alternate_name"])]
    found += [row.get("organization", "") for row in rows]
    longest_first = sorted({name for name in found if NAME.fullmatch(name)}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def words_of(sentence: str) -> Iterator[str]:
    """The words of a sentence as they count; a number of several groups is one word."""
    number = False
    for place, word in enumerate(WORD.findall(sentence)):
        if not (number and word[0].isdigit()):
            capital = word[0].isupper() and not re.match(r"I\b", word) and (place > 0 or word[1:2].isupper())
            yield PLAIN if capital or word[0].isdigit() else word.lower()
        number = any(letter.isdigit() for letter in word)


def sentences_of(text: str) -> list[list[str]]:
    """The sentences of a text, each as its words; labels of one or two words are none."""
    text = ADDRESS.sub(PLAIN, text.replace("’", "'"))
    for known in (names(), TERMS):
        text = known.sub(lambda name: " ".join(PLAIN for _ in name.group().split()), text)
    sentences = [list(words_of(sentence)) for sentence in END.split(text)]
    return [words for words in sentences if len(words) > 2]


def grade_of(text: str) -> float:
    """The Flesch-Kincaid grade of a text, to one decimal."""
    sentences = sentences_of(text)
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0.0
    per_word = sum(map(syllables, words)) / len(words)
    return round(0.39 * len(words) / len(sentences) + 11.8 * per_word - 15.59, 1)


@dataclass(frozen=True)
class Text:
    """What is judged as one: the table or file it is in, its id there, and what it says by column."""

    where: str
    id: str
    said: dict[str, str]

    @property
    def all(self) -> str:
        return "\n".join(self.said.values())

    @property
    def grade(self) -> float:
        return grade_of(self.all)

    @property
    def hardest(self) -> str:
        """The column without which the text would be easiest."""
        return min(self.said, key=lambda left: grade_of("\n".join(s for c, s in self.said.items() if c != left)))

    @property
    def row(self) -> str:
        """As it would stand in the list."""
        return f"{self.where},{self.id},{self.hardest},{self.grade},"


# -- what residents read -----------------------------------------------------------------------------------------------


def records(tables: Tables) -> Iterator[Text]:
    """Every record; of a closed one only what to do instead is ever said."""
    for kind in schema.KINDS:
        for row in tables[kind]:
            yield Text(kind, row["id"], dict(said_of(row, kind, tables["step"])))


def said_of(row: Row, kind: str, steps: list[Row]) -> Iterator[tuple[str, str]]:
    """What a record says, by column."""
    columns = ["alert"] if row["status"] == "defunct" else [*(["name"] if kind in TITLED else []), *SENTENCES]
    for column in columns:
        if row.get(column):
            yield column, row[column]
    if own := [step["step"] for step in steps if step["record_id"] == row["id"]]:
        yield "step", "\n".join(own)


def wording(tables: Tables) -> Iterator[Text]:
    """Responses, phrases and pages; the short ones of each file together."""
    for where, texts in {**responses(), **phrases(tables), **pages()}.items():
        short = {name: text for name, text in texts.items() if sum(map(len, sentences_of(text))) < ENOUGH}
        yield from (Text(where, name, {"text": text}) for name, text in texts.items() if name not in short)
        if short:
            yield Text(where, "all the short ones", {"text": "\n".join(short.values())})


def labels(tables: Tables) -> Iterator[Text]:
    """What phone numbers are for, and the subjects."""
    for table, columns in (("phone", ["description"]), ("taxonomy_term", ["name", "description"])):
        yield Text(table, "all of them", {c: "\n".join(row[c] for row in tables[table]) for c in columns})


def responses() -> dict[str, dict[str, str]]:
    """The responses of the domain with their buttons, by file and by name; one on a condition has its value added."""
    files: dict[str, dict[str, str]] = {}
    for path in sorted((HOME / "bot" / "domain").glob("*.yml")):
        texts = files.setdefault(str(path.relative_to(HOME)), {})
        for name, variants in (read_yaml_file(path).get("responses") or {}).items():
            for variant in variants:
                when = "".join(f" ({condition['value']})" for condition in variant.get("condition", ()))
                texts[name + when] = "\n".join([variant["text"], *(b["title"] for b in variant.get("buttons", ()))])
    return files


def phrases(tables: Tables) -> dict[str, dict[str, str]]:
    """What the app itself says, and the phrases around the records, with names or numbers in their blanks."""
    said = {"bot/wording.yml": read_yaml_file(HOME / "bot" / "wording.yml")}
    english = (row for row in tables["phrase"] if not row["id"].startswith("language_") or row["id"] in ENGLISH)
    said["phrase"] = {row["id"]: row["text"] for row in english}
    return {where: {name: BLANK.sub(PLAIN, text) for name, text in texts.items()} for where, texts in said.items()}


def pages() -> dict[str, dict[str, str]]:
    """The parts of each page, by their headings."""
    files = sorted((HOME / "bot" / "pages" / "templates").glob("*.html"))
    return {str(path.relative_to(HOME)): Page.parts(path.read_text(encoding="utf-8")) for path in files}


class Page(HTMLParser):
    """What can be read, or is read aloud, of a page."""

    INLINE = ("a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "time")  # all other tags end a sentence
    HEADING = re.compile("h[1-6]|title")

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._unread = False

    @classmethod
    def parts(cls, template: str) -> dict[str, str]:
        """What each part says, by its first line; of a choice all that might be said, and a name in every blank."""
        page = cls()
        template = re.sub(r"(?s)\{#.*?#\}|(?<=\w)\{\{.*?\}\}", "", template)  # the s of {{ days }} day{{ "s" }} too
        template = re.sub(r"(?s)\{\{.*?\}\}", PLAIN, template)
        template = re.sub(r"(?s)\{%-?\s*(?:else|elif)\b.*?%\}", "<br>", template)
        page.feed(re.sub(r"(?s)\{%.*?%\}", "", template))
        page.close()
        parts = ("\n".join(filter(None, map(str.strip, part.split("\n")))) for part in "".join(page.text).split("\f"))
        return {part.split("\n")[0]: part for part in parts if part}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread = tag in ("script", "style")
        if tag not in self.INLINE:
            self.text.append("\f" if self.HEADING.fullmatch(tag) else "\n")
        self.text += [f"\n{value}\n" for name, value in attrs if name == "aria-label"]

    def handle_endtag(self, tag: str) -> None:
        self._unread = False
        if tag not in self.INLINE:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.text.append(re.sub(r"\s+", " ", data))


def mistakes(texts: list[Text], listed: list[Row]) -> Iterator[str]:
    """What is hard and not listed as hard, and what is listed and should not be."""
    hard = {(text.where, text.id): text for text in texts if text.grade > HARDEST}
    known = {(row["where"], row["id"]): row for row in listed}
    for key, text in hard.items():
        row = known.get(key)
        if row is None:
            yield f"{text.row} is hard to read: say it more simply, or list it with the reason."
        elif text.grade > float(row["grade"]):
            yield f"{text.row} is harder to read than listed ({row['grade']})."
        elif row["column"] != text.hardest:
            yield f"{text.row} is listed for its {row['column']}."
    for key, row in known.items():
        if key not in hard:
            yield f"{','.join(key)} is listed and easy to read now, or gone: take it from the list."
        elif not row["why"]:
            yield f"{','.join(key)} is listed without a reason."


def figures(texts: list[Text], what: str) -> str:
    """How hard the texts are, in one line; the middle is that of texts long enough to be judged by themselves."""
    grades = [text.grade for text in texts]
    long = [text.grade for text in texts if sum(map(len, sentences_of(text.all))) >= ENOUGH]
    sentences = [sentence for text in texts for sentence in sentences_of(text.all)]
    return (
        f"reading age of {what}, {len(texts)} texts (grade, five more is the age): "
        f"median {median(long):.1f}, nine of ten up to {quantiles(long, n=10)[-1]:.1f}, hardest {max(grades):.1f}; "
        f"over {YOUNGEST:.0f}: {sum(grade > YOUNGEST for grade in grades)}, "
        f"over {HARDEST:.0f}: {sum(grade > HARDEST for grade in grades)}; "
        f"{sum(len(sentence) > LONG for sentence in sentences)} of {len(sentences)} sentences have over {LONG} words"
    )


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The real content."""
    return content.read(CONTENT)


# -- the measure, tested -----------------------------------------------------------------------------------------------


def test_the_measure_tells_easy_from_hard() -> None:
    assert grade_of("The cat sat on the mat. Then it went to sleep in the sun.") < YOUNGEST
    assert grade_of("Ring your GP surgery. They can see you today.") < YOUNGEST
    hard = "Eligibility for domiciliary provision is determined following a multidisciplinary assessment of need."
    assert grade_of(hard) > 2 * HARDEST


def test_the_measure_is_the_formula() -> None:
    assert grade_of("We can help you at home. You need a referral.") == round(0.39 * 10 / 2 + 11.8 * 12 / 10 - 15.59, 1)
    assert grade_of("Free.") == 0


@pytest.mark.parametrize(
    "said",
    [
        "Worcestershire runs a bus to it.",
        "It runs a bus to Worcestershire Royal Hospital.",
        "It runs a bus to www.worcsacute.nhs.uk/transport.",
        "It runs a bus (patient.transport@example.org).",
        "It runs a bus on 01905 768053.",
        "It runs a bus to WR5 1DD from 8.30am.",
        "It runs a bus for an integrated care board.",
    ],
)
def test_names_and_numbers_are_not_hard(said: str) -> None:
    [words] = sentences_of(said)
    assert sum(map(syllables, words)) == len(words)


@pytest.mark.parametrize("word, many", [("carer's", 2), ("helplines", 2), ("counselling", 3), ("hmm", 1)])
def test_words_that_the_library_does_not_know_have_syllables(word: str, many: int) -> None:
    assert syllables(word) == many


def test_sentences_end_where_readers_stop() -> None:
    text = "It opens at 8.30am, on 1 July 2022 (we think). Look at nhs.uk. Free.\nIs it the integrated care board's?"
    assert [len(words) for words in sentences_of(text)] == [10, 3, 6]


def test_pages_say_what_is_seen_and_read_aloud() -> None:
    template = (
        "{# never #}<h1>Find {{ what }}</h1><p>We keep it {{ days }} day{{ 's' if days != 1 }}.{% if off %}</p>"
        "<button aria-label='Send it'>Send{% else %}Wait{% endif %}</button><script>never()</script>"
        "<h2>Your <a href='/x'>chat</a></h2><p>It is\n  yours.</p>"
    )
    assert Page.parts(template) == {
        "Find Jo": "Find Jo\nWe keep it Jo day.\nSend it\nSend\nWait",
        "Your chat": "Your chat\nIt is yours.",
    }


HARD = Text(
    "fact", "a", {"name": "It is.", "description": "Eligibility is determined following multidisciplinary review."}
)
ROW = {"where": "fact", "id": "a", "column": "description", "grade": str(HARD.grade), "why": "its words are fixed"}


@pytest.mark.parametrize(
    "said, row, mistake",
    [
        (HARD.said, ROW, ""),
        (HARD.said, {**ROW, "grade": "99"}, ""),
        (HARD.said, None, "is hard to read"),
        (HARD.said, {**ROW, "grade": str(HARD.grade - 0.1)}, "is harder to read than listed"),
        (HARD.said, {**ROW, "column": "name"}, "is listed for its name"),
        (HARD.said, {**ROW, "why": ""}, "without a reason"),
        (HARD.said, {**ROW, "id": "b"}, "is hard to read"),
        ({"description": "It is the list of what we do."}, ROW, "easy to read now"),
        ({"description": "It is the list of what we do."}, None, ""),
    ],
)
def test_the_list_is_kept_true(said: dict[str, str], row: Row | None, mistake: str) -> None:
    found = list(mistakes([Text("fact", "a", said)], [row] if row else []))
    assert mistake in found[0] if mistake else found == []


# -- all that residents read -------------------------------------------------------------------------------------------


def test_all_that_residents_read_is_easy_or_listed(tables: Tables, figure: Callable[[str], None]) -> None:
    said, told = [*wording(tables), *labels(tables)], list(records(tables))
    assert len(said) > 50 and len(told) > 700
    figure(figures(said, "wording"))
    figure(figures(told, "content"))
    with LISTED.open(encoding="utf-8", newline="") as file:
        wrong = list(mistakes([*said, *told], list(csv.DictReader(file))))
    assert not wrong, "\n".join(wrong)
