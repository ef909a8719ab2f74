"""Text from data can drive neither a terminal nor a spreadsheet nor a page."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supplynet.text import (
    clamp,
    clean_display,
    csv_cell,
    md_cell,
    plural,
    restore_cell,
    safe_url,
    xml_text,
)

ANY_TEXT = st.text(st.characters(codec=None), max_size=12) | st.text(
    "'=+-@\t\r\n＝＋－＠a1", max_size=6
)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("Žďár 磁铁", "Žďár 磁铁"),
        ("a\tb\nc\r\nd", "a b c d"),
        ("a\rb", "a\\u000db"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x9b2J", "\\u009b2J"),
        ("\u202egnp", "\\u202egnp"),
        ("a\u200bb", "a\\u200bb"),
        ("a\ufeffb", "a\\ufeffb"),
        ("a\u2028b", "a\\u2028b"),
        ("a\u3164b", "a\\u3164b"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("X\u200b", "X\\u200b"),
    ],
)
def test_hidden_characters_are_shown(raw, shown):
    assert clean_display(raw) == shown


@given(ANY_TEXT)
def test_clean_text_is_one_printable_line_that_encodes(text):
    cleaned = clean_display(text)
    assert "\n" not in cleaned
    assert "\x1b" not in cleaned
    cleaned.encode("utf-8")
    assert clean_display(cleaned) == cleaned


@given(ANY_TEXT)
def test_guarded_cells_come_back_exactly_and_start_no_formula(text):
    cell = csv_cell(text)
    assert restore_cell(cell) == text
    assert cell[:1] not in tuple("=+-@\t\r\n＝＋－＠")


def test_numbers_and_dates_are_not_guarded():
    assert csv_cell(Decimal("-0.5")) == "-0.5"
    assert csv_cell(-1) == "-1"
    assert csv_cell(date(2026, 11, 22)) == "2026-11-22"
    assert csv_cell(None) == ""
    assert csv_cell("-0.5") == "'-0.5"


def test_an_apostrophe_of_a_name_survives():
    assert csv_cell("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert restore_cell("'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert restore_cell("''=x") == "'=x"


def test_markdown_cells_hold_no_markup():
    assert md_cell("[x](javascript:y)") == "\\[x\\](javascript:y)"
    assert md_cell("<img src=x>|`a`*b*_c_#\\") == (
        "&lt;img src=x&gt;\\|\\`a\\`\\*b\\*\\_c\\_\\#\\\\"
    )
    assert md_cell("&lt;") == "&amp;lt;"
    assert md_cell("a\nb") == "a b"
    assert md_cell(None) == ""


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "example.org",
        "https://",
        "https://good.example@evil.example/",
        "https://[bad",
        "https://example.org:port/",
        'https://example.org/"onclick=',
        "https://example.org/\u202e",
        "ftp://example.org",
        "",
        None,
    ],
)
def test_other_addresses_are_refused(url):
    assert safe_url(url) is None


@pytest.mark.parametrize(
    "url", ["http://example.org", "https://example.org/a%20b?c=d&e=f#g", "HTTPS://example.org/é"]
)
def test_web_addresses_pass(url):
    assert safe_url(url) == url


@given(ANY_TEXT)
def test_xml_text_is_legal_xml(text):
    from xml.etree import ElementTree as ET

    element = ET.Element("a")
    element.text = xml_text(text)
    ET.fromstring(ET.tostring(element, encoding="utf-8"))  # noqa: S314 - our own bytes


def test_plural_and_clamp():
    assert plural(1, "supply") == "1 supply"
    assert plural(3, "supply") == "3 supplies"
    assert plural(0, "day") == "0 days"
    assert clamp("abcdef", 6) == "abcdef"
    assert clamp("abcdefg", 6) == "abcde…"


def test_an_address_is_taken_without_the_blanks_around_it():
    assert safe_url("  https://example.org/X  ") == "https://example.org/X"
    assert safe_url("\thttps://example.org/") is None


@pytest.mark.parametrize(
    ("width", "shown"),
    [(0, "…"), (1, "…"), (2, "…"), (4, " ab…"), (5, " ab…"), (7, " ab  c…"), (9, " ab  cdef")],
)
def test_text_is_cut_to_a_width(width, shown):
    assert clamp(" ab  cdef", width) == shown
