"""The report in a real browser: no script, no request, no message, fits screen and paper."""

from __future__ import annotations

import pytest
from browser import open_browser
from test_report import hostile

import supplynet
from supplynet.report import chokepoint_report

pytestmark = pytest.mark.browser

LOADED = "document.readyState === 'complete'"
#: A4 less the margins of the print style, in CSS pixels.
PAPER_WIDTH, PAPER_HEIGHT = 695, 1032


@pytest.fixture(scope="module")
def chrome():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    made = {
        "flagship": chokepoint_report(supplynet.load_example("rare_earth_magnets")),
        "hostile": chokepoint_report(hostile()),
    }
    for name, report in made.items():
        (folder / f"{name}.html").write_text(report.to_html(), encoding="utf-8", newline="\n")
    return folder


@pytest.mark.parametrize("name", ["flagship", "hostile"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1400, 800])
def test_quiet_and_no_wider_than_the_screen(chrome, pages, name, dark, width):
    with chrome.page(pages / f"{name}.html", width=width, dark=dark, ready=LOADED) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.scripts.length") == 0
        assert (
            page.evaluate("document.querySelectorAll('[onclick],[onload],[onerror]').length") == 0
        )
    assert chrome.complaints == []


def test_policy_lets_the_own_style_in_and_nothing_else(chrome, pages):
    with chrome.page(pages / "flagship.html", ready=LOADED) as page:
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.answer')).borderLeftWidth")
            == "5px"
        )
        blocked = page.evaluate(
            """() => new Promise(done => {
                 document.addEventListener('securitypolicyviolation', () => done(true));
                 const image = new Image(); image.src = 'https://example.org/x.png';
                 setTimeout(() => done(false), 2000);
               })"""
        )
        assert blocked
    chrome.complaints.clear()


def test_first_page_fits_one_sheet_of_paper(chrome, pages):
    with chrome.page(
        pages / "flagship.html", width=PAPER_WIDTH, height=PAPER_HEIGHT, ready=LOADED
    ) as page:
        page.emulate_media(media="print")
        bottom = page.evaluate("document.querySelector('.first').getBoundingClientRect().bottom")
        assert bottom <= PAPER_HEIGHT
    assert chrome.complaints == []


def test_text_stands_out_from_the_page_in_light_and_dark(chrome, pages):
    script = """() => {
        const rgb = c => c.match(/[0-9.]+/g).slice(0, 3).map(Number);
        const light = c => rgb(c).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const paper = light(getComputedStyle(document.documentElement).backgroundColor);
        const found = [];
        for (const css of ['body', '.note', 'a', 'h2', '.badge.assumed', '.badge.possible', 'dt']) {
            const ink = light(getComputedStyle(document.querySelector('main ' + css)
                || document.querySelector(css)).color);
            found.push((Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
        }
        return found;
    }"""
    for dark in (False, True):
        with chrome.page(pages / "flagship.html", dark=dark, ready=LOADED) as page:
            assert min(page.evaluate(script)) >= 4.5
