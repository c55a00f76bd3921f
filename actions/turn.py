"""What was said: the latest message with its names and places, and what the conversation already knows."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actions.reply import Speaker
from knowledge import published
from knowledge.hours import asked_when, now, without_when
from knowledge.people import Stages, age, person
from knowledge.places import STREET, Spot, without_places
from knowledge.search import Query, content_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rasa_sdk import Tracker

    from knowledge.search import KnowledgeBase

POINTING = frozenset(
    """
    it its it's they their them theirs there that this those these he she his her one ones same
    """.split()
)
THEY = frozenset("they them their theirs".split())
# What a follow-up is made of, beside pointing words: asking for a detail names no new subject.
DETAIL_WORDS = frozenset(
    """
    number numbers phone telephone tel ring dial call contact email mail website web site address addresses
    postcode post code road street based base find hours hour open opens opened opening close closes closed closing
    shut shuts time times day days weekend weekends sunday monday tuesday wednesday thursday friday saturday
    sundays mondays tuesdays wednesdays thursdays fridays saturdays today tonight night late evening evenings now
    cost costs free pay charge charges much price referral refer referred self appointment appointments turn walk
    old age ages eligible allowed qualify dad mum mother father son daughter wife husband partner child instead
    else answers answer office booking start many first second third last next happens ok okay oh um er well
    actually sorry meant mean please ta cheers u r ur wot wat pls same book booked join long wait queue catch bus
    xmas christmas boxing easter bank holiday holidays hols new year years eve weekday weekdays good friday
    exactly again ringing calling emailing texting rather prefer sat nav satnav map who which where what when how
    take takes taking new anyone everyone person people men women kids children yourself myself himself herself
    yourselves way and or also but about no yes dunno idk idea
    tho though pick up closest house flat patient patients line lines right fine lol anyway great good nice brilliant
    lovely perfect thanks thank
    """.split()
)
LEADING = frozenset(
    """
    and or so but ok okay oh
    """.split()
)
# How much the likelihood that a message is no business of ours counts against what was found for it, and the likelihood
# that changes nothing. Measured by tests/evaluation; the curve stands in docs/evaluation.
FOREIGN_WEIGHT, NEUTRAL = 0.05, 0.07
MOST_TRUST = 0.1  # by so much at most a message that sounds like ours makes up for a record that hardly fits
# Intents that ask for a detail of something.
DETAIL_INTENTS = ("ask_contact", "ask_address", "ask_hours", "ask_cost", "ask_eligibility", "ask_referral")
COUNTING = re.compile(r"\bhow (?:many|meny)\b|\btotal number of\b", re.IGNORECASE)
NEAREST = re.compile(r"\b(?:nearest|closest|near ?by|near (?:me|here|us)|close by|round here)\b", re.IGNORECASE)
# What says only where something is or was: "the chemist at the hospital".
BESIDE = re.compile(
    r"\b(?:at|near|by|next to|inside|in|opposite|from|behind|outside|round from)\s+(?:the |my |our |a )?(?:\w+ )?$",
    re.IGNORECASE,
)
EXCEPT = re.compile(r"\b(?:apart from|except(?: for)?|other than|besides)\s+(?:the\s+)?\w+")  # "chemists except Boots"
OFFERED = "offered"  # what was asked, when a place was only offered to be told
RULED_OUT = re.compile(r"\b(?:not|instead of|rather than)\s+(?:the |a |an |my |in |at |for )*$", re.IGNORECASE)
ASKING = re.compile(
    r"(?:(?:and|so|but|ok|oh|well)[, ]+)*(?:can|could|do|does|is|are|will|would|may|has|have|did)\b", re.IGNORECASE
)
CORRECTING = re.compile(
    r"(?:(?:no+|nah|sorry|oh|wait|actually|but)[,.! ]+)*(?:(?:i|we) (?:meant|mean)\b|not\b|its? for\b|it's for\b)"
    r"|(?:(?:no+|nah)[,.! ]+(?!one\b|body\b))+\w",
    re.IGNORECASE,
)
GOING_BACK = re.compile(
    r"\b(?:(?:back|return(?:ing)?) to|going back|as (?:i|we) said|(?:you|we) (?:said|told me|mentioned|gave me)"
    r"|earlier|before that|from before)\b",
    re.IGNORECASE,
)
WHICH = re.compile(
    r"\b(?:is there (?:one|any)|which (?:ones?|of)|any of (?:them|these|those)|do any|are any|does (?:either|any))\b",
    re.IGNORECASE,
)
# How far above the believable score a short message must be to be taken for a new question.
NEW, CLEARLY_NEW = 0.12, 0.25


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, ready to be answered. `spot` is where the message is about; `known_spot` also remembers."""

    base: KnowledgeBase
    text: str
    intent: str
    confidence: float
    second_intent: str
    foreign: float
    other_questions: tuple[str, ...]
    spot: Spot | None
    spot_id: str
    subjects: tuple[str, ...]
    named: tuple[str, ...]
    remembered: Spot | None
    remembered_id: str
    placeless: str
    records: tuple[str, ...]
    question: str
    question_subjects: tuple[str, ...]
    aim: str
    asked: str
    pending: dict[str, Any]
    failures: int
    shown: tuple[tuple[str, ...], ...]
    earlier: tuple[tuple[str, ...], ...]

    @property
    def speaker(self) -> Speaker:
        """Who answers: it knows the phrases, and the day that was asked about."""
        return Speaker(self.base, asked_when(self.text, now()))

    @property
    def sought(self) -> str:
        """What to look for: the text, without the words for a time when it asks about opening hours."""
        return without_when(self.text) or self.text if self.intent == "ask_hours" else self.text

    @property
    def person(self) -> Stages:
        """Who it is for, as far as it was said now or in the question before."""
        return person(self.text) or person(self.question)

    @property
    def age(self) -> int | None:
        """The age that was said, now or in the question before."""
        said = age(self.text)
        return age(self.question) if said is None and not person(self.text) else said

    @property
    def asked_back(self) -> bool:
        """Whether the turn before ended with a question: an offer ("tell me your town") is none."""
        return self.asked not in ("", OFFERED)

    @property
    def doubt(self) -> float:
        """How much better than usual a match must be, from how likely the message is no business of ours."""
        return max(FOREIGN_WEIGHT * (_logit(self.foreign) - _logit(NEUTRAL)), -MOST_TRUST)

    @property
    def known_spot(self) -> Spot | None:
        """Where it is about: said now, else said before."""
        return self.spot or self.remembered

    @property
    def known_spot_id(self) -> str:
        """The id of `known_spot`, as the conversation keeps it."""
        return self.spot_id or self.remembered_id

    @property
    def only_place(self) -> bool:
        """Whether nothing but a place was said."""
        return self.spot is not None and not self.own_words and not self.subjects and not self.named

    @property
    def sited_subject(self) -> str:
        """The first subject that was said whose sites differ by place, or ""."""
        return next((subject for subject in self.subjects if self.base.terms[subject]["by_place"]), "")

    @property
    def wants_nearest(self) -> bool:
        """Whether the nearest is wanted, whichever it is."""
        return NEAREST.search(self.text) is not None

    @property
    def goes_on(self) -> bool:
        """Whether it goes on from what was said last: "and in Ledbury", "what about Ross"."""
        words = self.text.lower().split()
        return bool(words) and (words[0] in ("and", "or") or bool({"about", "same", "instead"} & set(words[:4])))

    @property
    def goes_back(self) -> bool:
        """Whether it comes back to something that was spoken of before the last answer."""
        return GOING_BACK.search(self.text) is not None

    @property
    def asks_which(self) -> bool:
        """Whether it asks which of those shown is so: "is there one without a voucher", "do any of them come out"."""
        return WHICH.search(self.text) is not None

    @property
    def counts(self) -> bool:
        """Whether it asks how many there are of something."""
        return COUNTING.search(self.text) is not None

    @property
    def is_question(self) -> bool:
        """Whether it asks something of what was shown ("can my daughter use it") rather than telling us something."""
        return ASKING.match(self.text) is not None or self.text.endswith("?")

    @property
    def corrects(self) -> bool:
        """Whether it puts right what was understood before: "no, I meant the mental health trust"."""
        return CORRECTING.match(self.text) is not None

    @property
    def unsure(self) -> bool:
        """Whether no intent was likely enough."""
        return self.intent == "nlu_fallback"

    @property
    def likeliest(self) -> str:
        """The intent, or the likeliest one where none was likely enough."""
        return self.second_intent if self.unsure else self.intent

    @property
    def own_words(self) -> list[str]:
        """The words that name a subject: not places, not pointing words, not words for a detail."""
        about = content_words(self.placeless)
        return [word for word in about if word not in DETAIL_WORDS and word not in POINTING and len(word) > 1]

    @property
    def telling_words(self) -> list[str]:
        """The own words without those of the subjects: what may be part of a name."""
        said = {
            word
            for subject in self.subjects
            for name in (self.base.terms[subject]["name"], self.base.terms[subject]["alternate_name"])
            for word in content_words(name)
        }
        said |= {word for match in EXCEPT.finditer(self.text.lower()) for word in match.group().split()}
        return [word for word in self.own_words if word not in said and not word.isdigit()]

    @property
    def only_subjects(self) -> bool:
        """Whether nothing but subjects was said, beside places and words for a detail."""
        return bool(self.subjects) and not self.telling_words

    @property
    def points_back(self) -> bool:
        """Whether it speaks of what was just shown or asked rather than of something new."""
        # "Does my doctor have to refer me" is no question about doctors.
        about = set(self.subjects) - ({"gp"} if self.likeliest == "ask_referral" else set())
        if not (self.records or self.question) or self.named or about:
            return False
        own = self.own_words
        if not own or self.subjects:
            return True
        words = self.text.lower().replace("?", " ").replace(",", " ").split()
        if THEY & set(words[:4]) and len(own) <= 3:
            return True
        pointing = bool(POINTING & set(words)) or words[0] in LEADING or "about" in words[:2]
        if len(own) > (4 if pointing else 2):
            return False
        if (pointing or len(own) == 1) and self.likeliest in DETAIL_INTENTS:
            return True
        belief = self.base.search(Query(self.text, placeless=self.placeless if self.spot else ""), 1).belief
        return belief < self.base.calibration.believable + (CLEARLY_NEW if pointing else NEW)


def _logit(likelihood: float) -> float:
    kept = min(max(likelihood, 0.001), 0.999)
    return math.log(kept / (1 - kept))


def read(tracker: Tracker) -> Turn:
    """Read the turn from Rasa's tracker; raises `KnowledgeBaseError` when there is no knowledge to answer from."""
    base = published.current()
    message = tracker.latest_message
    text = message.get("text") or ""
    every = [entity for entity in message.get("entities", []) if not _in_a_street(text, entity)]
    entities = [entity for entity in every if not _ruled_out(text, entity)]
    spot, spot_id = _where(base, entities)
    question = tracker.get_slot("question") or {}
    remembered_id = tracker.get_slot("place") or ""
    return Turn(
        base=base,
        text=text,
        intent=(message.get("intent") or {}).get("name") or "",
        confidence=float((message.get("intent") or {}).get("confidence") or 0.0),
        second_intent=_second(message),
        foreign=_likelihood(message, "out_of_scope"),
        other_questions=tuple(message.get("other_questions") or tracker.get_slot("other_questions") or ()),
        spot=spot,
        spot_id=spot_id,
        subjects=_sought(base, text, entities),
        named=_values(entities, "record"),
        placeless=without_places(text, every),
        remembered=base.places.spot(remembered_id) if remembered_id else None,
        remembered_id=remembered_id,
        records=_known(base, tracker.get_slot("records") or ()),
        question=question.get("text", ""),
        question_subjects=tuple(subject for subject in question.get("subjects", ()) if subject in base.terms),
        aim=question.get("aim", ""),
        asked=tracker.get_slot("asked") or "",
        pending=tracker.get_slot("pending") or {},
        failures=int(tracker.get_slot("failures") or 0),
        shown=tuple(_known(base, page) for page in tracker.get_slot("shown") or ()),
        earlier=tuple(filter(None, (_known(base, page) for page in tracker.get_slot("earlier") or ()))),
    )


def _known(base: KnowledgeBase, record_ids: Iterable[str]) -> tuple[str, ...]:
    """Those that the knowledge base still has: it may have been published anew since they were shown."""
    return tuple(record_id for record_id in record_ids if record_id in base)


def _ruled_out(text: str, entity: dict[str, Any]) -> bool:
    """Whether a name is said only to be put aside: "Hereford, not Worcester"."""
    return bool(RULED_OUT.search(text[: entity["start"]]))


def _in_a_street(text: str, entity: dict[str, Any]) -> bool:
    """Whether the name of a place is part of that of a street or a house."""
    return entity["entity"] == "place" and STREET.match(text, entity["end"]) is not None


def _likelihood(message: dict[str, Any], intent: str) -> float:
    """How likely the classifier takes an intent to be, 0 where it is not among its best ten."""
    ranking = message.get("intent_ranking") or []
    return float(next((entry["confidence"] for entry in ranking if entry["name"] == intent), 0.0))


def _second(message: dict[str, Any]) -> str:
    """The likeliest intent beside the one that was taken: what a fallback would have been."""
    ranking = message.get("intent_ranking") or []
    return ranking[1]["name"] if len(ranking) > 1 else ""


def _values(entities: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entity["value"] for entity in entities if entity["entity"] == name))


def _sought(base: KnowledgeBase, text: str, entities: list[dict[str, Any]]) -> tuple[str, ...]:
    """The subjects that are looked for: not the hospital of "the chemist at the hospital"."""
    subjects = [entity for entity in entities if entity["entity"] == "subject"]
    sited = [entity for entity in subjects if base.terms[entity["value"]]["by_place"]]
    only_where = [entity for entity in sited if BESIDE.search(text[: entity["start"]])]
    if len({entity["value"] for entity in only_where}) < len({entity["value"] for entity in sited}):
        subjects = [entity for entity in subjects if entity not in only_where]
    return _values(subjects, "subject")


def _where(base: KnowledgeBase, entities: list[dict[str, Any]]) -> tuple[Spot | None, str]:
    """The one place a message is about: a postcode, else the last of the narrowest places, ours before others'."""
    for entity in entities:
        if entity["entity"] == "postcode":
            return _at_postcode(base, entity)
    places = [(entity["start"], base.places[value]) for entity in entities if (value := _place_id(base, entity))]
    counties = {place.id for _, place in places if place.wide}
    if len(counties) > 1 and len(counties) == len(places):
        return None, ""  # both counties: everywhere
    if not places:
        return None, ""
    _, best = max(places, key=lambda found: (not found[1].outside, not found[1].wide, found[1].narrow, found[0]))
    return Spot.of(best), best.id


def _place_id(base: KnowledgeBase, entity: dict[str, Any]) -> str | None:
    known = entity["entity"] == "place" and base.places.spot(entity["value"]) is not None
    return entity["value"] if known else None


def _at_postcode(base: KnowledgeBase, entity: dict[str, Any]) -> tuple[Spot | None, str]:
    outward = entity["value"]
    spot = base.places.spot(outward.lower())
    if spot is None:
        return Spot(outward, outside=True), f"outside {outward}"
    if entity.get("point"):
        latitude, longitude = entity["point"]
        spot = Spot(spot.name, spot.county, spot.district, latitude, longitude)
    return spot, outward.lower()
