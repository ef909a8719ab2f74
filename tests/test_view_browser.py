"""The view in a headless Chromium, from file:// and without a network."""

from __future__ import annotations

import csv
import io
import itertools
import json

import pytest
from browser import open_browser
from view_networks import every_feature, hostile

from supplynet.examples import load_example
from supplynet.view import build_view

pytestmark = pytest.mark.browser

STATE = """() => ({
  sentence: document.getElementById('sentence').textContent,
  details: document.getElementById('details').textContent,
  rows: document.querySelectorAll('#table tbody tr').length,
  hash: location.hash,
})"""


@pytest.fixture(scope="module")
def chrome():
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    file = tmp_path_factory.mktemp("view") / "small.html"
    file.write_text(build_view(every_feature()), encoding="utf-8", newline="\n")
    return file


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    file = tmp_path_factory.mktemp("view") / "evil.html"
    file.write_text(build_view(hostile()), encoding="utf-8", newline="\n")
    return file


@pytest.fixture
def page(chrome, small):
    chrome.complaints.clear()
    with chrome.page(small) as opened:
        yield opened
    assert chrome.complaints == []


def position(page, node):
    """Return where a node is on the screen."""
    return page.evaluate(
        """id => { const box = document.getElementById('net').getBoundingClientRect();
          const at = network.canvasToDOM(network.getPositions([id])[id]);
          return [box.left + at.x, box.top + at.y]; }""",
        node,
    )


def colours(page):
    return page.evaluate("() => network.body.data.nodes.get().map(n => n.color.background)")


def number(page, node):
    return page.evaluate(
        "id => JSON.parse(document.getElementById('facts-data').textContent)"
        ".nodes.findIndex(n => n.id === id)",
        node,
    )


def test_it_opens_and_says_what_stands(page):
    state = page.evaluate(STATE)
    assert state["sentence"].startswith(
        "Nothing is lost: 10 of 11 nodes run on record on 2026-06-29"
    )
    assert "may already be down if gaps go badly" in state["sentence"]
    assert "targets run." not in state["sentence"]
    assert state["rows"] == 11
    assert page.title() == "Every feature (synthetic) – supply network view"
    headings = page.locator("#headings").inner_text()
    assert "magnet" in headings
    assert "not linked to anything" in headings
    legend = page.locator("#legend").inner_text()
    for words in (
        "illustrative",
        "not recorded",
        "unknown inputs",
        "against the flow",
        "goes dark",
    ):
        assert words in legend


def test_switching_on_a_loss(page):
    before = colours(page)
    page.select_option("#lose-by", "node")
    options = page.locator("#lose-unit option").all_inner_texts()
    assert options[1:3] == [
        "Separation plant – stops 1 certain, 1 assumed",
        "Alloy maker – stops 1 certain, 1 assumed",
    ]
    page.select_option("#lose-unit", label="Separation plant – stops 1 certain, 1 assumed")
    state = page.evaluate(STATE)
    assert state["sentence"].startswith("Separation plant is lost: 1 lost, ")
    assert "1 of 2 targets stops, 1 more if illustrative links are right" in state["sentence"]
    assert state["hash"] == "#by=node&lose=sep"
    assert colours(page) != before
    assert page.locator("#lose-targets li").all_text_contents() == ["○ Missile", "○ Radar assumed"]
    assert page.locator("td .state.lost").all_inner_texts() == ["lost"]
    page.select_option("#lose-unit", "-1")
    assert colours(page) == before


def test_a_government_denies(page):
    page.select_option("#lose-by", "controller")
    page.select_option("#lose-unit", label="China – stops none on record")
    sentence = page.evaluate(STATE)["sentence"]
    assert sentence.startswith("China denies its supplies: 1 link blocked, 0 dark")


def test_choosing_a_cut_set(page):
    page.select_option("#cut-target", label="Missile")
    texts = page.locator("#cut-list button").all_inner_texts()
    assert any("certain" in t and "Alpha mine + Beta mine" in t for t in texts)
    assert any("possible" in t and "\nif " in t for t in texts)
    pair = page.locator("#cut-list button", has_text="Alpha mine + Beta mine")
    pair.click()
    state = page.evaluate(STATE)
    assert state["sentence"].startswith("Alpha mine and Beta mine together stop Missile (certain)")
    assert pair.get_attribute("aria-pressed") == "true"
    assert "target=missile&per=node&cut=" in state["hash"]
    page.select_option("#cut-by", "country")
    assert "Search complete up to 2 together" in page.locator("#cut-status").inner_text()


def test_the_wheel_scrolls_the_page_and_with_ctrl_it_zooms(page):
    box = page.locator("#frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    scale = page.evaluate("() => network.getScale()")
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => window.scrollY > 0")
    assert page.evaluate("() => network.getScale()") == scale
    assert page.locator("#wheel-hint").get_attribute("data-on") == "1"
    page.evaluate("() => window.scrollTo(0, 0)")
    # A pinch and Ctrl with the wheel are one event to the page.
    page.evaluate(
        """() => document.querySelector('#net canvas').dispatchEvent(new WheelEvent('wheel',
          { deltaY: -200, ctrlKey: true, bubbles: true, cancelable: true,
            clientX: 400, clientY: 400 }))"""
    )
    page.wait_for_function("was => network.getScale() > was", arg=scale)


def test_many_nodes_are_named_only_where_they_matter(chrome, tmp_path):
    file = tmp_path / "flagship.html"
    file.write_text(build_view(load_example("rare_earth_magnets")), encoding="utf-8", newline="\n")
    drawn = """() => { const texts = new Set();
      const own = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (t, ...at) { texts.add(t);
        return own.call(this, t, ...at); };
      network.redraw();
      CanvasRenderingContext2D.prototype.fillText = own;
      return [...texts].filter((t) => t.length > 3).length; }"""
    with chrome.page(file) as page:
        calm = page.evaluate(drawn)
        page.evaluate("() => network.moveTo({ scale: network.getScale() * 1.5 })")
        page.wait_for_timeout(100)
        close = page.evaluate(drawn)
    assert 0 < calm < close


def test_a_name_above_another_does_not_run_into_it(chrome, tmp_path):
    file = tmp_path / "drones.html"
    file.write_text(build_view(load_example("uav_components")), encoding="utf-8", newline="\n")
    drawn = """() => { const lines = [];
      const own = CanvasRenderingContext2D.prototype.fillText;
      CanvasRenderingContext2D.prototype.fillText = function (t, x, y) {
        const half = this.measureText(t).width / 2;
        if (t.length > 3) lines.push({ t, y, l: x - half, r: x + half });
        return own.call(this, t, x, y); };
      network.redraw();
      CanvasRenderingContext2D.prototype.fillText = own;
      return lines; }"""
    with chrome.page(file) as page:
        lines = page.evaluate(drawn)
    skydio = next(n for n in lines if n["t"].startswith("Skydio X10"))
    step = min(b["y"] - a["y"] for a, b in itertools.pairwise(lines) if b["y"] > a["y"])
    above = [
        skydio["y"] - n["y"]
        for n in lines
        if n["y"] < skydio["y"] and n["l"] < skydio["r"] and n["r"] > skydio["l"]
    ]
    assert min(above) >= step + 4


def test_filters_and_colours(page):
    page.select_option("#f-country", "JP")
    assert page.evaluate(STATE)["rows"] == 2
    assert "2 match the filter" in page.evaluate(STATE)["sentence"]
    page.select_option("#f-country", "?")
    assert page.evaluate(STATE)["rows"] == 1
    page.click("#reset")
    page.select_option("#f-stage", "magnet")
    assert page.evaluate(STATE)["rows"] == 3
    page.select_option("#f-stage", "")
    page.select_option("#f-target", label="Radar")
    assert page.evaluate(STATE)["rows"] == 6
    page.click("#reset")
    page.select_option("#colour", "controller")
    assert page.locator("#legend .row").first.inner_text().startswith("Controller")
    page.locator("#legend button", has_text="Japan").click()
    assert page.evaluate(STATE)["rows"] == 2


def test_search_trace_and_details(page):
    page.fill("#search", "separation")
    page.press("#search", "Enter")
    state = page.evaluate(STATE)
    assert state["details"].startswith("Separation plantsep")
    assert state["hash"] == "#node=sep"
    shown = "() => network.body.data.nodes.get().filter(n => n.opacity === 1).map(n => n.id)"
    both = len(page.evaluate(shown))
    page.locator(".trace button", has_text="Upstream").click()
    up = len(page.evaluate(shown))
    page.locator(".trace button", has_text="Downstream").click()
    down = len(page.evaluate(shown))
    assert up == 3  # itself and two mines; the scrap line has ended
    assert both == up + down - 1
    page.locator("#details button", has_text="Alpha mine").click()
    details = page.evaluate(STATE)["details"]
    for words in ("7,000 (6,500 to ?) t/yr (nameplate)", "Alpha Mining", "open pit"):
        assert words in details
    link = page.locator("#details a")
    assert link.count() == 1
    assert link.get_attribute("href") == "https://example.org/a?b=1&c=2"
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert "javascript:window.__x=1" in details


def test_click_on_a_node_and_on_a_line(page):
    spot = position(page, f"n{number(page, 'magnet_2')}")
    page.mouse.click(*spot)
    assert page.evaluate(STATE)["details"].startswith("Second magnet maker")
    other = position(page, f"n{number(page, 'alloy')}")
    page.mouse.click((spot[0] + other[0]) / 2, (spot[1] + other[1]) / 2)
    details = page.evaluate(STATE)["details"]
    assert details.startswith("Alloy maker → Second magnet maker")
    assert "powder" in details


def test_keyboard_alone(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "all-nodes"
    seen = set()
    page.evaluate("document.body.focus(); window.scrollTo(0, 0)")
    page.locator("#save-png").focus()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"search", "colour", "reset", "vis-network", "lose-unit", "cut-target", "link"} <= seen
    page.locator(".vis-network").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(STATE)["hash"] == "#node=missile"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(STATE)["details"].startswith("First magnet maker")
    page.keyboard.press("Escape")
    assert page.evaluate(STATE)["hash"] == ""
    page.locator("#table tbody button").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate(STATE)["details"].startswith("Alpha mine")


def test_names_and_roles_for_a_screen_reader(page):
    found = page.evaluate("""() => {
      const named = e => e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim() ||
        e.getAttribute('aria-labelledby');
      return {
        nameless: [...document.querySelectorAll('button, select, input, section, [role=region]')]
          .filter(e => !named(e)).map(e => e.outerHTML.slice(0, 80)),
        live: document.getElementById('sentence').getAttribute('aria-live'),
        landmarks: ['header', 'main', '[role=complementary]'].map(
          s => document.querySelectorAll(s).length),
        headers: document.querySelectorAll('th[scope=col]').length,
        ids: document.querySelectorAll('[id]').length,
        unique: new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size,
      };
    }""")
    assert found["nameless"] == []
    assert found["live"] == "polite"
    assert found["landmarks"] == [1, 1, 1]
    assert found["headers"] == 11
    assert found["ids"] == found["unique"]


def test_the_table_sorts(page):
    page.locator("thead button", has_text="Node").click()
    names = page.locator("#table tbody th").all_inner_texts()
    assert names == sorted(names)
    assert page.locator("th[aria-sort=ascending]").count() == 1
    page.locator("thead button", has_text="Gaps").click()
    gaps = [int(t) for t in page.locator("#table tbody td.num:nth-child(7)").all_inner_texts()]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [
        ("#by=country&lose=MY&colour=controller", "#colour=controller&by=country&lose=MY"),
        ("#lose=<img src=x onerror=window.__x=1>&by=__proto__&colour=constructor", ""),
        ("#node=%E0%A4%A&trace=%", ""),
        ("#node=sep&trace=sideways&cut=1e9&target=missile&per=node", "#node=sep"),
        ("#target=missile&per=country&cut=1", "#target=missile&per=country&cut=1"),
        ("#country=ZZ&stage=magnet&feeds=sep", "#stage=magnet"),
    ],
)
def test_the_address_is_checked(chrome, small, fragment, kept):
    chrome.complaints.clear()
    with chrome.page(small, fragment=fragment) as page:
        assert page.evaluate(STATE)["hash"] == kept
        assert page.evaluate("window.__x ?? null") is None
    assert chrome.complaints == []


def test_hostile_names_are_inert(chrome, evil):
    chrome.complaints.clear()
    with chrome.page(evil) as page:
        count = page.locator("#table tbody tr").count()
        tooltips = set()
        for k in range(count):
            page.mouse.move(*position(page, f"n{k}"))
            page.wait_for_timeout(170)
            tooltips.add(page.locator("div.vis-tooltip").inner_text().split("\n")[0])
        assert len(tooltips) == count
        for button in page.locator("#table tbody button").all():
            button.click()
        for by, target in itertools.product(("node", "country", "controller"), range(1)):
            page.select_option("#lose-by", by)
            page.select_option("#lose-unit", index=min(1, target + 1))
        page.select_option("#cut-by", "node")
        page.locator("#cut-list button").first.click()
        page.fill("#search", "</script><script>window.__x=1</script>")
        page.press("#search", "Enter")
        assert "</script>" in page.evaluate(STATE)["details"]
        assert page.evaluate("window.__x ?? null") is None
        assert page.locator("img, svg, #details script, table script").count() == 0
        assert "\\u202e" in page.locator("#table").inner_text()
    assert chrome.complaints == []


def test_the_policy_stops_what_is_slipped_in(chrome, small):
    with chrome.page(small) as page:
        page.evaluate("""() => { const s = document.createElement('script');
          s.textContent = 'window.__x = 1'; document.body.append(s);
          const i = document.createElement('img'); i.src = 'https://example.org/x.png';
          document.body.append(i); }""")
        page.wait_for_timeout(200)
        assert page.evaluate("window.__x ?? null") is None
    for rule in ("script-src", "img-src"):
        assert any(rule in text and "blocked" in text for text in chrome.complaints)
    chrome.complaints.clear()


def test_dark_mode_repaints(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    before, light = colours(page), page.evaluate(ground)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => network.body.data.nodes.get()[0].color.background !== '"
                           + before[0] + "'")  # fmt: skip
    assert page.evaluate(ground) != light
    page.emulate_media(color_scheme="light")
    page.wait_for_function("() => network.body.data.nodes.get()[0].color.background === '"
                           + before[0] + "'")  # fmt: skip


@pytest.mark.parametrize("width", [1400, 800, 400])
def test_nothing_runs_off_the_page(chrome, small, width):
    chrome.complaints.clear()
    with chrome.page(small, width=width) as page:
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        box = page.locator("#frame").bounding_box()
        for k in range(11):
            x, y = position(page, f"n{k}")
            assert box["x"] < x < box["x"] + box["width"]
            assert box["y"] < y < box["y"] + box["height"]
    assert chrome.complaints == []


def test_downloads(page):
    with page.expect_download() as started:
        page.click("#save-csv")
    text = started.value.path().read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 11
    assert rows[0]["id"] == "mine_a"
    assert started.value.suggested_filename == "small.csv"
    with page.expect_download() as started:
        page.click("#save-png")
    assert started.value.path().read_bytes().startswith(b"\x89PNG")


def test_on_paper_it_is_light_and_has_the_picture(page):
    page.emulate_media(color_scheme="dark")
    before = page.evaluate("window.dispatchEvent(new Event('beforeprint')), "
                           "getComputedStyle(document.body).backgroundColor")  # fmt: skip
    assert before == "rgb(245, 246, 248)"
    page.emulate_media(media="print")
    assert page.locator("#paper").is_visible()
    assert not page.locator("#net").is_visible()
    assert not page.locator(".toolbar").is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#paper").count() == 0


def test_the_table_file_holds_no_formula(chrome, evil):
    with chrome.page(evil) as page:
        with page.expect_download() as started:
            page.click("#save-csv")
        rows = list(csv.reader(io.StringIO(started.value.path().read_text(encoding="utf-8"))))
    cells = json.dumps(rows)
    assert "'=HYPERLINK(0)" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
