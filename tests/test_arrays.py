"""Networks in arrays: the same needs, gaps and units as need by need, and as strict as `load`."""

from __future__ import annotations

import csv
import dataclasses
import os
import random
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from strategies import ON, Seeded, build, describe, make_network

import supplynet
from supplynet import QuestionError, UnknownNameError, ValidationError, units
from supplynet.analysis import _kernel
from supplynet.analysis.reading import Reading
from supplynet.arrays import UPSTREAM, NetworkArrays, arrays_of_network, compiler, load_arrays
from supplynet.io import bulk, bulkrules, csvcolumns, csvtext
from supplynet.io.coded import Coded, Names, share_totals
from supplynet.units import compile_network, compile_units

SUPPLIES = [
    {"supplier": "a", "consumer": "b", "material": "ore", "share": "0.5"},
    {"supplier": "c", "consumer": "b", "material": "ore", "share": "0.5"},
]
HOSTILE = Path(__file__).parent / "hostile"
SCALE = 10 if os.environ.get("SUPPLYNET_CI") == "1" else 1
LEVELS = (0, 1)  # illustrative needs counted, and taken as met
BYS = ("node", "country", "operator", "stage", "site", "kind")


# What arrays say, and what `compile_network` says


def needs_of_arrays(found):
    rows = []
    for slot, vertex in enumerate(found.slot_vertex.tolist()):
        edges = range(found.edge_start[slot], found.edge_start[slot + 1])
        rows.append(
            (
                int(found.vertex_node[vertex]),
                found.labels[int(found.slot_label[slot])],
                int(found.slot_rank[slot]),
                bool(found.slot_assumed[slot]),
                sorted(
                    (int(found.vertex_node[found.source[e]]), int(found.edge_supply[e]))
                    for e in edges
                ),
            )
        )
    return sorted(rows)


def needs_of_compiled(compiled):
    node = compiled.vertex_node
    return sorted(
        (
            node[slot.vertex],
            slot.need,
            slot.rank,
            slot.assumed_complete,
            sorted((node[compiled.edge_source[e]], compiled.edge_supply[e]) for e in slot.edges),
        )
        for slot in compiled.slots
    )


def gap_ids(found):
    return sorted(found.gap_id(gap) for gap in range(len(found.gaps.kind)))


def runner(found, needs):
    """Return what tells which nodes run with some vertices and edges lost."""
    chain = _kernel.Chain(_kernel.Program(*(array.tolist() for array in needs[:6])))
    output = found.output.tolist()

    def runs(vertices=(), edges=()):
        running = chain.run(vertices, edges)[1]
        return [bool(running[vertex]) for vertex in output]

    return runs


def differences(found, net, on):
    """What arrays say otherwise than the network compiled need by need, one line each."""
    compiled = compile_network(net, on)
    if list(found.nodes) != list(compiled.nodes):
        return [f"nodes: {list(found.nodes)}, not {compiled.nodes}"]
    wrong = []

    def same(what, one, other):
        if one != other:
            wrong.append(f"{what}: {one}, not {other}")

    same("needs", needs_of_arrays(found), needs_of_compiled(compiled))
    same("gaps", gap_ids(found), [gap.id for gap in compiled.gaps])
    same("not modelled", sorted(found.not_modelled), sorted(compiled.not_modelled))
    same("supply ids", list(found.units("supply").names), list(compiled.supply_ids))
    gaps = {gap.id: gap for gap in compiled.gaps}
    for level in LEVELS:
        reading, needs = Reading(compiled, level), found.needs(level)
        place = {edge: i for i, edge in enumerate(needs.edge.tolist())}
        runs = runner(found, needs)
        kept = [slot for slot, rank in enumerate(found.slot_rank.tolist()) if rank >= level]
        same(f"slots of level {level}", needs.slot.tolist(), kept)

        def expected(*lost, reading=reading):
            running = reading.run(lost)
            return [bool(running[v]) for v in compiled.output]

        same(f"level {level}", runs(), expected())
        for by in BYS if "site" in found.columns else BYS[:-2]:
            lose, known = found.units(by), compile_units(net, compiled, by)
            same(f"units by {by}", sorted(lose.names), [unit.name for unit in known.units])
            same(f"unclear by {by}", lose.unclear.tolist(), sorted(known.unclear))
            for number, name in enumerate(lose.names):
                lost = np.flatnonzero(lose.code == number).tolist()
                what = f"level {level}, by {by}, {name} lost"
                same(what, runs(lost), expected(known.named(name)))
        edges_of = needs.edge.tolist(), found.edge_supply[needs.edge].tolist()
        for unit in compile_units(net, compiled, "supply").units:
            cut = [place[e] for e, s in zip(*edges_of, strict=True) if s == unit.supplies[0]]
            same(f"level {level}, {unit.name}", runs((), cut), expected(unit))
        for gap, kind in enumerate(found.gaps.kind.tolist()):
            first, last = found.gaps.edge_start[gap : gap + 2]
            cut = [place[e] for e in found.gaps.edge[first:last].tolist() if e in place]
            lost = [int(found.gaps.item[gap])] if kind == UPSTREAM else []
            name = found.gap_id(gap)
            same(f"level {level}, {name}", runs(lost, cut), expected(gaps[name]))
    return wrong


def check(found, net, on=None):
    wrong = differences(found, net, net.as_of if on is None else on)
    assert not wrong, "\n".join([*wrong, describe(net)])


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


def fast(path, on=None):
    """Read a network into arrays, and make sure that nobody had to look more closely."""

    def refuse(*_, **__):
        pytest.fail("the strict readers were asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "examine", refuse)
        patch.setattr(bulk, "_strict", refuse)
        return load_arrays(path, on=on)


def strictly(path):
    """Return the network that `load` makes of a path, or what it has against it."""
    try:
        return supplynet.load(path), None
    except ValidationError as error:
        return None, error.findings


def without_ids(folder):
    with (folder / "supplies.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    write(folder, supplies=[{k: v for k, v in row.items() if k != "id"} for row in rows])


def write(folder, **tables):
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            header = dict.fromkeys(key for row in rows for key in row)
            writer = csv.DictWriter(file, list(header), restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def as_parquet(folder, to):
    """Copy a folder, nodes and supplies as parquet."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    shutil.copytree(folder, to)
    for name in ("nodes", "supplies"):
        if (to / f"{name}.csv").exists():
            text = pandas.read_csv(to / f"{name}.csv", dtype=str, keep_default_na=False)
            text.mask(text == "").to_parquet(to / f"{name}.parquet", index=False)
            (to / f"{name}.csv").unlink()
    return to


# Random networks


@pytest.mark.parametrize("first", range(0, 200 * SCALE, 100))
def test_folders_say_what_the_network_says(first, tmp_path):
    for seed in range(first, first + 100):
        c = Seeded(seed)
        net, _ = build(c)
        folder = tmp_path / str(seed)
        supplynet.save(net, folder)
        if c.chance(50):
            without_ids(folder)
        if c.chance(10) and not (folder / "needs.csv").exists():
            (folder / "nodes.csv").unlink()
        on = c.pick((None, None, date(2025, 3, 1))) if net.as_of else None
        again, findings = strictly(folder)
        if again is None:
            with pytest.raises(ValidationError) as caught:
                load_arrays(folder)
            assert caught.value.findings == findings, describe(net)
            continue
        check(fast(folder, on), again, on)
        check(arrays_of_network(again, on or again.as_of), again, on)


@pytest.mark.parametrize("first", range(1_000, 1_000 + 40 * SCALE, 40))
def test_parquet_says_what_the_network_says(first, tmp_path):
    for seed in range(first, first + 40):
        net, _ = build(Seeded(seed))
        supplynet.save(net, tmp_path / f"{seed}")
        again, findings = strictly(tmp_path / f"{seed}")
        folder = as_parquet(tmp_path / f"{seed}", tmp_path / f"{seed}p")
        if again is None:
            with pytest.raises(ValidationError) as caught:
                load_arrays(folder)
            # Rows of parquet have no lines.
            assert {f.what for f in caught.value.findings} == {f.what for f in findings}
            continue
        check(fast(folder), again)


@pytest.mark.parametrize("seed", range(2_000, 2_000 + 40 * SCALE))
def test_nothing_hangs_on_blocks_quotes_and_the_width_of_integers(seed, tmp_path, monkeypatch):
    net, _ = build(Seeded(seed))
    supplynet.save(net, tmp_path / "n")
    again, findings = strictly(tmp_path / "n")
    if again is None:
        assert findings
        return
    if seed % 2:
        file = tmp_path / "n" / "supplies.csv"
        lines = file.read_text(encoding="utf-8").splitlines()
        header = [f'"{cell}"' for cell in lines[0].split(",")]
        file.write_text("\n".join([",".join(header), *lines[1:]]), encoding="utf-8")
    monkeypatch.setattr(csvcolumns, "_BLOCK", 1 + seed % 90)
    monkeypatch.setattr(csvcolumns, "_BATCH_ROWS", 1 + seed % 3)
    monkeypatch.setattr(compiler, "_SORTABLE_BITS", 1)
    monkeypatch.setattr(bulkrules, "_KEY_BITS", 1)
    check(fast(tmp_path / "n"), again)


def test_the_arrays_take_few_bytes():
    supplies = [
        {"supplier": f"n{i // 2:07}", "consumer": f"n{i % 977 + 1000:07}", "material": f"m{i % 7}"}
        for i in range(6_000)
    ]
    found = arrays_of_network(make_network(supplies=supplies), ON)
    kept = found.nbytes
    assert kept == pytest.approx(len(found.source) * 8 + len(found.slot_rank) * 10, rel=1.5)
    assert found.source.dtype == found.edge_supply.dtype == found.slot_start.dtype == np.int32
    assert found.stopped.dtype == np.uint8
    assert not found.idle_rows


@pytest.mark.parametrize("first", range(0, 400 * SCALE, 400))
def test_large_networks_compile_to_the_same_as_small_ones(first):
    """Column by column or need by need: the same vertices, needs, edges and gaps, in one order."""
    seen = 0
    for seed in range(first, first + 400):
        c = Seeded(seed)
        net, _ = build(c)
        on = c.pick((net.as_of, date(2025, 3, 1)))
        if not units._is_plain(net):
            continue
        seen += 1
        one = units._Compiler(net, on, None).compile()
        other = units._compile_columns(net, on)
        for field in dataclasses.fields(one):
            expected, found = getattr(one, field.name), getattr(other, field.name)
            if field.name == "slots":
                assert list(reversed(found)) == list(expected[::-1])
                assert [found[i] for i in range(-len(found), 0)] == list(expected)
                found = found[:]
            assert found == expected, f"{field.name} of\n{describe(net)}"
    assert seen > 200


def test_of_two_needs_of_one_name_the_one_with_rows_comes_first():
    rows = [("a", "ore"), ("c", "ore"), ("c", "scrap"), ("a", "coal")]
    net = make_network(
        supplies=[{"supplier": s, "consumer": "b", "material": m} for s, m in rows],
        needs=[{"consumer": "b", "material": "ore", "group": "scrap"}],
    )
    one = units._Compiler(net, ON, None).compile()
    other = units._compile_columns(net, ON)
    assert [(s.need, len(s.edges)) for s in one.slots] == [("coal", 1), ("scrap", 2), ("scrap", 1)]
    assert list(other.slots) == list(one.slots)
    assert other.edge_supply == one.edge_supply


def test_large_networks_are_read_into_the_same_program(monkeypatch):
    """Numpy arrays for compiled kernels, the same numbers as the lists, with coverage or not."""
    if not _kernel.available():
        pytest.skip("needs numba")
    for seed in range(60):
        net, target = build(Seeded(seed))
        for coverage in (None, Decimal("0.6")):
            monkeypatch.setattr(units, "_LARGE", (-1, 20_000)[seed % 2])
            try:
                compiled = compile_network(net, net.as_of, coverage)
            except QuestionError:
                continue
            for level, end in ((0, None), (1, None), (0, target), (1, target)):
                plain = Reading(compiled, level, end)
                with monkeypatch.context() as patch:
                    patch.setattr(_kernel, "LARGE", -1)
                    fast = Reading(compiled, level, end)
                assert fast.program.fast
                assert not plain.program.fast
                assert [array.tolist() for array in fast.program] == list(plain.program)
                assert (list(fast.vertices), fast.edges) == (list(plain.vertices), plain.edges)
                assert (fast.edge_number, fast.target) == (plain.edge_number, plain.target)
                gaps = [gap for gap in compiled.gaps if fast.reaches(gap)]
                assert [bool(r) for r in fast.run(gaps)] == [bool(r) for r in plain.run(gaps)]
                assert fast.not_running() == plain.not_running()
                assert fast.illustrative == plain.illustrative
                assert fast.assumed_complete == plain.assumed_complete


@pytest.mark.parametrize("by", ["node", "country", "supply"])
def test_answers_do_not_change_with_the_size_of_the_network(by, monkeypatch):
    """Compiled by columns and searched on arrays, as large networks are."""
    if not _kernel.available():
        pytest.skip("needs numba")
    for seed in range(100, 100 + 15 * SCALE):
        net, target = build(Seeded(seed))
        again = supplynet.SupplyNetwork(net.tables, net.meta)
        lost = [u.name for u in compile_units(net, compile_network(net, net.as_of), "node").units][
            :1
        ]
        small = [
            supplynet.minimal_cut_sets(net, target, by=by).to_dict(),
            supplynet.single_points_of_failure(net, target, by=by).to_dict(),
            supplynet.lose(net, [target], lost).to_dict(),
        ]
        with monkeypatch.context() as patch:
            patch.setattr(_kernel, "LARGE", -1)
            patch.setattr(units, "_LARGE", -1)
            large = [
                supplynet.minimal_cut_sets(again, target, by=by).to_dict(),
                supplynet.single_points_of_failure(again, target, by=by).to_dict(),
                supplynet.lose(again, [target], lost).to_dict(),
            ]
        for one, other in zip(small, large, strict=True):
            one.pop("method", None)
            other.pop("method", None)
            assert other == one, describe(net)


def test_large_networks_are_compiled_by_columns_where_these_are_the_same(monkeypatch):
    monkeypatch.setattr(units, "_LARGE", 0)
    for name, made in (("_compile_columns", "columns"), ("_Compiler", "needs")):
        monkeypatch.setattr(
            units, name, lambda *_, made=made: SimpleNamespace(compile=lambda: made)
        )
    plain = make_network(supplies=SUPPLIES)
    products = make_network(
        supplies=SUPPLIES, needs=[{"consumer": "b", "material": "ore", "product": "x"}]
    )
    unnamed = make_network(supplies=[{**SUPPLIES[0], "material": "unnamed material"}])
    assert compile_network(plain, ON).compile() == "columns"
    assert compile_network(plain, ON, Decimal("0.9")) == "needs"
    assert compile_network(products, ON) == compile_network(unnamed, ON) == "needs"


# As strict as `load`

BAD_CELLS = (
    "", " ", "?", "yes", "no", "unknown", "planned", "closed", "illustrative", "0.5", "0.7", "1.5",
    "60%", "-1", "1e400", "nan", "2025-01-01", "2026-13-01", "2026-06", "01/02/2026", "n0", "N0",
    " n0", "n0 ", "n9", "CN", "China", "EU", "NA", "'=1", "=1", "a", "A", "a\tb", "a;b", "naïve",
    "a\nb", 'a"b', "n1>n2:a", "unnamed material", "#2", "o1", "n\u200b1",
)  # fmt: skip
MORE_COLUMNS = (
    "share", "share_low", "share_high", "start", "end", "status", "qualified", "confidence", "id",
    "volume", "lead_time_days", "references", "Type", "weight", "percent", "from", "note",
)  # fmt: skip
MORE_OF_NODES = (
    "capacity", "capacity_low", "latitude", "makes", "upstream", "can_fail", "references", "owner",
    "start", "end", "end_use", "group",
)  # fmt: skip


def spoil(chance, folder):
    """Change a few cells, columns or bytes of a folder."""
    for _ in range(chance.choice((1, 1, 1, 2))):
        name = chance.choice(("nodes", "supplies", "supplies"))
        file = folder / f"{name}.csv"
        with file.open(encoding="utf-8", newline="") as read:
            rows = list(csv.reader(read))
        change = chance.randrange(12)
        if change < 7:
            row = chance.choice([row for row in rows[1:] if row] or rows[:1])
            row[chance.randrange(len(row))] = chance.choice(BAD_CELLS)
        elif change < 9:
            rows[0].append(chance.choice(MORE_OF_NODES if name == "nodes" else MORE_COLUMNS))
            for row in rows[1:]:
                row.append(chance.choice(("", "", "0.5", "1", "2025-01-01", "undirected", "no")))
        elif change == 9:
            rows.append(list(chance.choice(rows)))
        elif change == 10:
            rows.insert(chance.randrange(len(rows) + 1), chance.choice(([], ["", ""], ["a"])))
        else:
            chance.choice(rows).append("")
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator=chance.choice(("\n", "\r\n"))).writerows(rows)


@pytest.mark.parametrize("first", range(0, 300 * SCALE, 100))
def test_spoilt_tables_are_read_or_refused_as_by_load(first, tmp_path):
    refused = 0
    for seed in range(first, first + 100):
        chance = random.Random(seed)  # noqa: S311 - the same tables for the same seed
        net, _ = build(Seeded(seed))
        folder = tmp_path / str(seed)
        supplynet.save(net, folder)
        spoil(chance, folder)
        expected, findings = strictly(folder)
        if expected is not None:
            try:
                found = load_arrays(folder)
            except QuestionError:
                assert expected.as_of is None
                continue
            check(found, expected)
        else:
            refused += 1
            with pytest.raises(ValidationError) as caught:
                load_arrays(folder)
            assert caught.value.findings == findings
    assert 20 < refused < 98


@pytest.mark.parametrize("name", sorted(file.name for file in HOSTILE.glob("*.csv")))
def test_hostile_files(name, tmp_path):
    alone = HOSTILE / name
    shutil.copy(alone, tmp_path / "supplies.csv")
    for path in (alone, tmp_path) if alone.stat().st_size < 100_000 else (alone,):
        expected, findings = strictly(path)
        if expected is None:
            with pytest.raises(ValidationError) as caught:
                load_arrays(path)
            assert caught.value.findings == findings
        elif len(expected.table("supplies")) < 3_000:
            check(load_arrays(path, on=ON), expected, ON)
        else:
            found = load_arrays(path, on=ON)
            assert needs_of_arrays(found) == needs_of_compiled(compile_network(expected, ON))


@pytest.mark.parametrize(
    ("tables", "what"),
    [
        ({"supplies": [*SUPPLIES, {"supplier": "d", "consumer": "b", "material": "ore",
                                   "share": "0.0000000000000000000001"}]}, "sum to 1."),
        ({"supplies": [{**row, "start": "2026-01-01", "end": "2025-01-01"} for row in SUPPLIES]},
         "is not after start"),
        ({"supplies": [{**row, "share_low": "0.6"} for row in SUPPLIES]}, "above share"),
        ({"supplies": [{**row, "id": "x"} for row in SUPPLIES]}, "already used"),
        ({"supplies": [{**row, "id": f"{' ' * i}x"} for i, row in enumerate(SUPPLIES)]},
         "already used"),
        ({"supplies": [{**row, "Type": "Undirected"} for row in SUPPLIES]}, "who supplies whom"),
        ({"supplies": [{**row, "volume": "-1"} for row in SUPPLIES]}, "must be 0 or more"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n} for n in "ab"]}, "no node 'c'"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n} for n in "abcA"]}, "differ only in case"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n} for n in ("a", "b", "c", "a b", "ab")]},
         "differ only in case"),
        ({"supplies": [*SUPPLIES, {**SUPPLIES[0], "material": "Ore"}]}, "differ only in case"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n} for n in "abca"]}, "already used"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n, "operator": "o"} for n in "abc"],
          "entities": [{"id": "p"}]}, "no entity 'o'"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n, "references": "r"} for n in "abc"],
          "references": [{"id": "q"}]}, "no reference 'r'"),
        ({"supplies": [{**row, "references": "r"} for row in SUPPLIES],
          "references": [{"id": "q"}]}, "no reference 'r'"),
        ({"supplies": SUPPLIES, "nodes": [{"id": n, "capacity_low": "2", "capacity": "1"}
                                          for n in "abc"]}, "above capacity"),
        ({"supplies": SUPPLIES, "needs": [{"consumer": "b", "material": "ore", "product": "x"}]},
         "is not made by"),
        ({"supplies": SUPPLIES, "needs": [{"consumer": "z", "material": "ore"}]}, "no node 'z'"),
        ({"supplies": SUPPLIES, "holdings": [{"owner": "o", "asset": "a", "share": "2"}]},
         "share is 2"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_in_the_words_of_load(tables, what, tmp_path):
    folder = write(tmp_path / "n", **tables)
    _, findings = strictly(folder)
    assert any(what in finding.what for finding in findings or ()), findings
    with pytest.raises(ValidationError) as caught:
        load_arrays(folder)
    assert caught.value.findings == findings
    if "nodes" in tables or "id" not in tables["supplies"][0]:
        with pytest.raises(ValidationError) as caught:
            load_arrays(as_parquet(folder, tmp_path / "p"))
        assert any(what in finding.what for finding in caught.value.findings)


def test_rows_without_a_text_are_no_rows(tmp_path):
    text = "supplier,consumer,material\n,,\na,b,ore\n\n , ,\t\n   \nc,b,ore\n,,"
    (tmp_path / "supplies.csv").write_text(text)
    check(fast(tmp_path), supplynet.load(tmp_path))
    (tmp_path / "supplies.csv").write_text(f'{text}\n"d",b,ore\n')
    check(fast(tmp_path), supplynet.load(tmp_path))


def test_an_id_that_looks_guarded_is_not_taken_for_the_guarded_text(tmp_path):
    nodes = [{"id": "''=x"}, {"id": "b"}]
    folder = write(tmp_path, supplies=[{"supplier": "''=x", "consumer": "b"}], nodes=nodes)
    assert list(load_arrays(folder).nodes) == ["'=x", "b"]
    write(tmp_path, supplies=[{"supplier": "'=x", "consumer": "b"}])
    with pytest.raises(ValidationError, match="no node '=x'"):
        load_arrays(folder)


def test_files_that_load_does_not_take_are_read_unless_they_are_in_doubt(tmp_path, monkeypatch):
    monkeypatch.setattr(csvtext, "MAX_BYTES", 50)
    folder = write(tmp_path, supplies=SUPPLIES)
    with pytest.raises(ValidationError, match="larger than"):
        supplynet.load(folder)
    assert fast(folder).supply_rows == 2
    write(folder, supplies=[*SUPPLIES, {"supplier": "a"}])
    with pytest.raises(
        ValidationError, match=r"supplies\.csv: a cell or row is not as it should be"
    ):
        load_arrays(folder)


def test_targets_that_are_no_nodes_are_refused(tmp_path):
    folder = write(tmp_path, supplies=SUPPLIES)
    (folder / "network.toml").write_text('targets = ["z"]\n')
    with pytest.raises(ValidationError, match="target 'z' is no node"):
        load_arrays(folder)


def test_shares_that_were_replaced_do_not_count_twice(tmp_path):
    rows = [
        {"supplier": s, "consumer": "b", "material": "ore", "share": "0.8", "start": a, "end": b}
        for s, a, b in (("a", "", "2025-01-01"), ("c", "2025-01-01", ""))
    ]
    found = fast(write(tmp_path, supplies=rows), on="2026-01-01")
    assert gap_ids(found) == ["suppliers:b/ore", "upstream:a", "upstream:c"]
    assert found.edge_supply.tolist() == [1, -1]


# Dates, names, units


def test_a_date_is_asked_for_where_rows_are_dated(tmp_path):
    folder = write(tmp_path, supplies=[{**SUPPLIES[0]}, {**SUPPLIES[1], "end": "2025-01-01"}])
    with pytest.raises(QuestionError, match=r"rows are dated .supplies row 2: end 2025-01-01"):
        load_arrays(folder)
    assert load_arrays(folder, on="2026-01-01").on == date(2026, 1, 1)
    with pytest.raises(QuestionError, match="is no date"):
        load_arrays(folder, on="June")
    (folder / "network.toml").write_text("as_of = 2024-01-01\n")
    assert load_arrays(folder).edge_supply.tolist() == [0, 1]
    assert load_arrays(folder, on="2026-01-01").edge_supply.tolist() == [0, -1]


def test_supplies_of_the_same_three_have_the_ids_that_load_gives_them(tmp_path):
    rows = [
        {**SUPPLIES[0], "start": "2025-01-01", "note": "z"},
        {**SUPPLIES[1], "note": "=1"},
        {**SUPPLIES[0], "start": "2024-01-01", "end": "2025-01-01", "note": 'a "b"'},
        {**SUPPLIES[0], "start": "2023-01-01", "end": "2024-01-01", "note": ""},
    ]
    folder = write(tmp_path / "n", supplies=rows)
    ids = list(fast(folder, ON).units("supply").names)
    assert ids == ["a>b:ore#3", "c>b:ore", "a>b:ore#2", "a>b:ore"]
    assert ids == supplynet.load(folder).table("supplies").column("id")
    assert list(fast(as_parquet(folder, tmp_path / "p"), ON).units("supply").names) == ids
    numbered = write(tmp_path / "m", supplies=[*rows, {**SUPPLIES[0], "material": "ore#2"}])
    assert list(load_arrays(numbered, on=ON).units("supply").names) == (
        supplynet.load(numbered).table("supplies").column("id")
    )


def test_some_ids_given_and_some_not(tmp_path):
    rows = [{**SUPPLIES[0], "id": ""}, {**SUPPLIES[1], "id": "x"}]
    assert list(load_arrays(write(tmp_path, supplies=rows)).units("supply").names) == [
        "a>b:ore",
        "x",
    ]


def test_typed_columns_of_parquet_are_read_as_their_texts(tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    supplies = {
        "supplier": [1, 3, 5],
        "consumer": [2, 2, 2],
        "material": pandas.Categorical(["ore", "ore", None], categories=["ore", "unused", "ORE x"]),
        "share": [0.1, 0.2, None],
        "start": [date(2025, 1, 1), None, None],
        "end": pandas.to_datetime(["2026-01-01", None, None]),
        "volume": [1.5, float("nan"), 0.0],
        "qualified": [True, False, True],
    }
    frame = pandas.DataFrame(supplies)
    frame.to_parquet(tmp_path / "supplies.parquet", index=False)
    found = fast(tmp_path, ON)
    net = supplynet.from_frames(frame)
    check(found, net, ON)
    check(fast(tmp_path / "supplies.parquet", ON), net, ON)
    assert list(found.nodes) == ["1", "2", "3", "5"]
    for column, value, what in (
        ("volume", -1.0, "volume is -1"),
        ("volume", float("inf"), "volume is 'inf'"),
        ("volume", 1e-40, "volume is"),
        ("share", 1.5, "must be 0-1"),
        ("qualified", "perhaps", "qualified is 'perhaps'"),
        ("note", "a\0b", "no file can hold"),
        ("note", ["a;b"], "note"),
    ):
        wrong = frame.astype({"qualified": object}) if column == "qualified" else frame.copy()
        if column == "qualified":
            wrong[column] = ["yes", "no", value]
        else:
            wrong[column] = [value, value, value] if column == "note" else [value, None, None]
        wrong.to_parquet(tmp_path / "supplies.parquet", index=False)
        if isinstance(value, list):
            assert load_arrays(tmp_path, on=ON).supply_rows == 3
            continue
        with pytest.raises(ValidationError) as caught:
            load_arrays(tmp_path, on=ON)
        assert what in str(caught.value)


def test_one_table_in_two_files_and_files_that_are_no_parquet(tmp_path):
    pytest.importorskip("pyarrow")
    folder = write(tmp_path / "n", supplies=SUPPLIES)
    (folder / "supplies.parquet").write_bytes(b"PAR1 or not")
    with pytest.raises(ValidationError, match=r"are the same table\. Delete or rename one"):
        load_arrays(folder)
    (folder / "supplies.csv").unlink()
    with pytest.raises(ValidationError, match=r"supplies\.parquet: cannot be read as parquet"):
        load_arrays(folder)
    many = [{"supplier": f"s{i}", "consumer": f"c{i}"} for i in range(5_000)]
    file = as_parquet(write(tmp_path / "m", supplies=many), tmp_path / "p") / "supplies.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:200] + b"x" * 3_800 + content[4_000:])
    with pytest.raises(ValidationError, match=r"supplies\.parquet: cannot be read as parquet"):
        load_arrays(tmp_path / "p")
    with pytest.raises(ValidationError, match="no such file or folder"):
        load_arrays(tmp_path / "nowhere")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "supplies.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValidationError, match=r"pip install 'supplynet\[parquet\]'"):
        load_arrays(tmp_path)


def test_whatever_load_reads(tmp_path):
    net, _ = build(Seeded(3))
    supplynet.save(net, tmp_path / "n.json")
    check(load_arrays(tmp_path / "n.json"), supplynet.load(tmp_path / "n.json"))


def test_units_that_arrays_do_not_hold(tmp_path):
    tables = {"supplies": SUPPLIES, "nodes": [{"id": n, "grade": n.upper()} for n in "abc"]}
    found = fast(write(tmp_path / "n", **tables))
    assert sorted(found.units("grade").names) == ["A", "B", "C"]
    assert list(found.units("material").names) == ["ore"]
    assert found.units("material").code.tolist() == [0, 0]
    assert found.units("stage").unclear.tolist() == [0, 1, 2]
    assert found.vertex_of("c") == 2
    with pytest.raises(UnknownNameError, match="no node 'd'"):
        found.vertex_of("d")
    with pytest.raises(QuestionError, match="nothing can be lost by 'colour'"):
        found.units("colour")
    for by in ("owner", "controller"):
        with pytest.raises(QuestionError, match="Use load"):
            found.units(by)
    elements = [{"id": "ore", "contains": "dy"}]
    found = fast(write(tmp_path / "e", **tables, materials=elements))
    with pytest.raises(QuestionError, match="Use load"):
        found.units("material")
    assert isinstance(found, NetworkArrays)


def test_names():
    names = Names(["", "a\nb", "naïve", "a"])
    assert list(names) == ["", "a\nb", "naïve", "a"]
    assert (names[-1], names[1:3], len(names)) == ("a", ["a\nb", "naïve"], 4)
    assert (names.index("a"), names.index("naïve")) == (3, 2)
    assert "b" not in names
    with pytest.raises(IndexError):
        names[4]
    assert list(Names([])) == []


def test_sums_of_shares_are_exact():
    def signs(*groups):
        shares = [Decimal(text) for group in groups for text in group.split()]
        of = [i for i, group in enumerate(groups) for _ in group.split()]
        column = Coded(np.arange(len(shares), dtype=np.int32), shares)
        return share_totals(np.array(of), len(groups), column).tolist()

    assert signs("0.1 " * 10, "0.3 0.3 0.4", "0.3 0.3 0.3", "0.5 0.6") == [0, 0, -1, 1]
    third = "0.333333333333333333"
    assert signs(f"{third} {third} {third}", f"{third} {third} 0.333333333333333334") == [-1, 0]
    assert signs(f"{third} {third} 0.333333333333333335") == [1]
    tiny = f"0.{'0' * 25}1"
    assert signs(f"0.5 0.5 {tiny}", f"0.5 0.4{'9' * 25}") == [1, -1]
    many = ["0.000001"] * 1_000_000
    code = np.zeros(len(many), dtype=np.int32)
    for value, sign in (("0.000001", 0), ("0.0000010000001", 1), ("0.0000009999999", -1)):
        found = share_totals(np.zeros(len(many), int), 1, Coded(code, [Decimal(value)]))
        assert found.tolist() == [sign]
