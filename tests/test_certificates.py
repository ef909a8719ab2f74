"""Certificates hold for whatever the engine finds, and no altered one passes."""

from __future__ import annotations

import ast
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import jsonschema
import oracles
import pytest
from strategies import BYS, ON, Seeded, build, describe, make_network, with_rows
from test_oracle import COVERAGES, SHARED

import supplynet
from supplynet import certificates, minimal_cut_sets, verify
from supplynet.analysis import _kernel, checker, proofs, recorded
from supplynet.analysis.certificates import certificates_of
from supplynet.analysis.checker import verify_all
from supplynet.analysis.proofs import Certificates, Met, Run, Started, Stopped
from supplynet.cli import main
from supplynet.errors import QuestionError, UnknownNameError

SHIPPED = sorted(supplynet.examples())
SEEDS = range(200_000, 201_800)


def drawn(seeds=SEEDS):
    for seed in seeds:
        c = Seeded(seed)
        net, target = build(c)
        yield seed, net, target, c.pick(BYS)


def reasons(net, given):
    """Return why certificates are refused; they must be."""
    verdict = verify(net, given)
    assert not verdict.verified
    assert verdict.reasons
    return " | ".join(verdict.reasons)


# Whatever the engine finds


def test_all_that_the_engine_finds_on_random_networks_is_verified():
    counted = {"certain": 0, "assumed": 0, "possible": 0}
    by_seen = set()
    for seed, net, target, by in drawn():
        found = minimal_cut_sets(net, target, by=by, max_order=3, max_gaps=2)
        for made, verdict in zip(
            proofs := certificates_of(net, found), verify_all(net, proofs), strict=True
        ):
            assert verdict.verified, (seed, by, str(verdict), describe(net))
            counted[made.certainty] += 1
            by_seen.add(by)
        expected = [(s, ()) for s in found.cut_sets] + [(p.units, p.gaps) for p in found.possible]
        assert [(p.units, p.gaps) for p in proofs] == expected
        assumed = {p.units for p in proofs if p.certainty == "assumed"}
        assert assumed == set(found.assumed), (seed, by)
    assert by_seen == set(BYS)
    assert min(counted.values()) > 60, counted


@pytest.mark.parametrize("by", ["node", "country", "controller"])
@pytest.mark.parametrize("name", SHIPPED)
def test_all_cut_sets_of_shipped_networks_are_verified(name, by):
    net = supplynet.load_example(name)
    for target in net.meta.targets:
        found = minimal_cut_sets(net, target, by=by, max_order=2, max_gaps=1)
        for verdict in verify_all(net, certificates_of(net, found)):
            assert verdict.verified, (target, str(verdict))
            assert bool(verdict.rests_on) == (by == "controller")


def test_the_checker_knows_nothing_of_the_engine():
    parts = {module.__name__: module for module in (checker, proofs, recorded)}
    for module in parts.values():
        tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        used = {
            name
            for part in ast.walk(tree)
            for name in (
                [part.module or ""]
                if isinstance(part, ast.ImportFrom)
                else [alias.name for alias in part.names]
                if isinstance(part, ast.Import)
                else []
            )
            if name.startswith("supplynet")
        }
        assert used <= {*parts, "supplynet.model", "supplynet.ownership"}, module


# What stands in them


def test_a_stop_names_one_need_of_each_and_a_run_only_what_is_used():
    net = supplynet.load_example("worked_example")
    found = certificates(net, "missile", "cofe")
    assert [(s.node, s.why, s.need) for s in found.stop] == [
        ("missile", "need", "magnet"),
        ("magnet_1", "need", "cobalt_iron"),
        ("magnet_2", "need", "cobalt_iron"),
        ("cofe", "lost", ""),
    ]
    assert found.stop[0].supplies == ("magnet_1>missile:magnet", "magnet_2>missile:magnet")
    assert found.stop[-1].of == "cofe"
    (run,) = found.runs
    assert run.kept == "cofe"
    # One chain of two: nothing of the second ones.
    assert [s.node[:5] for s in run.order if s.node != "cofe"] == [
        "mine_", "sep_a", "metal", "magne", "missi",
    ]  # fmt: skip
    assert run.order[-1].met == (Met("magnet", ("magnet_1>missile:magnet",)),)
    assert (found.certainty, found.illustrative, found.gaps) == ("certain", False, ())


def test_a_loop_is_down_with_what_feeds_it_and_starts_from_outside():
    net = supplynet.load_example("recycling_loop")
    found = certificates(net, "missile", "mine")
    assert [s.node for s in found.stop] == ["missile", "magnet", "sep", "mine", "recycler"]
    assert [s.node for s in found.runs[0].order] == ["mine", "sep", "magnet", "missile"]
    # The loop alone is closed under the rule of failure but for the mine; and never starts.
    alone = replace(found, stop=tuple(s for s in found.stop if s.node != "mine"))
    assert "comes from mine, which is not among what is down" in reasons(net, alone)
    supplies = {s.need: s for s in found.runs[0].order[1].met}
    assert supplies["feed"].supplies == ("mine>sep:concentrate",)
    loop = tuple(
        replace(s, met=(Met("feed", ("recycler>sep:recycled_oxide",)),)) if s.node == "sep" else s
        for s in found.runs[0].order
    )
    assert "recycler, which does not stand before it" in reasons(
        net, replace(found, runs=(Run("mine", loop),))
    )


def pair_network():
    """Two suppliers of one need, one of them doubtful, and a need that is only illustrative."""
    return make_network(
        nodes=[
            {"id": n, "upstream": "none", "country": c}
            for n, c in (("a", "CN"), ("b", "JP"), ("c", None), ("t", "US"))
        ],
        supplies=[
            {"id": "a>t", "supplier": "a", "consumer": "t", "material": "x"},
            {
                "id": "b>t",
                "supplier": "b",
                "consumer": "t",
                "material": "x",
                "qualified": "unknown",
            },
            {
                "id": "c>t",
                "supplier": "c",
                "consumer": "t",
                "material": "y",
                "confidence": "illustrative",
            },
        ],
    )


def test_a_possible_pair_needs_its_gap_and_an_assumed_set_its_illustrative_need():
    net = pair_network()
    pair = certificates(net, "t", "a", gaps="supply:b>t")
    assert (pair.certainty, pair.members) == ("possible", ("a", "supply:b>t"))
    assert pair.stop[0].supplies == ("a>t", "b>t")
    assert pair.stop[0].blocked == ("b>t",)
    assert [r.kept for r in pair.runs] == ["a", "supply:b>t"]
    assert verify(net, pair).verified

    assumed = certificates(net, "t", ["c"])
    assert (assumed.certainty, assumed.illustrative) == ("assumed", True)
    assert [r.kept for r in assumed.runs] == ["c", None]
    assert verify(net, assumed).verified
    assert "no run shows that it rests on illustrative needs" in reasons(
        net, replace(assumed, runs=assumed.runs[:1])
    )
    assert "an assumed finding uses illustrative needs" in reasons(
        net, replace(assumed, illustrative=False)
    )
    sure = replace(assumed, certainty="certain")
    assert "a certain finding uses no illustrative need" in reasons(net, sure)
    assert "it has no need of y that counts" in reasons(net, replace(sure, illustrative=False))

    by_country = certificates(net, "t", "CN", by="country", gaps=["supply:b>t"])
    assert verify(net, by_country).verified


def test_already_stopped_is_the_empty_set():
    net = make_network(
        nodes=[{"id": "m", "status": "closed"}, {"id": "t"}],
        supplies=[{"id": "m>t", "supplier": "m", "consumer": "t", "material": "x"}],
    )
    found = certificates(net, "t")
    assert (found.members, found.certainty, found.runs) == ((), "certain", ())
    assert [(s.node, s.why) for s in found.stop] == [("t", "need"), ("m", "idle")]
    assert str(verify(net, found)) == "nothing: verified"
    open_now = certificates(net, "t", ())
    assert open_now == found


def product_network():
    """A plant whose two products each have a need of their own; the target takes either."""
    return make_network(
        nodes=[
            *({"id": n, "upstream": "none"} for n in ("a", "b", "u")),
            {"id": "plant", "makes": ("p", "q")},
            {"id": "t"},
        ],
        supplies=[
            {"id": "a>plant", "supplier": "a", "consumer": "plant", "material": "x"},
            {"id": "b>plant", "supplier": "b", "consumer": "plant", "material": "y"},
            {"id": "u>plant", "supplier": "u", "consumer": "plant", "material": "z"},
            {"id": "plant>t", "supplier": "plant", "consumer": "t", "material": None},
        ],
        needs=[
            {"consumer": "plant", "material": "x", "product": "p"},
            {"consumer": "plant", "material": "y", "product": "q"},
        ],
    )


def test_products_and_the_line_they_are_made_on():
    net = product_network()
    both = certificates(net, "t", ["a", "b"])
    assert [(s.place, s.why, s.need) for s in both.stop] == [
        (("t", None, False), "need", "unnamed material"),
        (("plant", None, True), "products", ""),
        (("plant", "p", False), "need", "x/p"),
        (("plant", "q", False), "need", "y/q"),
        (("a", None, False), "lost", ""),
        (("b", None, False), "lost", ""),
    ]
    assert verify(net, both).verified
    line = certificates(net, "t", "u")
    assert [(s.place, s.need) for s in line.stop][1] == (("plant", None, False), "z")
    assert verify(net, line).verified
    assert [s.place[1:] for s in line.runs[0].order if s.node == "plant"] == [
        (None, False), ("p", False), (None, True),
    ]  # fmt: skip
    without_q = replace(both, stop=tuple(s for s in both.stop if s.product != "q"))
    assert "all that plant makes is not shown to stop: its product q" in reasons(net, without_q)
    early = tuple(s for s in line.runs[0].order if s.place != ("plant", None, False))
    assert "plant does not run before it" in reasons(net, replace(line, runs=(Run("u", early),)))
    nothing = tuple(s for s in line.runs[0].order if s.product is None)
    assert "none of its products is made before it" in reasons(
        net, replace(line, runs=(Run("u", nothing),))
    )


def test_unnamed_suppliers_and_unnamed_materials():
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in ("a", "b", "c")],
        supplies=[
            {"id": "a>t", "supplier": "a", "consumer": "t", "material": None},
            {"id": "b>t", "supplier": "b", "consumer": "t", "material": None},
            {"id": "c>t", "supplier": "c", "consumer": "t", "material": "x"},
        ],
        needs=[{"consumer": "t", "material": "x", "suppliers": "partial"}],
    )
    open_list = certificates(net, "t", "c", gaps="suppliers:t/x")
    assert verify(net, open_list).verified
    without_gap = next(r for r in open_list.runs if r.kept == "suppliers:t/x")
    assert Met("x", ()) in without_gap.order[-1].met
    apart = certificates(net, "t", "a", gaps="material:t")
    assert verify(net, apart).verified
    assert apart.stop[0].supplies == ("a>t",)
    assert "somebody unnamed may supply x" in reasons(
        net,
        replace(open_list, gaps=(), certainty="certain", illustrative=False),
    )
    # That gap at its good end, any one of the two is enough.
    both = certificates(net, "t", ["a", "b"])
    assert both.stop[0].supplies == ("a>t", "b>t")
    assert verify(net, both).verified


def shared_network(**big):
    """A large and a small supplier, and a third of which no share is known."""
    rows = [("big", "0.80"), ("small", "0.06"), ("third", None)]
    supplies = [
        {"id": n, "supplier": n, "consumer": "t", "material": "x", "share": s and Decimal(s)}
        for n, s in rows
    ]
    supplies[2] |= big
    nodes = [{"id": n, "upstream": "none"} for n, _ in rows]
    needs = [{"consumer": "t", "material": "x", "suppliers": "complete"}]
    return make_network(nodes=nodes, supplies=supplies, needs=needs)


def test_with_a_coverage_few_supplies_stop_and_several_run():
    net = shared_network()
    found = certificates(net, "t", "big", coverage="0.9")
    assert found.stop[0].supplies == ("big",)
    # The third one holds what is not recorded: 0.14, and with it 0.94 are sure.
    assert found.runs[0].order[-1].met == (Met("x", ("big", "third")),)
    assert verify(net, found).verified
    assert [p.units for p in certificates_of(net, minimal_cut_sets(net, "t", coverage="0.9"))] == [
        ("big",), ("third",),
    ]  # fmt: skip
    few = replace(found.runs[0].order[-1], met=(Met("x", ("big", "small")),))
    order = (*found.runs[0].order[:-1], Started("small"), few)
    assert "what is named of x is not enough" in reasons(
        net, replace(found, runs=(Run("big", order),))
    )
    for claimed in ((), ("small",)):
        step = Stopped("t", need="x", supplies=claimed)
        stop = (step, Stopped("small", why="lost", of="small"))
        wrong = replace(found, units=("small",), stop=stop, runs=())
        assert "what is left of x is enough" in reasons(net, wrong)
    # Without a coverage any one of the three is enough.
    assert "big supplies x and is left out" in reasons(
        net, replace(found, coverage=None, stop=(replace(found.stop[0], supplies=("third",)),))
    )


def test_proofs_are_short():
    """One supplier for two needs; of what fails as much as it takes; nobody named in vain."""
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in ("a", "b", "m")],
        supplies=[
            {"id": "a>t", "supplier": "a", "consumer": "t", "material": "x", "share": Decimal("0.5")},
            {"id": "b>t", "supplier": "b", "consumer": "t", "material": "x", "share": Decimal("0.5")},
            {"id": "b>t:y", "supplier": "b", "consumer": "t", "material": "y"},
            {"id": "p>t", "supplier": "p", "consumer": "t", "material": "z", "share": Decimal("0.4")},
            {"id": "q>t", "supplier": "q", "consumer": "t", "material": "z", "share": Decimal("0.6")},
            {"id": "m>p", "supplier": "m", "consumer": "p", "material": "w"},
            {"id": "m>q", "supplier": "m", "consumer": "q", "material": "w"},
            {"id": "u>t", "supplier": "u", "consumer": "t", "material": "v", "share": Decimal("0.3")},
        ],
        needs=[
            {"consumer": "t", "material": "v", "suppliers": "partial"},
        ],
    )  # fmt: skip
    run = certificates(net, "t", "m").runs[0]
    assert Met("x", ("b>t",)) in run.order[-1].met
    covered = certificates(net, "t", "m", coverage="0.7")
    assert verify(net, covered).verified
    assert (covered.stop[0].need, len(covered.stop[0].supplies)) == ("z", 1)
    assert [s.node for s in covered.stop[2:]] == ["m"]
    # The unnamed suppliers hold 0.7 of it: no need to name the one on record.
    assert Met("v", ()) in covered.runs[0].order[-1].met


def test_with_a_coverage_shares_are_gaps():
    two = shared_network()
    rows = [dict(row) for row in two.table("supplies").rows()]
    rows[1]["share"] = None
    net = with_rows(two, supplies=rows)
    found = minimal_cut_sets(net, "t", coverage="0.9")
    proofs = certificates_of(net, found)
    assert ("small", "shares:t/x") in {p.members for p in proofs}
    assert all(v.verified for v in verify_all(net, proofs))
    pair = certificates(net, "t", "small", gaps="shares:t/x", coverage="0.9")
    assert pair.stop[0].supplies == ("small",)
    sure = replace(pair, gaps=(), certainty="certain", illustrative=False, runs=pair.runs[:1])
    assert "what is left of x is enough" in reasons(net, sure)
    assert "there is no gap shares:t/x" in reasons(
        two, replace(pair, gaps=("shares:t/x",), coverage=pair.coverage)
    )


def test_with_a_coverage_what_nobody_has_looked_at_may_be_all():
    net = make_network(
        nodes=[{"id": "a", "upstream": "none"}, {"id": "b", "status": "closed"}],
        supplies=[
            {"id": "a", "supplier": "a", "consumer": "t", "material": "x", "share": Decimal(1)},
            {"id": "b", "supplier": "b", "consumer": "t", "material": "y", "share": Decimal("0.3")},
        ],
        needs=[
            {"consumer": "t", "material": "x", "group": "g", "suppliers": "complete"},
            {"consumer": "t", "material": "y", "group": "g", "suppliers": "not_modelled"},
        ],
    )
    found = certificates(net, "t", "a", gaps="suppliers:t/g", coverage="0.9")
    assert [(s.node, s.why) for s in found.stop] == [("t", "need"), ("a", "lost"), ("b", "idle")]
    assert [r.order[-1].met for r in found.runs] == [(Met("g", ("a",)),), (Met("g"),)]
    assert verify(net, found).verified


def test_all_that_the_engine_finds_with_a_coverage_is_verified():
    counted = Counter()
    for seed in range(220_000, 221_500):
        c = Seeded(seed)
        net, target = build(c, likely=c.pick(SHARED))
        by, coverage = c.pick(BYS), c.pick(COVERAGES)
        found = minimal_cut_sets(
            net, target, by=by, max_order=3, max_gaps=c.pick((1, 1, 2)), coverage=coverage
        )
        proofs = certificates_of(net, found)
        for made, verdict in zip(proofs, verify_all(net, proofs), strict=True):
            assert verdict.verified, (seed, by, coverage, str(verdict), describe(net))
            counted[made.certainty] += 1
            counted["shares"] += any(gap.startswith("shares:") for gap in made.gaps)
    assert min(counted[k] for k in ("certain", "possible", "shares")) > 200, counted


def test_what_is_no_cut_set_gets_no_certificates():
    net = supplynet.load_example("worked_example")
    with pytest.raises(QuestionError, match="magnet_1 does not stop missile: no cut set"):
        certificates(net, "missile", "magnet_1")
    with pytest.raises(QuestionError, match="mine_x is not needed: cofe stops missile without it"):
        certificates(net, "missile", ["cofe", "mine_x"])
    with pytest.raises(QuestionError, match="missile is the target's own"):
        certificates(net, "missile", "missile")
    with pytest.raises(UnknownNameError, match="no node 'cofee'"):
        certificates(net, "missile", "cofee")
    with pytest.raises(UnknownNameError, match="no gap 'upstream:cofe'"):
        certificates(net, "missile", "cofe", gaps="upstream:cofe")
    with pytest.raises(QuestionError, match="nothing does not stop missile"):
        certificates(net, "missile")


@pytest.mark.skipif(not _kernel.available(), reason="numba is not installed")
def test_large_networks_have_the_same_proofs(monkeypatch):
    """Compiled chaining where there is much to do: the same steps, in the same order."""
    for name, coverage in (("rare_earth_magnets", None), ("rare_earth_magnets", "0.5")):
        net = supplynet.load_example(name)
        found = minimal_cut_sets(net, net.meta.targets[0], coverage=coverage)
        plain = certificates_of(net, found)
        monkeypatch.setattr(_kernel, "LARGE", 0)
        assert certificates_of(net, found) == plain
        monkeypatch.undo()
        assert plain


# What is altered is refused


@pytest.fixture
def pair():
    net = supplynet.load_example("worked_example")
    return net, certificates(net, "missile", ["magnet_1", "magnet_2"])


def test_a_vertex_left_out_is_refused(pair):
    net, found = pair
    for i in range(len(found.stop)):
        less = replace(found, stop=found.stop[:i] + found.stop[i + 1 :])
        assert "not among what is down" in reasons(net, less)
    assert "missile is not among what is down" in reasons(net, replace(found, stop=()))
    for i in range(len(found.runs[0].order)):
        order = found.runs[0].order
        run = Run(found.runs[0].kept, order[:i] + order[i + 1 :])
        text = reasons(net, replace(found, runs=(run, found.runs[1])))
        assert "does not stand before it" in text or "does not end in missile" in text


def test_an_order_that_is_swapped_is_refused(pair):
    net, found = pair
    order = found.runs[0].order
    refused = 0
    for i, (first, second) in enumerate(pairwise(order)):
        feeds = any(s.startswith(f"{first.node}>") for met in second.met for s in met.supplies)
        swapped = (*order[:i], second, first, *order[i + 2 :])
        verdict = verify(net, replace(found, runs=(Run("magnet_1", swapped), found.runs[1])))
        assert verdict.stops
        # Two that do not live on each other may stand either way.
        assert verdict.minimal == (not feeds)
        refused += feeds
    assert refused >= 3


def test_a_supply_that_is_blocked_or_left_out_or_strange_is_refused():
    net = supplynet.load_example("worked_example")
    cut = ("magnet_1>missile:magnet", "magnet_2>missile:magnet")
    found = certificates(net, "missile", cut, by="supply")
    assert found.stop == (Stopped("missile", need="magnet", supplies=cut, blocked=cut),)
    assert verify(net, found).verified
    run = found.runs[0]
    last = run.order[-1]
    assert run.kept == cut[0]

    def with_last(*supplies, more=()):
        met = (Met("magnet", supplies), *more)
        order = (*run.order[:-1], replace(last, met=met))
        return replace(found, runs=(Run(run.kept, order), found.runs[1]))

    assert "magnet_2>missile:magnet is blocked" in reasons(net, with_last(cut[1]))
    assert "magnet_2>missile:magnet is blocked" in reasons(net, with_last(*cut))
    assert "no active supply of magnet is named" in reasons(net, with_last("cofe>magnet_1:x"))
    assert "is no active supply of its magnet" in reasons(net, with_last(cut[0], "zz"))
    assert "it has no need of gold that counts" in reasons(
        net, with_last(cut[0], more=(Met("gold"),))
    )
    none = replace(found, runs=(Run(cut[0], (*run.order[:-1], replace(last, met=()))),))
    assert "no active supply of magnet is named" in reasons(net, none)

    def stop(**changes):
        return replace(found, stop=(replace(found.stop[0], **changes),))

    assert "magnet_2>missile:magnet supplies magnet and is left out" in reasons(
        net, stop(supplies=cut[:1])
    )
    assert "zz is no supply of its magnet" in reasons(net, stop(supplies=(*cut, "zz")))
    assert "comes from magnet_2, which is not among what is down" in reasons(
        net, stop(blocked=cut[:1])
    )
    assert "it has no need of gold" in reasons(net, stop(need="gold"))
    half = replace(found, units=cut[:1], runs=found.runs[:1])
    assert "nothing blocks magnet_2>missile:magnet" in reasons(net, half)


def test_reasons_that_are_not_true_are_refused(pair):
    net, found = pair
    target = found.stop[0]

    def step(**changes):
        return replace(found, stop=(replace(target, **changes), *found.stop[1:]))

    assert "nothing does not take it" in reasons(net, step(why="lost"))
    assert "magnet_1 does not take it" in reasons(net, step(why="lost", of="magnet_1"))
    assert "mine_x does not take it" in reasons(net, step(why="lost", of="mine_x"))
    assert "it operates on the date" in reasons(net, step(why="idle"))
    assert "'bad luck' is no reason" in reasons(net, step(why="bad luck"))
    assert "does not hang on the needs of its products" in reasons(
        net, step(why="products", any_product=True)
    )
    assert "there is no node 'moon'" in reasons(
        net, replace(found, stop=(*found.stop, Stopped("moon", why="idle")))
    )
    assert "'idle' says nothing of a single product" in reasons(
        net, replace(found, stop=(*found.stop, Stopped("sep_a", "oxide", why="idle")))
    )
    bad = replace(found.runs[0], order=(Started("moon"), *found.runs[0].order))
    assert "there is no node 'moon'" in reasons(net, replace(found, runs=(bad, found.runs[1])))
    bad = replace(found.runs[0], order=(Started("sep_a", "oxide"), *found.runs[0].order))
    assert "no need of it is for oxide alone" in reasons(
        net, replace(found, runs=(bad, found.runs[1]))
    )
    lost = replace(found.runs[0], order=(*found.runs[0].order[:-1], *found.runs[1].order))
    assert "it is lost" in reasons(net, replace(found, runs=(lost, found.runs[1])))


def test_members_that_are_not_true_are_refused(pair):
    net, found = pair
    # A set that does not stop the target, and one of which a member is not needed.
    assert "magnet_2 does not take it" in reasons(
        net, replace(found, units=("magnet_1",), runs=found.runs[:1])
    )
    more = ("cofe", *found.units)
    assert "no run shows that cofe is needed" in reasons(net, replace(found, units=more))
    cofe = certificates(net, "missile", "cofe")
    claimed = replace(cofe, units=("cofe", "mine_x"), runs=(*cofe.runs, Run("mine_x", ())))
    text = reasons(net, claimed)
    assert "mine_x is not shown to be needed: the order does not end in missile" in text
    stolen = replace(claimed, runs=(*cofe.runs, Run("mine_x", cofe.runs[0].order)))
    assert "mine_x is not shown to be needed: cofe is not shown to run: it is lost" in reasons(
        net, stolen
    )
    assert "missile is the target's own" in reasons(net, replace(found, units=("missile",)))
    assert "there is no node 'rocket'" in reasons(net, replace(found, target="rocket"))
    assert "a member is named twice" in reasons(net, replace(found, units=("cofe", "cofe")))
    assert "at least one gap" in reasons(net, replace(found, certainty="possible"))
    assert "a certain finding rests on no gap" in reasons(net, replace(found, gaps=("unit:x",)))
    for gap in ("unit:cofe", "upstream:cofe", "supply:cofe>magnet_1:cobalt_iron", "material:cofe",
                "suppliers:missile/magnet", "weather:cofe", "supply:no", "upstream:no"):  # fmt: skip
        assert f"there is no gap {gap}" in reasons(
            net, replace(found, gaps=(gap,), certainty="possible")
        )
    assert "cofe is no member" in reasons(
        net, replace(found, runs=(*found.runs, Run("cofe", found.runs[0].order)))
    )


def test_no_altered_certificate_of_a_random_network_passes_for_another_set():
    """What proves one set proves no other: units exchanged, added or left out are refused."""
    checked = 0
    for seed, net, target, by in drawn(range(210_000, 210_250)):
        found = minimal_cut_sets(net, target, by=by, max_order=2, max_gaps=1)
        listed = {(p.units, p.gaps) for p in certificates_of(net, found)}
        proofs = certificates_of(net, found)
        names = sorted({u for p in proofs for u in p.units})
        for given in proofs:
            others = [
                *(tuple(u for u in given.units if u != name) for name in given.units),
                *(tuple(sorted({*given.units, name})) for name in names if name not in given.units),
            ]
            for units in others:
                if (units, given.gaps) in listed:
                    continue
                verdict = verify(net, replace(given, units=units))
                assert not verdict.verified, (seed, by, given.members, units)
                checked += 1
    assert checked > 500


def test_what_is_not_read_here_is_said_not_to_be_checked(pair):
    net, found = pair
    for changes in (
        {"measures": "in_force"},
        {"by": "measure"},
        {"end_use": "defence"},
        {"destination": "US"},
    ):
        verdict = verify(net, replace(found, **changes))
        assert (verdict.stops, verdict.minimal, verdict.verified) == (None, None, False)
        assert verdict.not_checked
        assert "not checked" in str(verdict)


# The rules of the check against the slow twin


def places(facts):
    for node in facts.node_at:
        yield (node, None, False)
        for product in sorted(facts.products(node)):
            yield (node, product, False)
        if facts.all_by_product(node):
            yield (node, None, True)


def reasons_to_stop(place, check, loss, down):
    """Everything that could be said of why a thing is down."""
    node, product, any_product = place
    if any_product:
        yield Stopped(*place, why="products")
        return
    yield Stopped(*place, why="idle")
    for of in check.given.members:
        yield Stopped(*place, why="lost", of=of)
    for need in loss.needs(node, product):
        blocked = [s for s in need.supplies if s not in need.live or loss.blocks(s)]
        failing = [s for s in need.supplies if check._down(check.facts.source(s), down)]
        supplies = tuple(sorted({*blocked, *failing}))
        yield Stopped(*place, need=need.label, supplies=supplies, blocked=tuple(blocked))


def provably_down(check, loss):
    """All that any stop certificate proves: the largest set of which each has a reason."""
    down = set(places(check.facts))
    while True:
        gone = {
            place
            for place in down
            if all(
                check._stands(step, loss, down)
                for step in reasons_to_stop(place, check, loss, down)
            )
        }
        if not gone:
            return down
        down -= gone


def provably_runs(check, loss):
    """All that any run certificate proves: whatever starts, with all that deliver named."""
    running = set()
    while True:
        new = set()
        for place in places(check.facts):
            met = []
            for need in () if place[2] else loss.needs(*place[:2]):
                deliver = (
                    s for s in need.live if not loss.blocks(s) and check.facts.source(s) in running
                )
                met.append(Met(need.label, tuple(deliver)))
            if place not in running and not check._can_start(
                Started(*place, met=tuple(met)), loss, running
            ):
                new.add(place)
        if not new:
            return running
        running |= new


def test_what_can_be_proved_is_what_the_slow_twin_says():
    """For any loss, minimal or not: the check lets nothing else pass, and all that is true."""
    stopped = 0
    for seed in range(230_000, 230_900):
        c = Seeded(seed)
        coverage = c.pick((None, *COVERAGES))
        net, target = build(c, likely=c.pick(SHARED) if coverage else ())
        by = c.pick(BYS)
        world = oracles.World(net, None, coverage)
        all_units = world.units(by)
        open_gaps = sorted(world.gaps | world.unit_gaps(by, [target]))
        names = sorted(all_units)
        units = tuple(sorted({c.pick(names) for _ in range(c.between(0, 2))})) if names else ()
        some = {c.pick(open_gaps) for _ in range(c.between(0, 3))} if open_gaps else ()
        gaps = tuple(sorted(some))
        illustrative = c.chance(50)
        given = Certificates(
            target, by, net.as_of, units, gaps, "possible", illustrative, (), (),
            coverage=coverage and Decimal(coverage),
        )  # fmt: skip
        facts = recorded.Facts(net, net.as_of)
        where = (seed, by, units, gaps, illustrative, coverage, describe(net))
        for gap in open_gaps:
            assert facts.is_gap(gap, by, target), (gap, where)
        for gap in (
            *(
                f"{kind}:{node}"
                for kind in ("unit", "upstream", "material")
                for node in world.nodes
            ),
            *(f"supply:{supply}" for supply in world.supplies),
        ):
            assert facts.is_gap(gap, by, target) == (gap in open_gaps), (gap, where)
        for unit in all_units:
            assert facts.unit(by, unit) == all_units[unit], (unit, where)
            assert facts.is_own(by, unit, target) == (unit in world.own(by, target)), where
        check = checker._Check(facts, given)
        loss = checker._Loss(facts, given, all_needs=illustrative)
        lost = {node for unit in units for node in all_units[unit][0]}
        blocked = {supply for unit in units for supply in all_units[unit][1]}
        at_least = oracles.AS_RECORDED if illustrative else oracles.ILLUSTRATIVE_MET
        down = world.down(lost, blocked, gaps, at_least)
        proved = provably_down(check, loss)
        runs = provably_runs(check, loss)
        for node in net.node_rows:
            assert check._down(facts.whole(node), proved) == (node in down), (node, where)
            assert (facts.whole(node) in runs) == (node not in down), (node, where)
        stopped += target in down
    assert 100 < stopped < 800


# Forms


def test_dates_are_those_of_the_question():
    net = make_network(
        nodes=[{"id": "m", "end": date(2026, 9, 1), "upstream": "none"}, {"id": "t"}],
        supplies=[
            {"id": "m>t", "supplier": "m", "consumer": "t", "material": "x"},
            {"id": "n>t", "supplier": "n", "consumer": "t", "material": "x", "start": date(2027, 1, 1)},
        ],
    )  # fmt: skip
    assert verify(net, certificates(net, "t", "m", on=ON)).verified
    later = certificates(net, "t", "n", on="2027-06-01")
    assert later.on == date(2027, 6, 1)
    assert verify(net, later).verified
    assert "it operates on the date" in reasons(net, replace(later, on=ON))


def test_forms(pair):
    net, found = pair
    assert json.loads(json.dumps(found.to_dict()))["units"] == ["magnet_1", "magnet_2"]
    frame = found.to_frame()
    assert list(frame["certificate"].unique()) == ["stop", "run"]
    assert (frame["certificate"] == "stop").sum() == len(found.stop)
    assert set(frame["kept"].dropna()) == {"magnet_1", "magnet_2"}
    assert "magnet_1, magnet_2" in repr(found)
    assert "<table" in found._repr_html_()
    verdict = verify(net, found)
    assert verdict.to_dict() == {
        "units": ["magnet_1", "magnet_2"],
        "gaps": [],
        "stops": True,
        "minimal": True,
        "reasons": [],
        "not_checked": None,
        "rests_on": None,
    }
    assert str(verify(net, replace(found, stop=()))).startswith("magnet_1 + magnet_2: missile is")


# The command


def run(capsys, *args):
    code = main(list(args))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_verifies_what_it_lists(capsys):
    asked = ("cutsets", "worked_example", "--verify")
    code, out, err = run(capsys, *asked)
    assert (code, err) == (0, "")
    assert "Verified: 5 of 5 sets stop missile, and in 5 each member is needed." in out
    code, out, _ = run(capsys, *asked, "--limit", "1")
    assert "Verified: 1 of 1 set stops missile, and in 1 each member is needed." in out
    assert "NOT CHECKED: 4 sets: not listed." in out
    code, out, _ = run(capsys, *asked, "--count", "--format", "json")
    result = json.loads(out)["result"]
    assert "cut_sets" not in result
    assert result["verified"] == {
        "sets": 5, "stops": 5, "minimal": 5, "failed": [], "not_checked": [], "rests_on": None,
    }  # fmt: skip
    code, out, _ = run(capsys, *asked, "--by", "controller")
    assert code == 0
    assert "Taken over unchecked: ownership and control as computed from holdings." in out
    code, out, _ = run(capsys, *asked, "--by", "supply", "--max-order", "1")
    assert "Nothing to verify: no set was found." in out


def test_the_command_prints_certificates(capsys):
    asked = ("cutsets", "worked_example", "--certificates")
    code, out, _ = run(capsys, *asked, "--max-order", "1")
    assert code == 0
    assert (
        "cofe: certain\n"
        "  - stops because missile needs magnet: only magnet_1 and magnet_2 supply it; "
        "magnet_1 needs cobalt_iron: only cofe supplies it; "
        "magnet_2 needs cobalt_iron: only cofe supplies it; cofe is lost\n"
        "  - without cofe lost, it runs: missile takes magnet from magnet_1; "
        "magnet_1 takes cobalt_iron from cofe, metal from metal_a; "
        "metal_a takes oxide from sep_a; sep_a takes concentrate from mine_x\n"
    ) in out
    assert "Verified" not in out
    code, out, _ = run(capsys, *asked, "--verify", "--format", "json")
    answer = json.loads(out)
    schema = json.loads(files("supplynet").joinpath("schemas/answer.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert [c["units"] for c in answer["result"]["certificates"]] == answer["result"]["cut_sets"]
    code, out, err = run(capsys, *asked, "--count")
    assert (code, out) == (2, "")
    assert "--certificates: with --count no sets are listed" in err
    code, out, _ = run(capsys, "cutsets", "worked_example", "--format", "json")
    assert not {"verified", "certificates"} & set(json.loads(out)["result"])


def test_a_set_that_fails_its_check_is_a_fault_of_ours(capsys, monkeypatch):
    """The engine is made to say that two mines and a plant are a minimal cut set."""
    found = minimal_cut_sets(supplynet.load_example("worked_example"), "missile")
    wrong = replace(found, cut_sets=(("mine_x",), ("cofe", "mine_x"), *found.cut_sets))
    monkeypatch.setattr("supplynet.analysis.cutsets.minimal_cut_sets", lambda *_, **__: wrong)
    code, out, err = run(capsys, "cutsets", "worked_example", "--verify")
    assert code == 3
    assert err.startswith("supplynet: internal error: 2 of 7 sets failed the check: mine_x: ")
    assert err.count("\n") == 1
    assert "Verified: 6 of 7 sets stop missile, and in 6 each member is needed." in out
    assert "FAILED THE CHECK" in out
    assert "cofe + mine_x: no run shows that mine_x is needed" in out
    code, out, _ = run(capsys, "cutsets", "worked_example", "--verify", "--format", "json")
    assert code == 3
    assert [v["units"] for v in json.loads(out)["result"]["verified"]["failed"]] == [
        ["mine_x"], ["cofe", "mine_x"],
    ]  # fmt: skip
    assert run(capsys, "cutsets", "worked_example")[0] == 0


@pytest.mark.parametrize("by", ["node", "country", "supply"])
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_answer_reads_as_text(name, by, capsys):
    net = supplynet.load_example(name)
    args = ("--target", net.meta.targets[0], "--by", by, "--verify", "--certificates")
    code, out, _ = run(capsys, "cutsets", name, *args, "--max-order", "1")
    assert code == 0
    assert "FAILED" not in out
    assert ("stops because" in out) == ("Nothing to verify" not in out)
    assert ("it runs: " in out) == ("Nothing to verify" not in out)
