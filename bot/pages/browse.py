"""The directory's pages: all subjects and towns, one subject, one town, one record."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from bot import settings
from bot.danger_reply import danger_reply
from bot.messages import BadMessage, check_text
from bot.pages.directory import URGENT, Directory, Entry, Link, Section, directory_of, find, town_path
from bot.pages.map import map_of
from bot.pages.messages import from_assistant
from bot.pages.records import Card, path_of
from bot.pages.site import show
from bot.pages.structured_data import page_data
from knowledge import published
from knowledge.schema import KINDS, SITES
from knowledge.search import KnowledgeBaseError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from knowledge.schema import Record

ALL = ("All services", "/directory")
NOT_FOUND = ("It may have moved or closed.", "Look in the list of all services, or type what you need.")


def _endpoint(page: Callable[[Request, Directory], Response]) -> Callable[[Request], Awaitable[Response]]:
    """A page of the directory, unless there is danger, it is switched off, or there is no knowledge to show."""

    @wraps(page)
    async def answer(request: Request) -> Response:
        danger = danger_reply(request.query_params.get("find", ""), "directory")
        if danger:
            return _list(request, ALL[0], danger=from_assistant(danger[0]["text"], danger[1]["custom"]), crumbs=[])
        if request.app.state.messages.switch.is_off():  # what is wrong may be what we know
            return notice(request, "Switched off for now", settings.WORDING["off"], 503)
        try:
            directory = directory_of(published.current())
        except KnowledgeBaseError:
            return notice(request, "We can't show this just now", settings.WORDING["knowledge_unavailable"], 503)
        return page(request, directory)

    return answer


@_endpoint
def overview(request: Request, directory: Directory) -> Response:
    """All subjects and towns; or what was found for some words."""
    words = request.query_params.get("find")
    if words is None:
        return _overview(request, directory)
    try:
        words = check_text(words)
        if len(words) > settings.LONGEST_MESSAGE:
            raise BadMessage("too_long", 413, longest=settings.LONGEST_MESSAGE)
    except BadMessage as bad:
        return _overview(request, directory, status=bad.status, words=words, error=str(bad))
    place = directory.place(words.lower())
    if place:
        return RedirectResponse(town_path(place), 303)
    near = directory.towns_near(words)
    if near:
        return _list(request, f"Near {words}", words=words, lines=["We list services by town. Choose one."], links=near)
    found = find(directory.base, words)
    lines = [directory.base.phrases["outside"].format(place=found.outside)] if found.outside else []
    links = [
        Link(f"All on: {directory.name_of(term)}", f"/directory/subject/{term}")
        for term in found.terms
        if term in directory.subjects
    ]
    title = f"What we found for “{words}”"
    if not found.hits:
        return _overview(request, directory, title, words=words, lines=lines, links=links, nothing=True)
    entries = [Entry(directory, hit.record, hit.miles) for hit in found.hits]
    heading = "Nearest first" if found.nearest else "Best matches first"
    sections = [Section(heading, entries, described=not found.nearest)]
    return _list(request, title, sections, words=words, lines=lines, links=links)


@_endpoint
def subject(request: Request, directory: Directory) -> Response:
    """All records on a subject: what to do first, then the places in each town and the services for a wider area."""
    term = request.path_params["term"]
    if term not in directory.subjects:
        return _not_found(request)
    live = [record for record in directory.subjects[term] if record.open_for_use]
    routes = sorted(
        (r for r in live if r.kind == "route"), key=lambda r: (r.urgency not in URGENT, r.taxonomy_terms[0] != term)
    )
    in_towns: dict[str, list[Record]] = {}
    for site in (r for r in live if r.kind in SITES):
        where = directory.town_of(site)
        in_towns.setdefault(where.name if where else "", []).append(site)
    wide = ("For a wider area" if len(in_towns) > 1 else "Who can help", in_towns.pop("", []), True)
    towns = [(f"In {name}", in_towns[name], False) for name in sorted(in_towns)]
    sited = bool(directory.base.terms[term]["by_place"])
    sections = [
        ("What to do", routes, True),
        *((*towns, wide) if sited else (wide, *towns)),
        ("Good to know", [r for r in live if r.kind == "fact"], False),
        ("Closed, and what to do instead", [r for r in directory.subjects[term] if not r.open_for_use], False),
    ]
    shown = _sections(directory, sections)
    return _list(request, directory.name_of(term), shown, can_find=False, jump="Choose a town" if sited else "")


@_endpoint
def town(request: Request, directory: Directory) -> Response:
    """What is in a town, by subject; or what is there for all of a county, wherever it is."""
    asked = request.path_params["place"]
    place = directory.place(asked)
    if place is None:
        return _not_found(request)
    if place.id != asked:
        return RedirectResponse(town_path(place), 308)
    if place.place_type == "county":
        found = [(heading, records, True) for heading, records in _by_heading(directory, directory.for_all_of(place))]
        lines = [f"These are not in one town. They are for all of {place.name}, or for the part that we name."]
        sections = _sections(directory, found)
        return _list(request, f"Services for all of {place.name}", sections, lines=lines, can_find=False)
    found = [(name, records, False) for name, records in _by_subject(directory, directory.towns[place.id])]
    sections = _sections(directory, [*found, (f"Also for people in {place.district}", directory.just_for(place), True)])
    county = next((p for p in directory.base.places if p.place_type == "county" and p.name == place.county), None)
    links = [Link(f"Services for all of {county.name}", town_path(county))] if county else []
    return _list(request, f"Services in {place.name}", sections, then=links, can_find=False)


@_endpoint
def record(request: Request, directory: Directory) -> Response:
    """One record: everything that residents may see of it."""
    kind, record_id = request.path_params["kind"], request.path_params["record_id"]
    if kind not in KINDS or record_id not in directory.base:
        return _not_found(request)
    found = directory.base.get(record_id)
    if (kind, record_id) != (found.kind, found.id):  # it was merged into another, or its kind was changed
        return RedirectResponse(path_of(found), 308)
    run_by = directory.organization(found.organization)
    town = directory.town_of(found)
    terms = [term for term in found.taxonomy_terms if term in directory.subjects]
    related = [directory.base.get(other) for other in dict.fromkeys(found.related) if other in directory.base]
    shown = {found.id, *(r.id for r in directory.here(found))}
    return _page(
        request,
        "directory_record.html",
        found.name,
        crumbs=[ALL, *((directory.name_of(term), f"/directory/subject/{term}") for term in terms[:1])],
        card=Card(directory.base, found),
        areas=directory.areas(found) if not town else [],
        run_by=path_of(run_by) if run_by and run_by.id != found.id else "",
        map=map_of(directory.base, [found]),
        here=directory.entries(directory.here(found)),
        related=directory.entries(r for r in related if r.open_for_use and r.id not in shown),
        can_find=False,
        then=[
            *([Link(f"More services in {town.name}", town_path(town))] if town and town.id in directory.towns else []),
            *(Link(f"More on: {directory.name_of(term)}", f"/directory/subject/{term}") for term in terms),
        ],
        structured=page_data(directory, found),
    )


def _sections(directory: Directory, sections: Iterable[tuple[str, Sequence[Record], bool]]) -> list[Section]:
    """The sections that hold anything."""
    return [Section(heading, directory.entries(found), described) for heading, found, described in sections if found]


def _by_subject(directory: Directory, records: Iterable[Record]) -> list[tuple[str, list[Record]]]:
    """Records under the name of their first subject, in the order of the overview."""
    order = [link.name for _, links in directory.subjects_by_heading() for link in links]
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(directory.name_of(record.taxonomy_terms[0]), []).append(record)
    return sorted(found.items(), key=lambda item: order.index(item[0]))


def _by_heading(directory: Directory, records: Iterable[Record]) -> list[tuple[str, list[Record]]]:
    """Records under the heading of their first subject, in the order of the overview."""
    found: dict[str, list[Record]] = {}
    heading_of = {link.name: heading for heading, links in directory.subjects_by_heading() for link in links}
    for name, under in _by_subject(directory, records):
        found.setdefault(heading_of[name], []).extend(under)
    return list(found.items())


def _page(request: Request, template: str, title: str, status: int = 200, **more: Any) -> Response:
    """A page with a title, and what most have: lines to read, links before and after its list, and the box to find."""
    plain: dict[str, Any] = {"crumbs": [ALL], "lines": [], "links": [], "then": [], "jump": "", "danger": None}
    find: dict[str, Any] = {"can_find": True, "words": "", "error": "", "nothing": False}
    chat: dict[str, Any] = {"conversation": "", "at": ""}  # for the button of a reply to danger
    return show(request, template, status, title=title, **{**plain, **find, **chat, **more})


def _overview(request: Request, directory: Directory, title: str = "", status: int = 200, **more: Any) -> Response:
    more["crumbs"] = [ALL] if title else []
    by = {"subjects": directory.subjects_by_heading(), "counties": directory.towns_by_county()}
    return _page(request, "directory.html", title or ALL[0], status, **by, **more)


def _list(request: Request, title: str, sections: Sequence[Section] = (), status: int = 200, **more: Any) -> Response:
    """A list of records, in sections; or a page that says something in `lines`, with `links` to go on."""
    return _page(request, "directory_list.html", title, status, sections=sections, **more)


def notice(request: Request, title: str, wording: str, status: int) -> Response:
    """A page that says something instead of what was asked for."""
    return _list(request, title, (), status, lines=wording.splitlines(), crumbs=[], can_find=False)


async def no_such_page(request: Request, trouble: Exception) -> Response:
    """Nothing is at this address: the page says so, with a way on."""
    assert isinstance(trouble, HTTPException)  # registered for nothing else
    return _not_found(request)


def _not_found(request: Request) -> Response:
    links = [Link(*ALL), Link("Ask the assistant", "/")]
    return _list(request, "We can't find that page", (), 404, lines=NOT_FOUND, links=links)


ROUTES = [
    Route("/directory", overview),
    Route("/directory/subject/{term}", subject),
    Route("/directory/town/{place}", town),
    Route("/directory/{kind}/{record_id}", record),
]
