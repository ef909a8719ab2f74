from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import escape
from html.parser import HTMLParser

import pytest
from strategies import make_network

import supplynet
from supplynet.analysis.concentration import concentration
from supplynet.analysis.cutsets import minimal_cut_sets, single_points_of_failure
from supplynet.errors import QuestionError, UnknownNameError
from supplynet.examples import examples
from supplynet.ownership import controllers
from supplynet.report import chokepoint_report
from supplynet.report.compose import assemble
from supplynet.report.facts import CUT_UNITS, POINT_UNITS, Answers, rounded
from supplynet.report.render import percent

EVIL = 'x"><script>alert(1)</script>|`[a](javascript:1)\n\u202e=1+1'


def node(id_, country="US", **more):
    return {"id": id_, "country": country, "operator": f"{id_}_co", "upstream": "recorded", **more}


def supply(supplier, consumer, material, **more):
    return {
        "supplier": supplier,
        "consumer": consumer,
        "material": material,
        "confidence": "medium",
        "references": ("r1",),
        **more,
    }


def two_missiles(**tables):
    """Two targets that share one British metal maker; one magnet link is illustrative."""
    content = {
        "nodes": [
            node("metal", "GB", name="Metal works", stage="metal", upstream="none"),
            node("magnet_a", "JP", stage="magnet"),
            node("magnet_b", "DE", stage="magnet"),
            node("missile", name="Missile", stage="target", end_use="defence"),
            node("drone", name="Drone", stage="target", end_use="civil"),
        ],
        "supplies": [
            supply("metal", "magnet_a", "sm"),
            supply("metal", "magnet_b", "sm"),
            supply("magnet_a", "missile", "smco", confidence="high"),
            supply("magnet_b", "missile", "smco"),
            supply("magnet_a", "drone", "smco", confidence="illustrative", references=("r2",)),
        ],
        "references": [
            {"id": "r1", "title": "A page", "publisher": "P", "url": "https://example.org/a"},
            {"id": "r2", "title": "An assumption", "publisher": "us", "url": None},
        ],
    }
    return make_network(targets=("missile", "drone"), **{**content, **tables})


def redundant():
    """Nothing stops it alone nor, among three suppliers, any two."""
    nodes = [node(f"s{i}", f"{('AU', 'JP', 'DE')[i]}", upstream="none") for i in range(3)]
    return make_network(
        nodes=[*nodes, node("t")],
        supplies=[supply(f"s{i}", "t", "m") for i in range(3)],
        targets=("t",),
    )


def hostile():
    return make_network(
        nodes=[
            node(EVIL, "GB", name=EVIL, stage=EVIL, note=EVIL, upstream="none"),
            node("t", name="=cmd|' /C calc'!A0", end_use="defence"),
            node("unknown", None, operator=None, upstream="unknown"),
        ],
        supplies=[
            supply(EVIL, "t", EVIL, references=("bad", "worse")),
            supply("unknown", "t", "other", note="@SUM(1)", references=("missing",)),
        ],
        references=[
            {"id": "bad", "title": EVIL, "publisher": EVIL, "url": "javascript:alert(1)"},
            {"id": "worse", "title": "</style><b>", "url": 'https://e.org/"onclick="x'},
        ],
        targets=("t",),
    )


class Page(HTMLParser):
    """What a page holds: tags with attributes, text by tag, ids."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.ids, self.links, self.stack = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if "href" in attributes:
            self.links.append(attributes["href"])

    def count(self, tag):
        return sum(t == tag for t, _ in self.tags)


@pytest.fixture(scope="module")
def report():
    return chokepoint_report(two_missiles())


@pytest.fixture(scope="module")
def flagship():
    return chokepoint_report(supplynet.load_example("rare_earth_magnets"))


# -- the answer and the findings -----------------------------------------------------------------


def test_answer_names_how_many_and_what_is_shared_most(report):
    assert report.answer == (
        "Of 2 targets, 1 has a certain single point of failure; 1 has only an assumed one, as "
        "good as the illustrative links under it. Most shared: Metal works (metal, United "
        "Kingdom), which alone stops 2 targets (1 certain, 1 assumed)."
    )


def test_first_finding_says_what_it_rests_on(report):
    finding = report.findings[0]
    assert finding.certainty == "assumed"
    assert finding.evidence == ("medium", "illustrative")
    assert finding.figures["targets"] == ["missile", "drone"]
    assert (
        "Certain for Missile (evidence medium), assumed for the rest (evidence illustrative)."
    ) in finding.text
    assert "1 illustrative need that no source states: smco of Drone" in finding.text
    assert "metal_co (operator), United Kingdom (country) and United Kingdom (government)" in (
        finding.text
    )


def test_question_states_date_measures_and_end_use(report):
    facts = report.to_dict()["question"]
    assert facts["measures"] == "ignored"
    assert facts["on"] in report.to_html()
    assert "with export controls ignored" in facts["sentence"]
    assert facts["end_use_sentence"] == "End use of the targets: 1 civil and 1 defence."


def certainty_of(target, by, unit):
    found = {
        p["certainty"]
        for p in (*target["points"], *target["aggregates"])
        if (p["by"], p["unit"]) == (by, unit)
    }
    return found - {"possible"}


@pytest.mark.parametrize("name", ["report", "flagship"])
def test_every_finding_follows_from_the_json(name, request):
    facts = json.loads(json.dumps(request.getfixturevalue(name).to_dict(), allow_nan=False))
    targets = {t["id"]: t for t in facts["targets"]}
    kinds = set()
    for finding in facts["findings"]:
        figures = finding["figures"]
        kinds.add(finding["kind"])
        if finding["kind"] == "shared_chokepoint":
            sure = {t: certainty_of(targets[t], figures["by"], figures["unit"]) for t in targets}
            assert [t for t in targets if sure[t]] == figures["targets"]
            assert sum(s == {"certain"} for s in sure.values()) == figures["certain"]
            assert sum(s == {"assumed"} for s in sure.values()) == figures["assumed"]
        elif finding["kind"] == "shared_set":
            for by in figures["by"]:
                for key, target in targets.items():
                    search = next(s for s in target["cut_sets"] if s["by"] == by)
                    holds = figures["units"] in [c["units"] for c in search["cuts"]]
                    assert holds == (key in figures["targets"])
        elif finding["kind"] == "countries":
            without = [
                t
                for t in targets
                if not any(
                    len(c["units"]) == 1
                    for s in targets[t]["cut_sets"]
                    if s["by"] == "country"
                    for c in s["cuts"]
                )
            ]
            assert figures["without_single_country"] == without
            assert finding["certainty"] == "recorded"
        elif finding["kind"] == "gaps":
            possible = [
                t
                for t in targets
                if any(p["certainty"] == "possible" for p in targets[t]["points"])
            ]
            assert figures["targets"] == possible
            assert len(facts["cells"]) == figures["cells"]
        # Whatever counts in the text is a figure: no number stands alone.
        for number in re.findall(r"(\d+) of \d+ targets", finding["text"]):
            lists = [len(v) for v in figures.values() if isinstance(v, list)]
            assert int(number) in lists
    assert "shared_chokepoint" in kinds


@pytest.mark.parametrize("name", ["report", "flagship"])
def test_no_illustrative_link_is_presented_as_a_fact(name, request):
    for finding in request.getfixturevalue(name).findings:
        if finding.certainty == "assumed":
            assert "ssumed" in finding.text
            assert "illustrative" in finding.text
        if finding.certainty == "certain":
            assert "illustrative" not in finding.evidence


def test_certain_points_have_evidence_better_than_illustrative(flagship):
    points = [p for t in flagship.targets for p in t.points]
    assert {p.evidence for p in points if p.certainty == "certain"} <= {"high", "medium", "low"}
    assumed = [p for p in points if p.certainty == "assumed"]
    assert assumed
    assert {p.evidence for p in assumed} == {"illustrative"}
    assert all(p.illustrative_needs for p in assumed)


def test_counts_agree_with_the_engine(flagship):
    net = supplynet.load_example("rare_earth_magnets")
    for target in flagship.targets[:4]:
        for by in POINT_UNITS:
            found = single_points_of_failure(net, target.id, by=by)
            expected = sorted(c.unit for c in found.chokepoints if c.certainty == "certain")
            shown = [p.unit for p in target.points if p.by == by and p.certainty == "certain"]
            assert sorted(shown) == expected
            assert target.counts[by]["certain"] == len(expected)


def test_flagship_shows_the_expert_answer(flagship):
    assert len(flagship.targets) == 17
    assert 3 <= len(flagship.findings) <= 5
    lead = flagship.findings[0]
    assert lead.figures["unit"] == "lcm_sm"
    assert "tomahawk" in lead.figures["targets"]


def test_chain_runs_from_the_lost_plant_to_the_target(flagship):
    point = next(
        p
        for t in flagship.targets
        for p in t.points
        if (t.id, p.by, p.unit) == ("tomahawk", "node", "lcm_sm")
    )
    assert point.chain[0].supplier == "lcm_sm"
    assert point.chain[-1].consumer == "tomahawk"
    for earlier, later in zip(point.chain, point.chain[1:], strict=False):
        assert earlier.consumer == later.supplier


# -- empty findings, bounds, status --------------------------------------------------------------


def test_empty_findings_are_written_out():
    report = chokepoint_report(redundant())
    text = "No cut set of order 2 or less; search complete up to order 2."
    assert all(s.sentence == text for s in report.targets[0].cut_sets)
    for form in (report.to_html(), report.to_markdown()):
        assert text in form
        assert "No certain or assumed single point of failure" in form
        assert "No possible single point of failure by plant, operator, country or" in form
        assert "No gap in the data adds one by going badly." in form
        assert "That says nothing about what is not recorded." in form
        assert "No gap bears on an answer." in form
    assert "No single plant, operator, country or government stops it" in report.answer
    assert report.findings[0].kind == "countries"
    assert "has no single country on record that stops it, nor do two together" in (
        report.findings[0].text
    )


def test_larger_sets_that_need_a_gap_are_named_once_whatever_the_gap():
    report = chokepoint_report(supplynet.load_example("gallium_germanium"), "spy6", max_gaps=2)
    search = next(c for c in report.targets[0].cut_sets if c.by == "country")
    sets = [c.units for c in search.possible]
    assert ("CN", "JP") in sets
    text = "possible, with a gap: 2 of order 1, 1 of larger order: China + Japan"
    assert text in report.to_html()
    assert text in report.to_markdown()


def test_larger_order_finds_the_triple():
    report = chokepoint_report(redundant(), max_order=3)
    search = next(s for s in report.targets[0].cut_sets if s.by == "country")
    assert [c.units for c in search.cuts] == [("AU", "DE", "JP")]
    assert "order 3" in search.sentence
    assert "--max-order 3" in report.reproduce


def answers_of(net, **changes):
    targets = net.meta.targets
    cuts = {(t, by): minimal_cut_sets(net, t, by=by) for t in targets for by in CUT_UNITS}
    return Answers(
        points={
            (t, by): single_points_of_failure(net, t, by=by) for t in targets for by in POINT_UNITS
        },
        cuts={key: replace(cut, **changes) for key, cut in cuts.items()},
        control=controllers(net),
        concentration=concentration(net),
        evidence=lambda *_: "low",
    )


def test_a_search_cut_short_says_so():
    net = redundant()
    report = assemble(
        net,
        ("t",),
        net.as_of,
        answers_of(net, complete=False, complete_to=1),
        max_order=2,
        max_gaps=1,
        version="0",
        all_targets=True,
    )
    text = "search cut short: complete only up to order 1 of 2, so more sets may exist"
    assert text in report.to_html()
    assert text in report.to_markdown()
    assert "search cut short" in report.findings[0].text
    assert "search complete" not in report.to_html()


def test_pairs_with_gaps_cut_short_are_said_though_the_sets_are_complete():
    net = redundant()
    report = assemble(
        net,
        ("t",),
        net.as_of,
        answers_of(net, possible_complete_to=1),
        max_order=2,
        max_gaps=1,
        version="0",
        all_targets=True,
    )
    text = "sets that also need a gap only up to order 1, so more of those may exist"
    for form in (report.to_html(), report.to_markdown()):
        assert f"search complete up to order 2; {text}" in form
        assert "In 3 of 3 searches the sets that also need a gap were cut short" in form
    assert not report.targets[0].cut_sets[0].possible_complete
    whole = chokepoint_report(net)
    assert text not in whole.to_html()
    assert "cut short" not in whole.to_markdown().split("## Method")[0]


def test_already_stopped_is_said_and_nothing_stops_it():
    net = make_network(
        nodes=[node("a", status="closed", upstream="none"), node("t")],
        supplies=[supply("a", "t", "m")],
        targets=("t",),
    )
    report = chokepoint_report(net)
    assert report.targets[0].strongest == "already_stopped"
    assert report.answer.startswith("t is already stopped on this date")
    assert "Already stopped: the empty set is the one cut set." in report.to_html()
    assert "a (closed)" in report.to_markdown()


def test_possible_points_name_their_gap_and_the_cell():
    net = make_network(
        nodes=[node("a", "AU", upstream="none"), node("b", "JP", upstream="unknown"), node("t")],
        supplies=[supply("a", "t", "m"), supply("b", "t", "m")],
        targets=("t",),
    )
    report = chokepoint_report(net)
    assert report.targets[0].strongest == "possible"
    (cell,) = report.cells
    assert (cell.gap, cell.file, cell.row, cell.field) == (
        "upstream:b",
        "nodes.csv",
        "b",
        "upstream",
    )
    assert cell.possible == len({(p.by, p.unit) for p in report.targets[0].points})
    assert "the unrecorded inputs of b fail" in report.to_html()


def test_cells_say_what_to_fill_for_each_kind_of_gap():
    net = make_network(
        nodes=[
            node("a", "AU", upstream="none"),
            node("b", "JP", upstream="none"),
            node("c", None, upstream="none"),
            node("t"),
        ],
        supplies=[
            supply("a", "t", "m"),
            supply("b", "t", "m", confidence="illustrative", qualified="unknown"),
            supply("a", "t", "n"),
            supply("c", "t", "o"),
            supply("a", "t", "o"),
        ],
        needs=[{"consumer": "t", "material": "n", "suppliers": "partial"}],
        targets=("t",),
    )
    cells = {c.gap: c for c in chokepoint_report(net).cells}
    doubt = cells["supply:b>t:m"]
    assert (doubt.file, doubt.field) == ("supplies.csv", "confidence and qualified")
    open_list = cells["suppliers:t/n"]
    assert (open_list.file, open_list.field, open_list.now) == ("needs.csv", "suppliers", "partial")
    assert cells["unit:c"].field.startswith("country")


def test_a_possible_point_is_no_shared_chokepoint():
    net = make_network(
        nodes=[
            node("a", "AU", upstream="none"),
            node("b", "JP", upstream="unknown"),
            node("only", "DE", upstream="none"),
            node("t"),
            node("u"),
        ],
        supplies=[
            supply("a", "t", "m"),
            supply("b", "t", "m"),
            supply("a", "u", "m"),
            supply("b", "u", "m"),
            supply("only", "t", "n"),
        ],
        targets=("t", "u"),
    )
    report = chokepoint_report(net)
    possible = {(p.by, p.unit) for t in report.targets for p in t.points}
    assert ("node", "a") in possible
    assert {m.unit for g in report.shared for m in g.members} == {"only", "only_co", "DE"}
    assert all(s.certainty in ("certain", "assumed") for g in report.shared for s in g.targets)
    assert not any("a alone stops" in f.text for f in report.findings)
    rows = list(csv.DictReader(io.StringIO(report.to_csvs()["shared_chokepoints.csv"])))
    assert [r["units"] for r in rows] == ["node=only;operator=only_co;country=DE;controller=DE"]


def test_an_industry_that_stops_a_target_is_no_clean_record():
    net = make_network(
        nodes=[node("makers", None, kind="aggregate", operator=None, upstream="none"), node("t")],
        supplies=[supply("makers", "t", "m")],
        targets=("t",),
    )
    (target,) = (report := chokepoint_report(net)).targets
    assert target.strongest == "industry"
    assert "An industry taken as one node would stop it alone: 1 certain." in report.answer
    assert "no sign of safety" not in report.answer
    assert "industry only" in report.to_html()


def test_the_answer_says_which_targets_may_be_down_already_and_that_none_is_not_safe():
    net = make_network(
        nodes=[
            *(node(f"s{i}", f"{('AU', 'JP', 'DE')[i]}", upstream="unknown") for i in range(3)),
            *(node(f"r{i}", f"{('AU', 'JP', 'DE')[i]}", upstream="none") for i in range(3)),
            node("t"),
            node("u"),
        ],
        supplies=[
            *(supply(f"s{i}", "t", "m") for i in range(3)),
            *(supply(f"r{i}", "u", "m") for i in range(3)),
        ],
        targets=("t", "u"),
    )
    answer = chokepoint_report(net).answer
    assert "2 have none on record, which is no sign of safety." in answer
    assert "1 may already be stopped, should all gaps go badly at once" in answer


def test_a_finding_is_graded_by_the_unit_it_names():
    net = make_network(
        nodes=[
            node("maker", "GB", upstream="none"),
            node("other", "GB", upstream="none"),
            node("t", "US"),
        ],
        supplies=[
            supply("maker", "t", "m", confidence="low"),
            supply("other", "t", "n", confidence="high"),
        ],
        targets=("t",),
    )
    report = chokepoint_report(net)
    for group in report.shared:
        lead = group.members[0]
        (point,) = (p for p in report.targets[0].points if (p.by, p.unit) == (lead.by, lead.unit))
        assert [s.evidence for s in group.targets] == [point.evidence]


def test_a_mixed_finding_carries_both_badges(report):
    first = report.to_html().split('<ol class="findings">')[1].split("</li>")[0]
    assert '<span class="badge certain">1 certain</span>' in first
    assert '<span class="badge assumed">1 assumed</span>' in first
    assert "1. *1 certain, 1 assumed*: " in report.to_markdown()


def test_own_and_aggregates_are_told_apart():
    net = make_network(
        nodes=[node("world", None, kind="aggregate", upstream="none"), node("t")],
        supplies=[supply("world", "t", "m")],
        targets=("t",),
    )
    report = chokepoint_report(net)
    target = report.targets[0]
    assert [p.unit for p in target.aggregates] == ["world"]
    assert not [p for p in target.points if p.by == "node"]
    assert target.own["country"] == ("US",)
    assert "Industries, not plants" in report.to_html()


# -- coverage, provenance, figures ---------------------------------------------------------------


def test_coverage_adds_up_and_counts_assumptions_as_unsourced(report):
    for row in report.coverage:
        assert row.sourced + row.unsourced + row.illustrative == row.total
    supplies = next(c for c in report.coverage if c.what == "Supplies")
    assert (supplies.total, supplies.sourced, supplies.illustrative) == (5, 4, 1)
    nodes = next(c for c in report.coverage if c.what == "Nodes")
    assert (nodes.sourced, nodes.unsourced) == (0, 5)


def test_every_row_used_is_in_the_provenance_with_its_references(report):
    rows = {(r["table"], r["id"]): r for r in report.provenance}
    assert rows["supplies", "metal>magnet_a:sm"]["references"] == ("r1",)
    assert rows["nodes", "metal"]["confidence"] is None
    assert {r["id"] for r in report.references} == {"r1", "r2"}
    html = report.to_html()
    assert 'href="https://example.org/a"' in html
    for point in (p for t in report.targets for p in t.points):
        for link in point.chain:
            assert ("supplies", link.supply) in rows


def test_rows_downstream_only_are_left_out():
    net = two_missiles()
    report = chokepoint_report(net, ["drone"])
    assert "magnet_b" not in report.nodes
    assert "metal>magnet_b:sm" not in {r["id"] for r in report.provenance}
    assert shlex.split(report.reproduce)[3:5] == ["--target", "drone"]


def test_every_node_that_the_concentration_counts_is_in_the_provenance():
    net = two_missiles()
    report = chokepoint_report(net, ["drone"])
    rows = {r["id"] for r in report.provenance if r["table"] == "nodes"}
    counted = sum(
        c["nodes"] for c in report.concentration if (c["kind"], c["basis"]) == ("country", "nodes")
    )
    assert counted == len(rows) == 5


def test_every_reference_of_a_row_is_on_the_page(flagship):
    html = flagship.to_html()
    number = {r["id"]: i for i, r in enumerate(flagship.references, start=1)}
    for row in flagship.provenance:
        if row["table"] != "shares" and row["references"]:
            start = html.index(f'<li><code dir="ltr">{escape(row["id"])}</code>')
            assert start > 0
    for name in {n for row in flagship.provenance for n in row["references"]}:
        assert f'id="ref-{number[name]}"' in html
    latest = [m for m in flagship.market_shares if m["latest"]]
    section = html[html.index('id="s-concentration"') : html.index('id="s-cells"')]
    for market in latest:
        for name in market["references"]:
            assert f'href="#ref-{number[name]}"' in section


def test_references_that_are_not_there_are_said_to_be_missing():
    html = chokepoint_report(hostile()).to_html()
    assert "(not in references.csv)" in html


def test_market_shares_carry_band_year_edition_and_reference():
    net = two_missiles(
        shares=[
            {"material": "sm", "stage": "metal", "country": "CN", "year": Decimal(2024)}
            | {"low": Decimal("0.85"), "high": Decimal("0.9"), "edition": "e1"}
            | {"references": ("r1",)},
            {"material": "sm", "stage": "metal", "country": "GB", "year": Decimal(2024)}
            | {"share": Decimal("0.0004"), "edition": "e1", "references": ("r1",)},
            {"material": "sm", "stage": "metal", "country": "CN", "year": Decimal(2010)}
            | {"share": Decimal("0.97"), "edition": "e0", "references": ("r2",)},
        ]
    )
    report = chokepoint_report(net)
    assert [m["latest"] for m in report.market_shares] == [False, True]
    html = report.to_html()
    assert "China 85 % to 90 %, United Kingdom &lt;0.1 %" in html
    assert "1 other year in market_shares.csv" in html
    rows = list(csv.DictReader(io.StringIO(report.to_csvs()["market_shares.csv"])))
    assert {r["year"] for r in rows} == {"2024", "2010"}


def test_shares_are_rounded_once_and_never_to_zero():
    assert rounded(Decimal("0.6349")) == 0.635
    assert percent(rounded(Decimal("0.6349"))) == "63.5 %"
    assert percent(rounded(0.0003)) == "<0.1 %"
    assert percent(rounded(Decimal(0))) == "0 %"


def test_the_two_most_grave_limits_are_always_said():
    report = chokepoint_report(redundant())
    titles = [x.title for x in report.limitations]
    assert titles[:2] == ["Any one supplier is enough", "Export controls ignored"]


# -- forms ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("net", [two_missiles, redundant, hostile])
def test_same_input_gives_the_same_bytes(net):
    first, second = chokepoint_report(net()), chokepoint_report(net())
    assert first.to_html() == second.to_html()
    assert first.to_markdown() == second.to_markdown()
    assert first.to_csvs() == second.to_csvs()
    assert json.dumps(first.to_dict()) == json.dumps(second.to_dict())


@pytest.mark.parametrize("name", examples())
def test_the_order_of_rows_does_not_matter(name):
    net = supplynet.load_example(name)
    tables = {
        key: replace(
            table,
            columns={c: list(values)[::-1] for c, values in table.columns.items()},
            lines=table.lines and list(table.lines)[::-1],
        )
        for key, table in net.tables.items()
    }
    turned = chokepoint_report(type(net)(tables, net.meta, net.findings))
    first = chokepoint_report(net)
    assert turned.to_html() == first.to_html()
    assert turned.to_markdown() == first.to_markdown()
    assert turned.to_csvs() == first.to_csvs()
    assert json.dumps(turned.to_dict()) == json.dumps(first.to_dict())


def test_bytes_do_not_depend_on_the_hash_seed():
    code = (
        "import hashlib, json, supplynet\n"
        "r = supplynet.chokepoint_report(supplynet.load_example('rare_earth_magnets'))\n"
        "text = r.to_html() + r.to_markdown() + json.dumps(r.to_dict())\n"
        "print(hashlib.sha256((text + json.dumps(r.to_csvs())).encode()).hexdigest())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


@pytest.mark.parametrize("net", [two_missiles, redundant, hostile])
def test_page_is_static_closed_and_accessible(net):
    html = chokepoint_report(net()).to_html()
    page = Page(html)
    assert html.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert page.count("title") == 1
    assert page.count("h1") == 1
    assert page.count("main") == 1
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "img", "object", "form", "b2"}
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on") or a == "style"]
    assert not [a for _, attrs in page.tags for a in attrs if a == "src"]
    policy = next(a["content"] for t, a in page.tags if t == "meta" and "content" in a)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    for link in page.links:
        assert re.match(r"https?://|#", link), link
    assert all(link[1:] in page.ids for link in page.links if link.startswith("#"))
    assert len(page.ids) == len(set(page.ids))
    assert page.count("table") == page.count("caption")
    assert all("scope" in a for t, a in page.tags if t == "th")


def test_page_balances():
    html = chokepoint_report(two_missiles()).to_html()
    for tag in ("table", "tbody", "tr", "td", "section", "article", "div", "dl", "svg", "p", "ol"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>"), tag


def test_hostile_names_are_inert_everywhere():
    report = chokepoint_report(hostile())
    html, markdown = report.to_html(), report.to_markdown()
    assert "<script" not in html
    assert "\u202e" not in html + markdown
    assert "\\u202e" in html
    assert "</style><b>" not in html
    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\]\(", markdown)
    for line in markdown.splitlines():
        if line.startswith("|"):
            width = len(re.findall(r"(?<!\\)\|", line))
            assert width >= 3
    blocks = re.findall(r"(?:^\|.*\n)+", markdown, flags=re.MULTILINE)
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}
        assert len(widths) == 1, block


def test_raw_values_stay_in_the_json():
    facts = chokepoint_report(hostile()).to_dict()
    assert EVIL in facts["nodes"]
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_no_csv_cell_is_a_formula():
    for net in (hostile(), two_missiles()):
        for name, text in chokepoint_report(net).to_csvs().items():
            rows = list(csv.reader(io.StringIO(text)))
            assert {len(r) for r in rows} == {len(rows[0])}, name
            for cell in (c for row in rows for c in row):
                assert not re.match(r"[=+\-@\t\r]", cell), (name, cell)


def test_csvs_hold_what_the_page_leaves_out(flagship):
    files = flagship.to_csvs()
    rows = list(csv.DictReader(io.StringIO(files["chokepoints.csv"])))
    assert len(rows) == sum(len(t.points) + len(t.aggregates) for t in flagship.targets)
    sets = list(csv.DictReader(io.StringIO(files["cut_sets.csv"])))
    assert len(sets) == sum(
        len(s.cuts) + len(s.possible) for t in flagship.targets for s in t.cut_sets
    )
    cells = list(csv.DictReader(io.StringIO(files["cells.csv"])))
    assert len(cells) == len(flagship.cells)
    summary = {r["item"]: r["value"] for r in csv.DictReader(io.StringIO(files["summary.csv"]))}
    assert summary["answer"] == flagship.answer


def test_page_says_how_to_make_it_again(report):
    html = report.to_html()
    net = two_missiles()
    assert net.digest in html
    assert f"supplynet report path/to/drawn --on {net.as_of.isoformat()} -o report.html" in html
    assert "stands for where these data lie" in html


def test_targets_in_another_order_are_named_in_the_command():
    net = two_missiles()
    report = chokepoint_report(net, ["drone", "missile"])
    words = shlex.split(report.reproduce)
    assert [w for w, before in zip(words[1:], words, strict=False) if before == "--target"] == [
        "drone",
        "missile",
    ]
    assert "--target" not in chokepoint_report(net, ["missile", "drone"]).reproduce


def test_shipped_networks_are_named_as_they_are_loaded(flagship):
    assert shlex.split(flagship.reproduce)[:3] == ["supplynet", "report", "rare_earth_magnets"]
    assert "path/to" not in flagship.to_html()


def test_forms_share_the_findings(flagship):
    html, markdown = flagship.to_html(), flagship.to_markdown()
    assert flagship.answer.replace("&", "&amp;") in html
    for finding in flagship.findings:
        start = finding.text[:40]
        assert start in html
        assert start in markdown


# -- questions -----------------------------------------------------------------------------------


def test_sinks_are_the_targets_where_none_are_named():
    net = make_network(nodes=[node("a", upstream="none")], supplies=[supply("a", "t", "m")])
    assert [t.id for t in chokepoint_report(net).targets] == ["t"]


def test_unknown_target_and_bad_limits_are_refused():
    with pytest.raises(UnknownNameError, match="missile"):
        chokepoint_report(two_missiles(), ["misile"])
    with pytest.raises(QuestionError):
        chokepoint_report(two_missiles(), max_order=0)


def test_date_moves_the_answer():
    net = two_missiles()
    later = chokepoint_report(net, on="2030-01-01")
    assert later.question["on"] == date(2030, 1, 1)
    assert "1 January 2030" in later.question["sentence"]


@pytest.mark.parametrize("name", examples())
def test_every_shipped_network_has_a_report(name):
    report = chokepoint_report(supplynet.load_example(name))
    assert report.answer
    assert report.findings
    Page(report.to_html())
    json.dumps(report.to_dict(), allow_nan=False)
