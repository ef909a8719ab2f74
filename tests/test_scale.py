"""All nodes and all units at once: by arrays as by objects, and as asked one at a time."""

from __future__ import annotations

import os

import pytest
from strategies import Seeded, build

import supplynet
from supplynet import QuestionError, UnknownNameError, all_single_points, load_example, lose, sweep
from supplynet.analysis import _kernel
from supplynet.arrays import arrays_of_network

CASES = 1_000 if os.environ.get("SUPPLYNET_CI") == "1" else 200
#: Units that arrays hold.
IN_ARRAYS = ("node", "country", "operator", "stage", "site", "supply", "material")
ALL = (*IN_ARRAYS, "owner", "controller")


def answers(net, by):
    points, losses = all_single_points(net, by=by), sweep(net, by=by)
    return points.to_dict(), losses.to_dict()


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "compiled"])
def test_arrays_give_the_answers_of_objects(plain, monkeypatch):
    if not plain and not _kernel.available():
        pytest.skip("numba is not installed")
    asked = 0
    for seed in range(300_000, 300_000 + CASES // (1 if plain else 4)):
        c = Seeded(seed)
        net, _ = build(c)
        by = c.pick(IN_ARRAYS)
        try:
            expected = answers(net, by)
        except QuestionError:
            continue
        with monkeypatch.context() as patch:
            if plain:
                patch.setenv("SUPPLYNET_PLAIN", "1")
            if by == "material" and any(net.table("materials").column("contains")):
                continue
            arrays = arrays_of_network(net, net.as_of)
            assert answers(arrays, by) == expected, seed
            patch.setattr(_kernel, "LARGE", -1)
            assert answers(net, by) == expected, seed
        asked += 1
    assert asked > CASES // 20


def test_a_sweep_is_each_loss_in_turn():
    stopped = 0
    for seed in range(310_000, 310_000 + CASES):
        c = Seeded(seed)
        net, target = build(c)
        by = c.pick(ALL)
        coverage = c.pick((None, None, "0.5"))
        try:
            found = sweep(net, target, by=by, coverage=coverage)
        except QuestionError:
            continue
        before = lose(net, target, (), by=by, coverage=coverage)
        down_before = before.targets[0].status == "already_stopped"
        for loss in found:
            one = lose(net, target, loss.unit, by=by, coverage=coverage)
            assert loss.stopped == len(one.stopped), (seed, loss)
            stops = one.targets[0].status == "stopped"
            stops = stops and not down_before and not loss.own
            assert (loss.targets == (target,)) == stops, (seed, loss)
            # A denial takes no node; who has a lever on the target is its own all the same.
            assert loss.own or not one.targets[0].lost, (seed, loss)
            stopped += loss.stopped
        assert [x.stopped + x.lost for x in found] == sorted(
            (x.stopped + x.lost for x in found), reverse=True
        )
    assert stopped > CASES


def test_a_sweep_of_the_worked_example():
    found = sweep(load_example("worked_example"))
    assert len(found) == 10
    assert found[0].to_dict() == {
        "unit": "cofe",
        "lost": 1,
        "stopped": 3,
        "assumed": 0,
        "targets": ["missile"],
        "assumed_targets": [],
        "own": [],
    }
    assert [loss.stopped for loss in found[1:]] == [0] * 9
    assert found[1:3] == [found[1], found[2]]
    assert next(iter(found.to_frame()["unit"])) == "cofe"
    assert repr(found) == "<Sweep of 10 units by node>"


def test_what_cannot_be_swept_is_refused():
    net = load_example("worked_example")
    with pytest.raises(UnknownNameError, match="no node"):
        sweep(net, "nobody")
    with pytest.raises(QuestionError, match="nothing can be lost by 'colour'"):
        sweep(net, by="colour")
    arrays = arrays_of_network(net, net.as_of)
    with pytest.raises(QuestionError, match="arrays stand for one date"):
        all_single_points(arrays, on="2026-01-01")
    with pytest.raises(QuestionError, match="arrays hold no shares"):
        all_single_points(arrays, coverage="0.5")
    with pytest.raises(QuestionError, match="by='owner' is not read into arrays"):
        sweep(arrays, by="owner")


def test_single_points_are_read_when_asked_for():
    found = all_single_points(load_example("recycling_loop"))
    assert "nobody" not in found.certain
    assert len(found.certain) == len(list(found.certain))
    assert found.certain["missile"] == ("magnet", "mine", "sep")
    assert repr(found).startswith("<AllSinglePoints by node: ")
    assert supplynet.sweep is sweep
