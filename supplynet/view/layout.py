"""Where everything stands in the picture: stages in lanes from left to right.

Plain integers in, plain integers out: no names, no graph objects, no browser. The same input
always gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, log

__all__ = ["Lane", "Layout", "place", "stage_levels"]

CELL_WIDTH = 104
CELL_HEIGHT = 92
LANE_PADDING = 18
LANE_GAP = 46
HEADING = 64
WIDEST_GAP = 170
RATIO = 1.85
SWEEPS = 8
NOT_RECORDED = "stage not recorded"
NOT_LINKED = "not linked to anything"


@dataclass(frozen=True, slots=True)
class Lane:
    """One stage as a box in the picture: heading, corner, size and how many nodes stand in it."""

    label: str
    x: int
    y: int
    width: int
    height: int
    count: int

    def to_dict(self) -> dict[str, object]:
        """Return the lane as the page reads it."""
        return {
            "label": self.label,
            "x": self.x,
            "y": self.y,
            "w": self.width,
            "h": self.height,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class Layout:
    """A position for each node, the lanes behind them, and the links that run backwards."""

    positions: tuple[tuple[int, int], ...]
    lanes: tuple[Lane, ...]
    back: frozenset[tuple[int, int]]


@dataclass
class _Block:
    label: str
    members: list[int]
    rows: int = 1


def stage_levels(count: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Return the column of each stage, 0 leftmost, given the links between stages.

    Parameters
    ----------
    count
        Number of stages.
    links
        Pairs (supplying stage, consuming stage), one for each link of the network, so that the
        fewest links run against the picture.

    Notes
    -----
    Recycling makes stages feed each other in a circle. Within such a circle the stages are put in
    the order that few links contradict (Eades, Lin and Smyth 1993, then single moves); then each
    stage stands one column right of its last supplier. A stage without suppliers moves right, next
    to its first consumer.

    Examples
    --------
    >>> stage_levels(4, [(0, 1), (1, 2), (1, 2), (2, 3), (2, 1)])
    [0, 1, 2, 3]
    """
    import networkx as nx

    weight: dict[tuple[int, int], int] = defaultdict(int)
    for one, other in links:
        if one != other:
            weight[one, other] += 1
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(sorted(weight))
    rank = [0] * count
    circle = [0] * count
    for number, members in enumerate(sorted(map(sorted, nx.strongly_connected_components(graph)))):
        for position, stage in enumerate(_fewest_contradictions(members, weight)):
            circle[stage] = number
            rank[stage] = position
    forward = [
        (one, other)
        for one, other in sorted(weight)
        if circle[one] != circle[other] or rank[one] < rank[other]
    ]
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(forward)
    level = [0] * count
    for stage in nx.lexicographical_topological_sort(graph):
        level[stage] = max((level[p] + 1 for p in graph.predecessors(stage)), default=0)
    for stage in range(count):
        consumers = [level[c] for c in graph.successors(stage)]
        if consumers and not list(graph.predecessors(stage)):
            level[stage] = min(consumers) - 1
    return level


def _fewest_contradictions(members: list[int], weight: dict[tuple[int, int], int]) -> list[int]:
    left: list[int] = []
    right: list[int] = []
    rest = set(members)
    while rest:
        out = {s: sum(weight.get((s, t), 0) for t in rest) for s in rest}
        into = {s: sum(weight.get((t, s), 0) for t in rest) for s in rest}
        sinks = [s for s in sorted(rest) if not out[s]]
        sources = [s for s in sorted(rest) if not into[s]]
        if sinks:
            right.insert(0, sinks[-1])
            rest.remove(sinks[-1])
        elif sources:
            left.append(sources[0])
            rest.remove(sources[0])
        else:
            best = min(rest, key=lambda s: (into[s] - out[s], s))
            left.append(best)
            rest.remove(best)
    return _improved(left + right, weight)


def _improved(order: list[int], weight: dict[tuple[int, int], int]) -> list[int]:
    """Return the order after moving single stages as long as that makes it better.

    Better is fewer links against the order; among equals, what the mines feed comes early and
    what feeds the products late.
    """
    inside = set(order)
    pull = dict.fromkeys(order, 0)
    for (one, other), count in weight.items():
        if other in inside and one not in inside:
            pull[other] += count
        if one in inside and other not in inside:
            pull[one] -= count

    def cost(candidate: list[int]) -> tuple[int, int]:
        at = {stage: k for k, stage in enumerate(candidate)}
        against = sum(n for (a, b), n in weight.items() if a in at and b in at and at[a] > at[b])
        return against, sum(pull[stage] * k for k, stage in enumerate(candidate))

    best = cost(order)
    moved = len(order) <= 40
    while moved:
        moved = False
        for stage in sorted(order):
            rest = [s for s in order if s != stage]
            for position in range(len(order)):
                candidate = [*rest[:position], stage, *rest[position:]]
                if (now := cost(candidate)) < best:
                    order, best, moved = candidate, now, True
    return order


def place(stages: Sequence[str | None], links: Sequence[tuple[int, int]]) -> Layout:
    """Return a picture about 16:9: stages as lanes left to right, wide stages wrapped.

    Parameters
    ----------
    stages
        Stage of each node; where none is recorded at all, the tiers of the links serve.
    links
        Pairs (supplier, consumer) of node positions, one for each drawn link.

    Notes
    -----
    Eight barycentre sweeps put linked nodes at similar heights. Nodes without a link stand in a
    tray of their own below, so that they do not shrink the rest.

    Examples
    --------
    >>> picture = place(["mine", "magnet", "magnet"], [(0, 1), (0, 2), (2, 0)])
    >>> [lane.label for lane in picture.lanes]
    ['mine', 'magnet']
    >>> sorted(picture.back)
    [(2, 0)]
    """
    linked = {end for link in links for end in link if link[0] != link[1]}
    labels = _labels(stages, links, linked)
    names = sorted({labels[i] for i in linked})
    number = {name: k for k, name in enumerate(names)}
    level = stage_levels(len(names), [(number[labels[a]], number[labels[b]]) for a, b in links])
    columns: list[list[_Block]] = [[] for _ in range(max(level, default=-1) + 1)]
    for name in names:
        members = [i for i in range(len(stages)) if i in linked and labels[i] == name]
        columns[level[number[name]]].append(_Block(name, members))
    columns = [column for column in columns if column]
    for column in columns:
        column.sort(key=lambda block: (-len(block.members), block.label))
    _sort_by_neighbours(columns, links)
    loose = [i for i in range(len(stages)) if i not in linked]
    positions, lanes = _draw(columns, len(stages), len(loose))
    if loose:
        lanes.append(_tray(loose, positions, lanes))
    back = _against_the_flow(
        links,
        [level[number[labels[i]]] if i in linked else 0 for i in range(len(stages))],
        labels,
        positions,
    )
    return Layout(tuple(positions), tuple(lanes), back)


def _labels(
    stages: Sequence[str | None], links: Sequence[tuple[int, int]], linked: set[int]
) -> list[str]:
    if any(stages[i] for i in linked):
        return [stage or NOT_RECORDED for stage in stages]
    # No stage is recorded at all: the tier of a node says at least how far it is from a source.
    import networkx as nx

    graph = nx.DiGraph(sorted(set(links)))
    whole = nx.condensation(graph)
    tier: dict[int, int] = {}
    for part in nx.topological_sort(whole):
        tier[part] = max((tier[p] + 1 for p in whole.predecessors(part)), default=1)
    home = whole.graph["mapping"]
    width = len(str(max(tier.values(), default=1)))
    return [
        f"tier {tier[home[i]]:0{width}d}" if i in linked else NOT_LINKED for i in range(len(stages))
    ]


def _sort_by_neighbours(columns: list[list[_Block]], links: Sequence[tuple[int, int]]) -> None:
    near: dict[int, list[int]] = defaultdict(list)
    for one, other in links:
        near[one].append(other)
        near[other].append(one)
    height: dict[int, float] = {}

    def measure(column: list[_Block]) -> None:
        order = [i for block in column for i in block.members]
        for row, i in enumerate(order):
            height[i] = (row + 0.5) / len(order)

    for column in columns:
        measure(column)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            for block in column:
                mean = {i: sum(height[j] for j in near[i]) / len(near[i]) for i in block.members}
                block.members.sort(key=lambda i: (round(mean[i], 6), i))
            measure(column)


def _wrap(columns: list[list[_Block]], rows: int) -> list[int]:
    """Return into how many sub-columns each column is wrapped, given the rows of the picture."""
    widths = []
    for column in columns:
        width = 1
        while sum(ceil(len(b.members) / width) for b in column) > max(rows, len(column)):
            width += 1
        widths.append(width)
    return widths


def _heading(across: int) -> int:
    """Return the room for a heading: it is read at one size, however small the rest is drawn."""
    return int(HEADING * max(1.0, across / 2_400))


def _extent(columns: list[list[_Block]], widths: list[int]) -> tuple[int, int]:
    across = sum(w * CELL_WIDTH + 2 * LANE_PADDING for w in widths)
    across += LANE_GAP * (len(columns) - 1)
    down = 1
    for column, width in zip(columns, widths, strict=True):
        rows = sum(ceil(len(b.members) / width) for b in column)
        down = max(down, rows * CELL_HEIGHT + len(column) * _heading(across))
    return across, down


def _draw(
    columns: list[list[_Block]], count: int, loose: int
) -> tuple[list[tuple[int, int]], list[Lane]]:
    positions = [(0, 0)] * count
    lanes: list[Lane] = []
    if not columns:
        return positions, lanes
    tallest = max(sum(len(b.members) for b in column) for column in columns)
    best: tuple[float, list[int]] | None = None
    for rows in range(1, tallest + 1):
        widths = _wrap(columns, rows)
        across, down = _extent(columns, widths)
        off = abs(log(across / (down + _tray_height(loose, across)) / RATIO))
        if best is None or off < best[0] - 1e-9:
            best = (off, widths)
    widths = best[1] if best else [1] * len(columns)
    across, down = _extent(columns, widths)
    # What wrapping leaves over is stretched, within reason: small networks fill the page too.
    gap = LANE_GAP
    tray = _tray_height(loose, across)
    wanted_across, wanted_down = (down + tray) * RATIO, across / RATIO - tray
    if across < wanted_across and len(columns) > 1:
        gap += int(min((wanted_across - across) / (len(columns) - 1), WIDEST_GAP))
    elif down < wanted_down:
        down = int(min(wanted_down, down * 2.2))
    x = 0
    heading = _heading(across)
    for column, width in zip(columns, widths, strict=True):
        lane_width = width * CELL_WIDTH + 2 * LANE_PADDING
        space = 14
        wanted = [heading + ceil(len(b.members) / width) * CELL_HEIGHT for b in column]
        y = 0
        for k, (block, want) in enumerate(zip(column, wanted, strict=True)):
            free = down - space * (len(column) - 1)
            tall = down - y if k == len(column) - 1 else int(free * want / sum(wanted))
            lanes.append(Lane(block.label, x, y, lane_width, tall, len(block.members)))
            _fill(block, positions, (x + LANE_PADDING, y + heading, width, tall - heading))
            y += tall + space
        x += lane_width + gap
    return positions, lanes


def _fill(block: _Block, positions: list[tuple[int, int]], box: tuple[int, int, int, int]) -> None:
    left, top, width, height = box
    width = min(width, len(block.members))
    left += (box[2] - width) * CELL_WIDTH // 2
    rows = ceil(len(block.members) / width)
    # Every second sub-column stands half a row lower: names find room and links show between.
    step = height / (rows + (0.5 if width > 1 else 0))
    last = len(block.members) - (rows - 1) * width
    for k, i in enumerate(block.members):
        row, column = divmod(k, width)
        across = (column + 0.5) * CELL_WIDTH
        if row == rows - 1 and rows > 1:
            across += (width - last) // 2 * CELL_WIDTH
            column += (width - last) // 2
        lower = step / 2 if column % 2 else 0
        positions[i] = (int(left + across), int(top + (row + 0.5) * step + lower))


def _tray(loose: list[int], positions: list[tuple[int, int]], lanes: list[Lane]) -> Lane:
    right = max((lane.x + lane.width for lane in lanes), default=10 * CELL_WIDTH)
    top = max((lane.y + lane.height for lane in lanes), default=-LANE_GAP) + LANE_GAP
    width = _tray_width(right)
    for k, i in enumerate(loose):
        row, column = divmod(k, width)
        positions[i] = (
            int(LANE_PADDING + (column + 0.5) * CELL_WIDTH),
            int(top + _heading(right) + (row + 0.5) * CELL_HEIGHT),
        )
    return Lane(NOT_LINKED, 0, top, right, _tray_height(len(loose), right) - LANE_GAP, len(loose))


def _tray_width(across: int) -> int:
    return max(1, (across - 2 * LANE_PADDING) // CELL_WIDTH)


def _tray_height(loose: int, across: int) -> int:
    """Return the height of the tray with the gap above it; 0 where nothing is loose."""
    if not loose:
        return 0
    return LANE_GAP + _heading(across) + ceil(loose / _tray_width(across)) * CELL_HEIGHT


def _against_the_flow(
    links: Sequence[tuple[int, int]],
    level: list[int],
    labels: list[str],
    positions: list[tuple[int, int]],
) -> frozenset[tuple[int, int]]:
    import networkx as nx

    graph = nx.DiGraph(sorted(set(links)))
    circle: dict[int, int] = {}
    for number, members in enumerate(nx.strongly_connected_components(graph)):
        for i in members:
            circle[i] = number
    back = set()
    for one, other in links:
        same = level[one] == level[other] and circle[one] == circle[other]
        if level[one] > level[other] or (same and positions[one][::-1] >= positions[other][::-1]):
            back.add((one, other))
    return frozenset(back)
