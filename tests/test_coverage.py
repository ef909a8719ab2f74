"""Coverage on answers worked out by hand: who holds what part of an intake, and what is unknown."""

from __future__ import annotations

import itertools
from decimal import Decimal

import oracles
import pytest
from strategies import Seeded, build, make_network
from test_oracle import COVERAGES, SHARED

import supplynet
from supplynet import explain, lose, minimal_cut_sets, single_points_of_failure
from supplynet.errors import QuestionError
from supplynet.shares import Holding, coverage_of, decimals_of, divide
from supplynet.units import compile_network


def intake(*suppliers, needs=(), **more):
    """A target t that takes x; each supplier is (share) or (low, high) or None, named a, b, ..."""
    rows = []
    for name, given in zip("abcdefgh", suppliers, strict=False):
        row = {"supplier": name, "consumer": "t", "material": "x"}
        if isinstance(given, tuple):
            row["share_low"], row["share_high"] = (None if v is None else Decimal(v) for v in given)
        elif given is not None:
            row["share"] = Decimal(given)
        rows.append({**row, **more.get(name, {})})
    nodes = [{"id": row["supplier"], "upstream": "none"} for row in rows]
    return make_network(nodes=nodes, supplies=rows, needs=list(needs))


COMPLETE = {"consumer": "t", "material": "x", "suppliers": "complete"}
PARTIAL = {**COMPLETE, "suppliers": "partial"}


def cuts(net, coverage, max_order=3, **more):
    """Certain cut sets, possible pairs and blind spots, short enough to read."""
    asked = {"coverage": coverage, "max_order": max_order, **more}
    found = minimal_cut_sets(net, "t", **asked).to_dict()
    return (
        ["".join(cut) for cut in found["cut_sets"]],
        [("".join(p["units"]), *p["gaps"]) for p in found["possible"]],
        found["blind_spots"],
    )


# Shares on record


def test_a_small_second_supplier_saves_nothing_that_it_cannot_carry():
    net = intake("0.94", "0.06")
    assert cuts(net, None) == (["ab"], [], [])
    assert cuts(net, "0.5") == (["a"], [], [])
    assert cuts(net, "0.06") == (["ab"], [], [])
    assert cuts(net, "0.07") == (["a"], [], [])
    assert cuts(net, "0.95") == (["a", "b"], [], [])
    found = single_points_of_failure(net, "t", coverage="0.5")
    assert [(c.unit, c.certainty) for c in found.chokepoints] == [("a", "certain")]
    (step,) = found.chokepoints[0].because
    assert (step.failed_supplies, step.delivered) == (("a>t:x",), "0.06")


def test_the_coverage_is_met_to_the_last_decimal():
    """In floats, 0.1 + 0.2 is more than 0.3 and 0.7 + 0.1 less than 0.8."""
    assert cuts(intake("0.1", "0.2", "0.7"), "0.3") == (["ac", "bc"], [], [])
    assert cuts(intake("0.7", "0.1", "0.2"), "0.8") == (["a", "bc"], [], [])
    third = "0.333333333333333333"
    assert cuts(intake(third, third, third, "0.000000000000000001"), "1")[0] == list("abcd")
    assert cuts(intake(third, third, third, None), "0.999999999999999999")[0] == list("abc")
    assert cuts(intake(third, third, third, None), "1")[0] == list("abcd")


def test_any_two_of_three():
    assert cuts(intake("0.4", "0.3", "0.3"), "0.6") == (["ab", "ac", "bc"], [], [])
    assert cuts(intake("0.4", "0.3", "0.3"), "0.7") == (["a", "bc"], [], [])


def test_what_a_node_upstream_lacks_counts_at_its_consumer():
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in ("mine", "loop", "b")],
        supplies=[
            {"supplier": "mine", "consumer": "a", "material": "ore"},
            {"supplier": "a", "consumer": "t", "material": "x", "share": Decimal("0.8")},
            {"supplier": "b", "consumer": "t", "material": "x", "share": Decimal("0.2")},
        ],
    )
    found = explain(net, "t", "mine", coverage="0.5")
    assert found.status == "stopped"
    assert [(s.node, s.failed_supplies, s.delivered) for s in found.because] == [
        ("t", ("a>t:x",), "0.2"),
        ("a", ("mine>a:ore",), "0"),
    ]
    assert explain(net, "t", "mine").status == "runs"
    assert [h.to_dict() for h in explain(net, "t", "b", coverage="0.5").held] == [
        {"node": "t", "need": "x", "supplies": ["a>t:x"], "delivered": "0.8"}
    ]
    loss = lose(net, "t", "mine", coverage="0.5")
    assert loss.stopped == ("a", "t")
    assert lose(net, "t", "mine").stopped == ("a",)


def test_a_loop_that_starts_only_at_full_intake_does_not_start():
    """The separator needs half of its feed from outside; scrap comes once magnets do."""
    rows = [
        ("mine", "sep", "feed", "0.4"),
        ("recycler", "sep", "feed", "0.6"),
        ("sep", "magnet", "oxide", "1"),
        ("magnet", "recycler", "scrap", "1"),
        ("magnet", "t", "x", "1"),
    ]
    net = make_network(
        nodes=[{"id": "mine", "upstream": "none"}],
        supplies=[
            {"supplier": s, "consumer": c, "material": m, "share": Decimal(share)}
            for s, c, m, share in rows
        ],
    )
    assert minimal_cut_sets(net, "t", coverage="0.4").cut_sets == (("magnet",), ("mine",), ("sep",))
    stopped = minimal_cut_sets(net, "t", coverage="0.5")
    assert (stopped.status, stopped.cut_sets) == ("already_stopped", ((),))
    why = {n.node: n.why for n in stopped.not_running}
    assert why["sep"] == "needs feed: 0.4 of it is delivered (not running: recycler)"


# What is not recorded


def test_one_blank_share_is_the_rest():
    net = intake("0.94", None)
    assert cuts(net, "0.5") == (["a"], [], [])
    assert cuts(net, "0.95") == (["a", "b"], [], [])
    assert cuts(intake(None), "1") == (["a"], [], [])
    assert minimal_cut_sets(intake(None), "t", coverage="1").uninformative == ()


def test_two_blank_shares_split_the_rest_nobody_knows_how():
    net = intake("0.4", None, None)
    assert cuts(net, "0.5") == (
        ["bc"],
        [("b", "shares:t/x"), ("c", "shares:t/x")],
        [],
    )
    # Any one of the two may hold all of the rest: not certain that a and b together stop it.
    assert cuts(net, "0.3") == (["abc"], [("ab", "shares:t/x"), ("ac", "shares:t/x")], [])
    assert cuts(net, "0.7") == (["a", "bc"], [("b", "shares:t/x"), ("c", "shares:t/x")], [])


def test_a_list_that_is_open_leaves_the_rest_to_somebody_unnamed():
    net = intake("0.6", "0.1")  # by default open: all have shares, and they sum below 1
    assert cuts(net, "0.5") == (["a"], [], [])
    assert cuts(net, "0.3") == ([], [("a", "suppliers:t/x")], [])
    assert cuts(net, "0.8") == (["a"], [], ["suppliers:t/x"])
    assert cuts(net, "1") == (["a", "b"], [], ["suppliers:t/x"])


def test_an_open_list_with_blanks_has_two_gaps():
    net = intake("0.4", None, needs=[PARTIAL])
    both = minimal_cut_sets(net, "t", coverage="0.5", max_gaps=2, max_order=3)
    # b may hold all of the rest, or somebody unnamed, or each a part.
    assert both.cut_sets == ()
    assert [(p.units, p.gaps) for p in both.possible] == [
        (("b",), ("shares:t/x",)),
        (("b",), ("suppliers:t/x",)),
    ]
    assert both.status == "possibly_stopped"  # all of the rest with somebody who is not there
    assert explain(net, "t", coverage="0.5").gaps == ("shares:t/x", "suppliers:t/x")


def test_a_complete_list_that_leaves_a_rest_leaves_it_to_those_who_deliver():
    """Nobody else is there: nothing comes where the whole list fails, gap or not."""
    net = intake("0.5", "0.2", needs=[COMPLETE])
    assert cuts(net, None) == (["ab"], [], [])
    assert cuts(net, "0.3") == (["ab"], [("a", "shares:t/x")], [])
    assert cuts(net, "0.6") == (["a"], [("b", "shares:t/x")], [])
    assert cuts(net, "0.9") == (["a", "b"], [], ["shares:t/x"])


def test_a_list_without_anybody_who_delivers_is_down():
    ended = {"a": {"qualified": "no"}}
    assert minimal_cut_sets(
        intake("0.5", needs=[COMPLETE], **ended), "t", coverage="0.1"
    ).status == ("already_stopped")


def test_bands_hold_their_low_end_and_share_the_rest():
    net = intake("0.5", ("0.2", None), ("0.1", None))
    b_or_c = [("b", "shares:t/x"), ("c", "shares:t/x")]
    # Without b, 0.5 and 0.1 are sure, and the rest of 0.2 may be c's; without c, 0.5 and 0.2 are.
    assert cuts(net, "0.6") == (["a", "bc"], [], [])
    assert cuts(net, "0.65") == (["a", "bc"], b_or_c[:1], [])
    assert cuts(net, "0.75") == (["a", "bc"], b_or_c, [])


def test_a_band_whose_upper_end_is_too_low_leaves_a_rest_to_somebody_else():
    assert cuts(intake("0.5", ("0.2", "0.5")), "0.75") == (["a", "b"], [], [])
    narrow = intake("0.5", ("0.2", "0.4"))
    assert cuts(narrow, "0.75") == (["a"], [], ["shares:t/x"])
    assert cuts(narrow, "0.7") == (["a"], [("b", "shares:t/x")], [])


def test_a_doubtful_supply_may_take_its_share_with_it():
    doubt = {"b": {"qualified": "unknown"}}
    net = intake("0.5", "0.5", **doubt)
    assert cuts(net, "0.5") == (["ab"], [("a", "supply:b>t:x")], [])
    assert cuts(net, "0.6") == (["a", "b"], [], ["supply:b>t:x"])


def test_a_share_of_nothing_brings_nothing():
    assert cuts(intake("1", "0"), "0.1") == (["a"], [], [])
    assert cuts(intake("1", None), "0.1") == (["a"], [], [])
    loss = lose(intake("1", "0"), "t", "b", coverage="0.1")
    assert loss.targets[0].not_upstream == ()


def test_a_supply_that_ended_holds_nothing_today():
    row = {"consumer": "t", "material": "x"}
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in "ab"],
        supplies=[
            {**row, "supplier": "a", "share": Decimal("0.9"), "end": oracles.date(2026, 1, 1)},
            {**row, "supplier": "b", "share": Decimal("0.9")},
        ],
    )
    assert minimal_cut_sets(net, "t", coverage="0.5").cut_sets == (("b",),)


# Groups, products, unnamed materials


def group(**cells):
    rows = [
        {"supplier": "a", "consumer": "t", "material": "x", "share": Decimal("0.6")},
        {"supplier": "b", "consumer": "t", "material": "x", "share": Decimal("0.4")},
        {"supplier": "c", "consumer": "t", "material": "y", "share": Decimal("0.7")},
        {"supplier": "d", "consumer": "t", "material": "y"},
        {"supplier": "e", "consumer": "t", "material": "y"},
    ]
    needs = [
        {"consumer": "t", "material": m, "group": "g", "suppliers": cells.get(m, "complete")}
        for m in ("x", "y")
    ]
    return make_network(
        nodes=[{"id": n, "upstream": "none"} for n in "abcde"], supplies=rows, needs=needs
    )


def test_one_material_of_a_group_must_come_whole():
    """Half of each is not half of one."""
    net = group()
    assert cuts(net, "0.7", max_gaps=0)[0] == ["ac", "bc"]
    assert ("ad", "shares:t/g/y") not in cuts(net, "0.7")[1]
    assert ("ad", "shares:t/g/y") in cuts(net, "0.8")[1]
    found = explain(net, "t", ["a", "c"], coverage="0.7")
    (step,) = found.because
    assert (step.need, step.failed_supplies, step.delivered) == ("g", ("a>t:x", "c>t:y"), "0.4")


def test_what_nobody_looked_at_may_be_all_that_is_needed():
    net = group(y="not_modelled")
    assert cuts(net, "0.7", max_gaps=0) == ([], [], [])
    assert ("ac", "suppliers:t/g") in cuts(net, "0.7")[1]


def test_unnamed_materials_are_each_needed_at_the_bad_end_beside_their_coverage():
    rows = [
        {"supplier": "a", "consumer": "t", "share": Decimal("0.8")},
        {"supplier": "b", "consumer": "t", "share": Decimal("0.2")},
    ]
    net = make_network(nodes=[{"id": n, "upstream": "none"} for n in "ab"], supplies=rows)
    assert cuts(net, "0.5") == (["a"], [("b", "material:t")], [])


def test_a_product_takes_its_coverage_alone():
    rows = [
        {"supplier": "a", "consumer": "plant", "material": "x", "share": Decimal("0.8")},
        {"supplier": "b", "consumer": "plant", "material": "x", "share": Decimal("0.2")},
        {"supplier": "plant", "consumer": "t", "material": "p"},
        {"supplier": "plant", "consumer": "u", "material": "q"},
    ]
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in "ab"],
        supplies=rows,
        needs=[{"consumer": "plant", "material": "x", "product": "p"}],
    )
    assert lose(net, ["t", "u"], "a", coverage="0.5").stopped == ("t",)


# What is said beside the answer


def test_little_recorded_is_said():
    assert minimal_cut_sets(intake("0.4", None, None), "t", coverage="0.5").uninformative == (
        "t/x",
    )
    assert minimal_cut_sets(intake("0.5", None, None), "t", coverage="0.5").uninformative == ()
    assert minimal_cut_sets(intake(None, None), "t").uninformative == ()
    for found in (
        single_points_of_failure(intake(None, None), "t", coverage="0.5"),
        explain(intake(None, None), "t", coverage="0.5"),
        lose(intake(None, None), "t", "a", coverage="0.5"),
        supplynet.all_single_points(intake(None, None), coverage="0.5"),
    ):
        assert found.uninformative == ("t/x",)
        assert found.to_dict()["uninformative"] == ["t/x"]


def test_only_needs_upstream_of_the_target_are_said_to_be_uninformative():
    rows = [("a", "t"), ("b", "t"), ("a", "other"), ("b", "other")]
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in "ab"],
        supplies=[{"supplier": s, "consumer": c, "material": "x"} for s, c in rows],
    )
    assert minimal_cut_sets(net, "t", coverage="0.5").uninformative == ("t/x",)
    assert lose(net, ["t", "other"], "a", coverage="0.5").uninformative == ("other/x", "t/x")


# The question


@pytest.mark.parametrize("value", ["0.9", "0.90", Decimal("0.9"), " 0.9 "])
def test_a_coverage_is_an_exact_decimal(value):
    assert coverage_of(value) == Decimal("0.9")
    found = minimal_cut_sets(intake("1"), "t", coverage=value)
    assert found.question.to_dict()["coverage"] == "0.9"


def test_one_is_a_whole_intake_and_none_is_none():
    assert coverage_of(1) == coverage_of("1.0") == Decimal(1)
    assert coverage_of(None) is None


@pytest.mark.parametrize(
    "value", ["0", 0, "1.1", 2, "-0.5", "90%", "half", "", "nan", "inf", True, b"1", "1E-30"]
)
def test_what_is_no_coverage_is_refused(value):
    with pytest.raises(QuestionError, match="must be above 0 and at most 1"):
        minimal_cut_sets(intake("1"), "t", coverage=value)


def test_a_float_is_refused_with_what_to_write():
    with pytest.raises(QuestionError, match=r'Give it as text: coverage="0.9"'):
        minimal_cut_sets(intake("1"), "t", coverage=0.9)


def test_shares_above_one_are_refused_where_they_count():
    net = intake("0.7", "0.4")
    assert cuts(net, None) == (["ab"], [], [])
    with pytest.raises(QuestionError, match=r"shares of 'x' at 't' sum to 1\.1 \(supplies row 1"):
        minimal_cut_sets(net, "t", coverage="0.5")
    low = intake("0.7", ("0.4", None))
    with pytest.raises(QuestionError, match=r"sum to 1\.1"):
        lose(low, "t", "a", coverage="0.5")


def test_a_share_too_fine_to_reckon_with_is_named():
    net = intake("0." + "3" * 19, None)
    with pytest.raises(QuestionError, match=r"supply 'a>t:x': its share has more than 18 decimals"):
        explain(net, "t", coverage="0.5")
    assert explain(intake("0." + "3" * 18 + "0", None), "t", coverage="0.5").status == "runs"


def test_all_faults_of_shares_are_told_at_once():
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in "ab"],
        supplies=[
            {"supplier": s, "consumer": c, "material": "x", "share": Decimal("0.6")}
            for s in "ab"
            for c in ("t", "u")
        ],
    )
    with pytest.raises(QuestionError) as raised:
        minimal_cut_sets(net, "t", coverage="0.5")
    assert "'x' at 't'" in str(raised.value)
    assert "'x' at 'u'" in str(raised.value)


# Arithmetic


def test_decimals_are_counted_without_trailing_zeros():
    numbers = ["0.50", "1", "0", "1E+2", "0.125", "1E-18", "0.000"]
    assert [decimals_of(Decimal(n)) for n in numbers] == [1, 0, 0, 0, 3, 18, 0]


def test_an_intake_is_divided_in_the_fewest_units():
    found = divide(
        [Holding(Decimal("0.50")), Holding(Decimal("0.25")), Holding(None)], partial=True
    )
    assert (found.whole, found.parts, found.rest, found.holders) == (4, (2, 1, 0), 1, (2,))
    assert divide([], partial=True).rest == 1
    assert not divide([], partial=False).outside


def test_weights_of_every_slot_are_exact_and_small():
    for seed in range(60):
        c = Seeded(seed)
        net, _ = build(c, likely=c.pick(SHARED))
        compiled = compile_network(net, net.as_of, Decimal(c.pick(COVERAGES)))
        for slot in compiled.slots:
            assert len(slot.weights) in (0, len(slot.edges))
            if slot.weights:
                assert 0 < slot.threshold <= slot.whole
                assert sum(slot.weights) < 2**62
                exact = Decimal(slot.threshold - 1) / slot.whole
                assert exact < compiled.coverage <= Decimal(slot.threshold) / slot.whole


def test_a_bad_end_never_helps():
    """Whatever else is known or not: one more gap at its bad end brings nothing up."""
    checked = 0
    for seed in range(400_000, 400_150):
        c = Seeded(seed)
        net, _ = build(c, likely=c.pick(SHARED))
        world = oracles.World(net, coverage=c.pick(COVERAGES))
        gaps = sorted(world.gaps)[:4]
        for size in range(len(gaps)):
            for some in itertools.combinations(gaps, size):
                for more in set(gaps) - set(some):
                    assert world.down(bad=some) <= world.down(bad=[*some, more]), (seed, some, more)
                    checked += 1
    assert checked > 1_000


# Shipped


def test_what_coverage_finds_in_the_shipped_magnets():
    """Recorded shares turn what only may stop the target into what does."""
    net = supplynet.load_example("rare_earth_magnets")

    def by_country(target, coverage):
        found = single_points_of_failure(net, target, by="country", coverage=coverage)
        return {(c.unit, c.certainty) for c in found.chokepoints}

    for target, before, after in (
        ("gator", {("CN", "possible")}, {("CN", "certain")}),
        ("ev_world", set(), {("CN", "certain"), ("MM", "certain")}),
    ):
        assert by_country(target, None) == before
        certain = {c for c in by_country(target, "0.5") if c[1] != "possible"}
        assert certain == after
    step = explain(net, "gator", "CN", by="country", coverage="0.5").because[1]
    assert (step.node, step.need, step.delivered) == ("gan_fab", "gallium_metal", "0.16")
