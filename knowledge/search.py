"""Find the right record: full text and sentence vectors together, other places dropped, nonsense known as such.

Measured in docs/decisions/0004-search.md: the likeness of the sentence vectors plus 0.3 of the full-text score puts the
right record first more often than either alone, or than their ranks fused.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from rapidfuzz import fuzz, process

from knowledge import schema
from knowledge.people import EVERYONE, OLDEST, Stages, is_for
from knowledge.places import STREET, Gazetteer, Spot, area_id, miles_from, serves
from knowledge.schema import Phone, Place, Record, Schedule, Source
from knowledge.spelling import Spelling, is_english, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from knowledge.vectors import SentenceEncoder

# How much each counts: the likest of a record's vectors, the mean of its three likest, its description, the full text.
LIKEST_WEIGHT, LIKEST_THREE_WEIGHT, SUMMARY_WEIGHT, TEXT_WEIGHT = 0.3, 0.5, 0.3, 0.3
FEW = 0.05  # taken from the mean for each vector that a record has less than three
NAMED_BONUS, ALL_NAMED_BONUS = 0.15, 0.2  # for a record that is called by its own name, and where nothing else is said
NATIONAL_LOST = 0.05  # taken from a national record when a place was said: local help comes first
CITY_BONUS = 0.2  # for a record in the very town that was meant
ELSEWHERE = 4.0  # times what is local counts when a question is asked again for another place
WRONG_AGE = 1.0  # taken from a record that the age that was said is too young or too old for
NOT_FOR, JUST_FOR = 0.2, 0.03  # taken from a record for other ages than were said, added to one for just those
CHILDREN_ONLY = 0.04  # taken from a record for children only when nobody's age was said
ALIKE, SIBLING_BONUS = 0.6, 0.25  # for records like the best one, when that is dropped for its place
LOCAL_BONUS, DISTRICT_BONUS = 0.08, 0.14  # for a record that serves just the county, or just the district, meant
KIND_BONUS = 0.05  # for a record of a kind that was asked for
FACT_LOST = 0.1  # taken from a fact about the system when something else was asked for
SUBJECT_BONUS, ONLY_SUBJECT_BONUS = 0.05, 0.2  # for a record on a subject that was said; where nothing else was
NAME_COLUMN, TEXT_COLUMN = 5.0, 1.0  # bm25 weights
CANDIDATES = 60
RARE = 3.5  # a word in fewer than about one record in thirty tells records apart
MISSPELT = 84  # of 100: how alike a misspelt name must be
WORD = re.compile(r"[a-z0-9&']+")
PLACE_HELPS = 0.1  # of cosine at most that a place may add to how far a record is believed
FOLDS = 5
REFUSED_SHARE = 0.03  # of our own questions that may fall below the believable score
# Words of names and streets that people also say of what they look for: "the surgery in the village".
COMMON_IN_NAMES = frozenset("village estate upon town city county building road street near new old high main".split())
# The columns of a record whose words are edited text.
SPELT_RIGHT = (
    "name",
    "description",
    "eligibility_description",
    "application_process",
    "organization",
    "alert",
    "address_1",
)
# Words that say nothing about the subject.
STOP = frozenset(
    """
    a about all am an and any anyone anything are around as at be been but by can could did do does doing don't dont
    for from get getting give go going got had has have having he hello help her here hi hiya him his how i i'd i'll
    i'm i've if im in into is isn't it it's its ive just know like live lives living local looking love me mine more
    my near nearby nearest need no not now of off ok on one or our out own please round see she should so some
    someone somewhere tell than thank thanks that that's thats the their them then there these they thing this those
    to too us use want was we we're were what what's whats when where where's wheres which who who's whos why will
    with would yes you your
    """.split()
)


class KnowledgeBaseError(RuntimeError):
    """The knowledge base is missing or damaged; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How good a match must be to be believed, worked out from the content's own questions when it is published."""

    believable: float = 0.0

    def to_json(self) -> str:
        """As kept in the knowledge base."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for. `named` are ids of records called by name; `kinds` are preferred, `only` are required.

    `terms` are subjects (taxonomy terms) that were said, `alone` where nothing else was said; `within` is a subject
    that every hit must have. `person` are the
    stages of life that were said: records for others come later, and so do those that an `age` in years is too young or
    too old for. `like` is a record whose like is wanted elsewhere. `placeless` is the text without its places: a place
    we know does not make a question ours ("will it rain in Malvern"), so both are compared.
    """

    text: str
    spot: Spot | None = None
    kinds: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    alone: bool = False
    only: tuple[str, ...] = ()
    within: str = ""
    placeless: str = ""
    person: Stages = frozenset()
    age: int | None = None
    like: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that was found: how well it fits (higher is better), and how far away it is in miles where known."""

    record: Record
    score: float
    miles: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Hits, best first, and how far they can be believed: `belief` is comparable between queries, 0 to about 1.3."""

    hits: list[Hit] = field(default_factory=list)
    belief: float = 0.0
    believable: bool = False


class KnowledgeBase:
    """A published knowledge base, opened read-only. Safe to share between threads of one process."""

    def __init__(self, path: Path, encoder: SentenceEncoder, calibration: Calibration | None = None) -> None:
        """Open the database at `path`; raise `KnowledgeBaseError` where it is missing or damaged."""
        if not path.exists():
            raise KnowledgeBaseError(f"There is no knowledge base at {path}. Run: knowledge build")
        self._encoder = encoder
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._db.row_factory = sqlite3.Row
            self._load(calibration)
        except (sqlite3.Error, LookupError, TypeError, ValueError) as trouble:
            raise KnowledgeBaseError(
                f"The knowledge base at {path} cannot be read ({trouble}). Run: knowledge build"
            ) from trouble
        self.get = lru_cache(maxsize=4096)(self._get)
        self._words_of = lru_cache(maxsize=4096)(self._name_words)

    def __enter__(self) -> KnowledgeBase:
        """Use as `with KnowledgeBase(...) as base:`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _load(self, calibration: Calibration | None) -> None:
        if [row[0] for row in self._rows("PRAGMA quick_check(1)")] != ["ok"]:  # a few milliseconds
            raise sqlite3.DatabaseError("it is damaged")
        meta = (
            {row["name"]: row["value"] for row in self._rows("SELECT name, value FROM meta")}
            if _has(self._db, "meta")
            else {}
        )
        self.version: str = meta.get("version", "")
        self.built_at: str = meta.get("built_at", "")
        self.calibration = calibration or Calibration(**json.loads(meta["calibration"]))
        documents = self._rows("SELECT number, record_id, kind, name, text FROM document ORDER BY number")
        self._ids = [row["record_id"] for row in documents]
        self._kinds = np.array([row["kind"] for row in documents])
        self._number = {record_id: i for i, record_id in enumerate(self._ids)}
        vectors = self._rows("SELECT document, vector FROM vector ORDER BY rowid")
        self._vector_of = np.array([row["document"] - 1 for row in vectors])
        self._vectors = np.frombuffer(b"".join(row["vector"] for row in vectors), dtype=np.float16)
        # Each record has a vector of its own at least, so the rows in the order of their records make a group each.
        self._grouped = np.argsort(self._vector_of, kind="stable")
        self._starts = np.searchsorted(self._vector_of[self._grouped], np.arange(len(self._ids)))
        self._sizes = np.diff(np.append(self._starts, len(self._grouped)))
        # The rows of each record's vectors, filled up with the number of a row that is not there.
        self._members = np.full((len(self._ids), self._sizes.max(initial=1)), len(self._grouped))
        for record, (start, size) in enumerate(zip(self._starts, self._sizes, strict=True)):
            self._members[record, :size] = self._grouped[start : start + size]
        self._vectors = self._vectors.reshape(len(vectors), self._encoder.width).astype(np.float32)
        counts: Counter[str] = Counter()
        for row in documents:
            counts.update({stem(word) for word in WORD.findall(f"{row['name']} {row['text']}".lower())})
        self._rarity = {word: math.log(1 + len(documents) / count) for word, count in counts.items()}
        self._rarest = math.log(1 + len(documents))
        self.phrases: dict[str, str] = {row["id"]: row["text"] for row in self._rows("SELECT id, text FROM phrase")}
        self.numbers = {re.sub(r"\D", "", row["number"]) for row in self._rows("SELECT number FROM phone")}
        self._emails = {
            row["email"].lower()
            for kind in schema.KINDS
            for row in self._rows(f"SELECT email FROM {kind}")  # noqa: S608  # a name of ours
        }
        self.terms = {row["id"]: dict(row) for row in self._rows("SELECT * FROM taxonomy_term")}
        self._term_called = {
            name.lower(): term["id"]
            for term in self.terms.values()
            for name in (term["name"], *schema.split_list(term["alternate_name"]))
        }
        names = sorted(map(re.escape, self._term_called), key=len, reverse=True)
        self._term_names = re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)" if names else r"(?!)", re.IGNORECASE)
        self._by_term: dict[str, list[str]] = {}
        for row in self._rows("SELECT link_id, taxonomy_term_id FROM attribute"):
            self._by_term.setdefault(row["taxonomy_term_id"], []).append(row["link_id"])
        areas: dict[str, frozenset[str]] = {}
        stages: dict[str, Stages] = {}
        limits: dict[str, tuple[int, int]] = {}
        cities: dict[str, str] = {}
        for kind in schema.KINDS:
            for fields in map(dict, self._rows(f"SELECT * FROM {kind}")):  # noqa: S608  # a name of ours
                areas[fields["id"]] = frozenset(schema.split_list(fields["area"]))
                ages = fields.get("minimum_age"), fields.get("maximum_age")
                limits[fields["id"]] = (ages[0] or 0, ages[1] or OLDEST)
                cities[fields["id"]] = (fields.get("city") or "").lower()
                stages[fields["id"]] = is_for(*ages, fields.get("eligibility_description", ""))
        self._areas = [areas[record_id] for record_id in self._ids]
        self._stages = [stages[record_id] for record_id in self._ids]
        self._limits = [limits[record_id] for record_id in self._ids]
        self._national = np.array(["national" in areas[record_id] for record_id in self._ids])
        self._cities = np.array([cities[record_id] for record_id in self._ids])
        places = list(self._places())
        self.places = Gazetteer(places, self._postcode_points(places))
        self.spelling = self._spelling()

    def _spelling(self) -> Spelling:
        """The words that records and places are written with; what people call them need not be spelt right."""
        written: Counter[str] = Counter()
        called: set[str] = set()
        for kind in schema.KINDS:
            for row in self._rows(f"SELECT * FROM {kind}"):  # noqa: S608  # a name of ours
                fields = dict(row)
                written.update(words_of(" ".join(fields.get(column) or "" for column in SPELT_RIGHT)))
                called |= words_of(row["alternate_name"])
        for term in self.terms.values():
            called |= words_of(f"{term['name']} {term['alternate_name']}")
        for place in self.places:
            called |= words_of(" ".join((place.name, *place.alternate_name)))
            written.update(words_of(place.name) - written.keys())
        asked = Counter(
            word for row in self._rows("SELECT question FROM question") for word in words_of(row["question"])
        )
        right = {word for word in called if is_english(word)}
        right |= {word for word, times in asked.items() if times > 1 and is_english(word)}
        return Spelling({**dict.fromkeys(right, 1), **written}, called)

    def _rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def _places(self) -> Iterable[Place]:
        for row in self._rows("SELECT * FROM place"):
            fields = {**dict(row), "alternate_name": schema.split_list(row["alternate_name"])}
            yield Place(**fields)

    def _postcode_points(self, places: Iterable[Place]) -> dict[str, tuple[float, float]]:
        """The point of each record's postcode: its own where it has one, else the centre of its town or village."""
        centres = {
            place.name.lower(): (place.latitude, place.longitude)
            for place in places
            if place.latitude is not None and place.longitude is not None and not place.wide
        }
        points: dict[str, tuple[float, float]] = {}
        for kind in schema.SITES:
            for postcode, city, *own in self._rows(
                f"SELECT postal_code, city, latitude, longitude FROM {kind} "  # noqa: S608  # a name of ours, not input
                "WHERE postal_code != ''"
            ):
                if own[0] is not None:
                    points[postcode] = (own[0], own[1])
                elif city.lower() in centres:
                    points.setdefault(postcode, centres[city.lower()])
        return points

    def __contains__(self, record_id: object) -> bool:
        """Whether there is a record with this id, or one that it was merged into."""
        return bool(self._rows("SELECT 1 FROM record WHERE id = ?", record_id))

    def knows(self, said: str) -> bool:
        """Whether a phone number (digits only), email address, place or full postcode of ours is called this."""
        return (
            said in self.numbers
            or said.lower() in self._emails
            or self.places.named(said) is not None
            or self.places.knows_postcode(said)
        )

    def names(self) -> Iterable[tuple[str, str]]:
        """Every name that a live or closed record, other than a fact, is called by, with the record's id."""
        for kind in ("organization", "service", "location", "route"):
            for row in self._rows(f"SELECT id, name, alternate_name FROM {kind}"):  # noqa: S608  # a name of ours
                for name in (row["name"], *schema.split_list(row["alternate_name"])):
                    yield name, row["id"]

    def ids(self) -> Iterable[str]:
        """The ids of all records."""
        return iter(self._ids)

    def texts(self) -> Iterable[str]:
        """Every text that residents may be told; of a closed record only its name and what to do instead."""
        closed: set[str] = set()
        for kind in schema.KINDS:
            said = [column for column in schema.SAID if column in schema.COLUMNS[kind]]
            for row in self._rows(f"SELECT * FROM {kind}"):  # noqa: S608  # a name of ours
                if row["status"] == "defunct":
                    closed.add(row["id"])
                    yield from (row["name"], row["alert"])
                else:
                    yield from (row[column] for column in said)
        for table, column in (("phone", "description"), ("schedule", "description"), ("step", "step")):
            for row in self._rows(f"SELECT record_id, {column} FROM {table}"):  # noqa: S608  # names of ours
                if row["record_id"] not in closed:
                    yield row[column]
        yield from (row["name"] for row in self._rows("SELECT name FROM source"))
        yield from self.phrases.values()

    def _get(self, record_id: str) -> Record:
        """The record with this id, or the one that it was merged into; KeyError where there is none."""
        found = self._rows("SELECT kind, record_id FROM record WHERE id = ?", record_id)
        if not found:
            raise KeyError(record_id)
        kind, own_id = found[0]["kind"], found[0]["record_id"]
        row = self._rows(f"SELECT * FROM {kind} WHERE id = ?", own_id)[0]  # noqa: S608  # a name of ours
        fields: dict[str, Any] = {
            key: schema.split_list(row[key]) if key in schema.LISTS else row[key] for key in dict(row)
        }
        if fields.get("latitude") is None and (fields.get("city") or fields.get("postal_code")):
            fields["latitude"], fields["longitude"] = self._about_where(fields["city"], fields["postal_code"])
        return Record(
            kind=kind,
            phones=tuple(Phone(*r) for r in self._belonging("phone", own_id)),
            schedules=tuple(Schedule(*r) for r in self._belonging("schedule", own_id)),
            steps=tuple(r[0] for r in self._belonging("step", own_id)),
            sources=tuple(Source(*r) for r in self._belonging("source", own_id)),
            **fields,
        )

    def _about_where(self, city: str, postal_code: str) -> tuple[float | None, float | None]:
        """The exact point of a postcode we hold, else the centre of the town, else of the postcode district."""
        known = self.places.postcode(postal_code) if postal_code else None
        exact = known is not None and known[1].name != known[0]
        for spot in (
            known[1] if known and exact else None,
            self.places.named(city) if city else None,
            known and known[1],
        ):
            if spot is not None and not spot.wide and spot.latitude is not None:
                return spot.latitude, spot.longitude
        return None, None

    def _belonging(self, table: str, record_id: str) -> list[tuple[Any, ...]]:
        columns = ", ".join(schema.COLUMNS[table][1:])
        sql = f"SELECT {columns} FROM {table} WHERE record_id = ? ORDER BY rowid"  # noqa: S608  # names of ours
        return [tuple(row) for row in self._rows(sql, record_id)]

    def knows_word(self, word: str) -> bool:
        """Whether any record says this word."""
        return stem(word) in self._rarity

    def beliefs_without(self, texts: Sequence[str], vectors: NDArray[np.float32], fold: int) -> Iterator[float]:
        """How far each question of one fold is believed by a knowledge base that lacks that fold.

        `texts` are the knowledge base's own questions, in their order, with their vectors, shape (texts, width).
        """
        own = len(self._ids) + np.arange(len(texts))  # one vector a record stands before the questions'
        left_out = np.arange(len(texts)) % FOLDS == fold
        products = vectors[left_out] @ self._vectors.T
        products[:, own[left_out]] = -1
        counts = Counter(word for i in np.flatnonzero(left_out) for word in {stem(w) for w in content_words(texts[i])})
        kept = {word: rarity for word, rarity in self._rarity.items() if self._said_by(word) > counts[word]}
        for i, best in zip(np.flatnonzero(left_out), products.max(axis=1), strict=True):
            yield float(best) + TEXT_WEIGHT * self._known_share(texts[i], kept)

    def _said_by(self, word: str) -> int:
        """How many records say a word."""
        return round(len(self._ids) / (math.exp(self._rarity[word]) - 1))

    # -- finding ---------------------------------------------------------------------------------------------------

    def search(self, query: Query, limit: int = 10) -> Found:
        """The records that fit best, other places' dropped."""
        products = self._vectors @ self._encoder.encode_one(query.text)
        if query.placeless:
            placeless = self._vectors @ self._encoder.encode_one(query.placeless)
            products = (products + placeless) / 2
        cosines = np.maximum.reduceat(products[self._grouped], self._starts)
        scores = self._likenesses(products, cosines) + self._bonuses(query)
        scores += TEXT_WEIGHT * self._text_scores(query.placeless or query.text)
        if query.like in self._number:
            scores += self._likeness(self._number[query.like])
            if query.spot and self.is_site(self.get(query.like)):  # the same elsewhere is another
                scores[self._number[query.like]] -= SIBLING_BONUS + CITY_BONUS
        first = int(np.argmax(scores))
        if query.spot and not self._wanted(self.get(self._ids[first]), Query("", query.spot)):
            scores = scores + self._likeness(first)
        candidates = np.argsort(-scores)[: len(scores) if query.within else CANDIDATES]
        hits: list[Hit] = []
        for i in candidates:
            if len(hits) == limit:
                break
            record = self.get(self._ids[i])
            if self._wanted(record, query):
                hits.append(Hit(record, float(scores[i]), miles_from(query.spot, record)))
        top = self._number[hits[0].record.id] if hits else first
        shares = [self._known_share(text) for text in (query.text, query.placeless) if text]
        best = float(cosines[top])
        if query.placeless:  # what is alike in nothing but the place is no match
            best = min(best, float(placeless[self._members[top, : self._sizes[top]]].max()) + PLACE_HELPS)
        belief = best + TEXT_WEIGHT * sum(shares) / max(len(shares), 1)
        named = any(hit.record.id in query.named or self._says_name(query, hit.record) for hit in hits[:1])
        return Found(hits, belief, named or belief >= self.calibration.believable)

    def _bonuses(self, query: Query) -> NDArray[np.float32]:
        """What a record gains for its kind, for being called by name, or for being local, shape (documents,)."""
        bonuses = np.zeros(len(self._ids), dtype=np.float32)
        for kind in query.kinds:
            bonuses += KIND_BONUS * (self._kinds == kind)
        if query.kinds and "fact" not in query.kinds:
            bonuses -= FACT_LOST * (self._kinds == "fact")
        on_any: set[int] = set()
        for term in query.terms:
            on_it = [self._number[record_id] for record_id in self._by_term.get(term, ()) if record_id in self._number]
            bonuses[on_it] += SUBJECT_BONUS
            on_any.update(on_it)
        if query.alone:
            bonuses[list(on_any)] += ONLY_SUBJECT_BONUS
        for record_id in query.named:
            if record_id in self._number:
                bonuses[self._number[record_id]] += NAMED_BONUS + ALL_NAMED_BONUS * self._coverage(query, record_id)
        bonuses += self._for_whom(query)
        if query.spot and not query.spot.outside:
            county, district = area_id(query.spot.county), area_id(query.spot.district)
            local = [
                DISTRICT_BONUS
                if district in areas and county not in areas
                else LOCAL_BONUS * (bool(areas) and areas <= {county, district})
                for areas in self._areas
            ]
            # Asked again for another place, what is of that place is wanted.
            bonuses += np.array(local, dtype=np.float32) * (ELSEWHERE if query.like else 1)
            if query.like:
                bonuses += CITY_BONUS * (self._cities == query.spot.name.lower())
            bonuses -= NATIONAL_LOST * self._national
        return bonuses

    def _coverage(self, query: Query, record_id: str) -> float:
        """How much of what is said is the record's name, 0 to 1: the more else is said, the less the name decides."""
        said = content_words(query.placeless or query.text)
        return sum(word in self._words_of(record_id) for word in said) / len(said) if said else 1.0

    def _for_whom(self, query: Query) -> NDArray[np.float32]:
        """What a record gains or loses for the ages that it is for, shape (documents,)."""
        if not query.person:
            children = frozenset({"child", "teenager"})
            lost = [-CHILDREN_ONLY if stages <= children else 0.0 for stages in self._stages]
            return np.array(lost, dtype=np.float32)
        fits = []
        for stages, (lowest, highest) in zip(self._stages, self._limits, strict=True):
            if stages == EVERYONE:
                fits.append(0.0)
            else:
                fits_age = query.age is None or lowest <= query.age <= highest
                fits.append(-WRONG_AGE if not fits_age else JUST_FOR if stages & query.person else -NOT_FOR)
        return np.array(fits, dtype=np.float32)

    @staticmethod
    def _wanted(record: Record, query: Query) -> bool:
        """Whether a record serves the place, and is of the kind and subject, that the query insists on."""
        if query.spot and not query.spot.outside and not serves(record, query.spot):
            return False
        if query.only and record.kind not in query.only:
            return False
        return not query.within or query.within in record.taxonomy_terms

    def _likeness(self, document: int) -> NDArray[np.float32]:
        """A bonus for what is like a document, shape (documents,): the same service in the county that was meant."""
        summaries = self._vectors[: len(self._ids)]  # a record's own vector stands before the questions'
        likeness = summaries @ summaries[document]
        return np.where(likeness >= ALIKE, SIBLING_BONUS * likeness, 0.0)

    def _says_name(self, query: Query, record: Record) -> bool:
        """Whether the text is mostly a record's name, with a rare word of it."""
        name = frozenset(content_words(" ".join((record.name, *record.alternate_name))))
        said = content_words(query.placeless or query.text)
        shared = [word for word in said if word in name]
        return 2 * len(shared) > len(said) and any(self._rarity.get(stem(word), 0.0) >= RARE for word in shared)

    def nearest(self, term: str, spot: Spot, limit: int = 3) -> list[Hit]:
        """The sites on a subject that serve a spot, nearest first; those without a point come last.

        What serves just the spot's district, without an address of its own, comes first of all, and then what is named
        after the spot: "Tupsley Dental Practice" is in Tupsley, wherever our map has its town.
        """
        hits = []
        for record in self._on(term):
            miles = miles_from(spot, record)
            if (miles is None or spot.wide) and not serves(record, spot):
                continue
            here = not self.is_site(record) and record.area == (area_id(spot.district),) != (area_id(spot.county),)
            if self.is_site(record) or here:
                named_so = not spot.wide and _is_named_after(record, spot)
                order = -2.0 if here else -1.0 if named_so else 999.0 if miles is None else miles
                hits.append((order, miles, record.name, record))
        hits.sort(key=lambda hit: (hit[0], hit[1] or 0.0, hit[2]))
        return [Hit(record, 1.0, None if order == -2.0 else miles) for order, miles, _, record in hits[:limit]]

    def terms_in(self, text: str) -> tuple[str, ...]:
        """The subjects that a text names, by any of their names."""
        found = (self._term_called[match.group().lower()] for match in self._term_names.finditer(text))
        return tuple(dict.fromkeys(found))

    def all_on(self, term: str) -> list[Hit]:
        """Every record on a subject, as sure hits."""
        return [Hit(self.get(record_id), 1.0) for record_id in self._by_term.get(term, ())]

    def called(self, term: str, words: Sequence[str], spot: Spot | None) -> list[Hit]:
        """The sites on a subject whose name or street the words say, misspelt or not: the best matches only.

        Rare words count more; a match in nothing but common words ("road", "house") is no match.
        """
        scored = []
        for record in self._sites(term):
            if spot is not None and not spot.outside and not serves(record, spot) and miles_from(spot, record) is None:
                continue
            own = self._words_of(record.id)
            said = (word for word in words if not word.isdigit() and word not in COMMON_IN_NAMES and _alike(word, own))
            weights = [self._rarity.get(stem(word), self._rarest) for word in said]
            if weights and max(weights) >= RARE:
                scored.append((sum(weights), record))
        best = max((score for score, _ in scored), default=0.0)
        hits = [Hit(record, score, miles_from(spot, record)) for score, record in scored if score > 0.85 * best]
        return sorted(hits, key=lambda hit: (-hit.score, hit.miles or 0.0, hit.record.name))

    def _sites(self, term: str) -> Iterable[Record]:
        """The records with an address or a town whose first subject is `term`."""
        return (record for record in self._on(term) if self.is_site(record))

    def _on(self, term: str) -> Iterable[Record]:
        """The records, other than facts and routes, whose first subject is `term`."""
        for record_id in self._by_term.get(term, ()):
            record = self.get(record_id)
            first = record.taxonomy_terms[0] == term and record.kind in ("service", "organization")
            if first or record.kind == "location":
                yield record

    @staticmethod
    def is_site(record: Record) -> bool:
        """Whether it is somewhere to go: it has a town or a postcode of its own."""
        return record.kind in schema.SITES and bool(record.city or record.postal_code)

    def _name_words(self, record_id: str) -> frozenset[str]:
        record = self.get(record_id)
        return frozenset(content_words(" ".join((record.name, *record.alternate_name, record.address_1))))

    def _likenesses(self, products: NDArray[np.float32], cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """How like a text each record is, shape (documents,), from the cosines with every vector and the best of each.

        One question that happens to be alike is not enough: the three likest of a record count together. That is worked
        out for the likeliest records only; the others keep their best cosine, which is less.
        """
        likely = np.argpartition(-cosines, min(CANDIDATES, len(cosines) - 1))[:CANDIDATES]
        theirs = np.append(products, -1.0)[self._members[likely]]
        best = -np.sort(-theirs, axis=1)[:, :3]
        have = np.minimum(self._sizes[likely], best.shape[1])
        means = np.where(np.arange(best.shape[1]) < have[:, None], best, 0.0).sum(axis=1) / have
        scores = LIKEST_WEIGHT * cosines + SUMMARY_WEIGHT * products[: len(cosines)]
        scores[likely] += LIKEST_THREE_WEIGHT * (means - FEW * (3 - have))
        return scores

    def _text_scores(self, text: str) -> NDArray[np.float32]:
        """bm25 of each record, as a share of the best one's, shape (documents,)."""
        scores = np.zeros(len(self._ids), dtype=np.float32)
        words = content_words(text)
        if not words:
            return scores
        match = " OR ".join('"' + word.replace('"', "") + '"' for word in words)
        rows = self._rows(
            f"SELECT rowid, bm25(document_fts, {NAME_COLUMN}, {TEXT_COLUMN}) AS rank FROM document_fts "  # noqa: S608
            "WHERE document_fts MATCH ? ORDER BY rank LIMIT ?",
            match,
            CANDIDATES,
        )
        for row in rows:
            scores[row["rowid"] - 1] = row["rank"] / rows[0]["rank"]
        return scores

    def _known_share(self, text: str, rarity: Mapping[str, float] | None = None) -> float:
        """How much of what the text says, weighted by rarity, is spoken of anywhere in the knowledge base: 0 to 1."""
        known = self._rarity if rarity is None else rarity
        weights = [(known.get(stem(word), 0.0), self._rarest) for word in content_words(text)]
        total = sum(common or unknown for common, unknown in weights)
        return sum(common for common, _ in weights) / total if total else 0.0


def content_words(text: str) -> list[str]:
    """The words of a text that carry its subject, lower case, each once."""
    return list(dict.fromkeys(word for word in WORD.findall(text.lower().replace("’", "'")) if word not in STOP))


def stem(word: str) -> str:
    """A word without its commonest endings: rough, and the same for questions and content."""
    word = word.removesuffix("'s")
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _is_named_after(record: Record, spot: Spot) -> bool:
    """Whether a record's name says that it is in a place that is not the town it is listed under."""
    place = spot.name.lower()
    names = (name.lower() for name in (record.name, *record.alternate_name))
    return place != record.city.lower() and any(
        re.search(rf"\b{re.escape(place)}\b", name) and not STREET.match(name, name.index(place) + len(place))
        for name in names
    )


def _alike(word: str, words: frozenset[str]) -> bool:
    """Whether a word is one of the words, or a misspelling of one."""
    if word in words:
        return True
    return len(word) >= 5 and process.extractOne(word, words, scorer=fuzz.ratio, score_cutoff=MISSPELT) is not None


def calibrate(base: KnowledgeBase, questions: Sequence[tuple[str, str]]) -> Calibration:
    """How believable a match must be so that few of our own questions fall below it.

    Each fifth of the questions is asked of the rest: without its own vectors, and without the words that only it says.
    """
    texts = [text for text, _ in questions]
    if not texts:
        return Calibration()
    vectors = base._encoder.encode(texts)  # noqa: SLF001  # one room
    beliefs = [belief for fold in range(FOLDS) for belief in base.beliefs_without(texts, vectors, fold)]
    return Calibration(believable=float(np.quantile(beliefs, REFUSED_SHARE)))


def _has(db: sqlite3.Connection, table: str) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone())
