"""Seeded random networks of any size, as the kernel's arrays.

Nodes stand in tiers from mine to system. Each node above the mines has needs, each need some
suppliers in the tier below; some needs have one supplier, and some supplies run back from any
tier, so that there are cycles. Nothing is calibrated on a market: shapes, not places.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from supplynet.analysis._kernel import Program, cone, restrict

Array = Any


class Shape(NamedTuple):
    """What a network looks like.

    Attributes
    ----------
    needs, suppliers
        Most needs of a node, most suppliers of a need (each drawn evenly, from 1 and from 2).
    single
        Share of needs with one supplier.
    back
        Share of supplies that come from any tier.
    skew
        1: suppliers are drawn evenly; more: few of them serve many.
    tiers
        Tiers, mines included.
    """

    needs: int = 3
    suppliers: int = 4
    single: float = 0.0
    back: float = 0.0
    skew: float = 1.0
    tiers: int = 8


class Network(NamedTuple):
    """A program, and beside it what rows of tables would say.

    `supplier` and `slot` are per supply, in the order of the program's edges; `consumer` and
    `material` per need; `tier` per node.
    """

    program: Program
    consumer: Array
    material: Array
    tier: Array


def network(nodes: int, shape: Shape, seed: int) -> Network:
    """Return a network of so many nodes. Linear; numpy arrays."""
    chance = np.random.default_rng(seed)
    tier = np.arange(nodes) * shape.tiers // nodes
    first = np.searchsorted(tier, np.arange(shape.tiers + 1)).astype(np.int64)
    counts = np.where(tier == 0, 0, chance.integers(1, shape.needs + 1, nodes))
    consumer = np.repeat(np.arange(nodes), counts)
    slot_start = np.concatenate([[0], np.cumsum(counts)])
    material = np.arange(len(consumer)) - slot_start[consumer]
    many = chance.integers(2, shape.suppliers + 1, len(consumer))
    wide = np.where(chance.random(len(consumer)) < shape.single, 1, many)
    slot = np.repeat(np.arange(len(consumer)), wide)
    at = tier[consumer[slot]]
    low, high = first[at - 1], first[at]
    drawn = chance.random(len(slot)) ** shape.skew
    source = low + ((high - low) * drawn).astype(np.int64)
    anywhere = chance.random(len(slot)) < shape.back
    source[anywhere] = chance.integers(0, nodes, int(anywhere.sum()))
    # One supplier counts once in a need.
    kept = np.unique(slot * nodes + source)
    slot, source = kept // nodes, kept % nodes
    edge_start = np.searchsorted(slot, np.arange(len(consumer) + 1))
    program = Program(
        slot_start.astype(np.int32),
        edge_start.astype(np.int32),
        source.astype(np.int32),
        np.zeros(nodes, dtype=np.uint8),
        np.zeros(0, dtype=np.int64),
        np.zeros(0, dtype=np.int64),
    )
    return Network(program, consumer, material, tier)


def with_shares(program: Program, coverage: float, seed: int) -> Program:
    """Return the program with a random weight of 1 to 100 per supply and a threshold per need."""
    chance = np.random.default_rng(seed)
    weight = chance.integers(1, 101, len(program.source))
    total = np.add.reduceat(weight, program.edge_start[:-1])
    need = np.maximum(1, np.ceil(coverage * total)).astype(np.int64)
    return program._replace(weight=weight.astype(np.int64), need=need)


def with_target(program: Program, suppliers: int, seed: int) -> tuple[Program, int]:
    """Return the program with one more vertex that needs `suppliers` of the last tenth, each."""
    chance = np.random.default_rng(seed)
    n = len(program.stopped)
    chosen = chance.choice(np.arange(n - n // 10, n), suppliers, replace=False)
    pairs = np.sort(chosen)
    slots = len(program.edge_start) - 1
    more = np.arange(1, suppliers // 2 + 1)
    # Pairs of alternatives: losing one alone does not stop the target.
    return (
        Program(
            np.append(program.slot_start, slots + len(more)).astype(np.int32),
            np.concatenate([program.edge_start, program.edge_start[-1] + 2 * more]).astype(
                np.int32
            ),
            np.concatenate([program.source, pairs[: 2 * len(more)]]).astype(np.int32),
            np.append(program.stopped, 0).astype(np.uint8),
            program.weight,
            program.need,
        ),
        n,
    )


def cone_of(program: Program, target: int) -> tuple[Program, int, Array]:
    """Return the part that can matter to a vertex, its number there, and the old numbers."""
    vertices = np.array(cone(program, target))
    part, _ = restrict(program, vertices)
    return part, int(np.searchsorted(vertices, target)), vertices
