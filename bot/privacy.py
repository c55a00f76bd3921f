"""Nothing that identifies a resident is kept: what does is masked before anything is stored or logged.

What has a check digit is known by it, the rest by its shape or by the words before it ("date of birth", "my name is").
What the knowledge base has (phone numbers, emails, places) stays: questions are asked about it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers
from stdnum import iban, luhn
from stdnum.gb import nhs

from bot.own_name import mask_names
from knowledge.places import POSTCODE

if TYPE_CHECKING:
    from collections.abc import Callable

    IsOurs = Callable[[str], bool]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.VERBOSE)


PLACEHOLDER = re.compile(
    r"\[(?:email|phone number|NHS number|National Insurance number|card number|bank details|date of birth|address"
    r"|name)\]"
)
_BEGIN, _END = r"(?<![\d£])(?<!\d[ .-])", r"(?![ .-]?\d)"  # of a number: no more digits are next to it

# "jo at gmail dot com" is told from "look at nhs dot uk" by whose mail it is.
EMAIL = _pattern(
    r"""[\w.+'’-]+@(?:[\w-]+(?:\.[\w-]+)+ | gmail|googlemail|hotmail|outlook|yahoo|icloud|btinternet)
    | [\w.+'’-]+ (?:\s(?:dot|underscore)\s\w+)* \s?(?:@|\(at\)|\[at\])\s? [\w-]+ (?:\s?(?:\.|dot)\s?\w+)+
    | [\w.+'’-]+ (?:\s(?:dot|underscore)\s\w+)* \sat\s
      (?:gmail|googlemail|hotmail|outlook|yahoo|icloud|live|msn|aol|btinternet|sky|talktalk|virginmedia|protonmail)
      (?:(?:\.|\sdot\s)\w+)+"""
)
IBAN = _pattern(r"\b[A-Z]{2}\d{2} (?:[ -]?[A-Z]{4})? (?:[ -]?[A-Z]?\d){10,26} (?![A-Z\d])")
CARD = _pattern(
    rf"""{_BEGIN}(?: \d{{13,19}} | \d{{4}}(?:[ .-]{{0,2}}\d{{4}}){{3}}(?:[ .-]?\d{{1,3}})?
    | \d{{4}}[ .-]?\d{{6}}[ .-]?\d{{4,5}} ){_END}"""
)
INSURANCE_NUMBER = _pattern(
    rf"\b[A-Z]{{2}}(?:[ .-]?\d{{2}}){{3}}[ .-]?[A-D]\b | \b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{{6}}\b{_END}"
)
NHS_NUMBER = _pattern(
    rf"{_BEGIN}(?: \d{{3}}[ .-]{{0,3}}\d{{3}}[ .-]{{0,3}}\d{{4}} | \d{{5}}[ ]\d{{5}} | \d(?:[ .-]\d){{9}} ){_END}"
)
# Somebody who says that it is their NHS number may have mistyped it.
SAID_NHS_NUMBER = _pattern(
    rf"(?P<said>\bnhs\s(?:no\.?|num|number|id)\W+ (?:(?:is|its|it['’]s)\W+)?) \d(?:[ .-]{{0,3}}\d){{9}}{_END}"
)
_SORT_CODE = r"\d\d[ -]?\d\d[ -]?\d\d"
_OF_BANK = (
    r"(?:and|my|bank|account|acct?|a/c|sort|code|number|num|no|is|it['’]?s|for|with|the|in|at|ending)(?:['’]?s)?\b"
)
ACCOUNT = _pattern(
    rf"""{_BEGIN}(?: {_SORT_CODE} \W{{1,3}} (?:{_OF_BANK}\W{{0,3}}){{0,5}} \d{{4}}[ ]?\d{{4}}
    | \d{{8}} \W{{1,3}} (?:{_OF_BANK}\W{{0,3}}){{0,5}} {_SORT_CODE} ){_END}
    | (?P<said>\bsort\s?code\W{{1,3}} (?:{_OF_BANK}\W{{1,3}}){{0,3}}) {_SORT_CODE}{_END}"""
)
SAID_ACCOUNT = _pattern(
    rf"""(?P<said>\b(?:account|acct?|a/c)\b\W{{1,3}} (?:{_OF_BANK}\W{{1,3}}){{0,4}})
    (?:\d{{6,10}} | \d{{4}}[ -]\d{{4}} | \d{{2}}[ -]\d{{3}}[ -]\d{{3}}){_END}"""
)

_MONTH = "(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = rf"""(?: \d{{1,2}} \s?[ ./-]\s? \d{{1,2}} \s?[ ./-]\s? (?:(?:19|20)\d\d|\d\d)
    | (?:19|20)\d\d[./-]\d{{1,2}}[./-]\d{{1,2}}
    | {_DAY}(?:st|nd|rd|th)? \s*(?:of\s)?[ .-]? {_MONTH} [\s,.'’-]* (?:(?:19|20)\d\d|\d\d)
    | {_MONTH} \s{_DAY}(?:st|nd|rd|th)? [\s,]+ (?:19|20)\d\d | \d{{8}} | \d{{6}} )(?![/.-]?\d)"""
SAID_BIRTH = _pattern(
    rf"""(?P<said>\b(?:d\.?\s?o\.?\s?b|date\s+of\s+birth|birth\s?(?:date|day)|b['’]?day|born)\b\.?\W{{0,3}}
    (?:(?:is|was|on|the|of|for|my|his|her|our|in|as|\w+day|mum|dad|son|daughter|husband|wife|nan|child|baby)
    (?:['’]?s)?\b\W{{1,3}}){{0,5}}){_DATE}"""
)
# A whole date of the last century is somebody's birthday, also where nobody says so.
BIRTH = _pattern(
    rf"""(?<![\d./£-])(?: {_DAY}(?P<between>[./-])(?:0?[1-9]|1[0-2])(?P=between)(?:19\d\d|[3-9]\d)
    | {_DAY}(?:st|nd|rd|th)? \s*(?:of\s)? {_MONTH} [\s,]+ 19\d\d | 19\d\d-[01]\d-[0-3]\d )(?![\d/]|[.-]\d)"""
)

_HOUSE = r"""(?:(?:flat|apartment|apt)\s\w{1,4},?\s+)? \d{1,4}[a-f]?,?\s+ (?:[^\W\d_][\w'’-]*\s+){1,3}?
    (?:street|st|road|rd|avenue|ave|lane|ln|close|drive|way|crescent|cres|terrace|court|gardens?|gdns|grove|place|square
    |hill|rise|view|walk|park|mews|green|row|parade|meadows?|orchard|croft|end|bank|fields?)\b"""
ADDRESS = _pattern(
    rf"\b{_HOUSE} (?=[,.\s]+ (?:[\w'’-]+[,.\s]+){{0,4}} (?P<postcode>[A-Z]{{1,2}}\d[A-Z\d]?\s*\d[A-Z]{{2}})\b)"
)
SAID_ADDRESS = _pattern(
    rf"(?P<said>\b(?:(?:i|we|s?he)\s+lives?\s+(?:at|in)|(?:my|our|home|his|her)\s+address(?:\s+is)?:?|address:)\s+){_HOUSE}"
)

# A mobile's number also where nobody has been given it, and a landline's that no exchange has: it may be mistyped.
PHONE = _pattern(
    r"""(?<![\d+]) (?:(?:\+|00)44[ .-]?(?:\(0\)[ -]?)?|\(?0[ ]?) (?:7(?:[ ./-]?\d){9} | [12]\d(?:[ ).-]{0,2}\d){7,8})
    (?![ ]?\d)"""
)


def nothing_is_ours(said: str) -> bool:
    """Without a knowledge base nothing stays."""
    return False


def mask(text: str, is_ours: IsOurs = nothing_is_ours) -> str:
    """The text with what identifies a resident replaced: "[NHS number]".

    `is_ours` says whether a phone number (digits only), an email address, a full postcode or a place is one that the
    knowledge base has.
    """
    return mask_names(mask_all_but_names(text, is_ours), is_ours)


def mask_all_but_names(text: str, is_ours: IsOurs = nothing_is_ours) -> str:
    """The text with what has a shape replaced; names are words, and stay."""
    kinds: list[tuple[str, re.Pattern[str], Callable[[re.Match[str]], bool]]] = [
        ("email", EMAIL, lambda m: not is_ours(m[0].lower())),
        ("bank details", IBAN, lambda m: iban.is_valid(m[0])),
        ("National Insurance number", INSURANCE_NUMBER, lambda m: True),
        ("card number", CARD, lambda m: luhn.is_valid(_digits(m[0]))),
        ("date of birth", SAID_BIRTH, lambda m: True),
        ("bank details", ACCOUNT, lambda m: True),
        ("bank details", SAID_ACCOUNT, lambda m: True),
        ("NHS number", SAID_NHS_NUMBER, lambda m: True),
        ("NHS number", NHS_NUMBER, lambda m: nhs.is_valid(_digits(m[0])) and not _is_public(_digits(m[0]), is_ours)),
        ("date of birth", BIRTH, lambda m: True),
        ("address", SAID_ADDRESS, lambda m: True),
        ("address", ADDRESS, lambda m: not is_ours(m["postcode"])),
        ("phone number", PHONE, lambda m: not _is_public(_national(m[0]), is_ours)),
    ]
    for what, pattern, is_one in kinds:
        text = _replace(text, what, pattern, is_one)
    return _mask_other_phones(text, is_ours)


def is_masked(text: str) -> bool:
    """Whether something was replaced in a text that is kept."""
    return PLACEHOLDER.search(text) is not None


def without_placeholders(text: str) -> str:
    """The text to read instead of a masked one: its placeholders have words that nobody said ("phone number")."""
    return PLACEHOLDER.sub("***", text)


def mask_postcode(text: str) -> str:
    """The text with only the outward code left of each full postcode; its length stays the same."""

    def keep_outward(match: re.Match[str]) -> str:
        if not match.group(3):
            return match.group()
        return (
            match.group(1).ljust(len(match.group()), "*")
            if " " not in match.group()
            else (match.group(1) + " " + "*" * (len(match.group()) - len(match.group(1)) - 1))
        )

    return POSTCODE.sub(keep_outward, text)


def _replace(text: str, what: str, pattern: re.Pattern[str], is_one: Callable[[re.Match[str]], bool]) -> str:
    """The text with each match that `is_one` replaced, but for the words before it that the pattern calls `said`."""

    def placeholder(match: re.Match[str]) -> str:
        said = match.groupdict().get("said") or ""
        return f"{said}[{what}]" if is_one(match) else match[0]

    return pattern.sub(placeholder, text)


def _mask_other_phones(text: str, is_ours: IsOurs) -> str:
    """Numbers of other countries, and whatever else can be dialled."""
    masked, end = [], 0
    for match in phonenumbers.PhoneNumberMatcher(text, "GB"):
        if match.number.country_code == 44 and _is_public("0" + str(match.number.national_number), is_ours):
            continue
        masked += [text[end : match.start], "[phone number]"]
        end = match.end
    return "".join(masked) + text[end:]


def _is_public(digits: str, is_ours: IsOurs) -> bool:
    """Whether a number is one that no private person has, or a service's."""
    return digits.startswith(("03", "08")) or is_ours(digits)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _national(number: str) -> str:
    """The digits of a number as dialled in this country."""
    return re.sub(r"^(?:00)?44?0?|^0", "0", _digits(number))
