"""A record in the words of schema.org, for search engines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.pages.map import knows_door
from bot.pages.records import path_of
from knowledge.hours import DAY_NAMES
from knowledge.schema import BANK_HOLIDAY, DAYS

if TYPE_CHECKING:
    from bot.pages.directory import Directory
    from knowledge.schema import Phone, Record

# What schema.org calls a place of a subject; anything else is an organisation at a place, or a service.
TYPES = {
    "gp": "MedicalClinic",
    "minor-injuries": "MedicalClinic",
    "pharmacy": "Pharmacy",
    "dentist": "Dentist",
    "community-dental": "Dentist",
    "orthodontist": "Dentist",
    "optician": "Optician",
    "hospital": "Hospital",
    "community-hospital": "Hospital",
    "libraries": "Library",
}
OF_GOVERNMENT = re.compile(r"\b(?:Council|NHS)\b")
SCHEMA_DAYS = dict(zip((*DAYS, BANK_HOLIDAY), (*DAY_NAMES, "PublicHolidays"), strict=True))

Node = dict[str, Any]


def page_data(directory: Directory, record: Record) -> Node:
    """A record in the words of schema.org: the page, and the thing that it is about unless that is closed."""
    page: Node = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "@id": path_of(record),
        "name": record.name,
        "description": record.description if record.open_for_use else record.alert,
        "inLanguage": "en-GB",
        "dateModified": record.assured_date or record.source_date,
        "isBasedOn": [
            _without_nothing({"@type": "CreativeWork", "name": source.name, "url": source.url})
            for source in record.sources
        ],
    }
    if record.open_for_use and record.kind != "fact":
        page["mainEntity"] = _thing(directory, record)
    return _without_nothing(page)


def _thing(directory: Directory, record: Record) -> Node:
    """The thing itself: a place to go to, an organisation, or a service that is in no one place."""
    is_place = directory.town_of(record) is not None
    common: Node = {
        "@id": f"{path_of(record)}#it",
        "name": record.name,
        "description": record.description,
        "url": record.url,
        "areaServed": _areas_served(directory, record),
    }
    if record.kind != "organization" and not is_place:
        return _without_nothing(common | _as_service(record))
    owner = {"@type": "Organization", "name": record.organization} if record.organization else None
    thing = common | {
        "@type": _type(record, is_place=is_place),
        "telephone": record.phones[0].number if record.phones else "",
        "contactPoint": [_contact(phone) for phone in record.phones],
        "email": record.email,
        "address": _address(record, directory),
        "parentOrganization": owner,
    }
    if is_place:
        point = {"@type": "GeoCoordinates", "latitude": record.latitude, "longitude": record.longitude}
        thing["geo"] = point if knows_door(directory.base, record) else None
        thing["openingHoursSpecification"] = _hours(record)
    return _without_nothing(thing)


def _as_service(record: Record) -> Node:
    by_government = OF_GOVERNMENT.search(record.organization)
    return {
        "@type": "GovernmentService" if by_government else "Service",
        "provider": {"@type": "Organization", "name": record.organization} if record.organization else None,
        "hoursAvailable": _hours(record),
        "availableChannel": [
            {
                "@type": "ServiceChannel",
                "serviceSmsNumber" if phone.type == "text" else "servicePhone": _contact(phone),
            }
            for phone in record.phones
        ],
    }


def _type(record: Record, *, is_place: bool) -> str | list[str]:
    term = record.taxonomy_terms[0] if record.taxonomy_terms else ""
    if record.kind == "organization" and term == "council":
        return "GovernmentOrganization"
    if is_place:
        return TYPES.get(term) or ["Organization", "Place"]
    return "MedicalOrganization" if term in {*TYPES, "pcn"} else "Organization"


def _contact(phone: Phone) -> Node:
    number = phone.number + (f" ext. {phone.extension}" if phone.extension else "")
    return _without_nothing({"@type": "ContactPoint", "telephone": number, "contactType": phone.description})


def _address(record: Record, directory: Directory) -> Node | None:
    if not (record.address_1 or record.postal_code):
        return None
    town = directory.town_of(record)
    return _without_nothing(
        {
            "@type": "PostalAddress",
            "streetAddress": record.address_1,
            "addressLocality": record.city,
            "addressRegion": town.county if town else "",
            "postalCode": record.postal_code,
            "addressCountry": "GB",
        }
    )


def _areas_served(directory: Directory, record: Record) -> list[Node]:
    return [
        {"@type": "Country", "name": "England"}
        if area == "national"
        else {"@type": "AdministrativeArea", "name": directory.base.places[area].name}
        for area in record.area
    ]


def _hours(record: Record) -> list[Node]:
    """The confirmed weekly hours of the whole of it; a part's own hours ("X-ray") are not those of the whole."""
    return [
        _without_nothing(
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": [f"https://schema.org/{SCHEMA_DAYS[day]}" for day in schedule.byday.split(",")],
                "opens": schedule.opens_at,  # a day without times is closed
                "closes": schedule.closes_at,
            }
        )
        for schedule in record.schedules
        if record.opening_hours and not schedule.description
    ]


def _without_nothing(node: Node) -> Node:
    return {name: value for name, value in node.items() if value or value == 0}
