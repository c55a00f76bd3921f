"""What identifies a resident is masked; what belongs to a service stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.privacy import WEIGHTS, is_nhs_number, mask, mask_postcode


def nhs_number(nine: str) -> str | None:
    """Nine digits with their check digit, or None where there is none (as the NHS Data Dictionary has it)."""
    check = 11 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, nine, strict=True)) % 11
    return None if check == 10 else nine + str(check % 11)


@pytest.mark.parametrize("number", ["943 476 5919", "9434765919", "943-476-5919", "401 023 2137"])
def test_nhs_numbers_are_masked(number: str) -> None:
    assert is_nhs_number(number)
    assert mask(f"my nhs number is {number}, can you look me up") == "my nhs number is [NHS number], can you look me up"


@pytest.mark.parametrize("number", ["943 476 5918", "943 476 591", "94347659190", "123 456 7890"])
def test_ten_digits_that_fail_the_check_are_no_nhs_number(number: str) -> None:
    assert not is_nhs_number(number)
    assert "[NHS number]" not in mask(f"ref {number}")


@given(st.text("0123456789", min_size=9, max_size=9))
def test_of_ten_last_digits_at_most_one_passes(nine: str) -> None:
    passing = [nine + last for last in "0123456789" if is_nhs_number(nine + last)]
    assert passing == ([whole] if (whole := nhs_number(nine)) else [])


@pytest.mark.parametrize(
    "email", ["jo.bloggs@example.org", "jo+nhs@mail.example.co.uk", "J_B-1@example.com", "o'jo@example.org"]
)
def test_email_addresses_are_masked(email: str) -> None:
    masked = mask(f"write to {email}. Thanks")
    assert "@" not in masked
    assert "example" not in masked
    assert masked.startswith("write to ") and masked.endswith(" Thanks")


@pytest.mark.parametrize(
    "number",
    [
        "07700 900123",
        "07700900123",
        "07700-900-123",
        "+44 7700 900123",
        "0044 7700 900 123",
        "+44 (0)7700 900123",
        "07911 123456",
        "01432 960123",
        "+33 1 42 68 53 00",
    ],
)
def test_private_numbers_are_masked(number: str) -> None:
    assert mask(f"ring me on {number} please") == "ring me on [phone number] please"


@pytest.mark.parametrize(
    "number", ["0300 123 1732", "0800 111 999", "0808 196 9127", "111", "999", "116 123", "85258", "0845 46 47"]
)
def test_numbers_that_no_resident_has_stay(number: str) -> None:
    assert mask(f"is {number} free") == f"is {number} free"


def test_the_number_of_a_service_stays() -> None:
    def is_service(digits: str) -> bool:
        return digits == "01885483412"

    text = "is 01885 483412 right, or 07700 900123, or 01885 483413"
    assert mask(text, is_service) == "is 01885 483412 right, or [phone number], or [phone number]"


@pytest.mark.parametrize(
    "text", ["pharmacy in WR14", "I am 74", "open 9 to 5 on 12/11/2026", "£9.90", "B97 4RN", "2 a day, 500 mg, 3 weeks"]
)
def test_ordinary_text_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text, masked",
    [
        ("WR14 2GP", "WR14 ***"),
        ("wr142gp", "wr14***"),
        ("I'm at HR1 2ER now", "I'm at HR1 *** now"),
        ("b97 4rn or WR5 1DD", "b97 *** or WR5 ***"),
        ("WR14  2GP", "WR14 ****"),
        ("pharmacy in WR14", "pharmacy in WR14"),
        ("WR14 2", "WR14 2"),
        ("a 24 hour A1 service", "a 24 hour A1 service"),
    ],
)
def test_only_the_outward_code_of_a_postcode_stays(text: str, masked: str) -> None:
    assert mask_postcode(text) == masked


@given(st.text("HRWB 0123456789abz,.\n", max_size=40))
def test_a_masked_postcode_is_as_long_as_it_was_and_masked_for_good(text: str) -> None:
    masked = mask_postcode(text)
    assert len(masked) == len(text)
    assert mask_postcode(masked) == masked
    assert all(new in (old, "*", " ") for old, new in zip(text, masked, strict=True))


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert "@" not in mask(text) or "@" in text
    mask_postcode(text)
