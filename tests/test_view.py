"""The view as text: what stands in the file, what cannot, and where things are placed."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest
from view_networks import HOSTILE_NAMES, every_feature, hostile

from supplynet.errors import OutputError, QuestionError, UnknownNameError
from supplynet.examples import examples, load_example
from supplynet.io import from_frames
from supplynet.scenarios import lose
from supplynet.view import build_view, view
from supplynet.view.gather import gather
from supplynet.view.layout import NOT_LINKED, place, stage_levels
from supplynet.view.payload import (
    LinkItem,
    NodeItem,
    ReferenceItem,
    SupplyItem,
    UnitItem,
    ViewData,
    aggregate,
    categories,
    payload,
    redact,
)
from supplynet.view.render import VIS_BUNDLE, render

UNITS = ("node", "country", "controller")


class Page(HTMLParser):
    """What a browser would find: tags with their attributes, and the text of scripts."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.scripts = []
        self.data = {}
        self.text = []
        self._open = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self._open = (tag, attributes) if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open is None:
            self.text.append(data)
        elif self._open[0] == "script":
            if self._open[1].get("type") == "application/json":
                self.data[self._open[1]["id"]] = json.loads(data)
            else:
                self.scripts.append(data)


@pytest.fixture(scope="module")
def html():
    return build_view(every_feature())


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module")
def facts(page):
    return page.data["facts-data"]


def found(facts, node):
    return next(i for i, n in enumerate(facts["nodes"]) if n["id"] == node)


@pytest.mark.parametrize("build", [every_feature, hostile])
def test_the_page_asks_nobody_and_has_no_handler(build):
    page = Page(build_view(build()))
    for tag, attributes in page.tags:
        assert not {"src", "srcset", "data", "action", "poster", "background"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("href", "#").startswith("#"), (tag, attributes)
        assert tag not in {"img", "svg", "iframe", "object", "embed", "base", "link", "form", "b0"}
    assert [a["lang"] for t, a in page.tags if t == "html"] == ["en"]
    assert len([t for t, _ in page.tags if t == "title"]) == 1
    assert len(page.scripts) == 2


def test_the_policy_names_exactly_the_scripts_of_the_page(html, page):
    policy = next(a["content"] for t, a in page.tags if "http-equiv" in a)
    wanted = [
        "'sha256-" + base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() + "'"
        for s in page.scripts
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"].split() == wanted
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert html.index("Content-Security-Policy") < html.index("<title>")


def test_hostile_names_stay_text():
    net = hostile()
    html = build_view(net)
    page = Page(html)
    names = [n["name"] for n in page.data["facts-data"]["nodes"]]
    assert set(HOSTILE_NAMES) <= set(names)
    assert "desre\\u202ever" in names
    assert "zero\\u200bwidth" in names
    assert html.isascii() or not re.search("[\u202a-\u202e\u2066-\u2069\u0007\u001b]", html)
    assert len(page.scripts) == 2
    assert "window.__x=1" not in "".join(page.scripts)
    # The page is named by its title even where that looks like the placeholder of the policy.
    assert html.count("POLICY-OF-THIS-PAGE") > 0
    refs = page.data["facts-data"]["refs"]
    assert refs[0]["url"] is None


def test_only_plain_addresses_become_links(facts):
    assert [r["url"] for r in facts["refs"]] == ["https://example.org/a?b=1&c=2", None]
    assert facts["refs"][1]["raw"] == "javascript:window.__x=1"


def test_the_data_blocks_are_the_payload(page):
    data = gather(every_feature(), targets=None, on=None, by=UNITS, max_order=2)
    wanted, layout = payload(data)
    assert page.data["facts-data"] == json.loads(json.dumps(wanted))
    drawn = page.data["vis-nodes"]
    assert [(n["x"], n["y"]) for n in drawn] == list(layout.positions)
    assert [n["id"] for n in drawn] == [f"n{k}" for k in range(len(data.nodes))]
    allowed = {"id", "label", "title", "x", "y", "shape", "size", "color"}
    assert all(set(n) <= allowed for n in drawn)
    assert all(set(e) == {"id", "from", "to"} for e in page.data["vis-edges"])


def test_same_input_same_bytes(html, tmp_path):
    assert build_view(every_feature()) == html
    code = (
        "from view_networks import every_feature; from supplynet.view import build_view;"
        "import hashlib; print(hashlib.sha256(build_view(every_feature()).encode()).hexdigest())"
    )
    wanted = hashlib.sha256(html.encode()).hexdigest()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C",
                 "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        assert done.stdout.strip() == wanted


def test_the_order_of_rows_does_not_matter(html):
    net = every_feature()
    tables = {}
    for name, table in net.tables.items():
        columns = {c: list(values)[::-1] for c, values in table.columns.items()}
        tables[name] = replace(table, columns=columns, source=None, lines=None)
    turned = type(net)(tables, net.meta, net.findings)
    assert list(turned.node_rows) == list(net.node_rows)[::-1]
    assert build_view(turned) == html


def test_the_bundle_is_there_with_its_licence(html):
    assert (resources.files("pyvis") / "templates" / VIS_BUNDLE).is_file()
    assert "@license" in html
    assert "vis.js is dual licensed" in html
    assert len(html) < 700_000


def test_templates_are_in_the_package():
    folder = resources.files("supplynet.view") / "templates"
    for name in ("view.html", "view.css", "view.js"):
        assert (folder / name).is_file()
    # Data reaches the page through the JSON blocks alone, and the page through text nodes.
    script = (folder / "view.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)
    assert "|safe" not in (folder / "view.html").read_text(encoding="utf-8")


# ---- what is said ------------------------------------------------------------------------------


def test_marks_of_what_is_not_known(facts):
    alloy = facts["nodes"][found(facts, "alloy")]
    assert alloy["unknownInputs"] is True
    assert any("what it needs is not recorded" in gap for gap in alloy["gaps"])
    assert any("country and controller not known" in gap for gap in alloy["gaps"])
    line = {(x["from"], x["to"]): x for x in facts["links"]}
    magnet, scrap, sep = (found(facts, n) for n in ("magnet_1", "scrap", "sep"))
    assert line[magnet, found(facts, "radar")]["illustrative"] is True
    assert line[magnet, found(facts, "missile")]["illustrative"] is False
    assert line[magnet, scrap]["back"] != line[scrap, sep]["back"]
    assert line[scrap, sep]["live"] is False
    assert facts["nodes"][found(facts, "old")]["idle"] == "closed"
    assert len(facts["gaps"]) == len({g["text"] for g in facts["gaps"]})
    assert any("really comes from Second magnet maker" in g["text"] for g in facts["gaps"])


def test_two_materials_make_one_line(facts):
    pair = found(facts, "alloy"), found(facts, "magnet_2")
    lines = [x for x in facts["links"] if (x["from"], x["to"]) == pair]
    assert [[row["material"] for row in x["rows"]] for x in lines] == [["alloy", "powder"]]


def test_details_of_a_node(facts):
    mine = facts["nodes"][found(facts, "mine_a")]
    assert mine["operator"] == "Alpha Mining"
    assert ["Capacity", "7,000 (6,500 to ?) t/yr (nameplate)"] in mine["facts"]
    assert [facts["refs"][k]["title"] for k in mine["refs"]] == ["Annual report", "Not a link"]
    sep = facts["nodes"][found(facts, "sep")]
    assert [[n["need"], sorted(n["from"])] for n in sep["needs"]] == [
        ["ore", [found(facts, "mine_a"), found(facts, "mine_b")]]
    ]


def test_limits_are_on_the_page(page):
    text = " ".join(" ".join(page.text).split())
    assert "holds the whole data set" in text
    assert "1 of 12 supplies are illustrative" in text
    assert "export controls are not applied" in text
    assert "2026-06-29" in text
    assert every_feature().digest[:12] in text


def test_losses_that_were_not_worked_out_are_said_to_be(monkeypatch):
    asked = {"targets": None, "on": None, "by": ("node",), "max_order": 2}
    whole = payload(gather(every_feature(), **asked))[0]
    assert whole["unlisted"] == {}
    monkeypatch.setattr(sys.modules["supplynet.view.gather"], "EACH_UNIT", 3)
    data = gather(every_feature(), **asked)
    facts = payload(data)[0]
    listed = {u["key"] for u in facts["units"]["node"]}
    missing = [u for u in whole["units"]["node"] if u["key"] not in listed]
    assert facts["unlisted"] == {"node": len(missing)}
    # Whatever stops a target is in a set, and so is listed; a target stops but itself.
    targets = {i for i, n in enumerate(whole["nodes"]) if n["target"]}
    assert missing
    for unit in missing:
        assert set(unit["targets"]) <= targets & set(unit["lost"])
    (line,) = (x for x in data.limits if x.startswith("By node"))
    assert "more than 3 units" in line
    assert f"{len(missing)} are not listed" in line
    assert redact(data, ["operator"]).unlisted == data.unlisted


def test_a_group_of_materials_is_named_by_what_meets_it():
    net = from_frames(
        [{"supplier": "a", "consumer": "t", "material": "m"}],
        needs=[
            {"consumer": "t", "material": m, "group": "either", "suppliers": "partial"}
            for m in ("m", "n")
        ],
    )
    data = gather(net, targets=["t"], on=None, by=("node",), max_order=1)
    assert "t: who else supplies m or n is not known" in {gap.text for gap in data.gaps}


SHIPPED = [(name, by) for name in examples() for by in ("country", "controller")]


@pytest.mark.parametrize(("name", "by"), [*((None, by) for by in UNITS), *SHIPPED])
def test_losses_are_those_of_the_scenario(name, by):
    net = load_example(name) if name else every_feature()
    data = gather(net, targets=None, on=None, by=(by,), max_order=2)
    names = [node.id for node in data.nodes]
    assert data.units
    for unit in data.units:
        said = lose(net, None, unit.unit, by=by)
        assert tuple(sorted(names[i] for i in unit.lost)) == said.lost
        assert tuple(sorted(names[i] for i in unit.dark)) == said.stopped
        doubtful = {names[i] for i in (*unit.assumed, *unit.possibly)}
        assert doubtful <= set(said.possibly_stopped)
        status = {t.target: t.status for t in said.targets}
        assert {names[i] for i in unit.targets} == {
            t for t, value in status.items() if value == "stopped"
        }


def test_a_loss_through_an_illustrative_link_is_called_assumed(facts):
    units = {u["key"]: u for u in facts["units"]["node"]}
    missile, radar = found(facts, "missile"), found(facts, "radar")
    assert units["sep"]["targets"] == [missile]
    assert units["sep"]["targetsAssumed"] == [radar]
    assert units["magnet_1"]["targets"] == []
    # Whether the second maker is qualified is not known: then the first one stops the missile.
    assert units["magnet_1"]["targetsMaybe"] == [missile]


def test_cut_sets_are_labelled(facts):
    answer = next(
        a for a in facts["answers"]
        if a["target"] == found(facts, "missile") and a["by"] == "node"
    )  # fmt: skip
    labels = {(s["certainty"], tuple(s["labels"])) for s in answer["sets"]}
    assert ("certain", ("Separation plant",)) in labels
    assert ("certain", ("Alpha mine", "Beta mine")) in labels
    possible = [s for s in answer["sets"] if s["certainty"] == "possible"]
    assert possible
    assert all(s["gaps"] for s in possible)
    assert answer["complete"] is True
    assert answer["own"] == ["Missile"]


def test_targets_and_date_can_be_chosen():
    html = build_view(every_feature(), targets="radar", on="2019-06-01", by=("country",))
    facts = Page(html).data["facts-data"]
    assert [n["id"] for n in facts["nodes"] if n["target"]] == ["radar"]
    assert facts["on"] == "2019-06-01"
    assert list(facts["units"]) == ["country"]
    scrap = found(facts, "scrap"), found(facts, "sep")
    assert next(x["live"] for x in facts["links"] if (x["from"], x["to"]) == scrap)
    with pytest.raises(UnknownNameError, match="missile"):
        build_view(every_feature(), targets="misile")
    with pytest.raises(QuestionError, match="colour"):
        build_view(every_feature(), by=("colour",))


def test_fields_can_be_left_out():
    html = build_view(every_feature(), redact=("operator", "references", "facts", "share"))
    facts = Page(html).data["facts-data"]
    mine = facts["nodes"][found(facts, "mine_a")]
    assert mine["operator"] is None
    assert mine["facts"] == mine["refs"] == facts["refs"] == []
    assert "Left out on request: facts, operator, owner, references, share." in html
    assert "Alpha Mining" not in html
    assert "Annual report" not in html
    with pytest.raises(QuestionError, match="cannot leave out country"):
        build_view(every_feature(), redact=("country",))


# ---- writing -----------------------------------------------------------------------------------


def test_view_writes_one_file_and_replaces_only_views(tmp_path, html):
    path = view(every_feature(), tmp_path / "v.html")
    assert path.read_text(encoding="utf-8") == html
    assert [p.name for p in tmp_path.iterdir()] == ["v.html"]
    view(every_feature(), path)
    other = tmp_path / "nodes.csv"
    other.write_text("id\n", encoding="utf-8")
    with pytest.raises(OutputError, match="force"):
        view(every_feature(), other)
    assert other.read_text(encoding="utf-8") == "id\n"
    view(every_feature(), other, force=True)
    assert other.read_text(encoding="utf-8") == html


# ---- where things stand ------------------------------------------------------------------------


def test_stages_stand_left_to_right(facts):
    at = {lane["label"]: lane["x"] for lane in facts["lanes"]}
    assert at["mine"] < at["separation"] < at["alloy"] < at["magnet"] < at["target"]
    assert at[NOT_LINKED] == 0
    tray = next(lane for lane in facts["lanes"] if lane["label"] == NOT_LINKED)
    assert tray["count"] == 1
    assert tray["y"] >= max(x["y"] + x["h"] for x in facts["lanes"] if x is not tray)


def test_few_links_run_backwards_in_a_circle_of_stages():
    # mine 0, separation 1, magnet 2, recycling 3; recycling feeds separation often.
    links = [(0, 1)] * 5 + [(1, 2)] * 9 + [(2, 3)] + [(3, 1)] * 4
    assert stage_levels(4, links) == [0, 1, 2, 0]


def layout_of(size, stages=6):
    names = [f"s{k * stages // size}" for k in range(size)]
    links = [(k, min(size - 1, k + size // stages)) for k in range(size - size // stages)]
    return place(names, links), names


@pytest.mark.parametrize("size", [12, 60, 300, 1500])
def test_the_picture_is_wide_and_nothing_overlaps(size):
    layout, names = layout_of(size)
    assert len(set(layout.positions)) == size
    wide = max(lane.x + lane.width for lane in layout.lanes)
    high = max(lane.y + lane.height for lane in layout.lanes)
    assert 1.2 < wide / high < 3
    lane_of = {lane.label: lane for lane in layout.lanes}
    for name, (x, y) in zip(names, layout.positions, strict=True):
        lane = lane_of[name]
        assert lane.x < x < lane.x + lane.width
        assert lane.y < y < lane.y + lane.height
    for one, other in itertools.combinations(layout.lanes, 2):
        apart = (
            one.x + one.width <= other.x or other.x + other.width <= one.x
            or one.y + one.height <= other.y or other.y + other.height <= one.y
        )  # fmt: skip
        assert apart


def test_without_any_stage_the_tiers_serve():
    layout = place([None, None, None, ""], [(0, 1), (1, 2), (2, 1)])
    assert [lane.label for lane in layout.lanes] == ["tier 1", "tier 2", NOT_LINKED]
    assert len(layout.back) == 1


def test_an_empty_network_has_a_picture():
    assert place([], []).positions == ()
    assert "<!doctype html>" in render(ViewData(title="nothing"))


# ---- plain data --------------------------------------------------------------------------------


def test_at_most_seven_hues_and_the_unknown_apart():
    values = [f"c{k:02d}" for k in range(12) for _ in range(20 - k)] + [None] * 3
    legend, of_node = categories(values, {})
    assert [entry["hue"] for entry in legend] == [0, 1, 2, 3, 4, 5, 6, -1, -2]
    assert legend[7]["label"] == "5 others"
    assert sum(entry["count"] for entry in legend) == len(values) == len(of_node)
    assert of_node[-1] == 8


def test_groups_of_a_big_network():
    nodes = [
        NodeItem(f"m{k}", f"M{k}", stage="mine", country="CN" if k % 2 else "AU") for k in range(8)
    ]
    nodes.append(NodeItem("t", "Target", stage="target", country="US", target=True))
    data = ViewData(
        title="big",
        nodes=tuple(nodes),
        links=tuple(LinkItem(k, 8, (SupplyItem(f"s{k}", "ore"),)) for k in range(8)),
        units=(
            UnitItem("country", "CN", "China", lost=(1, 3, 5, 7), dark=(8,), targets=(8,)),
            UnitItem("node", "m1", "M1", lost=(1,)),
        ),
        references=(ReferenceItem("r", "R"),),
    )
    small = aggregate(data)
    assert [node.members for node in small.nodes] == [4, 4, 1]
    assert [unit.by for unit in small.units] == ["country"]
    assert small.units[0].lost == (1,)
    assert small.units[0].dark == small.units[0].targets == (2,)
    assert [(k.supplier, k.consumer) for k in small.links] == [(0, 2), (1, 2)]
    assert "too many to draw one by one" in small.limits[0]
    assert redact(small, ()) is small


def big(size):
    supplies = {
        "supplier": [f"m{k}" for k in range(size)],
        "consumer": ["t"] * size,
        "material": ["ore"] * size,
    }
    return from_frames(supplies)


def test_big_networks_are_grouped_and_huge_ones_refused():
    facts = Page(build_view(big(2_100), by=("node", "country"))).data["facts-data"]
    assert facts["grouped"] is True
    assert [n["name"] for n in facts["nodes"]] == ["country not recorded: 2100", "t"]
    with pytest.raises(QuestionError, match="too many"):
        build_view(big(20_001))


def test_a_view_replaces_a_view_and_no_report(tmp_path):
    from supplynet import chokepoint_report

    net = load_example("worked_example")
    report = tmp_path / "report.html"
    report.write_text(chokepoint_report(net).to_html(), encoding="utf-8")
    before = report.read_bytes()
    with pytest.raises(OutputError, match="is no view"):
        view(net, report)
    assert report.read_bytes() == before
    page = view(net, tmp_path / "view.html")
    assert view(net, page) == page
