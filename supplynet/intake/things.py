"""Nodes, entities, materials and references as rows name them, before they have ids."""

from __future__ import annotations

from collections.abc import Mapping

from supplynet.intake.names import make_ids

__all__ = ["Registry", "Thing"]


class Thing:
    """A node, entity, material or reference, and what the rows say about it."""

    def __init__(self, label: str, name: str, given_id: str = "") -> None:
        self.label = label
        self.name = name
        self.given_id = given_id
        self.spellings: set[str] = set()
        #: Table to field to the values given, each with its rows.
        self.values: dict[str, dict[str, dict[str, list[str]]]] = {}
        self.extras: dict[str, dict[str, list[str]]] = {}
        self.references: dict[str, list[str]] = {}
        self.origins: dict[str, list[str]] = {}

    def mention(self, table: str, origin: str, reference: str) -> None:
        """Note that a row speaks of it, as of a row of that table."""
        for known, text in ((self.origins, origin), (self.references, reference)):
            listed = known.setdefault(table, [])
            if text not in listed:
                listed.append(text)

    def give(self, table: str, name: str, value: str, origin: str) -> None:
        """Note the value that a row gives to one of its fields."""
        rows = self.values.setdefault(table, {}).setdefault(name, {}).setdefault(value, [])
        if origin not in rows:
            rows.append(origin)


class Registry:
    """Things of one kind, found by their id or their name."""

    def __init__(self, merges: Mapping[str, str]) -> None:
        self.merges = merges
        self.things: dict[str, Thing] = {}
        self.by_name: dict[str, list[Thing]] = {}

    def declare(self, given_id: str, name: str) -> Thing:
        """Return the thing of a row of its own table."""
        text = given_id or name
        kept = self.merges.get(name, name)
        if not given_id:
            return self.named(name)
        thing = self.things.get(text)
        if thing is None:
            thing = self.things[text] = Thing(text, kept or given_id, given_id)
            self.by_name.setdefault(thing.name, []).append(thing)
        if kept != name:
            thing.spellings.add(name)
        return thing

    def named(self, text: str) -> Thing:
        """Return the thing that another row names, by id or by name."""
        kept = self.merges.get(text, text)
        thing = self.things.get(kept)
        if thing is None:
            same = self.by_name.get(kept, [])
            thing = same[0] if len(same) == 1 else None
        if thing is None:
            thing = self.things[kept] = Thing(kept, kept)
            self.by_name.setdefault(kept, []).append(thing)
        if kept != text:
            thing.spellings.add(text)
        return thing

    def ids(self) -> dict[str, str]:
        """Return the key of each thing and its id."""
        given = {label: thing.given_id for label, thing in self.things.items() if thing.given_id}
        made = make_ids(
            (label for label in self.things if label not in given), taken=given.values()
        )
        return given | made
