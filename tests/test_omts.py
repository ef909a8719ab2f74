"""OMTS: files of others are read, ours are valid, and what OMTS holds comes back."""

import io
import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema
import openpyxl
import pytest

from supplynet import examples, from_frames, load_example
from supplynet.errors import QuestionError
from supplynet.io import load
from supplynet.io.convert import Findings
from supplynet.io.exchange import export
from supplynet.io.jsontext import read_json_text
from supplynet.io.omts import (
    examine_omts_document,
    examine_omts_sheets,
    looks_like_omts,
    omts_export,
    omts_workbook_export,
)
from supplynet.io.omts_read import SERVICES, is_lei, service, unquoted
from supplynet.io.sheets import read_sheets
from supplynet.ownership import controllers
from supplynet.units import Question

FILES = Path(__file__).parent / "exchange" / "omts"
HEAD = {"omts_version": "0.1.0", "snapshot_date": "2026-02-18", "file_salt": "ab" * 32}
ACME = {"id": "acme", "type": "organization", "name": "Acme"}
BOLT = {"id": "bolt", "type": "organization", "name": "Bolt"}
PLANT = {"id": "plant", "type": "facility", "name": "Plant"}


def examine(document):
    """Examine a document, each node and edge on a line of its own."""
    if isinstance(document, dict):
        lines = [f'"{k}": {json.dumps(v)},' for k, v in document.items() if k != "nodes"]
        lines = [line for line in lines if not line.startswith('"edges"')]
        for key in ("nodes", "edges"):
            if key in document and isinstance(document[key], list):
                rows = ",\n".join(json.dumps(row) for row in document[key])
                lines.append(f'"{key}": [\n{rows}\n],')
            elif key in document:
                lines.append(f'"{key}": {json.dumps(document[key])},')
        document = "{\n" + "\n".join(lines).rstrip(",") + "\n}"
    data = document.encode() if isinstance(document, str) else document
    read = read_json_text(data, "a.json")
    return examine_omts_document(read, "a.json", Findings(), source=None)


def omts(*edges, nodes=(ACME, BOLT), **keys):
    """Examine a document of these edges; nodes start on line 5."""
    return examine({**HEAD, **keys, "nodes": list(nodes), "edges": list(edges)})


def edge(kind, source="bolt", target="acme", id_="e1", **properties):
    found = {"id": id_, "type": kind, "source": source, "target": target}
    return found | {"properties": properties}


def levels(seen, level):
    return [str(finding) for finding in seen.findings if finding.level == level]


def errors(seen):
    assert seen.net is None
    return levels(seen, "error")


def rows(net, table, *columns):
    picked = net.table(table).rows()
    return [tuple(row.get(column) for column in columns) for row in picked]


def the(net, table, key):
    (row,) = [row for row in net.table(table).rows() if row["id"] == key]
    return row


# Files of others


def test_every_edge_of_the_standard_is_read_or_said_to_be_set_aside():
    seen = examine((FILES / "all-edge-types.json").read_bytes())
    net = seen.network()
    assert net.as_of == date(2026, 2, 22)
    assert rows(net, "supplies", "id", "supplier", "consumer", "material") == [
        ("e-supplies", "org-beta", "org-alpha", "7318.15"),
        ("e-subcontracts", "org-alpha", "org-beta", "7318.15"),
        ("e-tolls", "org-alpha", "org-beta", "toll processing: 7318.15"),
        ("e-distributes", "org-alpha", "org-beta", "distribution: transport"),
        ("e-brokers", "org-alpha", "org-beta", "brokerage: 7318.15"),
        ("e-sells-to", "org-alpha", "org-beta", "7318.15"),
    ]
    first = net.table("supplies").row(0)
    assert (first["share"], first["volume"], first["unit"]) == (Decimal("0.35"), 10000, "kg")
    assert first["start"] == date(2023, 1, 15)
    assert (first["contract_ref"], first["tier"]) == ("PO-2024-001", "1")
    assert rows(net, "holdings", "owner", "asset", "share", "share_low", "kind") == [
        ("org-alpha", "org-beta", Decimal("0.51"), None, "equity"),
        ("org-alpha", "org-beta", None, None, "management"),
        ("org-beta", "org-alpha", None, Decimal("0.501"), "votes"),
        ("person-owner", "org-alpha", Decimal("0.6"), None, "equity"),
    ]
    plant = the(net, "nodes", "fac-one")
    assert (plant["kind"], plant["operator"], plant["makes"]) == (
        "site",
        "org-alpha",
        ("good-steel",),
    )
    assert the(net, "materials", "good-bolts")["contains"] == ("good-steel",)
    said = "\n".join(levels(seen, "note"))
    for left in ("'former_identity'", "attestation", "consignment", "quantity of a component"):
        assert f"set aside, as no table has a place for it: {left} (1)." in said
    assert "redacted node without a relation (1)" in said
    warned = "\n".join(levels(seen, "warning"))
    assert "a.json:79: legal_parentage 'e-legal-parentage': 'org-alpha' is the child" in warned
    assert "a.json:216: 'org-beta' and 'bref-redacted' may be the same" in warned
    assert "no material" not in warned


def test_identifiers_grades_and_places_of_a_full_file():
    seen = examine((FILES / "full-featured.json").read_bytes())
    net = seen.network()
    alpha, beta = (the(net, "entities", name) for name in ("org-alpha", "org-beta"))
    assert (alpha["lei"], alpha["country"]) == ("5493006MHB84DD0ZWV18", "DE")
    assert beta["identifiers"] == "duns:234567890;gln:5060012340001"
    # Registered in Germany is not made in Germany.
    assert the(net, "nodes", "org-alpha").get("country") is None
    assert the(net, "nodes", "org-alpha")["confidence"] == "high"
    assert the(net, "nodes", "org-alpha")["references"] == ("gleif-api",)
    plant = the(net, "nodes", "fac-sheffield")
    assert (plant["latitude"], plant["longitude"]) == (Decimal("53.3811"), Decimal("-1.4701"))
    assert (the(net, "entities", "person-doe")["kind"], plant["operator"]) == ("person", "org-beta")
    assert the(net, "materials", "good-bolts")["hs_codes"] == ("7318.15",)
    assert rows(net, "supplies", "material") == [("good-bolts",)]
    said = "\n".join(levels(seen, "note"))
    assert "'7318.15' is read as 'good-bolts'" in said
    assert "identifier that is not public (6)" in said
    assert "natural person" in said
    text = json.dumps([dict(row) for row in net.table("entities").rows()], default=str)
    for secret in ("HRB86891", "DE123456789", "V-100234", "UBO-001", "07228507"):
        assert secret not in text


def test_changes_to_another_file_are_no_network():
    assert errors(examine((FILES / "delta.json").read_bytes())) == [
        "a.json:1: a delta: changes to another file, and no network by themselves. Apply it to "
        "its base first, and read the snapshot."
    ]


def test_a_file_without_supplies_says_so():
    seen = examine((FILES / "redact-with-boundary.json").read_bytes())
    assert len(seen.network().table("nodes")) == 0
    assert any("no supply in the file" in text for text in levels(seen, "warning"))


# What is read as what


def test_a_plant_that_no_supply_names_leaves_a_gap_and_not_resilience():
    net_of = {**HEAD, "nodes": [ACME, BOLT, PLANT | {"operator": "bolt"}]}
    seen = examine({**net_of, "edges": [edge("supplies", commodity="x")]})
    assert the(seen.network(), "nodes", "bolt")["upstream"] == "unknown"
    assert the(seen.network(), "nodes", "acme").get("upstream") is None
    assert any("1 facility in no supply" in text for text in levels(seen, "warning"))


def test_a_redacted_supplier_is_a_gap():
    hidden = {"id": "h", "type": "boundary_ref", "name": ""}
    hidden["identifiers"] = [{"scheme": "opaque", "value": "ab"}]
    net = omts(edge("supplies", "h", commodity="x"), nodes=(ACME, hidden)).network()
    assert the(net, "nodes", "h")["upstream"] == "unknown"
    assert rows(net, "entities", "id") == [("acme",)]
    net = omts(
        edge("supplies", commodity="x"),
        edge("ownership", "h", "bolt", "e2"),
        nodes=(ACME, BOLT, hidden),
    ).network()
    assert the(net, "entities", "h")["kind"] == "other"
    assert errors(omts(nodes=(ACME, hidden | {"identifiers": []}))) == [
        "a.json:7: boundary_ref 'h': a redacted node has one identifier, of the scheme 'opaque'. "
        "Check how it was redacted."
    ]


def test_no_visibility_below_a_supplier_is_a_gap():
    net = omts(edge("supplies", commodity="x", visibility_depth=0)).network()
    assert the(net, "nodes", "bolt")["upstream"] == "unknown"
    net = omts(edge("supplies", commodity="x", visibility_depth=1)).network()
    assert the(net, "nodes", "bolt").get("upstream") is None


@pytest.mark.parametrize(("kind", "detail"), [("tolls", "7208.10"), ("brokers", "bolts")])
def test_work_is_never_a_second_source_of_goods(kind, detail):
    from supplynet import single_points_of_failure

    broker = {"id": "broker", "type": "organization", "name": "B"}
    net = omts(
        edge("supplies", commodity=detail),
        edge(kind, "broker", id_="e2", commodity=detail),
        nodes=(ACME, BOLT, broker),
    ).network()
    found = single_points_of_failure(net, "acme").to_dict()
    certain = {c["unit"] for c in found["chokepoints"] if c["certainty"] != "possible"}
    assert "bolt" in certain
    # Who brokers can be replaced by one who is not on record; a toll processor is a supplier.
    assert ("broker" in certain) == (kind == "tolls")
    suppliers = rows(net, "needs", "material", "suppliers")
    assert suppliers == ([] if kind == "tolls" else [(service(kind, detail), "partial")])


def test_zero_percent_is_a_share_not_known():
    seen = omts(edge("ownership", percentage=0, valid_from="2020-01-01"))
    assert rows(seen.network(), "holdings", "owner", "asset", "share") == [("bolt", "acme", None)]
    assert any("1 holding of 0 percent" in text for text in levels(seen, "note"))
    net = omts(edge("ownership", percentage=12.5)).network()
    assert rows(net, "holdings", "share") == [(Decimal("0.125"),)]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("voting_rights", "votes"), ("capital", "equity"), ("senior_management", "board")],
)
def test_beneficial_owners(word, kind):
    person = {"id": "p", "type": "person", "name": "P", "jurisdiction": "CN"}
    found = edge("beneficial_ownership", "p", control_type=word, percentage=60)
    net = omts(found, nodes=(ACME, BOLT, person)).network()
    assert rows(net, "holdings", "owner", "kind", "share") == [("p", kind, Decimal("0.6"))]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("management", "management"), ("tolling", "contract"), ("other", "management")],
)
def test_control_without_shares(word, kind):
    found = edge("operational_control", "bolt", "plant", control_type=word)
    net = omts(found, nodes=(ACME, BOLT, PLANT)).network()
    assert rows(net, "holdings", "owner", "asset", "kind") == [("bolt", "plant", kind)]


def test_a_legal_parent_controls_its_child():
    net = omts(
        edge("legal_parentage", "acme", "bolt"), edge("supplies", "acme", "bolt", "e2")
    ).network()
    assert rows(net, "holdings", "owner", "asset", "share") == [("bolt", "acme", None)]
    assert controllers(net).by_id["acme"].owner == "bolt"


def test_indirect_holdings_are_not_counted_twice():
    third = {"id": "c", "type": "organization", "name": "C"}
    chain = [
        edge("ownership", "acme", "bolt", percentage=100),
        edge("ownership", "bolt", "c", "e2", percentage=100),
        edge("ownership", "acme", "c", "e3", percentage=100, direct=False),
    ]
    seen = omts(*chain, nodes=(ACME, BOLT, third))
    assert rows(seen.network(), "holdings", "asset") == [("bolt",), ("c",)]
    assert any("indirect holding that follows" in text for text in levels(seen, "note"))
    seen = omts(*chain[1:], nodes=(ACME, BOLT, third))
    assert len(seen.network().table("holdings")) == 2
    assert any("1 indirect holding whose direct ones" in text for text in levels(seen, "warning"))


def test_the_last_day_is_within_the_period():
    net = omts(edge("supplies", valid_from="2024-01-01", valid_to="2025-12-31")).network()
    assert rows(net, "supplies", "start", "end") == [(date(2024, 1, 1), date(2026, 1, 1))]
    net = omts(edge("supplies", valid_from="2024-01-01", valid_to="2024-01-01")).network()
    assert rows(net, "supplies", "end") == [(date(2024, 1, 2),)]
    for open_ in (None, "9999-12-31"):
        net = omts(edge("supplies", valid_from="2024-01-01", valid_to=open_)).network()
        assert rows(net, "supplies", "end") in ([(None,)], [()])


@pytest.mark.parametrize(
    ("word", "grade"),
    [
        ("verified", "high"),
        ("reported", "medium"),
        ("estimated", "low"),
        ("inferred", "illustrative"),
    ],
)
def test_grades(word, grade):
    quality = {"confidence": word, "source": "a; b"}
    net = omts(edge("supplies", data_quality=quality)).network()
    assert rows(net, "supplies", "confidence", "references") == [(grade, ("a", "b"))]


def test_the_sole_source_is_a_complete_list():
    net = omts(edge("supplies", commodity="x", sole_source=True)).network()
    assert rows(net, "needs", "consumer", "material", "suppliers") == [("acme", "x", "complete")]
    third = {"id": "c", "type": "organization", "name": "C"}
    other = edge("supplies", "c", id_="e2", commodity="x")
    seen = omts(edge("supplies", commodity="x", sole_source=True), other, nodes=(ACME, BOLT, third))
    assert any(
        "sole_source, but 'acme' gets 'x' from bolt, c" in t for t in levels(seen, "warning")
    )


@pytest.mark.parametrize(
    ("node", "labels", "qualified", "status"),
    [
        ({"status": "active"}, [], "yes", "operating"),
        ({"status": "suspended"}, [], "unknown", "operating"),
        ({"status": "dissolved"}, [], "yes", "closed"),
        ({"labels": [{"key": "approval-status", "value": "blocked"}]}, [], "no", "operating"),
        ({}, [{"key": "approval-status", "value": "pending"}], "unknown", "operating"),
        ({}, [{"key": "approval-status", "value": "approved"}], "yes", "operating"),
    ],
)
def test_a_supplier_that_may_not_deliver_is_no_second_source(node, labels, qualified, status):
    net = omts(edge("supplies", commodity="x", labels=labels), nodes=(ACME, BOLT | node)).network()
    assert rows(net, "supplies", "qualified") == [(qualified,)]
    assert the(net, "nodes", "bolt")["status"] == status


def test_nodes_that_are_surely_the_same_are_one():
    twin = {"id": "bolt2", "type": "organization", "name": "Bolt Ltd"}
    same = edge("same_as", "bolt2", "bolt", "e3", confidence="definite")
    supplies = [edge("supplies", commodity="x"), edge("supplies", "bolt2", id_="e2", commodity="x")]
    seen = omts(*supplies, same, nodes=(ACME, BOLT, twin))
    assert rows(seen.network(), "supplies", "supplier") == [("bolt",), ("bolt",)]
    assert rows(seen.network(), "entities", "id") == [("acme",), ("bolt",)]
    assert any("'bolt2' is read as 'bolt'" in text for text in levels(seen, "warning"))
    seen = omts(*supplies, same | {"properties": {}}, nodes=(ACME, BOLT, twin))
    assert rows(seen.network(), "supplies", "supplier") == [("bolt",), ("bolt2",)]
    assert any("look like two suppliers" in text for text in levels(seen, "warning"))


def test_who_operates_is_read_on_the_date():
    nodes = (ACME, BOLT, PLANT | {"jurisdiction": "CN"})
    ended = edge("operates", "bolt", "plant", valid_to="2026-02-17")
    now = edge("operates", "acme", "plant", "e2", valid_from="2026-02-18")
    seen = omts(ended, now, nodes=nodes)
    plant = the(seen.network(), "nodes", "plant")
    assert (plant["operator"], plant["country"]) == ("acme", "CN")
    assert any("'operates' that does not hold" in text for text in levels(seen, "note"))
    both = edge("operates", "bolt", "plant", valid_to="2026-02-18")
    seen = omts(both, now, nodes=nodes)
    assert the(seen.network(), "nodes", "plant").get("operator") is None
    assert any("several operators" in text for text in levels(seen, "warning"))


def test_what_is_made_is_read_on_the_date():
    good = {"id": "g", "type": "good", "name": "G"}
    for last, makes in (("2026-02-18", ("g",)), ("2026-02-17", ())):
        found = edge("produces", "plant", "g", valid_to=last)
        net = omts(found, nodes=(PLANT, good)).network()
        assert the(net, "nodes", "plant").get("makes", ()) == makes


def test_a_commodity_that_two_goods_have_stays_what_it_is():
    goods = [
        {"id": name, "type": "good", "name": name, "commodity_code": "7318.15"} for name in "ab"
    ]
    net = omts(edge("supplies", commodity="7318.15"), nodes=(ACME, BOLT, *goods)).network()
    assert rows(net, "supplies", "material") == [("7318.15",)]
    net = omts(edge("supplies", commodity="731815"), nodes=(ACME, BOLT, goods[0])).network()
    assert rows(net, "supplies", "material") == [("a",)]


def test_the_reporting_entity_is_the_target():
    seen = omts(edge("supplies"), reporting_entity="acme")
    assert seen.network().meta.targets == ("acme",)
    assert errors(omts(edge("supplies"), reporting_entity="acne")) == [
        "a.json: reporting_entity 'acne' is no organization of the file. Did you mean 'acme'?"
    ]


def test_what_has_no_field_is_kept_or_counted():
    node = ACME | {"role": "x", "com.acme.tier": 7, "country": "US", "deep": {"a": 1}}
    node["labels"] = [{"key": "risk-tier", "value": "low"}, {"key": "flag"}]
    seen = omts(edge("supplies"), nodes=(node, BOLT))
    row = the(seen.network(), "entities", "acme")
    assert (row["role"], row["com.acme.tier"], row["labels"]) == ("x", "7", "risk-tier=low;flag")
    # An extension is never taken for a field of ours that has the same name.
    assert (row["country (OMTS)"], row.get("country")) == ("US", None)
    again = examine(omts_export(seen.network()).files[""]).network()
    assert content(again, "entities") == content(seen.network(), "entities")
    assert any("property 'deep' (1)" in text for text in levels(seen, "note"))


def test_extensions_are_set_aside_and_counted():
    robot = {"id": "r", "type": "com.acme.robot", "name": "R"}
    seen = omts(edge("supplies"), edge("com.acme.serves", "r", id_="e2"), nodes=(ACME, BOLT, robot))
    said = "\n".join(levels(seen, "note"))
    assert "node of the type 'com.acme.robot' (1)" in said
    assert "edge of the type 'com.acme.serves' (1)" in said
    assert len(seen.network().table("supplies")) == 1


# What is refused


@pytest.mark.parametrize("version", ["0.0.1", "0.1.9", "1.0.0"])
@pytest.mark.parametrize("key", ["omts_version", "omtsf_version"])
def test_known_versions(version, key):
    document = {key: version, "snapshot_date": "2026-02-18", "nodes": [], "edges": []}
    assert examine(document).net is not None


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"omts_version": "0.2.0"}, "a.json:1: OMTS of the version 0.2.0 is not read."),
        ({"omts_version": "2.0.0"}, "a.json:1: OMTS of the version 2.0.0 is not read."),
        ({"omts_version": 1}, "a.json:1: omts_version is no version."),
        ({"omts_version": "1"}, "a.json:1: omts_version is no version."),
        ({"snapshot_date": None}, "a.json:1: no snapshot_date."),
        ({"snapshot_date": "2026-02-30"}, "a.json:1: snapshot_date is no date."),
        ({"update_type": "patch"}, "a.json:1: update_type is not known."),
        ({"reporting_entity": 5}, "a.json:1: reporting_entity is no text."),
        ({"nodes": {}}, "a.json: 'nodes' is no list."),
        ({"edges": None}, "a.json: 'edges' is no list."),
        ({"nodes": ["x"]}, "a.json:6: an item of 'nodes' is no object."),
        ({"nodes": [{"type": "good", "name": ""}]}, "a.json:6: node: no id."),
        ({"nodes": [{"id": 7, "type": "good"}]}, "a.json:6: node: id is no text."),
        ({"nodes": [{"id": " ", "type": "good"}]}, "a.json:6: node: id is no text."),
        ({"nodes": [{"id": "a"}]}, "a.json:6: node 'a': no type."),
    ],
)
def test_a_document_that_is_none(keys, told):
    (first, *_) = errors(examine({**HEAD, "nodes": [], "edges": [], **keys}))
    assert first.startswith(told)


NEEDED = ["id", "type", "source", "target"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (edge("supplies", "bold"), "supplies 'e1': source 'bold' is no node. Did you mean 'bolt'?"),
        (edge("suplies"), "edge 'e1': there is no type 'suplies'. Did you mean 'supplies'?"),
        (edge("supplies", "plant"), "supplies 'e1': its source 'plant' is of the type facility."),
        (edge("operates", "plant", "bolt"), "operates 'e1': its source 'plant' is of the type facility."),
        (edge("supplies", share_of_buyer_demand=130), "supplies 'e1': share_of_buyer_demand is 130, must be 0 to 100."),
        (edge("supplies", share_of_buyer_demand="35"), "supplies 'e1': share_of_buyer_demand is text '35', no number."),
        (edge("supplies", volume=-1), "supplies 'e1': volume is -1, must be 0 or more."),
        (edge("supplies", volume=True), "supplies 'e1': volume is true or false, no number."),
        (edge("supplies", commodity=7318), "supplies 'e1': commodity is a number."),
        (edge("supplies", valid_from="2026-13-01"), "supplies 'e1': valid_from is 2026-13-01: there is no such day."),
        (edge("supplies", valid_from="01.02.2026"), "supplies 'e1': valid_from is '01.02.2026', not a date."),
        (edge("supplies", valid_from="2026-01-02", valid_to="2026-01-01"), "supplies 'e1': valid_to is 2026-01-01, before valid_from 2026-01-02."),
        (edge("supplies", labels="x"), "supplies 'e1': labels is no list of objects."),
        (edge("supplies", data_quality=1), "supplies 'e1': data_quality is a number."),
        (edge("supplies", sole_source="perhaps"), "supplies 'e1': sole_source is text."),
        (edge("ownership", percentage=101), "ownership 'e1': percentage is 101, must be 0 to 100."),
        (edge("supplies") | {"properties": 1}, "edge 'e1': properties is no object."),
        (edge("supplies") | {"source": None}, "edge 'e1': no source."),
    ],
)  # fmt: skip
def test_an_edge_that_is_wrong(wrong, told):
    (first, *_) = errors(omts(wrong, nodes=(ACME, BOLT, PLANT)))
    assert first.startswith(f"a.json:11: {told}")


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (ACME, "id 'acme' is already used in a.json:6. Ids of nodes are unique."),
        ({"id": "x", "type": "organisation"}, "node 'x': there is no type 'organisation'. Did you mean 'organization'?"),
        (PLANT | {"operator": "bold"}, "facility 'plant': operator 'bold' is no organization"),
        (PLANT | {"geo": {"lat": 91, "lon": 0}}, "facility 'plant': lat is 91, must be -90 to 90."),
        (PLANT | {"name": 5}, "facility 'plant': name is a number."),
        (ACME | {"id": "x", "jurisdiction": "XQ"}, "organization 'x': jurisdiction 'XQ' is no country"),
        (ACME | {"id": "x", "identifiers": [{"scheme": "lei"}]}, "organization 'x': an identifier without a scheme or a value."),
        (ACME | {"id": "x", "identifiers": [{"scheme": "vat", "value": "1"}]}, "organization 'x': an identifier of the scheme vat without its authority."),
    ],
)  # fmt: skip
def test_a_node_that_is_wrong(node, told):
    (first,) = errors(omts(nodes=(ACME, BOLT, node)))
    assert first.startswith(f"a.json:8: {told}")


def test_the_same_id_of_two_edges():
    assert errors(omts(edge("supplies"), edge("sells_to"))) == [
        "a.json:11: id 'e1' is already used in a.json:10. Ids of edges are unique."
    ]


def test_a_wrong_lei_joins_nobody():
    wrong = [{"scheme": "lei", "value": "5493006MHB84DD0ZWV19"}]
    seen = omts(nodes=(ACME | {"identifiers": wrong},))
    row = the(seen.network(), "entities", "acme")
    assert (row.get("lei"), row["identifiers"]) == (None, "lei:5493006MHB84DD0ZWV19")
    assert any("is no LEI" in text for text in levels(seen, "warning"))
    assert is_lei("5493006MHB84DD0ZWV18")
    # Another letter is another sum, wherever it stands.
    assert not any(map(is_lei, ("5493006MHB84DD0ZWV17", "5493006MHB84DD0ZWU18", "5493")))


def test_a_document_that_is_no_object():
    read = read_json_text(b"[]", "a.json")
    seen = examine_omts_document(read, "a.json", Findings(), source=None)
    assert errors(seen) == ["a.json: is no OMTS document. It is an object with omts_version."]


def test_quoted_parts_of_identifiers():
    awkward = "HRB:86%891;x"
    identifiers = [{"scheme": "org.x.y", "value": awkward}]
    net = omts(nodes=(ACME | {"identifiers": identifiers},)).network()
    text = the(net, "entities", "acme")["identifiers"]
    assert unquoted(text.split(":")[1]) == awkward


# Workbooks


def book(sheets):
    """Return the sheets of a workbook, as the reader of workbooks gives them."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, content in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in content:
            sheet.append(row)
    packed = io.BytesIO()
    workbook.save(packed)
    return read_sheets(packed.getvalue(), "a.xlsx")


def examine_book(sheets):
    return examine_omts_sheets(book(sheets), "a.xlsx", Findings(), source=None)


def template(**changed):
    """Return the example of the import template (the bolts of Sheffield), sheet by sheet."""
    sheets = {
        "README": [["OMTS Excel Import Template"]],
        "Metadata": [
            ["Field", "Value", "Description"],
            ["snapshot_date", "2026-02-17", ""],
            ["reporting_entity", "org-acme", ""],
            ["disclosure_scope", "partner", ""],
            ["default_confidence", "reported", ""],
            ["default_source", "manual-review", ""],
            ["default_last_verified", "2026-02-17", ""],
            ["owner_column", "subsidiary_id", ""],
        ],
        "Organizations": [
            [
                "id",
                "name",
                "jurisdiction",
                "status",
                "lei",
                "duns",
                "nat_reg_value",
                "nat_reg_authority",
                "vat_value",
                "vat_country",
                "internal_id",
                "internal_system",
                "risk_tier",
                "kraljic_quadrant",
                "approval_status",
            ],
            [
                "org-acme",
                "Acme Manufacturing GmbH",
                "DE",
                "active",
                "5493006MHB84DD0ZWV18",
                "081466849",
                "HRB86891",
                "RA000548",
                "DE123456789",
                "DE",
                "V-100234",
                "sap-mm-prod",
            ],
            [
                "org-bolt",
                "Bolt Supplies Ltd",
                "GB",
                "active",
                None,
                "234567890",
                "07228507",
                "RA000585",
                None,
                None,
                None,
                None,
                "low",
                "strategic",
            ],
        ],
        "Facilities": [
            ["id", "name", "operator_id", "address", "latitude", "longitude", "gln"],
            ["fac-bolt-sheffield", "Bolt Sheffield Plant", "org-bolt", None, 53.3811, -1.4701],
        ],
        "Goods": [
            ["id", "name", "commodity_code", "unit", "gtin"],
            ["good-steel-bolts", "M10 Steel Hex Bolts", "7318.15"],
        ],
        "Attestations": [
            ["id", "name", "attestation_type", "valid_from", "attested_entity_id"],
            ["att-sa8000", "SA8000 Certification", "certification", "2025-06-01", "org-bolt"],
        ],
        "Persons": [["id", "name", "jurisdiction", "role", "nationality"]],
        "Supply Relationships": [
            [
                "id",
                "type",
                "supplier_id",
                "buyer_id",
                "valid_from",
                "valid_to",
                "commodity",
                "tier",
                "volume",
                "volume_unit",
                "share_of_buyer_demand",
            ],
            ["edge-001", "supplies", "org-bolt", "org-acme", "2023-01-15", None, "7318.15", 1],
            ["edge-002", "operates", "org-bolt", "fac-bolt-sheffield", "2018-06-01"],
            ["edge-003", "produces", "fac-bolt-sheffield", "good-steel-bolts", "2020-03-01"],
        ],
        "Corporate Structure": [
            ["id", "type", "subsidiary_id", "parent_id", "valid_from", "valid_to", "percentage"],
            ["edge-004", "ownership", "org-acme", "org-bolt", "2019-04-01", None, 51.0],
        ],
        "Same As": [["entity_a", "entity_b", "confidence", "basis"]],
        "Identifiers": [
            ["node_id", "scheme", "value", "authority", "sensitivity"],
            ["fac-bolt-sheffield", "gln", "5060012340001", None, "public"],
            ["fac-bolt-sheffield", "internal", "SITE-SHF-01", "bolt-erp", "restricted"],
            ["good-steel-bolts", "org.gs1.gtin", "05060012340018", None, "public"],
        ],
    }
    return sheets | changed


def test_the_example_of_the_template():
    seen = examine_book(template())
    net = seen.network()
    assert (net.as_of, net.meta.targets) == (date(2026, 2, 17), ("org-acme",))
    assert rows(net, "supplies", "id", "supplier", "consumer", "material", "tier") == [
        ("edge-001", "org-bolt", "org-acme", "good-steel-bolts", "1")
    ]
    assert rows(net, "holdings", "owner", "asset", "share") == [
        ("org-acme", "org-bolt", Decimal("0.51"))
    ]
    plant = the(net, "nodes", "fac-bolt-sheffield")
    assert (plant["operator"], plant["makes"]) == ("org-bolt", ("good-steel-bolts",))
    assert (plant["latitude"], plant["identifiers"]) == (Decimal("53.3811"), "gln:5060012340001")
    assert plant["confidence"] == "medium"
    bolt = the(net, "entities", "org-bolt")
    assert bolt["labels"] == "risk-tier=low;kraljic-quadrant=strategic"
    assert bolt["identifiers"] == "duns:234567890"
    assert the(net, "entities", "org-acme")["lei"] == "5493006MHB84DD0ZWV18"
    assert any("identifier that is not public (5)" in text for text in levels(seen, "note"))


def test_who_owns_whom_must_be_said():
    silent = template()["Metadata"][:-1]
    assert errors(examine_book(template(Metadata=silent))) == [
        "a.xlsx[Corporate Structure]:2: 1 row of ownership or control do not say who owns whom: "
        "the headings say parent_id, the tool of OMTS and its example put the owner under "
        "subsidiary_id. Add to the sheet Metadata the row owner_column with the heading that "
        "holds the owners, parent_id or subsidiary_id."
    ]
    as_headed = [*silent, ["owner_column", "parent_id"]]
    net = examine_book(template(Metadata=as_headed)).network()
    assert rows(net, "holdings", "owner", "asset") == [("org-bolt", "org-acme")]
    wrong = [*silent, ["owner_column", "left"]]
    assert errors(examine_book(template(Metadata=wrong))) == [
        "a.xlsx[Metadata]: owner_column is 'left'. It is subsidiary_id or parent_id."
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_who_owns_whom_is_clear_where_a_person_or_a_plant_is_an_end(turned):
    head = template()["Corporate Structure"][0]
    found = [["b1", "beneficial_ownership", "p", "org-bolt"]]
    found += [["b2", "operational_control", "org-acme", "fac-bolt-sheffield"]]
    if turned:
        found = [[*row[:2], row[3], row[2]] for row in found]
    # The child of a legal parent is where its heading says.
    found += [["b3", "legal_parentage", "org-bolt", "org-acme"]]
    sheets = template(Metadata=template()["Metadata"][:-1])
    sheets |= {"Corporate Structure": [head, *found], "Persons": [["id", "name"], ["p", "P"]]}
    net = examine_book(sheets).network()
    assert rows(net, "holdings", "owner", "asset") == [
        ("p", "org-bolt"),
        ("org-acme", "fac-bolt-sheffield"),
        ("org-acme", "org-bolt"),
    ]


@pytest.mark.parametrize(
    ("sheet", "row", "told"),
    [
        ("Organizations", [None, None, "DE"], "a.xlsx[Organizations]:4: neither an id nor a name."),
        ("Organizations", ["org-acme", "x"], "a.xlsx[Organizations]:4: id 'org-acme' is already used in a.xlsx[Organizations]:2."),
        ("Facilities", ["f", "F", "x"], "a.xlsx[Facilities]:3: facility 'f': operator 'x' is no organization"),
        ("Facilities", ["f", "F", None, None, "north", 1], "a.xlsx[Facilities]:3: facility 'f': lat is text 'north', no number."),
        ("Supply Relationships", ["e9", "supplies", "org-bolt", None], "a.xlsx[Supply Relationships]:5: buyer_id is blank."),
        ("Supply Relationships", ["e9", "supplies", "org-bold", "org-acme"], "a.xlsx[Supply Relationships]:5: supplies 'e9': source 'org-bold' is no node. Did you mean 'org-bolt'?"),
        ("Supply Relationships", ["e9", "supplies", "org-bolt", "org-acme", "soon"], "a.xlsx[Supply Relationships]:5: supplies 'e9': valid_from is 'soon', not a date."),
        ("Supply Relationships", ["e9", "supplies", "org-bolt", "org-acme", None, None, "#REF!"], "a.xlsx[Supply Relationships]:5: cell G5 holds the error #REF!"),
        ("Identifiers", ["x", "lei", "y"], "a.xlsx[Identifiers]:5: node_id 'x' is on no other sheet."),
        ("Same As", ["org-acme", "org-acne"], "a.xlsx[Same As]:2: same_as: target 'org-acne' is no node. Did you mean 'org-acme'?"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong(sheet, row, told):
    sheets = template()
    sheets[sheet] = [*sheets[sheet], row]
    (first,) = errors(examine_book(sheets))
    assert first.startswith(told)


def test_sheets_and_columns_that_are_wrong():
    sheets = template(Metadata=[["Field", "Value"]])
    found = errors(examine_book(sheets))
    assert any(text.startswith("a.xlsx[Metadata]: no snapshot date.") for text in found)
    sheets = template(Goods=[["id", "title"], ["a", "b"]])
    assert errors(examine_book(sheets))[0].startswith("a.xlsx[Goods]:1: no column 'name'.")
    sheets = template(Goods=[["id", "name", "name"], ["a", "b", "c"]])
    found = errors(examine_book(sheets))
    assert "a.xlsx[Goods]:1: two columns are named 'name'. Rename or delete one." in found
    seen = examine_book(template(Facilites=[["id", "name"], ["a", "b"]]))
    assert (
        "a.xlsx[Facilites]: no sheet of OMTS has this name, set aside. Did you mean 'Facilities'?"
        in levels(seen, "warning")
    )


def test_cells_are_read_as_they_show():
    rows_ = template()["Supply Relationships"]
    rows_[1] += [2.5, "t", "35"]
    rows_ += [["e5", "supplies", "org-bolt", "org-acme", None, None, 7208.1]]
    seen = examine_book(template(**{"Supply Relationships": rows_}))
    net = seen.network()
    assert rows(net, "supplies", "volume", "share") == [
        (Decimal("2.5"), Decimal("0.35")),
        (None, None),
    ]
    assert any(
        "[Supply Relationships]:5: commodity is the number 7208.1: a code typed as a number" in text
        for text in levels(seen, "warning")
    )


def test_percent_cells_are_percent():
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, content in template().items():
        sheet = workbook.create_sheet(name)
        for row in content:
            sheet.append(row)
    cell = workbook["Corporate Structure"]["G2"]
    cell.value, cell.number_format = 0.51, "0%"
    packed = io.BytesIO()
    workbook.save(packed)
    sheets = read_sheets(packed.getvalue(), "a.xlsx")
    net = examine_omts_sheets(sheets, "a.xlsx", Findings(), source=None).network()
    assert rows(net, "holdings", "share") == [(Decimal("0.51"),)]


LIST = [
    ["Reporting Entity", "Acme Manufacturing GmbH", "Snapshot Date", "2026-02-22"],
    ["Disclosure Scope", "partner"],
    [],
    [
        "supplier_name",
        "supplier_id",
        "jurisdiction",
        "tier",
        "parent_supplier",
        "business_unit",
        "commodity",
        "valid_from",
        "duns",
        "approval_status",
        "notes",
    ],
    [
        "Bolt Supplies Ltd",
        "bolt-001",
        "GB",
        1,
        None,
        "Procurement",
        "7318.15",
        "2023-01-15",
        "234567890",
        "approved",
    ],
    [
        "Nordic Fasteners AB",
        None,
        "SE",
        None,
        None,
        None,
        "7318.15",
        None,
        None,
        "conditional",
        "trial order",
    ],
    ["Bolt Supplies Ltd", "bolt-001", "GB", 1, None, "Engineering", "7318.16"],
    ["Yorkshire Steel Works", None, "GB", 2, "bolt-001", None, "7208.10"],
    ["Mine", None, "CN", 3, "Yorkshire Steel Works", None, "2601.11"],
]


def test_the_list_of_suppliers():
    seen = examine_book({"Supplier List": LIST})
    net = seen.network()
    assert net.meta.targets == ("Acme Manufacturing GmbH",)
    assert rows(net, "supplies", "supplier", "consumer", "material", "qualified") == [
        ("bolt-001", "Acme Manufacturing GmbH", "7318.15", "yes"),
        ("Nordic Fasteners AB", "Acme Manufacturing GmbH", "7318.15", "unknown"),
        ("bolt-001", "Acme Manufacturing GmbH", "7318.16", "yes"),
        ("Yorkshire Steel Works", "bolt-001", "7208.10", "yes"),
        ("Mine", "Yorkshire Steel Works", "2601.11", "yes"),
    ]
    assert rows(net, "supplies", "note")[1] == ("trial order",)
    assert the(net, "entities", "Mine")["country"] == "CN"
    assert the(net, "entities", "bolt-001")["identifiers"] == "duns:234567890"
    assert (
        "business-unit=Engineering"
        in the(net, "supplies", "bolt-001>Acme Manufacturing GmbH:7318.16")["labels"]
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (["X", None, "GB", 2], "a.xlsx[Supplier List]:10: tier is 2, and there is no parent_supplier."),
        (["X", None, "GB", 2, "Y"], "a.xlsx[Supplier List]:10: parent_supplier: no supplier 'Y'."),
        (["X", None, "GB", 1, "Mine"], "a.xlsx[Supplier List]:10: tier is 1, and parent_supplier 'Mine' is given."),
        ([None, "x"], "a.xlsx[Supplier List]:10: supplier_name is blank."),
    ],
)  # fmt: skip
def test_a_row_of_the_list_that_is_wrong(row, told):
    (first, *_) = errors(examine_book({"Supplier List": [*LIST, row]}))
    assert first.startswith(told)


def test_a_list_without_its_head():
    bare = [["Reporting Entity"], *LIST[1:]]
    found = errors(examine_book({"Supplier List": bare}))
    assert any("no reporting entity" in text for text in found)
    assert any("no snapshot date" in text for text in found)


def test_which_workbooks_are_of_omts():
    assert looks_like_omts(template())
    assert looks_like_omts(["Supplier List"])
    assert not looks_like_omts(["nodes", "supplies", "network"])
    assert not looks_like_omts(["Organizations"])


# Ours, written


def validator():
    schema = json.loads((FILES / "omts-v0.1.0.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def written(net):
    return "2026-01-01" if net.as_of is None else None


@pytest.mark.parametrize("name", examples())
def test_what_is_written_is_valid(name):
    net = load_example(name)
    document = json.loads(omts_export(net, on=written(net)).files[""])
    assert not list(validator().iter_errors(document))
    # Rules of the standard that a schema cannot say.
    ids = {node["id"]: node["type"] for node in document["nodes"]}
    assert len(ids) == len(document["nodes"])
    assert len({edge["id"] for edge in document["edges"]}) == len(document["edges"])
    for found in document["edges"]:
        ends = (ids[found["source"]], ids[found["target"]])
        if found["type"] in ("supplies", "ownership", "legal_parentage"):
            assert ends == ("organization", "organization")
        elif found["type"] == "operational_control":
            assert ends[1] in ("organization", "facility")
        else:
            assert "." in found["type"] or found["type"] in (
                "produces",
                "composed_of",
                "beneficial_ownership",
            )


def test_the_schema_sees_what_is_wrong():
    document = json.loads((FILES / "full-featured.json").read_bytes())
    assert not list(validator().iter_errors(document))
    del document["edges"][0]["properties"]["percentage"]
    assert list(validator().iter_errors(document))


SURVIVE = ("nodes", "supplies", "materials", "entities", "holdings")


def content(net, table):
    """Return the filled cells of each row, the rows in any order."""
    found = [
        sorted((key, str(value)) for key, value in row.items() if value not in (None, ()))
        for row in net.table(table).rows()
    ]
    return sorted(found)


def back(made, *, workbook):
    if workbook:
        sheets = read_sheets(made.files[""], "a.xlsx")
        assert looks_like_omts(sheet.name for sheet in sheets)
        return examine_omts_sheets(sheets, "a.xlsx", Findings(), source=None).network()
    return examine(made.files[""]).network()


@pytest.mark.parametrize("workbook", [False, True])
@pytest.mark.parametrize("name", examples())
def test_a_network_comes_back(name, workbook):
    net = load_example(name)
    make = omts_workbook_export if workbook else omts_export
    again = back(make(net, on=written(net)), workbook=workbook)
    for table in SURVIVE:
        assert content(again, table) == content(net, table)
    assert set(again.tables) <= {*SURVIVE, "needs"}
    if not workbook:
        assert (again.meta.title, again.meta.targets) == (net.meta.title, net.meta.targets)


def awkward():
    """Return a network with whatever OMTS has no place or another word for."""
    return from_frames(
        [
            {"id": "s1", "supplier": "mine", "consumer": "line", "material": "ore", "share": "0.1",
             "start": "2020-01-01", "end": "2026-01-01", "volume": "0.30000000000000004"},
            {"id": "s2", "supplier": "line", "consumer": "firm", "material": "metal",
             "qualified": "no", "confidence": "illustrative"},
            {"id": "s3", "supplier": "mine", "consumer": "firm", "status": "closed",
             "end": "2021-01-01"},
            {"id": "s4", "supplier": "line", "consumer": "firm", "material": "bolt"},
        ],
        [
            {"id": "mine", "kind": "aggregate", "country": "CN", "upstream": "none"},
            {"id": "line", "kind": "line", "operator": "co", "site": "A", "makes": "metal;ore"},
            {"id": "firm", "kind": "firm", "operator": "firm", "country": "DE", "name": "Node",
             "confidence": "low", "references": "r1"},
            {"id": "bolt", "capacity": "5", "country": "GB", "latitude": "1.5"},
        ],
        materials=[{"id": "metal", "contains": "zz;aa", "hs_codes": "01;02"}],
        entities=[
            {"id": "firm", "name": "Entity", "country": "US", "aliases": "F"},
            {"id": "co", "kind": "government", "country": "CN", "lei": "5493006MHB84DD0ZWV18"},
            {"id": "who", "kind": "person", "lei": "WRONG"},
            {"id": "mine", "kind": "fund"},
        ],
        holdings=[
            {"owner": "co", "asset": "firm", "share": "0.125", "kind": "equity"},
            {"owner": "co", "asset": "firm", "share_low": "0.2", "kind": "votes"},
            {"owner": "who", "asset": "co", "kind": "board"},
            {"owner": "who", "asset": "firm", "share": "0", "kind": "votes"},
            {"owner": "co", "asset": "line", "kind": "management", "end": "2027-01-01"},
            {"owner": "co", "asset": "bolt", "share": "0.5", "kind": "equity"},
            {"owner": "firm", "asset": "co", "share": "1", "kind": "equity", "status": "option"},
            {"owner": "co", "asset": "firm", "share": "0", "kind": "equity", "start": "2020-05-05"},
        ],
        needs=[
            {"consumer": "firm", "material": "metal", "suppliers": "complete"},
            {"consumer": "line", "material": "ore", "quantity": "3"},
        ],
        network={"as_of": "2026-11-22", "title": "T", "targets": "firm"},
    )  # fmt: skip


@pytest.mark.parametrize("workbook", [False, True])
def test_whatever_is_awkward_comes_back(workbook):
    net = awkward()
    again = back((omts_workbook_export if workbook else omts_export)(net), workbook=workbook)
    for table in ("nodes", "supplies", "entities", "holdings"):
        assert content(again, table) == content(net, table)
    named = [row for row in content(again, "materials") if ("id", "metal") in row]
    assert named == content(net, "materials")
    assert rows(again, "needs", "consumer", "material", "suppliers") == [
        ("firm", "metal", "complete")
    ]


def test_what_is_lost_is_said():
    made = omts_export(awkward())
    assert made.dropped == (
        "1 id changed, as all share one space: mine (node)",
        "entities: aliases, kind, under names that only supplynet reads",
        "entities: natural persons (1) are in the file, confidential in OMTS",
        "holdings: 2 of a kind that OMTS does not know, hidden from other tools",
        "holdings: share_low, status, under names that only supplynet reads",
        "lei: 1 with wrong check digits, hidden from other tools",
        "materials: hs_codes, under names that only supplynet reads",
        "needs: 1 row",
        "nodes: 2 without an operator, written as organisations",
        "nodes: capacity, country, kind, latitude, name, site, upstream, under names that only "
        "supplynet reads",
        "supplies and holdings: 10 without a start, the date of the snapshot stands in for it",
        "supplies: 2 closed, planned or not qualified, hidden from other tools",
        "supplies: 3 of plants, written as supplies of their operators",
        "supplies: qualified, status, under names that only supplynet reads",
    )


def test_other_tools_see_no_supply_or_holding_that_does_not_count():
    document = json.loads(omts_export(awkward()).files[""])
    plain = [found["id"] for found in document["edges"] if found["type"] == "supplies"]
    assert sorted(plain) == ["s1", "s4"]
    owned = [found for found in document["edges"] if found["type"] == "ownership"]
    assert [found["properties"]["percentage"] for found in owned] in ([50, 0, 12.5], [50, 12.5, 0])
    first = next(found for found in document["edges"] if found["id"] == "s1")
    assert first["properties"]["valid_to"] == "2025-12-31"
    assert first["properties"]["share_of_buyer_demand"] == 10
    assert b'"volume": 0.30000000000000004' in omts_export(awkward()).files[""]


@pytest.mark.parametrize("kind", sorted(SERVICES))
def test_work_comes_back_as_work(kind):
    detail = {"distributes": {"service_type": "transport"}}.get(kind, {"commodity": "x"})
    first = omts(
        edge(kind, valid_from="2020-01-01", **detail), edge("supplies", id_="e2")
    ).network()
    document = json.loads(omts_export(first).files[""])
    found = next(found for found in document["edges"] if found["id"] == "e1")
    assert found["type"] == kind
    assert found["properties"].items() >= detail.items()
    again = examine(omts_export(first).files[""]).network()
    for table in ("supplies", "needs", "nodes", "entities"):
        assert content(again, table) == content(first, table)


def test_files_of_others_come_back():
    net = examine((FILES / "full-featured.json").read_bytes()).network()
    again = examine(omts_export(net).files[""]).network()
    for table in SURVIVE:
        assert content(again, table) == content(net, table)
    document = json.loads(omts_export(net).files[""])
    assert not list(validator().iter_errors(document))
    assert document["disclosure_scope"] == "internal"
    alpha = next(node for node in document["nodes"] if node["id"] == "org-alpha")
    assert alpha["identifiers"][0] == {"scheme": "lei", "value": "5493006MHB84DD0ZWV18"}
    assert alpha["data_quality"]["last_verified"] == "2026-01-15"


def test_a_date_is_demanded():
    net = from_frames([{"supplier": "a", "consumer": "b"}])
    for make in (omts_export, omts_workbook_export):
        with pytest.raises(QuestionError, match="OMTS demands the date of the snapshot"):
            make(net)
    document = json.loads(omts_export(net, on="2026-11-22").files[""])
    assert document["snapshot_date"] == "2026-11-22"
    assert next(iter(document)) == "omts_version"


def test_the_same_network_gives_the_same_bytes():
    script = (
        "import hashlib, sys; from supplynet import load_example; "
        "from supplynet.io.omts import omts_export, omts_workbook_export; "
        "net = load_example('worked_example'); "
        "print([hashlib.sha256(f(net, on='2026-01-01').files['']).hexdigest() "
        "for f in (omts_export, omts_workbook_export)])"
    )
    seen = set()
    for seed in ("0", "1", "42"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_the_order_of_rows_does_not_matter():
    supplies = [{"supplier": "a", "consumer": "b"}, {"supplier": "c", "consumer": "b"}]
    one = omts_export(from_frames(supplies), on="2026-01-01").files
    other = omts_export(from_frames(supplies[::-1]), on="2026-01-01").files
    assert one == other


def test_the_salt_depends_on_what_is_written():
    salts = {
        json.loads(omts_export(from_frames(table), on=day).files[""])["file_salt"]
        for table in ([{"supplier": "a", "consumer": "b"}], [{"supplier": "c", "consumer": "b"}])
        for day in ("2026-01-01", "2026-01-02")
    }
    assert len(salts) == 4


def test_no_formula_comes_out_of_a_workbook():
    net = from_frames([{"supplier": "=1+1", "consumer": "b", "material": "@x"}])
    made = omts_workbook_export(net, on="2026-01-01")
    workbook = openpyxl.load_workbook(io.BytesIO(made.files[""]))
    for sheet in workbook:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    again = back(made, workbook=True)
    assert rows(again, "supplies", "supplier", "material") == [("=1+1", "@x")]


def test_the_answers_of_a_network_come_back():
    from supplynet import minimal_cut_sets

    net = from_frames(
        [
            {"supplier": "m1", "consumer": "plant", "material": "ore"},
            {"supplier": "m2", "consumer": "plant", "material": "ore"},
            {"supplier": "plant", "consumer": "gun", "material": "steel"},
        ],
        [
            {"id": "m1", "operator": "co", "country": "CN", "upstream": "none"},
            {"id": "m2", "operator": "co2", "country": "US", "upstream": "unknown"},
            {"id": "plant", "country": "US"},
            {"id": "gun", "kind": "programme"},
        ],
        network={"as_of": "2026-01-01"},
    )
    again = examine(omts_export(net).files[""]).network()
    for by in ("node", "country", "operator"):
        asked = Question(target="gun", by=by)
        first, second = (minimal_cut_sets(n, asked.target, by=by).to_dict() for n in (net, again))
        assert first == second


def test_files_are_known_by_what_is_in_them(tmp_path):
    net = load_example("worked_example")
    for name, form in (("a.json", "omts"), ("a.xlsx", "omts-xlsx")):
        export(net, tmp_path / name, to=form)
        again = load(tmp_path / name)
        assert again.source == str((tmp_path / name).resolve())
        for table in SURVIVE:
            assert content(again, table) == content(net, table)
    old = {"omtsf_version": "0.1.0", "snapshot_date": "2026-02-18", "nodes": [], "edges": []}
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert load(tmp_path / "old.json").as_of == date(2026, 2, 18)
