"""Cut sets in order of cost by maximum satisfiability (python-sat's RC2, extra ``sat``).

Failure is the greatest fixpoint, so any set of vertices closed under the failure rule that holds
the target is a certificate: one implication per vertex, slot and edge says so, loops included and
without unrolling them. Each unit that is taken out costs its weight; the solver gives the
cheapest certificate, which is then forbidden, and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from supplynet.analysis import _kernel

__all__ = ["cheapest_cuts"]


def cheapest_cuts(
    program: _kernel.Program,
    runs: Sequence[bool],
    hits: _kernel.HitArrays,
    target: int,
    weights: Sequence[int],
) -> Iterator[tuple[int, frozenset[int]]]:
    """Yield the minimal cuts of a running target with their costs, cheapest first.

    Parameters
    ----------
    program
        Any one edge meets a slot: thresholds are expanded before.
    runs
        Per vertex, whether it runs with nothing lost.
    weights
        Cost of each unit; one that costs 0 or has none is not taken out.

    Notes
    -----
    Minimal because every unit costs something: a set that holds a cheaper cut is forbidden with
    it. The time from one cut to the next has no bound.
    """
    from pysat.examples.rc2 import RC2

    formula, variable = _formula(program, runs, hits, target, weights)
    unit_of = {var: unit for unit, var in variable.items()}
    with RC2(formula) as solver:
        while (model := solver.compute()) is not None:
            cut = frozenset(unit_of[v] for v in model if v in unit_of)
            yield sum(weights[unit] for unit in cut), cut
            if not cut:
                return
            solver.add_clause([-variable[unit] for unit in sorted(cut)])


def _formula(
    program: _kernel.Program,
    runs: Sequence[bool],
    hits: _kernel.HitArrays,
    target: int,
    weights: Sequence[int],
) -> tuple[Any, dict[int, int]]:
    """Return the weighted formula, and the variable of each unit that can be taken out."""
    from pysat.formula import WCNF

    formula = WCNF()
    numbers = iter(range(1, 2**31))
    failing = {v: next(numbers) for v in range(len(program.stopped)) if runs[v]}
    variable: dict[int, int] = {}

    def units_at(start: Sequence[int], unit: Sequence[int], place: int) -> list[int]:
        if not len(start):
            return []
        found = []
        for number in unit[start[place] : start[place + 1]]:
            if number < len(weights) and weights[number]:
                if int(number) not in variable:
                    variable[int(number)] = next(numbers)
                found.append(variable[int(number)])
        return found

    for vertex, fails in failing.items():
        reasons = units_at(hits.vertex_start, hits.vertex_unit, vertex)
        for slot in range(program.slot_start[vertex], program.slot_start[vertex + 1]):
            unmet = next(numbers)
            reasons.append(unmet)
            for edge in range(program.edge_start[slot], program.edge_start[slot + 1]):
                source = int(program.source[edge])
                if source in failing:
                    cutting = units_at(hits.edge_start, hits.edge_unit, edge)
                    formula.append([-unmet, failing[source], *cutting])
        formula.append([-fails, *reasons])
    formula.append([failing[target]])
    for unit, var in variable.items():
        formula.append([-var], weight=weights[unit])
    return formula, variable
