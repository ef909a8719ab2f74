"""Neo4j: the CSV files of its bulk import, nodes and entities with what runs between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from supplynet.io.graphs import attribute_text
from supplynet.io.write import csv_line
from supplynet.text import csv_cell

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork, Table

__all__ = ["Neo4jFiles", "neo4j_files"]

#: What a property name cannot hold: Neo4j reads a type after ``:`` and options after ``{``, and
#: strips blanks at the ends.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys(":{}()`\"'\r\n\t;,", "_"))
_README = """\
{title}

Made by supplynet for the bulk import of Neo4j 5, into an empty database:

  neo4j-admin database import full neo4j --multiline-fields=true \\
    --nodes=nodes.csv{entities} \\
    --relationships=supplies.csv{relations}

  (:Node)-[:SUPPLIES]->(:Node)         from supplier to consumer
  (:Entity)-[:OPERATES]->(:Node)
  (:Entity)-[:HOLDS]->(:Entity|:Node)  from owner to asset

The rows of all dates are here: a row holds from `start` up to, but not on, `end`. A missing
property is not known. Needs are joined by AND, alternative suppliers by OR: a path is no proof
that anything runs.

Text that a spreadsheet could take for a formula begins with an apostrophe that is not part of it.
"""


@dataclass(frozen=True)
class Neo4jFiles:
    """The files by name, and the names of properties that had to change."""

    files: dict[str, str]
    renamed: tuple[str, ...] = ()


def neo4j_files(net: SupplyNetwork) -> Neo4jFiles:
    """Return a network as files for the bulk import of Neo4j; same network, same text.

    Parameters
    ----------
    net
        The network, its rows in order.

    Notes
    -----
    Ids of nodes and of entities may be the same text, so the ids of the import are
    ``node/ID`` and ``entity/ID``; the property ``id`` is the id itself.
    """
    made = _Made()
    nodes, entities = net.table("nodes"), net.table("entities")
    known = {
        "node": set(nodes.column("id")),
        "entity": {*entities.column("id"), *filter(None, nodes.column("operator"))},
    }
    known["entity"] |= {
        end
        for side in ("owner", "asset")
        for end in net.table("holdings").column(side)
        if end not in known["node"]
    }
    made.things("nodes.csv", nodes, "Node", "node")
    if known["entity"]:
        made.things("entities.csv", entities, "Entity", "entity", also=known["entity"])
    supplies = net.table("supplies")
    ends = zip(supplies.column("supplier"), supplies.column("consumer"), strict=True)
    pairs = [(f"node/{first}", f"node/{second}") for first, second in ends]
    made.relations("supplies.csv", supplies, "SUPPLIES", pairs, {"supplier", "consumer"})
    operated = [
        (f"entity/{operator}", f"node/{node}")
        for node, operator in zip(nodes.column("id"), nodes.column("operator"), strict=True)
        if operator
    ]
    if operated:
        lines = [csv_line([":START_ID", ":END_ID", ":TYPE"])]
        lines += [csv_line([first, second, "OPERATES"]) for first, second in sorted(operated)]
        made.files["operators.csv"] = "".join(lines)
    holdings = net.table("holdings")
    if len(holdings):

        def thing(end: str) -> str:
            return f"{'entity' if end in known['entity'] else 'node'}/{end}"

        ends = zip(holdings.column("owner"), holdings.column("asset"), strict=True)
        held = [(thing(owner), thing(asset)) for owner, asset in ends]
        made.relations("holdings.csv", holdings, "HOLDS", held, {"owner", "asset"})
    more = [name for name in ("operators.csv", "holdings.csv") if name in made.files]
    made.files["README.txt"] = _README.format(
        title=" ".join((net.meta.title or net.name or "A supply network").split()),
        entities=" --nodes=entities.csv" if "entities.csv" in made.files else "",
        relations="".join(f" --relationships={name}" for name in more),
    )
    return Neo4jFiles(made.files, tuple(made.renamed))


@dataclass
class _Made:
    """The files as they are made."""

    files: dict[str, str] = field(default_factory=dict)
    renamed: list[str] = field(default_factory=list)

    def things(
        self, file: str, table: Table, label: str, space: str, *, also: Iterable[str] = ()
    ) -> None:
        ids = list(table.column("id"))
        names = [name for name in table.columns if name != "id"]
        header = [":ID", "id", ":LABEL", *self._header(table, names, {"id"})]
        lines = [csv_line(header)]
        for index, thing in enumerate(ids):
            cells = _cells(table, names, index)
            lines.append(csv_line([f"{space}/{thing}", csv_cell(thing), label, *cells]))
        # An entity may be named by nodes and holdings without a row of its own.
        for thing in sorted(set(also) - set(ids)):
            cells = [""] * len(names)
            lines.append(csv_line([f"{space}/{thing}", csv_cell(thing), label, *cells]))
        self.files[file] = "".join(lines)

    def relations(
        self, file: str, table: Table, kind: str, ends: Sequence[tuple[str, str]], own: set[str]
    ) -> None:
        names = [name for name in table.columns if name not in own]
        lines = [csv_line([":START_ID", ":END_ID", ":TYPE", *self._header(table, names, set())])]
        for index, (first, second) in enumerate(ends):
            lines.append(csv_line([first, second, kind, *_cells(table, names, index)]))
        self.files[file] = "".join(lines)

    def _header(self, table: Table, names: Sequence[str], taken: set[str]) -> list[str]:
        header = []
        for name in names:
            plain = name.translate(_NOT_IN_NAMES).strip() or "_"
            while plain in taken:
                plain += "_"
            taken.add(plain)
            if plain != name:
                self.renamed.append(f"{table.name}: column {name!r} is called {plain!r}")
            header.append(csv_cell(plain) + _type(table.column(name)))
        return header


def _type(values: Iterable[object]) -> str:
    """Return what stands behind a property name: its type, none for text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {Decimal}:
        return ":double"
    if kinds == {date}:
        return ":date"
    return ":string[]" if kinds == {tuple} else ""


def _cells(table: Table, names: Iterable[str], index: int) -> list[str]:
    values = (table.column(name)[index] for name in names)
    # A negative number is no formula; text and lists of text might be.
    return [
        csv_cell(attribute_text(value))
        if isinstance(value, (str, tuple))
        else attribute_text(value)
        for value in values
    ]
