"""The shipped networks: all figures sourced, inventions labelled, answers by hand."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from pathlib import Path

import pytest

import supplynet
from supplynet.examples import examples

GRAPHS = Path(__file__).parents[1] / "graphs"
NETWORKS = sorted(p.name for p in GRAPHS.iterdir() if p.is_dir())
#: Tables that only give names to what others claim.
NAMES_ONLY = frozenset({"references", "entities", "materials"})
NUMBER = re.compile(r"-?\d+(\.\d+)?")
MAX_QUOTE_WORDS = 25
ASSUMPTION = "model_assumption"
GRADES = frozenset({"high", "medium", "low", "illustrative"})
#: Tables whose rows say how well they are known.
GRADED = ("nodes", "supplies", "needs", "holdings", "measures", "shares", "observations")


def rows(network: str, table: str) -> list[dict[str, str]]:
    path = GRAPHS / network / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tables(network: str) -> list[str]:
    return sorted(p.stem for p in (GRAPHS / network).glob("*.csv"))


def cited(row: dict[str, str]) -> list[str]:
    return [r for r in row.get("references", "").split(";") if r]


def label(table: str, number: int) -> str:
    return f"{table}.csv:{number + 2}"


def toml(network: str) -> dict[str, object]:
    return tomllib.loads((GRAPHS / network / "network.toml").read_text(encoding="utf-8"))


#: The networks made from public sources.
SOURCED = [n for n in NETWORKS if "synthetic" not in str(toml(n)["title"])]


def unsourced(table: str, found: list[dict[str, str]]) -> list[str]:
    """Return the rows without a reference: all of a table that claims, numbers in any other."""
    return [
        label(table, n)
        for n, row in enumerate(found)
        if not cited(row)
        and (
            table not in NAMES_ONLY
            or (
                table != "references"
                and any(NUMBER.fullmatch(v or "") for k, v in row.items() if k != "hs_codes")
            )
        )
    ]


@pytest.mark.parametrize("network", NETWORKS)
def test_folder_is_complete(network):
    folder = GRAPHS / network
    for name in ("network.toml", "README.md", "expected.json", "references.csv", "supplies.csv"):
        assert (folder / name).is_file(), name
    assert len((folder / "README.md").read_text(encoding="utf-8").split()) > 60
    assert network in examples()


@pytest.mark.parametrize("network", NETWORKS)
def test_no_claim_without_a_reference(network):
    assert [w for t in tables(network) for w in unsourced(t, rows(network, t))] == []


def test_the_check_sees_a_missing_reference():
    row = {"id": "a", "capacity": "5", "references": ""}
    assert unsourced("nodes", [row]) == ["nodes.csv:2"]
    assert unsourced("materials", [{"id": "a", "name": "b"}]) == []
    assert unsourced("materials", [{"id": "a", "price": "5"}]) == ["materials.csv:2"]


@pytest.mark.parametrize("network", NETWORKS)
def test_no_reference_that_does_not_exist_and_none_unused(network):
    known = [r["id"] for r in rows(network, "references")]
    assert len(set(known)) == len(known)
    used = {
        reference: label(table, n)
        for table in tables(network)
        for n, row in enumerate(rows(network, table))
        for reference in cited(row)
    }
    assert {r: w for r, w in used.items() if r not in set(known)} == {}
    assert sorted(set(known) - set(used)) == []


@pytest.mark.parametrize("network", NETWORKS)
def test_references_can_be_found_again(network):
    for n, row in enumerate(rows(network, "references")):
        where = label("references", n)
        assert row["title"], where
        assert row["publisher"], where
        assert row["licence"], where
        if row["id"] not in (ASSUMPTION, "synthetic"):
            assert re.match(r"https?://\S+$", row["url"]), where
            assert row["accessed"], where


@pytest.mark.parametrize("network", NETWORKS)
def test_quotes_are_short(network):
    long = [
        label(table, n)
        for table in tables(network)
        for n, row in enumerate(rows(network, table))
        if len((row.get("quote") or "").split()) > MAX_QUOTE_WORDS
    ]
    assert long == []


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_assumed_says_so(network):
    """A row is illustrative exactly when it cites the assumption, and every row is graded."""
    for table in GRADED:
        for n, row in enumerate(rows(network, table)):
            assert row["confidence"] in GRADES, label(table, n)
            assumed = ASSUMPTION in cited(row)
            assert (row["confidence"] == "illustrative") == assumed, label(table, n)


@pytest.mark.parametrize("network", NETWORKS)
def test_invented_data_say_synthetic(network):
    invented = {"synthetic"} & {r["id"] for r in rows(network, "references")}
    assert bool(invented) == ("synthetic" in str(toml(network)["title"]))
    if invented:
        for table in tables(network):
            for n, row in enumerate(rows(network, table)):
                assert cited(row) in ([], ["synthetic"]), label(table, n)


@pytest.mark.parametrize("network", NETWORKS)
def test_no_placeholder_stands_for_what_is_unknown(network):
    ids = [r["id"] for t in ("nodes", "entities") for r in rows(network, t)]
    assert [i for i in ids if re.match(r"unk_|unknown|unnamed$|various|.*_various$", i)] == []


@pytest.mark.parametrize("network", NETWORKS)
def test_planned_nodes_have_only_planned_supplies(network):
    planned = {r["id"] for r in rows(network, "nodes") if r.get("status") == "planned"}
    wrong = [
        label("supplies", n)
        for n, row in enumerate(rows(network, "supplies"))
        if planned & {row["supplier"], row["consumer"]} and row.get("status") != "planned"
    ]
    assert wrong == []


@pytest.mark.parametrize("network", NETWORKS)
def test_figures_lie_within_their_bands(network):
    bands = {
        "nodes": ("capacity", "capacity_low", "capacity_high"),
        "supplies": ("share", "share_low", "share_high"),
        "periods": ("restriction_index", "index_low", "index_high"),
        "shares": ("share", "low", "high"),
    }
    for table, (value, low, high) in bands.items():
        for n, row in enumerate(rows(network, table)):
            given = [float(row[c]) for c in (low, value, high) if row.get(c)]
            assert given == sorted(given), label(table, n)


@pytest.mark.parametrize("network", NETWORKS)
def test_files_are_plain(network):
    for path in sorted((GRAPHS / network).iterdir()):
        data = path.read_bytes()
        assert b"\r" not in data, path.name
        assert data.endswith(b"\n"), path.name
        assert not data.startswith(b"\xef\xbb\xbf"), path.name
        data.decode("utf-8")


@pytest.mark.parametrize("network", NETWORKS)
def test_the_library_reads_it(network):
    net = supplynet.load(GRAPHS / network)
    assert net.meta.targets
    assert net.as_of is not None
    assert [str(f) for f in net.findings if f.level == "error"] == []


@pytest.mark.parametrize("network", SOURCED)
def test_the_readme_counts_what_is_there(network):
    text = (GRAPHS / network / "README.md").read_text(encoding="utf-8")
    found = {t: rows(network, t) for t in tables(network)}
    nodes, supplies, needs = found["nodes"], found["supplies"], found["needs"]
    lists = [r["suppliers"] for r in needs]
    partial, complete, out = (lists.count(v) for v in ("partial", "complete", "not_modelled"))
    planned = sum(r["status"] == "planned" for r in nodes)
    aggregates = sum(r["kind"] == "aggregate" for r in nodes)
    coming = sum(r["status"] == "planned" for r in supplies)
    shared = sum(bool(r["share"]) for r in supplies)
    for cell in (
        f"| nodes | {len(nodes)} ({planned} planned, {aggregates} aggregates) |",
        f"| supplies | {len(supplies)} ({coming} planned, {shared} with a share) |",
        f"| needs | {len(needs)} ({partial} with an open list, {complete} said to be complete, "
        f"{out} not modelled) |",
        f"| materials | {len(found['materials'])} |",
        f"| entities / holdings | {len(found['entities'])} / {len(found['holdings'])} |",
        f"| measures / periods | {len(found['measures'])} / {len(found['periods'])} |",
        f"| observations | {len(found['observations'])} |",
        f"| shares | {len(found['shares'])} |",
        f"| references | {len(found['references'])} |",
    ):
        assert cell in text, cell
    for table in GRADED:
        counts = [
            sum(r["confidence"] == grade for r in found[table])
            for grade in ("high", "medium", "low", "illustrative")
        ]
        line = f"| {table} | " + " | ".join(str(n) if n else "" for n in counts) + " |"
        assert line in text, line


@pytest.mark.parametrize("network", NETWORKS)
def test_every_target_has_an_answer_by_hand(network):
    cases = json.loads((GRAPHS / network / "expected.json").read_text("utf-8"))["cases"]
    assert sorted(set(toml(network)["targets"]) - {c["target"] for c in cases}) == []


CASES = [
    pytest.param(
        network,
        case,
        id=f"{network}-{case['target']}-{case['by']}-{case['on'] or 'as_of'}"
        f"-{case.get('max_gaps', 1)}",
    )
    for network in NETWORKS
    for case in json.loads((GRAPHS / network / "expected.json").read_text("utf-8"))["cases"]
]


@pytest.mark.parametrize(("network", "case"), CASES)
def test_answers_worked_out_by_hand(network, case):
    net = supplynet.load_example(network)
    found = supplynet.minimal_cut_sets(
        net,
        case["target"],
        by=case["by"],
        on=case["on"],
        max_order=case["max_order"],
        max_gaps=case.get("max_gaps", 1),
    )
    assert len(case["why"].split()) > 3
    assert found.complete
    assert found.status == case["status"]
    certain = [list(s) for s in found.certain]
    assert sorted(certain) == sorted(sorted(s) for s in case["certain"])
    assert sorted(map(list, found.assumed)) == sorted(sorted(s) for s in case["assumed"])
    pairs = [(list(p.units), list(p.gaps)) for p in found.possible]
    for pair in case.get("possible_contains", []):
        assert (sorted(pair["units"]), sorted(pair["gaps"])) in pairs
    if "blind_spots" in case:
        assert sorted(found.blind_spots) == sorted(case["blind_spots"])
    assert sorted(found.own) == sorted(case["own"])
