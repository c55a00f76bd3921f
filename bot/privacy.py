"""Nothing that identifies a resident is kept: what does is masked before anything is stored or logged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers

from knowledge.places import POSTCODE

if TYPE_CHECKING:
    from collections.abc import Callable

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w")
# Every number that begins as a mobile's does, also where nobody has been given it: somebody mistyped their own.
MOBILE = re.compile(r"(?<![\d+])(?:(?:\+|00)44[ -]?(?:\(0\)[ -]?)?|0)7(?:[ -]?\d){9}(?!\d)")
TEN_DIGITS = re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)")
WEIGHTS = range(10, 1, -1)


def mask(text: str, is_service: Callable[[str], bool] = lambda number: False) -> str:
    """The text without email addresses, NHS numbers and private phone numbers.

    `is_service` says whether a number (digits only) is one of a service we know: those, and numbers that no private
    person has (03, 08 and short ones), stay, because questions are asked about them.
    """
    text = EMAIL.sub("[email]", text)
    text = TEN_DIGITS.sub(lambda m: "[NHS number]" if is_nhs_number(m.group()) else m.group(), text)
    return _mask_phones(text, is_service)


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


def is_nhs_number(text: str) -> bool:
    """Whether the ten digits in `text` pass the NHS number's check (modulus 11)."""
    digits = [int(d) for d in text if d.isdigit()]
    if len(digits) != 10:
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(WEIGHTS, digits, strict=False)) % 11
    return (0 if check == 11 else check) == digits[9]


def _mask_phones(text: str, is_service: Callable[[str], bool]) -> str:
    text = MOBILE.sub(lambda m: m.group() if is_service(_national(m.group())) else "[phone number]", text)
    masked, end = [], 0
    for match in phonenumbers.PhoneNumberMatcher(text, "GB"):
        digits = "0" + str(match.number.national_number)
        if digits.startswith(("03", "08")) or is_service(digits):
            continue
        masked += [text[end : match.start], "[phone number]"]
        end = match.end
    return "".join(masked) + text[end:]


def _national(mobile: str) -> str:
    """The digits of a mobile number as dialled in this country."""
    return "0" + re.sub(r"\D", "", mobile)[-10:]
