"""The part of a network on a date that its targets draw on, as gates and events.

Node v becomes F(v) = the loss of v, or some need of v whose suppliers all fail. What is unknown is
taken at its good end, as the certain findings are.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from supplynet.errors import OutputError
from supplynet.io.faulttree import VOTES, FreshNames, State, helper_name, need_name, votes

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork
    from supplynet.units import Compiled

__all__ = ["Part", "Tree"]

_VOTES = re.compile(r"([0-9]{1,6}) of ([0-9]{1,6})")
#: How :class:`FreshNames` tells names apart.
_NUMBERED = re.compile(r" \([0-9]+\)$")
_MAX_LOOP = 12

#: A vertex, and the target (as a node) whose own loss is left out of it, -1 for none.
Part = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What a part fails by: the suppliers of each need, or `minimum` of the one list."""

    needs: tuple[tuple[Part, ...], ...]
    minimum: int = 0


class Tree:
    """What is written of a network.

    Parameters
    ----------
    net
        The network.
    on
        The date.

    Attributes
    ----------
    compiled
        The network as vertices.
    targets
        Ids of the targets: those of `network.toml`, else the nodes that supply nobody.
    parts
        What is written, targets first, with its inputs.
    ids
        The id of each vertex in it: that of its node, or one beside it for a product.
    goals
        The vertex of each target: down when the target makes nothing.
    helpers
        Vertices that stand in the tree as part of an ``atleast``.

    Raises
    ------
    OutputError
        There is a loop, which no fault tree can have, or no target.
    """

    def __init__(self, net: SupplyNetwork, on: date | None) -> None:
        from supplynet.units import compile_network, target_ids

        self.compiled: Compiled = compile_network(net, on)
        self.targets = target_ids(net)
        if not self.targets:
            raise OutputError("no target: every node supplies another. Name one in network.toml")
        self._can_fail = [value != "no" for value in net.table("nodes").column("can_fail")]
        self._votes = net.table("nodes").column(VOTES)
        goals = [self.compiled.output[self.compiled.index[target]] for target in self.targets]
        self.helpers: set[int] = set()
        self.goals = goals
        self._refuse_loops(goals)
        self.parts = self._collect(goals)
        self.ids = self._ids()

    @cached_property
    def needs(self) -> dict[int, list[tuple[int, ...]]]:
        """The suppliers of each need of each vertex, but for needs that cannot fail to be met."""
        compiled = self.compiled
        found: dict[int, dict[frozenset[int], tuple[int, ...]]] = defaultdict(dict)
        for slot in compiled.slots:
            sources = tuple(dict.fromkeys(compiled.edge_source[edge] for edge in slot.edges))
            # The unnamed supplier of an open list delivers: the good end of its gap.
            unnamed = any(compiled.vertex_node[source] < 0 for source in sources)
            if not unnamed and not self.is_down(slot.vertex):
                found[slot.vertex].setdefault(frozenset(sources), sources)
        return {vertex: list(needs.values()) for vertex, needs in found.items()}

    def needs_of(self, vertex: int) -> Sequence[tuple[int, ...]]:
        """Return the suppliers of each need of a vertex that can fail to be met."""
        return self.needs.get(vertex, ())

    def is_down(self, vertex: int) -> bool:
        """Whether a node does not operate on the date."""
        return self.compiled.idle[vertex] is not None

    def is_node(self, vertex: int) -> bool:
        """Whether a vertex is a node, and not one of its products."""
        return vertex < len(self.compiled.nodes)

    def can_fail(self, vertex: int) -> bool:
        """Whether a vertex can be lost by itself."""
        return self.is_node(vertex) and self._can_fail[vertex]

    def node(self, vertex: int) -> str:
        """Return the id of the node that a vertex is or belongs to, blank for the unnamed one."""
        node = self.compiled.vertex_node[vertex]
        return self.compiled.nodes[node] if node >= 0 else ""

    def reached(self) -> set[int]:
        """Return the vertices that the targets draw on, behind needs that are always met too."""
        slots_of, slots = self.compiled.slots_of, self.compiled.slots
        found = set(self.goals)
        waiting = list(found)
        while waiting:
            for position in slots_of[waiting.pop()]:
                fresh = {self.compiled.edge_source[edge] for edge in slots[position].edges} - found
                found |= fresh
                waiting.extend(fresh)
        return found

    def named_needs(self) -> int:
        """Return how many needs have a name that is not made of those of their suppliers."""
        source = self.compiled.edge_source
        return sum(
            _NUMBERED.sub("", slot.need)
            != need_name(map(self.node, {source[e] for e in slot.edges}))
            for slot in self.compiled.slots
        )

    def _sources(self, vertex: int) -> Iterator[int]:
        return (source for need in self.needs_of(vertex) for source in need)

    def _refuse_loops(self, goals: Iterable[int]) -> None:
        done: set[int] = set()
        for goal in goals:
            path = {} if goal in done else {goal: self._sources(goal)}
            while path:
                vertex = next(reversed(path))
                source = next(path[vertex], None)
                if source is None:
                    done.add(vertex)
                    path.popitem()
                elif source in path:
                    self._refuse_loop([*path][[*path].index(source) :])
                elif source not in done:
                    path[source] = self._sources(source)

    def _refuse_loop(self, loop: Sequence[int]) -> None:
        # Goods run the other way than the search did.
        nodes = [repr(self.node(vertex)) for vertex in [loop[0], *reversed(loop)]]
        shown = [node for place, node in enumerate(nodes) if place == 0 or node != nodes[place - 1]]
        if len(shown) > _MAX_LOOP:
            shown[_MAX_LOOP - 1 : -1] = ["..."]
        raise OutputError(
            f"a fault tree has no loops, and here is one: {' -> '.join(shown)}. Ask supplynet, "
            "which takes loops as they are, or export a copy without one of these supplies"
        )

    def _collect(self, goals: Iterable[int]) -> dict[Part, _Inputs]:
        """Return what is written, in order of the file.

        A target is not its own chokepoint: its own loss is left out of its gate, and of what
        stands between that and the target (a plant may need what another makes of its products).
        What other targets draw on too is there twice.
        """
        around = {goal: self._around_own(goal) for goal in goals}
        waiting: deque[Part] = deque((goal, self.compiled.vertex_node[goal]) for goal in goals)
        goal_of = {self.compiled.vertex_node[goal]: goal for goal in goals}
        found: dict[Part, _Inputs] = {}
        while waiting:
            part = waiting.popleft()
            if part not in found:
                vertex, owner = part
                minimum, needs = self._vote(vertex) or (0, self.needs_of(vertex))
                own = around[goal_of[owner]] if owner >= 0 else frozenset()
                found[part] = _Inputs(
                    tuple(tuple((s, owner if s in own else -1) for s in need) for need in needs),
                    minimum,
                )
                waiting.extend(source for need in found[part].needs for source in need)
        return found

    def _around_own(self, goal: int) -> Set[int]:
        """Return what of a target's own node the target draws on, and what stands between."""
        node = self.compiled.vertex_node[goal]
        if node not in self._with_products:
            return frozenset()
        users: dict[int, list[int]] = {goal: []}
        waiting = [goal]
        while waiting:
            user = waiting.pop()
            for source in self._sources(user):
                if source not in users:
                    users[source] = []
                    waiting.append(source)
                users[source].append(user)
        found = {vertex for vertex in users if self.compiled.vertex_node[vertex] == node}
        waiting = list(found)
        while waiting:
            fresh = [user for user in users[waiting.pop()] if user not in found]
            found.update(fresh)
            waiting.extend(fresh)
        return found

    @cached_property
    def _with_products(self) -> Set[int]:
        """Nodes that have vertices beside their own."""
        return frozenset(self.compiled.vertex_node[len(self.compiled.nodes) :])

    def left_out(self, part: Part) -> bool:
        """Whether the loss of a vertex by itself is no part of what is written of it."""
        vertex, owner = part
        return owner >= 0 and self.compiled.vertex_node[vertex] == owner

    def _vote(self, vertex: int) -> tuple[int, Sequence[tuple[int, ...]]] | None:
        """Return k and the inputs of a gate that fails when k of them do.

        What reading made of ``atleast`` becomes that again if nothing of it was changed since.
        """
        said = _VOTES.fullmatch(self._votes[vertex] or "") if self.is_node(vertex) else None
        if said is None:
            return None
        minimum, count = map(int, said.groups())
        helpers, inputs = self._around(vertex, count)
        if not 1 < minimum < count or len(inputs) != count:
            return None
        at: dict[State, int] = {(0, minimum): vertex}
        for state, needs in votes(minimum, count).items():
            if not self._matches(at, state, needs, inputs, helpers):
                return None
        self.helpers |= helpers
        return minimum, [inputs]

    def _around(self, gate: int, count: int) -> tuple[set[int], tuple[int, ...]]:
        """Return the helpers of a gate, and the inputs that they and it have, in order of ids."""
        start = helper_name(self.node(gate), (0, 0), 0).partition("0 of last 0")[0]
        pattern = re.compile(rf"{re.escape(start)}[0-9]+ of last [0-9]+(?: \([0-9]+\))?")
        helpers: set[int] = set()
        inputs: set[int] = set()
        waiting = [gate]
        while waiting and len(inputs) <= count:
            for source in self._sources(waiting.pop()):
                plain = not (self.can_fail(source) or self.is_down(source))
                if not (plain and pattern.fullmatch(self.node(source))):
                    inputs.add(source)
                elif source not in helpers:
                    helpers.add(source)
                    waiting.append(source)
        return helpers, tuple(sorted(inputs, key=self.node))

    def _matches(
        self,
        at: dict[State, int],
        state: State,
        expected: Sequence[Sequence[int | State]],
        inputs: Sequence[int],
        helpers: set[int],
    ) -> bool:
        """Return whether a vertex has the needs of a state; takes down what its helpers are."""
        actual = [set(need) for need in self.needs_of(at[state])]
        for items in expected:
            plain = {inputs[item] for item in items if isinstance(item, int)}
            states = [item for item in items if not isinstance(item, int)]
            fitting = [
                need
                for need in actual
                if need - helpers == plain and len(need & helpers) == len(states)
            ]
            if len(fitting) != 1:
                return False
            actual.remove(fitting[0])
            for helper, wanted in zip(fitting[0] & helpers, states, strict=True):
                if at.setdefault(wanted, helper) != helper:
                    return False
        return not actual

    def _ids(self) -> dict[int, str]:
        names = FreshNames(self.compiled.nodes)
        products = {
            slot.vertex: slot.need
            for slot in reversed(self.compiled.slots)
            if not self.is_node(slot.vertex)
        }
        return {
            vertex: self.node(vertex)
            if self.is_node(vertex)
            else names.take(f"{self.node(vertex)} ({products[vertex]})")
            for vertex in sorted({vertex for vertex, _ in self.parts})
        }
