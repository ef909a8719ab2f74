"""The bill-of-materials check: the flat verdict, and what the network shows beside it."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest

import supplynet
from supplynet.errors import QuestionError, UnknownNameError, ValidationError
from supplynet.io.bom import bom_rows, examine_bom
from supplynet.viability import check_production_viability

#: The example of an early paper: a part that a check of origins lets pass.
TOY = {"name": "Gallium-Nitride Amp", "origin": "Japan", "restriction_index": 0.3}


def part(origin="CN", index=0.9, name="part", **more):
    return {"name": name, "origin": origin, "restriction_index": index, **more}


def verdict(row, origins="CN", **more):
    (item,) = check_production_viability([row], origins=origins, **more).items
    return item.verdict


@pytest.fixture(scope="module")
def gallium():
    return supplynet.load_example("gallium_germanium")


# The flat check


@pytest.mark.parametrize(
    ("origin", "index", "expected"),
    [
        ("CN", 0.9, "blocks"),
        ("China", "0.81", "blocks"),
        ("PRC", 1, "blocks"),
        ("CN", 0.8, "clear"),  # exactly the threshold does not block
        ("CN", Decimal("0.8"), "clear"),
        ("CN", "0.80000000000000000001", "blocks"),
        ("CN", 0, "clear"),
        ("JP", 1, "clear"),
        ("", 0.3, "unknown"),
        ("", 0.9, "unknown"),
        ("JP", None, "unknown"),
        ("CN", "", "unknown"),
        (None, None, "unknown"),
        ("CN", float("nan"), "unknown"),
        ("CN;JP", 0.9, "unknown"),
        (["CN", "JP"], 0.9, "unknown"),
        ("CN;JP", 0.5, "clear"),
        ("JP;KR", 0.9, "clear"),
        ("CN;JP", None, "unknown"),
    ],
)
def test_verdict_of_an_item(origin, index, expected):
    assert verdict(part(origin, index)) == expected


def test_several_origins_block_when_all_are_asked_about():
    assert verdict(part("CN;RU"), origins=["CN", "RU"]) == "blocks"
    assert verdict(part("CN;RU"), origins=["CN"]) == "unknown"


def test_the_threshold_is_exact_and_given():
    assert verdict(part(index="0.3"), threshold=0.3) == "clear"
    assert verdict(part(index="0.3"), threshold="0.29") == "blocks"
    assert verdict(part(index=1), threshold=1) == "clear"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([part("JP")], "viable"),
        ([part("JP"), part(name="b")], "stopped"),
        ([part("JP"), part("", name="b")], "unknown"),
        ([part("", name="b"), part()], "stopped"),
        ([], "unknown"),
    ],
)
def test_verdict_of_the_whole(rows, expected):
    assert check_production_viability(rows, origins="CN").verdict == expected


@pytest.mark.parametrize(
    "origins", ["CN,RU", "CN;RU", ["CN", "RU"], ("Russia", "China"), "China, Russia", {"RU", "CN"}]
)
def test_the_countries_asked_about(origins):
    assert check_production_viability([], origins=origins).origins == ("CN", "RU")


def test_a_country_whose_name_holds_a_comma():
    assert check_production_viability([], origins="Korea, Republic of").origins == ("KR",)


@pytest.mark.parametrize("origins", ["", " ; ", [], "Chnia", ["CN", "EU"], [7]])
def test_unknown_countries_are_refused(origins):
    with pytest.raises(QuestionError):
        check_production_viability([], origins=origins)


@pytest.mark.parametrize("threshold", ["", "much", "nan", "inf", -0.1, 1.1, True])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(QuestionError, match="threshold"):
        check_production_viability([], origins="CN", threshold=threshold)


def test_all_that_is_wrong_comes_at_once():
    rows = [
        part(index=1.3, name="a"),
        part(index="high", name="b"),
        part(index=-0.1, name="c"),
        part("Chnia", name="d"),
        part(name=""),
        part(name="e"),
        part(name="E "),
        part("n/a", name="f"),
        part(index="30%", name="g"),
    ]
    with pytest.raises(ValidationError) as caught:
        check_production_viability(rows, origins="CN")
    errors = [str(f) for f in caught.value.findings]
    assert [text.partition(":")[0] for text in errors] == [
        f"bom row {n}" for n in (1, 2, 3, 4, 5, 7, 8, 9)
    ]
    assert "restriction_index is 1.3, must be 0-1" in errors[0]
    assert "Did you mean CN (China)?" in errors[3]
    assert "stands already in bom row 6" in errors[5]


@pytest.mark.parametrize("rows", [["motor"], [7], [("a", "b")], [part(), None]])
def test_rows_that_are_none(rows):
    with pytest.raises(ValidationError, match="not a row of named values"):
        check_production_viability(rows, origins="CN")


def test_no_column_of_names():
    with pytest.raises(ValidationError, match="no column of names in 'colour'"):
        check_production_viability([{"colour": "red"}], origins="CN")


def test_without_columns_everything_is_unknown_and_said():
    found = check_production_viability([{"name": "a"}], origins="CN")
    assert found.verdict == "unknown"
    assert [f.what for f in found.findings] == [
        "no column 'origin'",
        "no column 'restriction_index'",
    ]
    assert {f.level for f in found.findings} == {"warning"}


# Reading


@pytest.mark.parametrize(
    "names",
    [
        ("name", "origin", "restriction_index"),
        ("Part", "Country of Origin", "Index"),
        ("ITEM", "country", "Restriction Index"),
        ("component", "made in", "restriction-index"),
    ],
)
def test_headings_by_other_names(names):
    rows, _ = bom_rows([dict(zip(names, ("a", "JP", "0.3"), strict=True))])
    (row,) = rows
    assert (row.name, row.origins, row.restriction_index) == ("a", ("JP",), Decimal("0.3"))


def test_the_own_name_of_a_column_wins_and_nothing_is_lost():
    rows, findings = bom_rows([{"part": "123-A", "name": "motor", "origin": "JP", "kg": 3}])
    assert rows[0].name == "motor"
    assert rows[0].other == {"part": "123-A", "kg": "3"}
    assert "column 'kg' is kept and not used" in [f.what for f in findings]


def test_two_columns_that_say_the_same():
    _, findings = bom_rows([{"part": "a", "item": "b"}])
    assert [f.what for f in findings if f.level == "error"] == [
        "columns 'part' and 'item' both say name"
    ]


def test_a_misspelt_column_is_told():
    _, findings = bom_rows([{"name": "a", "orgin": "CN"}])
    assert [str(f) for f in findings if "orgin" in f.what and f.level == "warning"] == [
        "bom: column 'orgin' is not used. Did you mean 'origin'?"
    ]


def test_a_data_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"name": ["a", "b"], "origin": ["CN", None], "restriction_index": [0.9, float("nan")]}
    )
    found = check_production_viability(frame, origins="CN")
    assert [item.verdict for item in found.items] == ["blocks", "unknown"]


def test_a_file(tmp_path):
    place = tmp_path / "bom.csv"
    place.write_text("part;country;index\nmotor;VR China;0.9\nlens;;0.1\n", encoding="utf-8")
    rows, findings = examine_bom(place)
    assert rows == ()
    assert [f.where for f in findings if f.level == "error"] == ["bom.csv:2"]
    place.write_text("part;country;index\n\nmotor;PRC;0.9\nlens;;0.1\n", encoding="utf-8")
    found = check_production_viability(place, origins="CN")
    assert [(i.name, i.verdict, i.where) for i in found.items] == [
        ("motor", "blocks", "bom.csv:3"),
        ("lens", "unknown", "bom.csv:4"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bom.csv", b"", "the file is empty"),
        ("bom.csv", b"name,origin\na,\xff\n", "not UTF-8"),
        ("bom.csv", b"name,origin\na\n", "1 cell, but the header has 2"),
        ("bom.pdf", b"%PDF", "a bill of materials is one file"),
        ("bom.xlsx", b"name,origin\n", ""),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, said):
    place = tmp_path / name
    place.write_bytes(content)
    with pytest.raises(ValidationError) as caught:
        check_production_viability(place, origins="CN")
    assert said in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    for place in (tmp_path / "no.csv", tmp_path):
        rows, findings = examine_bom(place)
        assert rows == ()
        assert [f.level for f in findings] == ["error"]


def test_another_encoding(tmp_path):
    place = tmp_path / "bom.csv"
    place.write_bytes("name,origin\nDüse,DE\n".encode("latin-1"))
    assert examine_bom(place)[0] == ()
    assert examine_bom(place, encoding="latin-1")[0][0].name == "Düse"


def book(*sheets):
    openpyxl = pytest.importorskip("openpyxl")
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows, merge in sheets:
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if merge:
            sheet.merge_cells(merge)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def test_a_workbook(tmp_path):
    place = tmp_path / "bom.xlsx"
    place.write_bytes(
        book(
            ("cover", [["Our drone"]], None),
            (
                "parts",
                [["Part", "Country", "Index"], ["motor", "CN", 0.9], ["lens", None, 0.1]],
                None,
            ),
        )
    )
    rows, findings = examine_bom(place)
    assert [f for f in findings if f.level == "error"] == []
    assert [(r.name, r.origins, r.restriction_index, r.where) for r in rows] == [
        ("motor", ("CN",), Decimal("0.9"), "bom.xlsx[parts]:2"),
        ("lens", (), Decimal("0.1"), "bom.xlsx[parts]:3"),
    ]


@pytest.mark.parametrize(
    ("rows", "merge", "said"),
    [
        ([["colour"], ["red"]], None, "no sheet has a column of names"),
        ([["name", "origin"], ["a", "CN"], ["b", None]], "B2:B3", "merged cells (B2:B3)"),
        ([["name", "index"], ["a", "=1/0"]], None, "formula without a stored value (B2)"),
        ([["name", None], ["a", "CN"]], None, "a column without a name"),
    ],
)
def test_workbooks_that_are_refused(tmp_path, rows, merge, said):
    place = tmp_path / "bom.xlsx"
    place.write_bytes(book(("parts", rows, merge)))
    found, findings = examine_bom(place)
    assert found == ()
    assert said in "\n".join(str(f) for f in findings)


# What the flat check misses


def test_the_published_example_passes_and_hangs_on_chinese_gallium(gallium):
    flat = check_production_viability([TOY], origins=["China"])
    assert (flat.verdict, flat.items[0].verdict) == ("viable", "clear")
    assert (flat.items[0].upstream, flat.misses) == (None, ())
    beside = check_production_viability([TOY], origins=["China"], network=gallium)
    assert beside.items[0].verdict == "clear"
    upstream = beside.items[0].upstream
    assert upstream.of == "node jp_gan_amp"
    (hidden,) = upstream.hidden
    assert (hidden.country, hidden.certainty, hidden.nodes, hidden.gaps) == (
        "CN",
        "possible",
        ("cn_gallium",),
        ("suppliers:jp_gallium/gallium_primary",),
    )
    assert "On the network 1 clear item has one of them upstream" in beside.headline
    assert beside.misses == (
        "Gallium-Nitride Amp: China alone stops it (cn_gallium), "
        "if suppliers:jp_gallium/gallium_primary turns out badly",
    )


CHAIN = [
    {"supplier": "mine", "consumer": "plant", "material": "ore"},
    {"supplier": "plant", "consumer": "motor", "material": "magnet"},
    {"supplier": "other", "consumer": "motor", "material": "wire"},
]
PLACES = {"mine": "CN", "plant": "JP", "motor": "US", "other": "RU", "second": "DE"}


def chain(*more, nodes=None, **tables):
    supplies = [*CHAIN, *more]
    ids = dict.fromkeys(end for row in supplies for end in (row["supplier"], row["consumer"]))
    places = PLACES | (nodes or {})
    rows = [
        {
            "id": i,
            "country": places[i],
            "upstream": "none" if i in ("mine", "other") else "recorded",
        }
        for i in ids
    ]
    return supplynet.from_frames(supplies, rows, **tables)


def hidden(net, row, **more):
    (item,) = check_production_viability([row], network=net, **{"origins": "CN", **more}).items
    return [(h.country, h.certainty, h.nodes) for h in item.upstream.hidden]


def test_a_certain_point_behind_a_clear_item():
    assert hidden(chain(), part("JP", 0.1, node="plant")) == [("CN", "certain", ("mine",))]


def test_a_second_supplier_leaves_the_country_upstream():
    second = {"supplier": "second", "consumer": "plant", "material": "ore"}
    assert hidden(chain(second), part("JP", 0.1, node="plant")) == [("CN", "upstream", ("mine",))]


def test_an_invented_link_is_assumed():
    rows = [{**CHAIN[0], "confidence": "illustrative"}, *CHAIN[1:]]
    nodes = [
        {"id": i, "country": PLACES[i], "upstream": "none" if i != "plant" else "recorded"}
        for i in ("mine", "plant", "motor", "other")
    ]
    net = supplynet.from_frames(rows, nodes)
    assert hidden(net, part("JP", 0.1, node="plant")) == [("CN", "assumed", ("mine",))]


def test_nothing_upstream_is_said_as_such():
    (item,) = check_production_viability(
        [part("RU", 0.1, node="other")], origins="CN", network=chain()
    ).items
    assert item.upstream.hidden == ()
    assert item.misses() == "none of the countries asked about is on record upstream of it"


def test_an_item_made_in_the_country_is_its_own():
    (item,) = check_production_viability(
        [part("CN", 0.1, node="mine")], origins="CN", network=chain()
    ).items
    assert (item.upstream.own, item.upstream.hidden) == (("CN",), ())
    assert "itself made in China" in item.misses()


def test_a_node_of_unknown_place_is_told():
    net = chain(nodes={"mine": None})
    (item,) = check_production_viability(
        [part("JP", 0.1, node="plant")], origins="CN", network=net
    ).items
    assert item.upstream.hidden == ()
    assert item.upstream.blind_spots == ("unit:mine",)
    assert "unit:mine" in item.misses()


def test_an_item_that_does_not_run_on_the_date():
    net = chain(nodes={}, network={"as_of": "2026-01-01"})
    net = supplynet.from_frames(
        [{**CHAIN[0], "end": "2025-01-01"}, *CHAIN[1:]], net.nodes, network={"as_of": "2026-01-01"}
    )
    (item,) = check_production_viability(
        [part("JP", 0.1, node="plant")], origins="CN", network=net
    ).items
    assert item.upstream.status == "already_stopped"
    assert "does not run on the date" in item.misses()
    earlier = check_production_viability(
        [part("JP", 0.1, node="plant")], origins="CN", network=net, on="2024-01-01"
    )
    assert earlier.items[0].upstream.hidden[0].certainty == "certain"


def test_items_are_found_by_name_whatever_the_case():
    net = supplynet.from_frames(
        CHAIN,
        [
            {"id": i, "name": f"The {i}", "country": PLACES[i], "upstream": "recorded"}
            for i in ("mine", "plant", "motor", "other")
        ],
    )
    for name in ("plant", "PLANT", "the plant", "The_Plant"):
        assert hidden(net, part("JP", 0.1, name=name)), name


def test_a_near_name_is_proposed_and_not_taken():
    found = check_production_viability([part("JP", name="plent")], origins="CN", network=chain())
    assert found.items[0].upstream is None
    assert "Did you mean 'plant'?" in str(found.findings[-1])
    assert found.misses == ("plent: not on the network: nothing is said of what is behind it",)


def test_an_ambiguous_name_is_not_taken():
    net = supplynet.from_frames(
        CHAIN, [{"id": i, "name": "Works", "country": PLACES[i]} for i in PLACES if i != "second"]
    )
    found = check_production_viability([part("JP", name="works")], origins="CN", network=net)
    assert found.items[0].upstream is None
    assert [f.level for f in found.findings] == ["warning"]


def test_a_part_bought_as_a_material_from_its_origin():
    second = {"supplier": "second", "consumer": "motor", "material": "magnet"}
    net = chain(second)
    row = part("JP", 0.1, name="magnet")
    (item,) = check_production_viability([row], origins="CN", network=net).items
    (found,) = item.upstream.hidden
    assert (found.country, found.certainty, found.gaps) == (
        "CN",
        "possible",
        ("suppliers:magnet/magnet",),
    )
    german = check_production_viability([part("DE", 0.1, name="magnet")], origins="CN", network=net)
    assert german.items[0].upstream.hidden == ()
    french = check_production_viability([part("FR", 0.1, name="magnet")], origins="CN", network=net)
    assert french.items[0].upstream is None
    assert "no supplier of 'magnet' in France" in str(french.findings[-1])


def test_the_network_is_not_changed():
    net = chain()
    before = net.digest
    check_production_viability([part("JP", 0.1, name="magnet")], origins="CN", network=net)
    check_production_viability(net, "motor", origins="CN")
    assert net.digest == before


# The needs of a target

MEASURE = {"id": "m", "authority": "CN", "kind": "ban", "materials": "ore", "destinations": "JP"}
PERIOD = {"measure": "m", "start": "2025-01-01", "status": "in_force", "restriction_index": 1}


def need(net, target="plant", name="ore", **more):
    found = check_production_viability(net, target, **{"origins": "CN", **more})
    (item,) = [item for item in found.items if item.name == name]
    return item


def regulated(measure=None, period=None, *, more=(), **tables):
    measures = [{**MEASURE, **(measure or {})}]
    periods = [{**PERIOD, **(period or {})}]
    network = {"as_of": "2026-01-01"}
    return chain(*more, measures=measures, periods=periods, network=network, **tables)


def test_a_need_blocks_by_the_measure_in_force():
    item = need(regulated())
    assert (item.verdict, item.origins, item.restriction_index) == ("blocks", ("CN",), 1)
    assert item.why == "mine: from China; index 1 is above 0.8 (m)"
    assert check_production_viability(regulated(), "plant", origins="CN").verdict == "stopped"


@pytest.mark.parametrize(
    ("measure", "period", "expected"),
    [
        ({}, {"restriction_index": "0.8"}, "clear"),
        ({}, {"restriction_index": None}, "unknown"),
        ({}, {"status": "unknown"}, "unknown"),
        ({}, {"status": "suspended"}, "unknown"),  # then no index is on record
        ({}, {"start": "2026-02-01"}, "unknown"),
        ({}, {"end": "2026-01-01"}, "unknown"),  # the end day is no longer in it
        ({"materials": "wire"}, {}, "unknown"),
        ({"authority": "US"}, {}, "unknown"),
        ({"authority": "US", "origins": "CN"}, {}, "blocks"),
        ({"destinations": "US"}, {}, "unknown"),
        ({"destinations": None}, {}, "blocks"),
        ({"end_uses": "defence"}, {}, "unknown"),  # the end use of the plant is blank
        ({"parties": "unread"}, {}, "unknown"),
        ({"reach": "content"}, {}, "unknown"),
        ({"reach": "territory;content"}, {}, "blocks"),
        ({"kind": "procurement_rule"}, {}, "unknown"),
    ],
)
def test_which_measures_count(measure, period, expected):
    assert need(regulated(measure, period)).verdict == expected


def test_the_hardest_measure_counts_and_an_open_one_does_not_clear():
    two = [MEASURE, {**MEASURE, "id": "n"}]

    def asked(first, second):
        periods = [
            {**PERIOD, "restriction_index": first},
            {**PERIOD, "measure": "n", "restriction_index": second},
        ]
        net = chain(measures=two, periods=periods, network={"as_of": "2026-01-01"})
        return need(net).verdict

    assert asked("0.1", "0.9") == "blocks"
    assert asked("0.1", "0.2") == "clear"
    assert asked("0.1", None) == "unknown"
    assert asked("0.9", None) == "blocks"


def test_one_clear_supplier_is_enough_and_an_open_list_is_not():
    second = {"supplier": "second", "consumer": "plant", "material": "ore"}
    german = {"id": "g", "authority": "DE", "materials": "ore"}
    periods = [PERIOD, {**PERIOD, "measure": "g", "restriction_index": "0.1"}]

    def asked(**more):
        return need(
            chain(
                {**second, **more.pop("second", {})},
                measures=[MEASURE, german],
                periods=periods,
                network={"as_of": "2026-01-01"},
                **more,
            )
        ).verdict

    assert asked() == "clear"
    assert asked(second={"confidence": "illustrative"}) == "unknown"
    assert asked(second={"qualified": "unknown"}) == "unknown"
    assert asked(second={"qualified": "no"}) == "blocks"
    row = {"consumer": "plant", "material": "ore", "suppliers": "partial"}
    assert asked(second={"qualified": "no"}, needs=[row]) == "unknown"


def test_a_need_shows_only_what_is_behind_itself():
    net = regulated()
    magnet = need(net, "motor", "magnet", origins=["CN", "RU"])
    wire = need(net, "motor", "wire", origins=["CN", "RU"])
    assert [h.country for h in magnet.upstream.hidden] == ["CN"]
    assert [h.country for h in wire.upstream.hidden] == ["RU"]


def test_needs_without_suppliers_not_modelled_and_not_recorded():
    rows = [
        {"consumer": "plant", "material": "acid", "suppliers": "complete"},
        {"consumer": "plant", "material": "gas", "suppliers": "not_modelled"},
        {"consumer": "plant", "material": "oil"},
    ]
    net = regulated(needs=rows)
    found = check_production_viability(net, "plant", origins="CN")
    assert {i.name: i.verdict for i in found.items} == {
        "acid": "blocks",
        "gas": "unknown",
        "oil": "unknown",
        "ore": "blocks",
    }
    assert need(net, name="acid").upstream.status == "already_stopped"
    # Each need is looked at alone: that there is no acid says nothing of the ore.
    assert need(net).upstream.status == "runs"
    bare = supplynet.from_frames(CHAIN)
    mine = check_production_viability(bare, "mine", origins="CN")
    assert (mine.verdict, [i.name for i in mine.items]) == ("unknown", ["(not recorded)"])


def test_alternatives_of_one_group_are_one_item():
    rows = [
        {"consumer": "motor", "material": "magnet", "group": "parts"},
        {"consumer": "motor", "material": "wire", "group": "parts"},
    ]
    net = chain(needs=rows)
    item = need(net, "motor", "parts", origins=["CN", "RU"])
    assert item.origins == ("JP", "RU")
    assert {h.certainty for h in item.upstream.hidden} == {"upstream"}


def test_a_misspelt_target_and_wrong_questions(gallium):
    with pytest.raises(UnknownNameError, match="spy6"):
        check_production_viability(gallium, "spy7", origins="CN")
    with pytest.raises(QuestionError):
        check_production_viability(gallium, origins="CN")
    with pytest.raises(QuestionError):
        check_production_viability([TOY], "spy6", origins="CN")
    with pytest.raises(QuestionError):
        check_production_viability(gallium, "spy6", origins="CN", network=gallium)


def test_every_shipped_target_can_be_asked():
    for name in ("gallium_germanium", "rare_earth_magnets", "worked_example", "recycling_loop"):
        net = supplynet.load_example(name)
        for target in net.meta.targets:
            found = check_production_viability(net, target, origins="CN")
            assert found.items, target
            assert found.verdict in ("viable", "stopped", "unknown")


def test_what_stands_behind_agrees_with_the_points_of_the_target(gallium):
    """A target with one need hangs on what that need hangs on."""
    for target in ("spy6", "jp_defence", "javelin"):
        (item,) = check_production_viability(gallium, target, origins="CN").items
        points = supplynet.single_points_of_failure(gallium, target, by="country", max_gaps=2)
        there = [(c.unit, c.certainty, c.gaps) for c in points.chokepoints if c.unit == "CN"]
        found = item.upstream.hidden
        assert [(h.country, h.certainty, h.gaps) for h in found if h.gaps] == there


# The answer


def test_the_answer_as_values(gallium):
    found = check_production_viability(
        [{**TOY, "pn": "7"}, part("", None, name="b")], origins="CN", network=gallium
    )
    told = json.loads(json.dumps(found.to_dict()))
    assert told["counts"] == {"blocks": 0, "clear": 1, "unknown": 1}
    assert told["items"][0]["restriction_index"] == 0.3
    assert told["items"][0]["other"] == {"pn": "7"}
    assert told["items"][0]["upstream"]["hidden"][0]["nodes"] == ["cn_gallium"]
    assert told["items"][1]["upstream"] is None
    frame = found.to_frame()
    assert list(frame["verdict"]) == ["clear", "unknown"]
    assert "cn_gallium" in frame["misses"][0]
    assert repr(found).startswith("<Viability unknown: ")
    assert "<table" in found._repr_html_()


def test_a_hostile_name_neither_drives_a_terminal_nor_html():
    found = check_production_viability(
        [part(name="<script>alert(1)</script>\x1b[2J")], origins="CN"
    )
    assert "<script>" not in found._repr_html_()
    assert "\x1b" not in repr(found)
