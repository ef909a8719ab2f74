"""Open-PSA fault trees: what is read as what, what is refused, and both ways round."""

import random
import re
import shutil
import subprocess
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from defusedxml import ElementTree
from strategies import Seeded, build, describe, make_network

from supplynet import from_frames, load_example, minimal_cut_sets
from supplynet.cli import main
from supplynet.errors import OutputError
from supplynet.io import examine, load
from supplynet.io.exchange import export, format_of, make_export
from supplynet.io.faulttree import FreshNames, votes
from supplynet.model import Meta, SupplyNetwork

HOSTILE = Path(__file__).parent / "hostile"
SCRAM = shutil.which("scram")
needs_scram = pytest.mark.skipif(SCRAM is None, reason="scram is not installed")


def examined(tmp_path, inner, root="<opsa-mef>"):
    """Examine a model; what is in it starts on line 2."""
    file = tmp_path / "t.xml"
    file.write_text(f"{root}\n{inner}\n</opsa-mef>", encoding="utf-8")
    return examine(file)


def tree(*definitions):
    return f'<define-fault-tree name="f">{"".join(definitions)}</define-fault-tree>'


def gate(name, formula, **attributes):
    said = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<define-gate name="{name}"{said}>{formula}</define-gate>'


def basic(*names):
    return "".join(f'<basic-event name="{name}"/>' for name in names)


def house(name, state):
    constant = f'<constant value="{state}"/>'
    return f'<define-house-event name="{name}">{constant}</define-house-event>'


def said(seen, level="error"):
    return [str(finding) for finding in seen.findings if finding.level == level]


def sets(*texts):
    """Return cut sets written as words: ``sets("a b", "c")``."""
    return {frozenset(text.split()) for text in texts}


def least(found):
    """Return the sets that hold no other (an assumed one may be part of a certain one)."""
    found = {frozenset(each) for each in found}
    return {each for each in found if not any(other < each for other in found)}


def cuts(net, target):
    found = minimal_cut_sets(net, target, max_order=7, max_gaps=0)
    assert found.complete
    return least(found.cut_sets)


def net_of(tmp_path, *definitions):
    seen = examined(tmp_path, tree(*definitions))
    return seen.network()


def again(tmp_path, net):
    """Return a network written and read again, and the text between."""
    made = make_export(net, "open-psa")
    file = tmp_path / "again.xml"
    file.write_bytes(made.files[""])
    return load(file), made


# What is read as what


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (f"<or>{basic('a', 'b')}</or>", sets("a", "b")),
        (f"<and>{basic('a', 'b')}</and>", sets("a b")),
        (f"<or>{basic('a')}</or>", sets("a")),
        (f"<and>{basic('a')}</and>", sets("a")),
        (basic("a"), sets("a")),
        (f'<atleast min="2">{basic("a", "b", "c")}</atleast>', sets("a b", "a c", "b c")),
        (f'<atleast min="1">{basic("a", "b")}</atleast>', sets("a", "b")),
        (f'<atleast min="2">{basic("a", "b")}</atleast>', sets("a b")),
        (f'<atleast min="1">{basic("a")}</atleast>', sets("a")),
        (
            f'<atleast min="3">{basic("a", "b", "c", "d")}</atleast>',
            sets("a b c", "a b d", "a c d", "b c d"),
        ),
        # Formulas in formulas, without gates of their own.
        (f"<or>{basic('a')}<and>{basic('b', 'c')}</and></or>", sets("a", "b c")),
        (f"<and>{basic('a')}<or>{basic('b', 'c')}</or></and>", sets("a b", "a c")),
        (f"<or><or>{basic('a')}</or><or>{basic('b', 'c')}</or></or>", sets("a", "b", "c")),
        (f"<and><and>{basic('a')}</and><and>{basic('b', 'c')}</and></and>", sets("a b c")),
        (
            f'<atleast min="2"><and>{basic("a", "b")}</and><or>{basic("c", "d")}</or>'
            f"{basic('e')}</atleast>",
            sets("a b c", "a b d", "a b e", "c e", "d e"),
        ),
        (
            f'<or>{basic("e")}<atleast min="2">{basic("a", "b", "c")}</atleast></or>',
            sets("e", "a b", "a c", "b c"),
        ),
        (
            f'<and>{basic("e")}<atleast min="2">{basic("a", "b")}</atleast></and>',
            sets("a b e"),
        ),
        (
            f'<or>{basic("e")}<atleast min="2">{basic("a", "b")}</atleast></or>',
            sets("e", "a b"),
        ),
        # Two of the same in a vote count twice.
        (f'<atleast min="2"><or>{basic("a")}</or><or>{basic("a")}</or>{basic("b")}</atleast>',
         sets("a")),
        # Constants.
        (f'<or>{basic("a")}<constant value="false"/></or>', sets("a")),
        (f'<or>{basic("a")}<constant value="true"/></or>', sets("")),
        (f'<and>{basic("a")}<constant value="true"/></and>', sets("a")),
        (f'<and>{basic("a")}<constant value="0"/></and>', set()),
        ('<constant value="1"/>', sets("")),
        ('<constant value="false"/>', set()),
        # References that do not say, or say by their type, what they refer to.
        ('<or><event name="x"/><event name="y" type="basic-event"/></or>', sets("x", "y")),
    ],
)  # fmt: skip
def test_formulas(tmp_path, formula, expected):
    declared = "".join(f'<define-basic-event name="{n}"/>' for n in "abcdexy")
    net = net_of(tmp_path, gate("top", formula), declared)
    assert net.meta.targets == ("top",)
    assert cuts(net, "top") == expected
    back, _ = again(tmp_path, net)
    assert back.meta.targets == ("top",)
    assert cuts(back, "top") == expected


def test_gates_share_gates_and_gates_are_no_units(tmp_path):
    net = net_of(
        tmp_path,
        gate("top", '<and><gate name="p"/><event name="q" type="gate"/></and>'),
        gate("p", f'<or>{basic("a")}<gate name="r"/></or>'),
        gate("q", f'<or>{basic("b")}<event name="r"/></or>'),
        gate("r", f"<and>{basic('c', 'd')}</and>"),
    )
    assert cuts(net, "top") == sets("a b", "c d")
    found = minimal_cut_sets(net, "top", max_order=4)
    assert (found.status, found.possible, found.blind_spots) == ("runs", (), ())
    rows = {row["id"]: row for row in net.table("nodes").rows()}
    assert {node: rows[node]["can_fail"] for node in rows} == {
        "top": "no", "p": "no", "q": "no", "r": "no",
        "a": "yes", "b": "yes", "c": "yes", "d": "yes",
    }  # fmt: skip
    assert {node: rows[node]["upstream"] for node in ("top", "r", "a")} == {
        "top": "recorded", "r": "recorded", "a": "none",
    }  # fmt: skip


def test_every_list_of_suppliers_is_complete(tmp_path):
    net = net_of(tmp_path, gate("top", f"<or>{basic('a')}<and>{basic('b', 'c')}</and></or>"))
    needs = [tuple(row.values()) for row in net.table("needs").rows()]
    assert needs == [("top", "a", "complete"), ("top", "b | c", "complete")]
    supplies = zip(
        *(net.table("supplies").column(c) for c in ("supplier", "consumer", "material")),
        strict=True,
    )
    assert list(supplies) == [("a", "top", "a"), ("b", "top", "b | c"), ("c", "top", "b | c")]


def test_house_events(tmp_path):
    net = net_of(
        tmp_path,
        gate("top", f'<or><house-event name="on"/><and>{basic("a")}<event name="off"/></and></or>'),
        gate("low", f'<or>{basic("b")}<house-event name="off"/><house-event name="unsaid"/></or>'),
        house("on", "true"),
        house("off", "false"),
        '<define-house-event name="unsaid"/>',
    )
    status = dict(
        zip(net.table("nodes").column("id"), net.table("nodes").column("status"), strict=True)
    )
    assert [status[name] for name in ("on", "off", "unsaid")] == [
        "closed",
        "operating",
        "operating",
    ]
    assert minimal_cut_sets(net, "top").status == "already_stopped"
    assert cuts(net, "low") == sets("b")
    back, made = again(tmp_path, net)
    assert [cuts(back, target) for target in ("top", "low")] == [sets(""), sets("b")]
    text = made.files[""].decode()
    assert house("on", "true") in re.sub(r">\s+<", "><", text)
    assert house("unsaid", "false") in re.sub(r">\s+<", "><", text)


def test_components_private_names_and_paths(tmp_path):
    a = gate("g", f"<or>{basic('x')}</or>", role="private")
    b = gate("g", f"<or>{basic('x', 'y')}</or>")
    mine = gate("mine", '<or><gate name="g"/></or>')
    seen = examined(
        tmp_path,
        tree(
            f'<define-component name="A">{a}'
            f"{mine}"
            f'<define-component name="C">{gate("far", basic("z"))}</define-component>'
            "</define-component>",
            f'<define-component name="B" role="private">{b}'
            f"{gate('open', basic('w'), role='public')}</define-component>",
            gate(
                "top",
                '<and><gate name="f.A.g"/><gate name="B.g"/><gate name="far"/>'
                '<gate name="f.A.mine"/><gate name="open"/></and>',
            ),
        ),
    )
    net = seen.network()
    assert net.meta.targets == ("top",)
    assert cuts(net, "top") == sets("w x z")
    rows = {row["id"]: row.get("component") for row in net.table("nodes").rows()}
    assert rows == {
        "f.A.g": "f.A", "mine": "f.A", "far": "f.A.C", "f.B.g": "f.B", "open": "f.B",
        "top": None, "x": None, "y": None, "z": None, "w": None,
    }  # fmt: skip
    back, _ = again(tmp_path, net)
    assert cuts(back, "top") == sets("w x z")
    assert back.node_rows["f.A.g"]["component"] == "f.A"


def test_what_is_said_of_an_event_is_kept(tmp_path):
    event = (
        '<define-basic-event name="a"><label>Pump\n  one</label><attributes>'
        '<attribute name="country" value="JP" type="text"/>'
        '<attribute name="status" value="draft"/></attributes>'
        '<float value="1e-3"/></define-basic-event>'
        '<define-basic-event name="b"><bool value="true"/></define-basic-event>'
        '<define-basic-event name="c"><int value="1"/></define-basic-event>'
    )
    inputs = basic("a", "b", "c")
    net = examined(
        tmp_path,
        f"<label>Two\n pumps</label>{tree(gate('top', f'<and>{inputs}</and>'))}"
        f"<model-data>{event}</model-data>",
        '<opsa-mef name="m">',
    ).network()
    assert net.meta.title == "Two pumps"
    row = net.node_rows["a"]
    assert (row["name"], row["country"], row["probability"]) == ("Pump one", "JP", "1e-3")
    assert (row["status"], row["status (attribute)"]) == ("operating", "draft")
    assert net.table("nodes").column("probability") == [None, "1e-3", "1", "1"]
    back, made = again(tmp_path, net)
    assert back.node_rows["a"]["name"] == "Pump one"
    assert back.node_rows["a"]["probability"] == "1e-3"
    assert '<float value="1e-3"/>' in made.files[""].decode()
    assert made.dropped == ("nodes: status (attribute)",)


@pytest.mark.parametrize(
    ("root", "trees", "title"),
    [
        ('<opsa-mef name="model">', ("f",), "model"),
        ("<opsa-mef>", ("f",), "f"),
        ("<opsa-mef>", ("f", "g"), ""),
        ("<opsa-mef><label> Said </label>", ("f",), "Said"),
    ],
)
def test_titles(tmp_path, root, trees, title):
    inner = "".join(
        f'<define-fault-tree name="{name}">{gate(f"top-{name}", basic("a"))}</define-fault-tree>'
        for name in trees
    )
    assert examined(tmp_path, inner, root).network().meta.title == title


def test_several_tops_are_listed(tmp_path):
    seen = examined(tmp_path, tree(*(gate(f"t{i}", basic("a")) for i in range(10))))
    assert seen.net.meta.targets == tuple(f"t{i}" for i in range(10))
    assert said(seen, "note")[1] == (
        "t.xml:2: 10 gates that are input of no other: t0, t1, t2, t3, t4, t5, t6, t7, ... Say "
        "with --target which is meant."
    )


def test_common_cause_groups_are_a_column_and_a_warning(tmp_path):
    group = (
        '<define-CCF-group name="pumps" model="beta-factor"><members><basic-event name="a"/>'
        '<basic-event name="b"/></members><distribution><float value="0.1"/></distribution>'
        '<factor level="2"><float value="0.2"/></factor></define-CCF-group>'
    )
    seen = examined(tmp_path, tree(gate("top", f"<and>{basic('a', 'b')}</and>"), group))
    assert said(seen, "warning") == [
        "t.xml:2: 1 common cause group: not part of the cut sets. Ask --by ccf_group for what "
        "stops when all of a group fail together."
    ]
    assert cuts(seen.net, "top") == sets("a b")
    found = minimal_cut_sets(seen.net, "top", by="ccf_group", max_order=2)
    assert found.cut_sets == (("pumps",),)


def test_ids_with_case_alone_between_them_are_refused_as_everywhere(tmp_path):
    seen = examined(tmp_path, tree(gate("top", f"<and>{basic('a', 'A')}</and>")))
    assert said(seen) == [
        "t.xml:2: node 'A' and 'a' (t.xml:2) differ only in case or blanks. Use one spelling.",
    ]


def test_near_names_of_inputs_are_no_slips(tmp_path):
    names = ("pump_fails_to_run", "pump_fails_to_ru", "pump_failz_to_run")
    declared = "".join(f'<define-basic-event name="{n}"/>' for n in names)
    seen = examined(tmp_path, tree(gate("top", f"<or>{basic(*names)}</or>"), declared))
    assert said(seen, "warning") == []


def test_wide_and_long_trees_are_read(tmp_path):
    inputs = "".join(f"<and>{basic(f'e{i}', 'x')}</and>" for i in range(1000))
    wide = gate("top", f"<or>{inputs}</or>")
    deep = "".join(gate(f"g{i}", f'<gate name="g{i + 1}"/>') for i in range(5000))
    net = net_of(tmp_path, wide, deep, gate("g5000", basic("x")))
    assert net.meta.targets == ("top", "g0")
    assert len(net.table("supplies")) == 2 * 1000 + 5001


# Votes


@pytest.mark.parametrize("count", range(3, 8))
def test_votes_hold_exactly_when_enough_inputs_fail(count):
    for minimum in range(2, count):
        states = votes(minimum, count)
        assert len(states) <= minimum * (count - minimum + 1)
        for bits in range(2**count):
            failed: dict = {}
            # A state comes after those that hold it, so the other way round all are known.
            for state in reversed(states):
                failed[state] = any(
                    all(failed[i] if isinstance(i, tuple) else bits >> i & 1 for i in need)
                    for need in states[state]
                )
            assert failed[0, minimum] == (bits.bit_count() >= minimum)


def vote(tmp_path):
    return net_of(tmp_path, gate("top", f'<atleast min="2">{basic("d", "a", "c", "b")}</atleast>'))


def test_the_helpers_of_a_vote(tmp_path):
    net = vote(tmp_path)
    rows = net.node_rows
    assert rows["top"]["fails_when"] == "2 of 4"
    helpers = [node for node in rows if ": " in node]
    assert helpers == ["top: 1 of last 3", "top: 2 of last 3", "top: 1 of last 2"]
    assert [rows[node]["name"] for node in helpers] == ["1 of b, c, d", "2 of b, c, d", "1 of c, d"]
    assert {rows[node]["can_fail"] for node in helpers} == {"no"}


def test_a_vote_is_written_as_one(tmp_path):
    back, made = again(tmp_path, vote(tmp_path))
    text = made.files[""].decode()
    assert text.count("<define-gate") == 1
    assert '<atleast min="2">' in text
    assert made.dropped == ()
    assert back.digest == vote(tmp_path).digest


@pytest.mark.parametrize(
    "change",
    [
        "another input",
        "another need",
        "one input less",
        "a helper can fail",
        "a helper is closed",
        "the text",
    ],
)
def test_a_vote_that_was_changed_is_written_as_it_is(tmp_path, change):
    net = vote(tmp_path)
    nodes = [dict(row) for row in net.table("nodes").rows()]
    supplies = [dict(row) for row in net.table("supplies").rows()]
    helper = next(row for row in nodes if row["id"] == "top: 1 of last 2")
    if change == "another input":
        supplies.append({"supplier": "e", "consumer": helper["id"], "material": "c"})
        nodes.append({"id": "e", "upstream": "none"})
    elif change == "another need":
        supplies.append({"supplier": "a", "consumer": helper["id"], "material": "more"})
    elif change == "one input less":
        supplies = [row for row in supplies if row["consumer"] != helper["id"]][:-1]
        nodes = [row for row in nodes if row is not helper]
        supplies = [row for row in supplies if row["supplier"] != helper["id"]]
    elif change == "a helper can fail":
        helper["can_fail"] = "yes"
    elif change == "a helper is closed":
        helper["status"] = "closed"
    else:
        nodes[0]["fails_when"] = "3 of 4"
    changed = from_frames(supplies, nodes, network={"targets": ["top"]})
    back, made = again(tmp_path, changed)
    assert "<atleast" not in made.files[""].decode()
    assert cuts(back, "top") == cuts(changed, "top")


# What is refused, word for word

E = basic("a", "b")
COHERENT = "Only coherent trees are read, of <and>, <or> and <atleast>."
REPAIRS = "with it a further failure can repair something"


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        *(
            (
                f'<define-fault-tree name="f">\n<define-gate name="g"><or>\n<{word}>{E}</{word}>\n'
                f"{basic('c')}</or></define-gate></define-fault-tree>",
                [f"3: gate 'g' has <{word}> (line 4): {REPAIRS}. {COHERENT}"],
            )
            for word in ("not", "xor", "nor", "nand", "iff", "imply", "cardinality")
        ),
        (
            tree(gate("g", f"<xor>{E}</xor>"), gate("h", f"<and><not>{E}</not>{E}</and>")),
            [
                f"2: gate 'g' has <xor>: {REPAIRS}. {COHERENT}",
                f"2: gate 'h' has <not>: {REPAIRS}. {COHERENT}",
            ],
        ),
        (
            tree(gate("g", f"<most>{E}</most>")),
            ["2: gate 'g': <most> is no formula. A gate is <or>, <and>, <atleast>, <constant> or "
             "a reference to an event."],
        ),
        (
            tree(gate("g", f"<or>{E}</or><and>{E}</and>"), gate("h", "")),
            [
                "2: gate 'g' has 2 formulas. Write one: <or>, <and>, <atleast>, or a reference.",
                "2: gate 'h' has no formula. Write one: <or>, <and>, <atleast>, or a reference.",
            ],
        ),
        (
            tree(gate("g", "<or></or>"), gate("h", f"<and>{E}<or/></and>")),
            [
                "2: gate 'g': <or> has no input. Name what it depends on.",
                "2: gate 'h': <or> has no input. Name what it depends on.",
            ],
        ),
        (
            tree(gate("g", f"<or>{E}{E}</or>")),
            [
                "2: gate 'g': <or> has 'a' twice. Delete one.",
                "2: gate 'g': <or> has 'b' twice. Delete one.",
            ],
        ),
        (
            tree(
                gate("g", f'<atleast min="3">{E}</atleast>'),
                gate("h", f"<atleast>{E}</atleast>"),
                gate("i", f'<atleast min="0">{E}</atleast>'),
                gate("j", f'<atleast min="-1">{E}</atleast>'),
            ),
            [
                "2: gate 'g': <atleast> of 2 inputs: min is '3'. Write how many must fail, 1 to 2.",
                "2: gate 'h': <atleast> of 2 inputs: no min is given. Write how many must fail, "
                "1 to 2.",
                "2: gate 'i': <atleast> of 2 inputs: min is '0'. Write how many must fail, 1 to 2.",
                "2: gate 'j': <atleast> of 2 inputs: min is '-1'. Write how many must fail, "
                "1 to 2.",
            ],
        ),
        (
            tree(gate("g", f'<or>{E}<gate name="pumo"/><event name="x"/></or>'),
                 gate("pump", E[: len(E) // 2])),
            [
                "2: no event 'x' is defined. Define it.",
                "2: no gate 'pumo' is defined. Did you mean 'pump'?",
            ],
        ),
        (
            tree(gate("g", '<or><gate name="a"/><basic-event name="h"/><house-event name="x"/>'
                      "</or>"), '<define-basic-event name="a"/>', house("h", "true")),
            [
                "2: <basic-event> names 'h', which is a house event. Write <house-event>, or "
                "check the name.",
                "2: <gate> names 'a', which is a basic event. Write <basic-event>, or check the "
                "name.",
                "2: no house event 'x' is defined. Define it.",
            ],
        ),
        (
            tree('<define-component name="A">', gate("p", E[: len(E) // 2], role="private"),
                 "</define-component>", gate("g", '<gate name="p"/>'), gate("h", '<gate name="A.q"/>')),
            [
                "2: no gate 'A.q' is defined. Define it.",
                "2: no gate 'p' is defined. 'f.A.p' (line 2) is private: give its path.",
            ],
        ),
        (
            tree('<define-component name="A" role="private"><define-basic-event name="b"/>'
                 "</define-component>", gate("g", basic("a", "b"))[: -len("</define-gate>")]
                 .replace(basic("a", "b"), f"<or>{basic('a', 'b')}</or>"), "</define-gate>"),
            ["2: no basic event 'b' is defined. 'f.A.b' (line 2) is private: give its path."],
        ),
        (
            tree(gate("g", f"<or>{E}</or>"), "\n", gate("g", f"<and>{E}</and>"),
                 '<define-basic-event name="g"/>', house("b", "true"), house("b", "true")),
            [
                "3: basic event 'g' has the name of a gate. Line 2 defines it: delete or rename one.",
                "3: gate 'g' is defined twice. Line 2 defines it: delete or rename one.",
                "3: house event 'b' is defined twice. Line 3 defines it: delete or rename one.",
                "2: <basic-event> names 'b', which is a house event. Write <house-event>, or "
                "check the name.",
                "3: <basic-event> names 'b', which is a house event. Write <house-event>, or "
                "check the name.",
            ],
        ),
        (
            tree(gate("", f"<or>{E}</or>"), gate("a.b", f"<or>{E}</or>"),
                 gate("h", f"<or>{E}<gate/></or>")),
            [
                "2: <define-gate> has no name. Name it.",
                "2: <define-gate> is named 'a.b', and a dot stands between names of a path. "
                "Rename it.",
                "2: <gate> has no name. Name it.",
            ],
        ),
        (
            f"<define-fault-tree>{gate('g', f'<or>{E}</or>')}</define-fault-tree>",
            ["2: <define-fault-tree> has no name. Name it.",
             "2: gate 'g' is in no fault tree. Put it in a <define-fault-tree>."],
        ),
        (
            f"<model-data>{gate('g', f'<or>{E}</or>')}</model-data>",
            ["2: gate 'g' is in no fault tree. Put it in a <define-fault-tree>."],
        ),
        (
            tree(gate("g", f"<or>{E}</or>")) + "<model-data>" + "".join(
                f'<define-basic-event name="a{i}"><float value="{value}"/></define-basic-event>'
                for i, value in enumerate(("1.5", "-0.1", "nan", "0,5", "", "1" * 61))
            ) + "</model-data>",
            [
                "2: basic event 'a0': probability is 1.5, must be 0-1.",
                "2: basic event 'a1': probability is -0.1, must be 0-1.",
                "2: basic event 'a2': probability is 'nan', not a number. Leave it out if it is "
                "not known.",
                "2: basic event 'a3': probability is '0,5', not a number. Leave it out if it is "
                "not known.",
                "2: basic event 'a4': probability is '', not a number. Leave it out if it is not "
                "known.",
                "2: basic event 'a5': probability is '111111111111111111111111111111111111111…', "
                "not a number. Leave it out if it is not known.",
            ],
        ),
        (
            tree(gate("g", '<or><constant value="yes"/><house-event name="h"/></or>'),
                 house("h", "maybe"), '<define-house-event name="i"><float value="1"/>'
                 "</define-house-event>"),
            [
                "2: gate 'g': <constant> is 'yes'. Write true (it has failed) or false.",
                "2: house event 'h': <constant> is 'maybe'. Write true (it has failed) or false.",
                "2: house event 'i' is not a constant. Write <constant value=\"true\"/> or "
                '<constant value="false"/>.',
            ],
        ),
        (
            '<include file="/etc/passwd"/>' + tree(gate("g", f"<or>{E}</or>")),
            ["2: <include> names another file, and other files are not read. Put what it holds "
             "in its place."],
        ),
        (
            tree('<define-gate name="g"><attributes><attribute name="x" value="1"/>'
                 '<attribute name="x" value="2"/></attributes>', f"<or>{E}</or></define-gate>"),
            ["2: attribute 'x' is given twice. Delete one."],
        ),
        (
            tree(gate("g", f"<or>{E}</or>"), *(
                f'<define-CCF-group name="c{i}" model="MGL"><members>{basic("a")}</members>'
                "</define-CCF-group>" for i in range(2)
            )),
            ["2: basic event 'a' is in two common cause groups. Take it out of one."],
        ),
        ("<model-data/>", ["1: holds no gate. A fault tree is made of <define-gate>."]),
    ],
)  # fmt: skip
def test_refusals(tmp_path, inner, expected):
    seen = examined(tmp_path, inner)
    assert seen.net is None
    assert sorted(said(seen)) == sorted(f"t.xml:{text}" for text in expected)


@pytest.mark.parametrize(
    ("edges", "loops"),
    [
        ({"g": "h", "h": "g"}, ["gate 'g' is among its own inputs: g -> h -> g"]),
        ({"g": "g"}, ["gate 'g' is among its own inputs: g -> g"]),
        (
            {"t": "p", "p": "q", "q": "r", "r": "p"},
            ["gate 'p' is among its own inputs: p -> q -> r -> p"],
        ),
        (
            {"a": "b", "b": "a", "c": "d", "d": "c", "e": "a"},
            [
                "gate 'a' is among its own inputs: a -> b -> a",
                "gate 'c' is among its own inputs: c -> d -> c",
            ],
        ),
        (
            {"a": "b", "b": 'c"/><gate name="d', "c": "a", "d": "b"},
            ["gate 'a' is among its own inputs: a -> b -> c -> a"],
        ),
        (
            {f"g{i}": f"g{(i + 1) % 20}" for i in range(20)},
            [
                "gate 'g0' is among its own inputs: g0 -> g1 -> g2 -> g3 -> g4 -> g5 -> g6 -> g7 "
                "-> g8 -> g9 -> g10 -> ... -> g0"
            ],
        ),
    ],
)
def test_loops_are_named(tmp_path, edges, loops):
    gates = [gate(a, f'<or>{basic("x")}<gate name="{b}"/></or>') for a, b in edges.items()]
    assert said(examined(tmp_path, tree(*gates))) == [
        f"t.xml:2: {loop}. A fault tree has no loops: take one of these inputs out."
        for loop in loops
    ]


def test_a_loop_of_ten_thousand_gates_needs_no_deep_stack(tmp_path):
    count = 10_000
    gates = (gate(f"g{i}", f'<gate name="g{(i + 1) % count}"/>') for i in range(count))
    (found,) = said(examined(tmp_path, tree(*gates)))
    assert found.endswith("-> ... -> g0. A fault tree has no loops: take one of these inputs out.")


def test_formulas_nested_too_deeply(tmp_path):
    inner = "<or>" * 70 + basic("a") + "</or>" * 70
    (found,) = said(examined(tmp_path, tree(gate("g", inner))))
    assert found == (
        "t.xml:2: elements are nested more than 64 deep. Give inner formulas gates of their own."
    )


def test_a_vote_that_would_fill_the_memory(tmp_path):
    inner = f'<atleast min="1000">{basic(*(f"e{i}" for i in range(2000)))}</atleast>'
    (found,) = said(examined(tmp_path, tree(gate("g", inner))))
    assert found == (
        "t.xml:2: gate 'g': <atleast> of 1,000 of 2,000 inputs is too large. Write it as smaller "
        "gates."
    )


def test_many_findings_of_a_kind_are_counted(tmp_path):
    gates = (gate(f"g{i}", f"<or><not>{basic('a')}</not></or>") for i in range(80))
    found = said(examined(tmp_path, tree(*gates)))
    assert len(found) == 51
    assert found[0] == "t.xml: 30 more findings of this kind (not coherent)."


@pytest.mark.parametrize(
    ("root", "fix"),
    [
        ("graphml", "Let its name end in .graphml."),
        ("gexf", "Let its name end in .gexf."),
        ("svg", "Of XML, Open-PSA models are read."),
    ],
)
def test_other_xml(tmp_path, root, fix):
    (tmp_path / "x.xml").write_text(f"<{root}><a/></{root}>", encoding="utf-8")
    found = said(examine(tmp_path / "x.xml"))
    assert found == [f"x.xml:1: the file holds <{root}>, not <opsa-mef>. {fix}"]


def test_document_types_are_refused(tmp_path):
    text = '<!DOCTYPE opsa-mef [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<opsa-mef>&x;</opsa-mef>'
    (tmp_path / "x.xml").write_text(text, encoding="utf-8")
    (found,) = said(examine(tmp_path / "x.xml"))
    assert "document type declaration (DTD)" in found


def test_hostile_files():
    assert said(examine(HOSTILE / "x20_openpsa_cycle.xml")) == [
        "x20_openpsa_cycle.xml:1: gate 'g' is among its own inputs: g -> h -> g. A fault tree "
        "has no loops: take one of these inputs out."
    ]
    assert said(examine(HOSTILE / "x22_openpsa_prob_2.xml")) == [
        "x22_openpsa_prob_2.xml:1: basic event 'e': probability is 2.5, must be 0-1."
    ]


# What is said and read all the same


def test_events_that_are_declared_nowhere(tmp_path):
    bare = examined(tmp_path, tree(gate("top", f"<or>{basic(*'abcdefg')}</or>")))
    assert said(bare, "note") == [
        "t.xml:2: 7 basic events without a declaration: a, b, c, d, e, ... Each is taken for an "
        "event of its own."
    ]
    assert cuts(bare.net, "top") == sets(*"abcdefg")
    mixed = examined(
        tmp_path, tree(gate("g", f"<or>{basic('a', 'b')}</or>"), '<define-basic-event name="a"/>')
    )
    assert said(mixed, "warning") == [
        "t.xml:2: 1 basic event without a declaration: b. Each is taken for an event of its own: "
        "check the spelling."
    ]


def test_what_is_set_aside_is_listed(tmp_path):
    rate = '<exponential><float value="1"/><system-mission-time/></exponential>'
    seen = examined(
        tmp_path,
        tree(
            gate("g", f"<or>{basic('a', 'b')}</or>"),
            '<define-parameter name="p"><float value="1"/></define-parameter>',
            '<define-parameter name="q"><float value="1"/></define-parameter>',
        )
        + f'<model-data><define-basic-event name="a">{rate}</define-basic-event>'
        f'<define-basic-event name="b">{rate}</define-basic-event>'
        '<define-basic-event name="idle"/></model-data>'
        '<define-event-tree name="e"><initial-state/></define-event-tree>'
        '<define-substitution name="s"><hypothesis/></define-substitution>',
        "<opsa-mef><attributes><attribute name='team' value='x'/></attributes>",
    )
    assert said(seen) == []
    assert said(seen, "note") == [
        "t.xml: attributes of the model: team: set aside.",
        "t.xml:2: 1 event in no gate: idle.",
        "t.xml:2: <define-event-tree>: set aside.",
        "t.xml:2: <define-parameter>: set aside (2 of them).",
        "t.xml:2: probabilities that are worked out from others: set aside (2 of them).",
    ]
    assert said(seen, "warning") == [
        "t.xml:2: <define-substitution>: set aside. Cut sets are those before any substitution."
    ]


# Networks as fault trees


def flat(text):
    return re.sub(r">\s+<", "><", text)


def test_the_worked_example_as_a_tree(tmp_path):
    net = load_example("worked_example")
    back, made = again(tmp_path, net)
    text = flat(made.files[""].decode())
    assert '<define-fault-tree name="worked_example"><define-gate name="missile">' in text
    assert (
        '<define-gate name="magnet_1-down"><label>magnet_1</label><or><basic-event '
        'name="magnet_1"/><basic-event name="cofe"/><and><gate name="metal_a-down"/>'
        '<gate name="metal_b-down"/></and></or></define-gate>' in text
    )
    assert '<basic-event name="missile"/>' not in text
    assert made.dropped == (
        "nodes: makes, references",
        "supplies: confidence, references",
        "needs: confidence, references",
        "materials: name, stage",
        "9 names of what is needed: a gate has suppliers alone",
        "entities: 11 rows",
        "holdings: 2 rows",
        "references: 1 row",
    )
    assert set(back.node_rows) == set(net.node_rows)
    assert (back.meta.title, back.as_of) == (net.meta.title, net.as_of)
    assert back.meta.targets == ("missile",)
    for by in ("node", "country", "stage"):
        before, after = (
            minimal_cut_sets(each, "missile", by=by, max_order=3) for each in (net, back)
        )
        assert before.cut_sets == after.cut_sets
    assert back.node_rows["magnet_1"]["can_fail"] == "yes"
    assert said(examine(tmp_path / "again.xml"), "warning") == [
        "again.xml: written without what a fault tree cannot hold "
        f"({'; '.join(made.dropped)}). Ask the network itself where you have it."
    ]


@pytest.mark.parametrize("name", ["gallium_germanium", "uav_components"])
def test_shipped_networks_keep_their_cut_sets(tmp_path, name):
    net = load_example(name)
    back, made = again(tmp_path, net)
    assert set(back.meta.targets) == set(net.meta.targets)
    for target in net.meta.targets:
        before, after = (
            minimal_cut_sets(each, target, max_order=2, max_gaps=0) for each in (net, back)
        )
        assert least(before.cut_sets) == least(after.cut_sets)
    assert any(line.split()[1].startswith("gap") for line in made.dropped)


def test_gaps_are_listed_and_taken_at_their_good_end(tmp_path):
    net = from_frames(
        [
            {"supplier": "mine", "consumer": "mill", "material": "ore"},
            {"supplier": "mill", "consumer": "top", "material": "metal"},
            {"supplier": "chip", "consumer": "top", "material": "chip"},
            {"supplier": "ghost", "consumer": "top", "material": "plan", "confidence":
             "illustrative"},
            {"supplier": "old", "consumer": "mill", "material": "ore", "qualified": "no"},
        ],
        [
            {"id": "mine", "upstream": "unknown"},
            {"id": "mill", "upstream": "recorded"},
            {"id": "chip", "upstream": "none"},
            {"id": "ghost", "upstream": "none"},
            {"id": "old", "upstream": "none"},
            {"id": "top", "upstream": "recorded", "own column": "x", "probability": "high"},
        ],
        needs=[
            {"consumer": "top", "material": "chip", "suppliers": "partial"},
            {"consumer": "top", "material": "tape", "suppliers": "not_modelled"},
        ],
        network={"targets": ["top"], "owner_of_data": "me"},
    )  # fmt: skip
    back, made = again(tmp_path, net)
    assert made.dropped == (
        "2 gaps, taken at the good end: suppliers:top/chip, upstream:mine",
        "1 need not modelled: top/tape",
        "1 need that is illustrative, taken as recorded: top/plan",
        "nodes: 2 rows, which no target draws on, or only beside an unnamed supplier: chip, old",
        "supplies: 1 row that delivers nothing on the date",
        "nodes: own column",
        "nodes: probability, no number from 0 to 1 in 1 row",
        "supplies: confidence",
        "4 names of what is needed: a gate has suppliers alone",
        "network.toml: owner_of_data",
    )
    assert cuts(back, "top") == sets("mill", "mine", "ghost")


def test_a_loop_is_refused_by_name(tmp_path):
    net = load_example("recycling_loop")
    with pytest.raises(OutputError) as refused:
        export(net, tmp_path / "loop.xml")
    assert str(refused.value) == (
        f"{tmp_path / 'loop.xml'}: a fault tree has no loops, and here is one: 'magnet' -> "
        "'recycler' -> 'sep' -> 'magnet'. Ask supplynet, which takes loops as they are, or export "
        "a copy without one of these supplies"
    )
    assert not (tmp_path / "loop.xml").exists()


def test_a_long_loop_is_shortened():
    names = [f"n{i}" for i in range(30)]
    rows = [
        {"supplier": a, "consumer": b} for a, b in zip(names, names[1:] + names[:1], strict=True)
    ]
    net = from_frames(rows, network={"targets": ["n0"]})
    with pytest.raises(OutputError, match=r"'n0' -> 'n1' -> .*'n10' -> \.\.\. -> 'n0'\."):
        make_export(net, "open-psa")


def test_a_network_of_loops_alone_has_no_target():
    rows = [{"supplier": a, "consumer": b} for a, b in (("a", "b"), ("b", "a"))]
    with pytest.raises(OutputError, match=r"^no target: every node supplies another\. Name one"):
        make_export(from_frames(rows), "open-psa")


ODD = [
    "007",
    "Mine X",
    "é 10 %",
    "a/b",
    "x--y",
    "-z",
    'say "<&>"',
    "up.down",
    "Ünï",
    "鉱山",
    "鉱",
    " ",
]


def test_ids_that_are_no_names_come_back_from_labels(tmp_path):
    odd = [name for name in ODD if name.strip()]
    rows = [
        {"supplier": name, "consumer": "top", "material": f"m{i}"} for i, name in enumerate(odd)
    ]
    rows += [{"supplier": "root", "consumer": name, "material": "r"} for name in odd]
    net = from_frames(rows, network={"targets": ["top"]})
    back, made = again(tmp_path, net)
    assert set(back.node_rows) == set(net.node_rows)
    assert cuts(back, "top") == cuts(net, "top") == {frozenset([name]) for name in (*odd, "root")}
    names = re.findall(
        r'<(?:define-)?[a-z]+(?:-event|-tree)? name="([^"]*)"', made.files[""].decode()
    )
    mef = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
    assert names
    assert [name for name in names if not mef.fullmatch(name)] == []


def test_ids_that_xml_cannot_hold_are_escaped_and_said(tmp_path):
    rows = [{"supplier": f"a{c}b", "consumer": "top", "material": "m"} for c in "\x07\n"]
    net = from_frames(rows, network={"targets": ["top"]})
    back, made = again(tmp_path, net)
    assert "2 ids with a character written as its escape" in made.dropped
    assert set(back.node_rows) == {"top", "a\\u0007b", "a\\u000ab"}
    assert cuts(back, "top") == {frozenset({"a\\u0007b", "a\\u000ab"})}


def test_targets_that_supply_other_targets_are_tops_too(tmp_path):
    rows = [("m", "a", "x"), ("a", "b", "y"), ("n", "b", "y"), ("a", "b", "z")]
    net = from_frames(
        [dict(zip(("supplier", "consumer", "material"), row, strict=True)) for row in rows],
        network={"targets": ["a", "b"]},
    )
    back, made = again(tmp_path, net)
    assert set(back.meta.targets) == {"a", "b"}
    assert cuts(back, "a") == sets("m")
    assert cuts(back, "b") == sets("a", "m")
    text = flat(made.files[""].decode())
    assert '<define-gate name="a-top"><label>a</label><basic-event name="m"/></define-gate>' in text
    assert '<define-gate name="a-down"><label>a</label><or><basic-event name="a"/>' in text


def test_what_labels_alone_cannot_join_stays_apart(tmp_path):
    """An event of our own file that was put under another gate is no longer one with its gate."""
    net = from_frames(
        [{"supplier": "m", "consumer": "a", "material": "x"},
         {"supplier": "a", "consumer": "t", "material": "y"}],
        network={"targets": ["t"]},
    )  # fmt: skip
    _, made = again(tmp_path, net)
    text = made.files[""].decode()
    gate_t = '<define-gate name="t">'
    assert gate_t in text
    text = text.replace('<gate name="a-down"/>', '<and><gate name="a-down"/>'
                        '<basic-event name="a"/></and>')  # fmt: skip
    file = tmp_path / "edited.xml"
    file.write_text(text, encoding="utf-8")
    seen = examine(file)
    assert [text for text in said(seen, "note") if "label" in text] == [
        "edited.xml:23: basic event 'a' and others have the label 'a' and are no one node. The "
        "others are called a-down."
    ]
    # As the file has it: a itself, for it stops its gate too; not what the gate needs.
    assert cuts(seen.net, "t") == sets("a")


def test_a_gate_without_its_own_loss_that_others_draw_on_stays_apart(tmp_path):
    gates = "".join(
        f'<define-gate name="{name}"><label>{label}</label>{formula}</define-gate>'
        for name, label, formula in (
            ("t", "t", '<gate name="a-top"/>'),
            ("s", "s", '<gate name="a-down"/>'),
            ("a-top", "a", basic("m")),
            ("a-down", "a", f"<or>{basic('a', 'm')}</or>"),
        )
    )
    root = '<opsa-mef><attributes><attribute name="labels" value="ids"/></attributes>'
    net = examined(tmp_path, tree(gates), root).network()
    assert set(net.node_rows) == {"t", "s", "a", "m", "a-top", "a-down"}
    assert (cuts(net, "t"), cuts(net, "s")) == (sets("m"), sets("a", "m"))


def test_a_target_that_another_part_of_it_draws_on(tmp_path):
    """The plant t makes p of what n makes of what t makes besides."""
    net = from_frames(
        [
            {"supplier": "n", "consumer": "t", "material": "b"},
            {"supplier": "t", "consumer": "n", "material": "c"},
            {"supplier": "m", "consumer": "n", "material": "c"},
        ],
        [{"id": "t", "makes": "p"}, {"id": "n"}, {"id": "m", "upstream": "none"}],
        needs=[{"consumer": "t", "material": "b", "product": "p"}],
        network={"targets": ["t"]},
    )
    back, made = again(tmp_path, net)
    assert made.dropped[-1] == "the target 't' is called 't (any product)'"
    assert back.meta.targets == ("t (any product)",)
    assert cuts(net, "t") == sets("n")
    assert cuts(back, "t (any product)") == sets("n")


def test_same_network_same_bytes():
    net = load_example("gallium_germanium")
    shuffled = {}
    for name, table in net.tables.items():
        rows = list(table.rows())
        random.Random(1).shuffle(rows)  # noqa: S311 - test data
        shuffled[name] = rows
    other = make_network(as_of=net.as_of, **shuffled)
    other = SupplyNetwork(other.tables, net.meta)
    assert make_export(net, "open-psa").files == make_export(other, "open-psa").files


def test_the_ending_says_which_form():
    assert format_of("tree.xml") == "open-psa"


def test_commands(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", "worked_example", "tree.xml"]) == 0
    assert "wrote tree.xml (open-psa)" in capsys.readouterr().out
    assert main(["cutsets", "tree.xml", "--target", "missile", "--max-order", "4", "--count"]) == 0
    assert "\n5 minimal cut sets of missile" in capsys.readouterr().out
    assert main(["convert", "recycling_loop", "loop.xml"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("supplynet: loop.xml: a fault tree has no loops, and here is one: ")
    assert main(["cutsets", str(HOSTILE / "x20_openpsa_cycle.xml"), "--target", "g"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "g -> h -> g" in err


# Both ways round, drawn at random


class Drawn:
    """A random fault tree, its definitions as tuples.

    A strict one is what SCRAM takes: two inputs or more, no constant twice. It has no votes: where
    two inputs of a vote are gates that say the same, SCRAM 0.16.2 answers wrongly.
    """

    def __init__(self, seed, *, strict=False):
        self.random = random.Random(seed)  # noqa: S311 - test data
        self.strict = strict
        self.events = [f"e{i}" for i in range(self.random.randint(3, 6))]
        count = self.random.choice((0, 0, 1, 2))
        self.houses = {f"h{i}": self.random.random() < 0.3 for i in range(count)}
        self.gates = {}
        for i in range(self.random.randint(1, 6)):
            # Gates often draw on gates.
            known = [*self.events, *self.houses, *self.gates, *self.gates]
            self.gates[f"g{i}"] = self.formula(known, 0)
        used = {name for formula in self.gates.values() for name in self.names(formula)}
        self.tops = [name for name in self.gates if name not in used]

    def formula(self, known, depth):
        r = self.random
        if r.random() < (0.55 if depth else 0.05):
            return ("event", r.choice(known))
        if not self.strict and r.random() < 0.06:
            return ("constant", r.random() < 0.3)
        kind = r.choice(("and", "or") if self.strict else ("and", "or", "and", "or", "atleast"))
        args = []
        for _ in range(r.randint(2, 5)):
            found = self.formula(known, depth + 1) if depth < 3 else ("event", r.choice(known))
            if found[0] != "event" or found not in args:
                args.append(found)
        if self.strict and len(args) < 2:
            return args[0]
        return (kind, args, r.randint(1, len(args))) if kind == "atleast" else (kind, args)

    def names(self, formula):
        if formula[0] == "event":
            yield formula[1]
        elif formula[0] != "constant":
            for argument in formula[1]:
                yield from self.names(argument)

    def fails(self, formula, lost):
        if formula[0] == "constant":
            return formula[1]
        if formula[0] == "event":
            name = formula[1]
            if name in self.gates:
                return self.fails(self.gates[name], lost)
            return self.houses.get(name, name in lost)
        count = sum(self.fails(argument, lost) for argument in formula[1])
        needed = {"and": len(formula[1]), "or": 1}.get(formula[0], formula[-1])
        return count >= needed

    def cuts(self, top):
        found = []
        for size in range(len(self.events) + 1):
            for some in combinations(self.events, size):
                lost = frozenset(some)
                if not any(each <= lost for each in found) and self.fails(self.gates[top], lost):
                    found.append(lost)
        return set(found)

    def element(self, formula):
        if formula[0] == "constant":
            return f'<constant value="{str(formula[1]).lower()}"/>'
        if formula[0] == "event":
            name = formula[1]
            kinds = {"g": "gate", "h": "house-event", "e": "basic-event"}
            kind = kinds[name[0]]
            return self.random.choice(
                (
                    f'<{kind} name="{name}"/>',
                    f'<event name="{name}"/>',
                    f'<event name="{name}" type="{kind}"/>',
                )
            )
        minimum = f' min="{formula[2]}"' if formula[0] == "atleast" else ""
        inner = "".join(map(self.element, formula[1]))
        return f"<{formula[0]}{minimum}>{inner}</{formula[0]}>"

    def model(self):
        """Return the model, definitions in any order, some of them in a component."""
        parts = [gate(name, self.element(formula)) for name, formula in self.gates.items()]
        parts += [house(name, str(state).lower()) for name, state in self.houses.items()]
        self.random.shuffle(parts)
        cut = self.random.randint(0, len(parts))
        inner = f'<define-component name="c">{"".join(parts[cut:])}</define-component>'
        events = "".join(f'<define-basic-event name="{name}"/>' for name in self.events)
        return f"{tree(*parts[:cut], inner)}<model-data>{events}</model-data>"


def scram(file):
    """Return the cut sets that SCRAM finds, by top gate."""
    command = [SCRAM, "--bdd", "--limit-order", "1000", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\n{file.read_text('utf-8')}"
    return {
        found.get("name"): {
            frozenset(event.get("name") for event in product)
            for product in found.iter("product")
        }
        for found in ElementTree.fromstring(done.stdout).iter("sum-of-products")
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_random_trees(tmp_path, seed):
    drawn = Drawn(seed)
    seen = examined(tmp_path, drawn.model())
    assert said(seen) == []
    assert sorted(seen.net.meta.targets) == sorted(drawn.tops)
    back, _ = again(tmp_path, seen.net)
    for top in drawn.tops:
        expected = drawn.cuts(top)
        assert cuts(seen.net, top) == expected
        assert cuts(back, top) == expected


@needs_scram
@pytest.mark.parametrize("seed", range(1000, 1015))
def test_random_trees_in_scram(tmp_path, seed):
    drawn = Drawn(seed, strict=True)
    again(tmp_path, examined(tmp_path, drawn.model()).network())
    assert scram(tmp_path / "t.xml") == scram(tmp_path / "again.xml")
    assert scram(tmp_path / "again.xml") == {top: drawn.cuts(top) for top in drawn.tops}


@needs_scram
def test_a_vote_in_scram(tmp_path):
    again(tmp_path, vote(tmp_path))
    assert scram(tmp_path / "again.xml") == {
        "top": sets("a b", "a c", "a d", "b c", "b d", "c d"),
    }


def drawn_network(seed, largest):
    """Return a random network with one target or two, without loops; ``None`` where it has one."""
    net, target = build(Seeded(seed), largest)
    others = [node for node in net.table("nodes").column("id") if node != target]
    targets = (target, *(others[:1] if seed % 3 == 0 else ()))
    meta = Meta(name="drawn", title="drawn (synthetic)", as_of=net.as_of, targets=targets)
    net = SupplyNetwork(net.tables, meta)
    try:
        return net, make_export(net, "open-psa")
    except OutputError as refused:
        assert "a fault tree has no loops" in str(refused)  # noqa: PT017 - others are none
        return net, None


def called(made, target):
    """Return how a target is called in the tree."""
    for line in made.dropped:
        found = re.fullmatch(r"the target '(.*)' is called '(.*)'", line)
        if found and found[1] == target:
            return found[2]
    return target


def same_cut_sets(tmp_path, net, made):
    file = tmp_path / "net.xml"
    file.write_bytes(made.files[""])
    back = load(file)
    illustrative = any("illustrative" in line for line in made.dropped)
    found = {}
    for target in net.meta.targets:
        name = called(made, target)
        assert name in back.meta.targets, describe(net)
        before, after = (
            minimal_cut_sets(each, at, max_order=7, max_gaps=0)
            for each, at in ((net, target), (back, name))
        )
        if illustrative and after.status == "already_stopped" != before.status:
            # Down by needs that are illustrative alone: the tree has them as recorded.
            continue
        assert least(before.cut_sets) == least(after.cut_sets), describe(net)
        found[name] = least(before.cut_sets)
    return found


def test_random_networks(tmp_path):
    seen = Counter()
    for seed in range(250):
        net, made = drawn_network(seed, 7)
        if made is None:
            seen["loops"] += 1
            continue
        found = same_cut_sets(tmp_path, net, made)
        seen["compared"] += len(found)
        seen["products"] += any("is called" in line for line in made.dropped)
        seen["gaps"] += any("taken at the good end" in line for line in made.dropped)
        seen["sets"] += sum(map(len, found.values()))
    assert min(seen.values()) > 10, seen
    assert seen["compared"] > 250


@needs_scram
@pytest.mark.parametrize("seed", range(2000, 2015))
def test_random_networks_in_scram(tmp_path, seed):
    net, made = drawn_network(seed, 9)
    if made is None:
        return
    expected = same_cut_sets(tmp_path, net, made)
    root = ElementTree.fromstring(made.files[""])
    labels = {
        element.get("name"): element.findtext("label") or element.get("name")
        for element in root.iter()
        if element.get("name")
    }
    found = {
        labels[top]: {frozenset(labels[event] for event in each) for each in products}
        for top, products in scram(tmp_path / "net.xml").items()
    }
    assert expected.items() <= found.items()


def test_fresh_names():
    names = FreshNames(["Pump", "a b"])
    assert [names.take(name) for name in ("pump", "PUMP", "ab", "pump", "c")] == [
        "pump (2)", "PUMP (3)", "ab (2)", "pump (4)", "c",
    ]  # fmt: skip
