"""Names that the knowledge base knows, as entities: places, postcodes, subjects and records, by every name people use.

They are read from the published knowledge base at run time, so that a name added by the content team is understood on
the next turn, without training.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.util import filter_spans

from bot.nlu.component import MessageComponent
from knowledge import postcodes, published, schema
from knowledge.places import POSTCODE
from knowledge.search import STOP, WORD, KnowledgeBaseError
from knowledge.spelling import common_english

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

    from knowledge.search import KnowledgeBase

MANY = 3  # a name that more records than this share says nothing about which one is meant


class Names:
    """The names of one version of the knowledge base, ready to be found in a text."""

    def __init__(self, base: KnowledgeBase, nlp: Language) -> None:
        """Compile the matchers."""
        self.version = base.version
        self._gazetteer = base.places
        self._nlp = nlp
        self._matchers = {"place": PhraseMatcher(nlp.vocab, attr="LOWER")}
        self._places = base.places.names()
        self._add("place", self._places)
        subjects = {
            name.lower(): term["id"]
            for term in base.terms.values()
            for name in (*schema.split_list(term["alternate_name"]), term["name"])
        }
        self._add("subject", subjects)
        capitals = {name.lower() for name, _ in base.names() if name.isupper()}
        self._in_capitals = capitals & common_english()
        # "111" is the subject, and the very record too.
        not_names = {name for name in subjects if not name.isdigit()} | set(self._places)
        self._add("record", _telling(base, not_names))

    def _add(self, label: str, names: dict[str, Any]) -> None:
        matcher = PhraseMatcher(self._nlp.vocab, attr="LOWER")
        for name, value in names.items():
            values = value if isinstance(value, tuple) else (value,)
            for one in values:
                matcher.add(one, [self._nlp.make_doc(name)])
        self._matchers[label] = matcher

    def find(self, text: str) -> list[dict[str, Any]]:
        """The entities in a text; a record's own name may contain a place's, and both are given."""
        doc = self._nlp.make_doc(text.replace("’", "'"))
        found = [self._entity(label, span) for label in self._matchers for span in self._spans(label, doc)]
        return found + self._postcode(text)

    def _spans(self, label: str, doc: Doc) -> list[Span]:
        spans = self._matchers[label](doc, as_spans=True)
        longest = {(span.start, span.end) for span in filter_spans(spans)}
        found = [span for span in spans if (span.start, span.end) in longest]
        return [span for span in found if label != "record" or not self._only_a_word(span)]

    def _only_a_word(self, span: Span) -> bool:
        """Whether it is an everyday word that is a name only in capitals: "I wish" is not WISH."""
        return span.text.islower() and span.text in self._in_capitals

    @staticmethod
    def _entity(label: str, span: Span) -> dict[str, Any]:
        return {"entity": label, "value": span.label_, "start": span.start_char, "end": span.end_char}

    def _postcode(self, text: str) -> list[dict[str, Any]]:
        known = self._gazetteer.postcode(text)
        if known is None:
            return []
        outward, spot = known
        match = next(m for m in POSTCODE.finditer(text) if m.group(1).upper() == outward)
        entity: dict[str, Any] = {"entity": "postcode", "value": outward, "start": match.start(), "end": match.end()}
        if spot.latitude is not None and match.group(3):
            point = postcodes.shared().point(match.group()) or (spot.latitude, spot.longitude or 0.0)
            # About half a mile good: enough to say which is nearest, too coarse to say who asks.
            entity["point"] = [round(degrees, 2) for degrees in point]
        return [entity]


def _telling(base: KnowledgeBase, not_names: set[str]) -> dict[str, tuple[str, ...]]:
    """The record names that tell records apart: not a subject's or a place's word, and not shared by many."""
    owners: dict[str, list[str]] = {}
    for name, record_id in base.names():
        plain = name.lower().replace("’", "'")
        for form in {plain, plain.removeprefix("the "), plain.split(", ")[0], plain.replace("'", "")}:
            owners.setdefault(form, []).append(record_id)
    return {
        name: tuple(dict.fromkeys(ids))
        for name, ids in owners.items()
        if len(set(ids)) <= MANY and name not in not_names and any(w not in STOP for w in WORD.findall(name))
    }


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Gazetteer(EntityExtractorMixin, MessageComponent):
    """Adds the entities `place`, `postcode`, `subject` and `record`; their values are ids of the knowledge base."""

    def __init__(self) -> None:
        """Nothing is read until the first message: training needs no knowledge base."""
        self._nlp = spacy.blank("en")
        self._names: Names | None = None

    def look_at(self, message: Message) -> None:
        """Find names in the message, by the newest published knowledge."""
        try:
            base = published.current()
        except KnowledgeBaseError:
            return  # no names are known; whoever needs the knowledge base says so
        if self._names is None or self._names.version != base.version:
            self._names = Names(base, self._nlp)
        found = self.add_extractor_name(self._names.find(message.get(TEXT) or ""))
        message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
