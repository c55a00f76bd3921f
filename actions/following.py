"""A message that leans on the one before: a detail of it, one of those shown, the same elsewhere, more of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from actions.closing import finish
from actions.finding import AIMS, aim_of, answer_question
from actions.reply import SHOWN_AT_ONCE, Reply, answer
from knowledge.people import age, is_for, person
from knowledge.places import Spot, serves
from knowledge.search import Hit, Query, content_words

if TYPE_CHECKING:
    from rasa_sdk.executor import CollectingDispatcher

    from actions.closing import Events
    from actions.turn import Turn
    from knowledge.schema import Record

FEW = 3  # words: so few say what a complaint is about, more are another question
CERTAIN = 0.85  # an intent this likely is answered with the detail that it asks for, without the whole record
ORDINALS = {
    "first": 0, "1st": 0, "1": 0, "one": 0, "top": 0,
    "second": 1, "2nd": 1, "2": 1, "two": 1,
    "third": 2, "3rd": 2, "3": 2, "three": 2,
    "fourth": 3, "4th": 3, "4": 3, "four": 3,
    "fifth": 4, "5th": 4, "5": 4, "five": 4,
    "last": -1, "bottom": -1,
}  # fmt: skip


def respond(dispatcher: CollectingDispatcher, turn: Turn, aim_name: str) -> Events:
    """The answer to any message: to what was shown before where it speaks of that, else to a question of its own."""
    return follow_up(dispatcher, turn) or answer_question(dispatcher, turn, aim_name)


def follow_up(dispatcher: CollectingDispatcher, turn: Turn) -> Events | None:
    """The answer to a message that speaks of what was just shown, or None where it stands for itself."""
    if turn.aim == "complain" and turn.subjects and not turn.is_question and len(turn.own_words) <= FEW:
        return _asked_anew(dispatcher, turn, ())  # "it's my dentist"
    before = _spoken_of_before(turn)
    if before is not None:
        return _tell_again(dispatcher, turn, before)
    if not turn.points_back:
        return _corrected(dispatcher, turn) or _named_again(dispatcher, turn)
    one_of_them = picked(turn) if turn.asked == "which" else None
    if one_of_them is not None:
        return _tell(dispatcher, turn, one_of_them, "", short=False)
    if turn.spot is not None and turn.spot.outside:
        return None
    if turn.spot is not None and turn.question:
        return repeat(dispatcher, turn)
    if not turn.records:
        return None
    chosen = picked(turn)
    record = chosen or turn.base.get(turn.records[0])
    if chosen is None and not turn.is_question and not _is_for(turn, record):
        return _for_another(dispatcher, turn, record)
    detail = aim_of(turn, turn.likeliest).detail
    page = turn.shown[-1] if turn.shown else turn.records
    if detail and turn.asks_which and len(page) > 1:
        return _each(dispatcher, turn, page, detail)
    alone = len(page) == 1 and turn.base.is_site(record)
    if (detail and record.kind != "fact") or chosen or alone:
        return _tell(dispatcher, turn, record, detail, short=chosen is None)
    return _asked_anew(dispatcher, turn, (record.id,) if record.kind != "fact" and not turn.own_words else ())


def _each(dispatcher: CollectingDispatcher, turn: Turn, page: tuple[str, ...], detail: str) -> Events:
    """A detail of every one that was shown."""
    records = [turn.base.get(record_id) for record_id in page]
    reply = Reply("answer", records=records)
    for record in records:
        reply.lines += [turn.speaker.brief(record), *turn.speaker.detail(record, detail)]
    return finish(dispatcher, turn, reply, records=list(page))


def _tell(dispatcher: CollectingDispatcher, turn: Turn, record: Record, detail: str, short: bool) -> Events:
    """A detail of a record that was shown, alone where it is clear that it was asked for, else the record in full."""
    only = bool(detail) and short and turn.confidence >= CERTAIN
    reply = answer(turn.speaker, [Hit(record, 1.0)], detail, only=only)
    if detail and not turn.speaker.knows(record, detail):
        _add_who_has(turn, reply, record, detail)
    return finish(dispatcher, turn, reply, records=first_of(turn, record))


def _spoken_of_before(turn: Turn) -> tuple[str, ...] | None:
    """What was shown before the last answer and is spoken of again: "back to the surgery, what was the number"."""
    if not turn.goes_back or turn.named or (turn.spot is not None and turn.spot_id != turn.remembered_id):
        return None
    if not turn.subjects:
        return turn.earlier[0] if turn.earlier and not turn.own_words else None
    wanted = set(turn.subjects)
    return next((page for page in turn.earlier if wanted & set(turn.base.get(page[0]).taxonomy_terms)), None)


def _tell_again(dispatcher: CollectingDispatcher, turn: Turn, page: tuple[str, ...]) -> Events:
    """What was shown before: the first of it, with the detail that is asked for, and the others to pick from."""
    detail = aim_of(turn, turn.likeliest).detail
    reply = answer(turn.speaker, [Hit(turn.base.get(page[0]), 1.0)], detail)
    return finish(dispatcher, turn, reply, records=list(page), shown=[list(page)])


def _asked_anew(dispatcher: CollectingDispatcher, turn: Turn, named: tuple[str, ...]) -> Events:
    """The question before and this message, read together; what was asked first stays what it is about."""
    whole = replace(turn, text=f"{turn.question} {turn.text}", named=named)
    events = answer_question(dispatcher, whole, turn.aim or "unsure", sure=True)
    return [event for event in events if event.get("name") != "question"]


def _is_for(turn: Turn, record: Record) -> bool:
    """Whether a record is for those whom this message speaks of, if it says an age at all."""
    said, years = person(turn.text), age(turn.text)
    if years is not None and not (record.minimum_age or 0) <= years <= (record.maximum_age or years):
        return False
    return not said or bool(said & is_for(record.minimum_age, record.maximum_age, record.eligibility_description))


def _for_another(dispatcher: CollectingDispatcher, turn: Turn, record: Record) -> Events:
    """What a record is about, for somebody whom it is not for."""
    names = (turn.base.terms[term]["name"] for term in record.taxonomy_terms)
    subjects = [name for name in names if not person(name) or person(name) & turn.person]
    return answer_question(dispatcher, replace(turn, text=". ".join([*subjects[:1], turn.text])), turn.aim or "unsure")


def _corrected(dispatcher: CollectingDispatcher, turn: Turn) -> Events | None:
    """What was meant instead, with the aim of the question before; None where the message is no correction."""
    if not (turn.corrects and turn.question):
        return None
    shown = turn.base.get(turn.records[0]) if turn.records else None
    if shown is not None and not _is_for(turn, shown):
        return _for_another(dispatcher, turn, shown)
    here = replace(turn, spot=turn.known_spot, spot_id=turn.known_spot_id)
    if turn.sited_subject:
        wanted = turn.base.terms[turn.sited_subject]["name"]
        return answer_question(dispatcher, replace(here, text=wanted, placeless=wanted), "find_service")
    return answer_question(dispatcher, replace(here, text=f"{turn.question} {turn.text}"), turn.aim, sure=True)


def _named_again(dispatcher: CollectingDispatcher, turn: Turn) -> Events | None:
    """The one of those shown that is called by its name, still beside the others; None where none is."""
    page = turn.shown[-1] if turn.shown else ()
    called = [record_id for record_id in turn.named if record_id in page]
    if len(called) != 1 or len(page) == 1:
        return None
    return _tell(dispatcher, turn, turn.base.get(called[0]), aim_of(turn, turn.likeliest).detail, short=False)


def _add_who_has(turn: Turn, reply: Reply, record: Record, detail: str) -> None:
    """Where we don't have what was asked of a record, add that of another that was shown, or of the next site."""
    shown = [turn.base.get(record_id) for record_id in (*turn.records, *record.related)]
    if turn.base.is_site(record) and record.latitude is not None:
        here = Spot(record.city, latitude=record.latitude, longitude=record.longitude)
        shown += [hit.record for hit in turn.base.nearest(record.taxonomy_terms[0], here, limit=5)]
    spot = turn.known_spot
    near = [r for r in shown if (serves(r, spot) if spot and not spot.outside else set(r.area) & set(record.area))]
    others = (r for r in near if r.id != record.id and r.open_for_use and turn.speaker.knows(r, detail))
    other = next(others, None)
    if other is not None:
        reply.lines += [turn.speaker.phrase("also"), *turn.speaker.only(other, detail)]
        reply.records.append(other)


def repeat(dispatcher: CollectingDispatcher, turn: Turn) -> Events:
    """The remembered question once more, for the place that the turn names."""
    if turn.asked != "place" and turn.pending and not turn.goes_on and not _speaks_of_last(turn):
        waiting = turn.pending
        turn = replace(
            turn, question=waiting["text"], question_subjects=tuple(waiting["subjects"]), aim=waiting["aim"], records=()
        )
    terms = turn.base.terms
    shown = turn.base.get(turn.records[0]) if turn.records and turn.aim != "ask_ics" else None
    subjects = turn.question_subjects
    if not subjects and shown is not None:
        subjects = tuple(term for term in shown.taxonomy_terms[:1] if terms[term]["by_place"])
    place = turn.spot.name if turn.spot else ""
    question = turn.question if shown is None else _without_name(turn, shown)
    question = " ".join((question, *turn.own_words))
    again = replace(turn, text=f"{question} {place}", placeless=question, subjects=subjects, named=())
    sited = turn.aim != "complain" and any(terms[subject]["by_place"] for subject in subjects)
    like = shown.id if shown is not None and not sited else ""
    return answer_question(dispatcher, again, turn.aim or "find_service", sure=True, like=like)


def _without_name(turn: Turn, record: Record) -> str:
    """The last question without what only this record is called: "hospice" of "St Michael's hospice"."""
    called = set(content_words(" ".join((record.name, *record.alternate_name)).replace("'", "")))
    terms = (turn.base.terms[term] for term in record.taxonomy_terms)
    common = set(content_words(" ".join(f"{term['name']} {term['alternate_name']}" for term in terms)))
    words = [w for w in turn.question.split() if w.lower().strip(".,?!").replace("'", "") not in called - common]
    return " ".join(words) or turn.question


def _speaks_of_last(turn: Turn) -> bool:
    """Whether the words beside the place are of the last question rather than of the one that waits."""
    waiting = set(content_words(turn.pending["text"]))
    return bool(turn.own_words) and not any(word in waiting for word in turn.own_words)


def more_hits(turn: Turn) -> list[Hit]:
    """The next of what was found for the remembered question."""
    if not turn.question:
        return []
    spot = turn.known_spot
    aim = AIMS[turn.aim or "unsure"]
    term = next((s for s in turn.question_subjects if turn.base.terms[s]["by_place"]), "")
    if term and spot is not None and not spot.outside:
        hits = [hit for hit in turn.base.nearest(term, spot, limit=40) if hit.record.open_for_use]
    else:
        query = Query(turn.question, None if turn.aim == "ask_ics" else spot, aim.kinds, within=aim.within)
        hits = turn.base.search(query, limit=9 + SHOWN_AT_ONCE * len(turn.shown)).hits
    said = {record_id for page in turn.shown for record_id in page}
    return [hit for hit in hits if hit.record.id not in said][:SHOWN_AT_ONCE]


def first_of(turn: Turn, record: Record) -> list[str]:
    """The records spoken of, with the one that was picked before the others."""
    return [record.id, *(record_id for record_id in turn.records if record_id != record.id)]


def picked(turn: Turn) -> Record | None:
    """The record that the words point at, among those just shown, in the order in which they were."""
    shown = [turn.base.get(record_id) for record_id in (turn.shown[-1] if turn.shown else turn.records)]
    if not shown:
        return None
    words = re.findall(r"[a-z0-9]+", turn.text.lower())
    if "other" in words and len(shown) > 1:  # one that was not spoken of last
        return next(record for record in shown if record.id != turn.records[0])
    by_words = [record for record in shown if _said(turn, record)]
    if len(by_words) == 1:
        return by_words[0]
    for word in words:
        place = ORDINALS.get(word)
        if place is not None and (word != "one" or len(words) == 1) and -len(shown) <= place < len(shown):
            return shown[place]
    return None


def _said(turn: Turn, record: Record) -> bool:
    about = f"{record.name} {record.city} {record.address_1}".lower()
    if turn.spot is not None:
        return turn.spot.name.lower() in about
    own = turn.own_words
    return bool(own) and all(word in content_words(about) for word in own)
