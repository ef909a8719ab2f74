"""Who owns and who controls a node on a date, and by which levers a government can reach it.

Place, operator, owner and controller are four things. The holdings recorded for the date decide;
what they leave open is ``possibly`` or ``None``, never the likelier answer.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from supplynet.model import resolve_date

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = ["Control", "Lever", "NodeControl", "controllers"]

Certainty = Literal["yes", "possibly"]

_SHARES = ("equity", "votes")
#: Control whatever the share. The order is that in which a chain is explained: an asset that is
#: owned is not called seized because its owner's other firm is.
_HARD = ("management", "court", "seizure", "territory")
#: A say that may or may not amount to control.
_SOFT = ("board", "veto", "golden_share")
#: Holdings that displace ownership while they last.
_PREVAILING = ("seizure", "court", "territory")


@dataclass(frozen=True, slots=True)
class Lever:
    """One way in which an authority can stop what a node does.

    Attributes
    ----------
    government
        Country code, or the entity id of an authority that is no state.
    kind
        ``territory``, ``state_owned``, ``domicile``, ``management``, ``seizure`` or ``court``.
    certainty
        ``yes``, or ``possibly`` where a share is unknown, a band, or exactly one half.
    path
        What proves it, from the authority to the node: ids, and between them the link.
    """

    government: str
    kind: str
    certainty: Certainty
    path: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the lever as in the JSON of ``control``."""
        return {
            "government": self.government,
            "kind": self.kind,
            "certainty": self.certainty,
            "path": list(self.path),
        }


@dataclass(frozen=True, slots=True)
class NodeControl:
    """Place, operator, owner and controller of one node on the date; ``None`` is unknown.

    Attributes
    ----------
    id, country, operator
        As recorded.
    owner
        The ultimate owner: top of the majority chain above the node or its operator; the operator
        where nothing above it holds a majority. ``None`` where somebody possibly does.
    controller
        The prevailing authority: one that holds the node by seizure, court order or territory;
        else the state that owns it, else the country of its ultimate owner; else where it stands.
    levers
        Every lever, sorted.
    owner_path
        What proves `owner`, from it to the node.
    possible_owners
        Who may stand at the top of the chain, where `owner` is unknown for that reason.
    """

    id: str
    country: str | None
    operator: str | None
    owner: str | None
    controller: str | None
    levers: tuple[Lever, ...]
    owner_path: tuple[str, ...] = ()
    possible_owners: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the node as in the JSON of ``control``."""
        return {
            "id": self.id,
            "country": self.country,
            "operator": self.operator,
            "owner": self.owner,
            "controller": self.controller,
            "levers": [lever.to_dict() for lever in self.levers],
            "owner_path": list(self.owner_path),
            "possible_owners": list(self.possible_owners),
        }


@dataclass(frozen=True)
class Control:
    """Who owns and controls each node on a date. Made by :func:`controllers`.

    Attributes
    ----------
    on
        The date, ``None`` where neither question nor network gives one.
    nodes
        One :class:`NodeControl` per node, sorted by id.
    """

    on: date | None
    nodes: tuple[NodeControl, ...]

    @cached_property
    def by_id(self) -> Mapping[str, NodeControl]:
        """Node id to its control."""
        return {node.id: node for node in self.nodes}

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the command ``control``."""
        return {"nodes": [node.to_dict() for node in self.nodes]}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per node; its levers as text, ``;`` between them."""
        import pandas as pd

        rows = [
            {
                "id": n.id,
                "country": n.country,
                "operator": n.operator,
                "owner": n.owner,
                "controller": n.controller,
                "levers": "; ".join(f"{v.government} {v.kind} {v.certainty}" for v in n.levers),
            }
            for n in self.nodes
        ]
        columns = ["id", "country", "operator", "owner", "controller", "levers"]
        return pd.DataFrame(rows, columns=columns, dtype="str")

    def __repr__(self) -> str:
        known = sum(node.controller is not None for node in self.nodes)
        return f"<Control on {self.on or 'no date'}: {known} of {len(self.nodes)} nodes known>"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


def controllers(net: SupplyNetwork, *, on: date | str | None = None) -> Control:
    """Return operator, ultimate owner, controller and levers of every node on a date.

    Parameters
    ----------
    net
        The network.
    on
        The date; that of the data (`as_of`) by default. Where neither is known, only holdings
        without dates count.

    Returns
    -------
    Control
        One entry per node, sorted by id.

    Raises
    ------
    QuestionError
        `on` is text and no ISO date.

    Notes
    -----
    Holdings count while they are ``held`` on the date (``[start, end)``). A group - an entity and
    all it controls - controls an asset when its shares in it sum to more than one half: exactly,
    and as a least fixpoint, so that firms that only own each other are controlled by nobody else.
    Exactly one half, a band around it, or an unknown share is ``possibly``, unless what others
    surely hold leaves too little. Votes decide where votes of an asset are recorded; an equity
    share beside them then says nothing about votes. A blank kind is read as equity.
    ``management``, ``seizure``, ``court`` and ``territory`` control whatever the share,
    ``board``, ``veto`` and ``golden_share`` possibly, a ``contract`` never. Government entities
    of one country act together.

    Owners whose holding is not recorded are not assumed to exist: a firm of which 40 % is on
    record, in small parts, is its own ultimate owner. Firms that own each other in a circle are
    one group, named by the first of their ids. Where two bodies of a state hold a majority only
    together, the owner is the state, by its country code. Where another authority holds the
    ground, the country's own lever of territory is ``possibly``.

    A missing lever is no proof that there is none: who is not recorded is not seen.

    Examples
    --------
    A British plant, run by a firm that an American one owns; a state's 40 % there is no control.

    >>> import pandas as pd
    >>> import supplynet
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame({"supplier": ["plant"], "consumer": ["missile"]}),
    ...     pd.DataFrame(
    ...         {"id": ["plant", "missile"], "country": ["GB", "US"], "operator": ["lcm", None]}
    ...     ),
    ...     entities=pd.DataFrame(
    ...         {
    ...             "id": ["lcm", "usare", "dow"],
    ...             "kind": ["company", "company", "government"],
    ...             "country": ["GB", "US", "US"],
    ...         }
    ...     ),
    ...     holdings=pd.DataFrame(
    ...         {
    ...             "owner": ["usare", "dow"],
    ...             "asset": ["lcm", "usare"],
    ...             "share": ["1", "0.4"],
    ...             "kind": ["equity", "equity"],
    ...         }
    ...     ),
    ... )
    >>> plant = supplynet.controllers(net).by_id["plant"]
    >>> plant.country, plant.operator, plant.owner, plant.controller
    ('GB', 'lcm', 'usare', 'US')
    >>> for lever in plant.levers:
    ...     print(lever.government, lever.kind, lever.certainty, "/".join(lever.path))
    GB domicile yes GB/domicile/lcm/operator/plant
    GB territory yes GB/territory/plant
    US domicile yes US/domicile/usare/equity 1/lcm/operator/plant
    """
    day = resolve_date(net, on)
    register = _Register(net, day)
    nodes = [register.control(row) for row in net.table("nodes").rows()]
    return Control(day, tuple(sorted(nodes, key=lambda n: n.id)))


@dataclass(frozen=True, slots=True)
class _Stake:
    """What one owner holds of one asset by equity and votes: the band of its voting weight.

    Weights are whole numbers of the register's `unit`, so that sums are exact and cheap.
    """

    owner: str
    low: int
    high: int
    text: str


@dataclass(frozen=True, slots=True)
class _Grip:
    """A holding that controls, or may, whatever its share."""

    owner: str
    asset: str
    kind: str
    start: date | None


@dataclass(frozen=True, slots=True)
class _Proof:
    """Why an asset is in a control group: the owner it came through, and how.

    `kind` is ``share``, or that of the first holding of another kind on the way down.
    """

    kind: str
    via: str | None = None
    link: str = ""
    start: date | None = None


@dataclass
class _Group:
    """All that one actor controls (or possibly controls), and every grip its members have."""

    proofs: dict[str, _Proof]
    grips: dict[str, list[_Grip]] = field(default_factory=dict)

    @cached_property
    def owned(self) -> int:
        """How many assets are in the group by shares alone."""
        return sum(proof.kind == "share" for proof in self.proofs.values())

    def path(self, asset: str) -> tuple[str, ...]:
        steps = [asset]
        proof = self.proofs[asset]
        while proof.via is not None:
            steps += [proof.link, proof.via]
            proof = self.proofs[proof.via]
        return tuple(reversed(steps))


_Actor = tuple[str, str]  # ("entity", its id) or ("state", its country)
_Groups = Mapping[_Actor, _Group]
_Above = Mapping[str, list[_Actor]]


class _Register:
    """The holdings of a date, and the control groups that follow from them."""

    def __init__(self, net: SupplyNetwork, on: date | None) -> None:
        entities = net.table("entities")
        ids = entities.column("id")
        self.kind: dict[str, str | None] = dict(zip(ids, entities.column("kind"), strict=True))
        self.country: dict[str, str | None] = dict(
            zip(ids, entities.column("country"), strict=True)
        )
        for node in net.table("nodes").rows():
            # A firm that is a node may own; where it stands is then its domicile.
            if node.get("kind") == "firm":
                self.kind.setdefault(node["id"], "company")
                self.country.setdefault(node["id"], node.get("country"))
        self._read(net, on)
        self._gather(net)

    def _read(self, net: SupplyNetwork, on: date | None) -> None:
        shares: dict[str, dict[str, dict[str, list[tuple[Fraction, Fraction, str]]]]] = {}
        self.grips: dict[str, list[_Grip]] = defaultdict(list)
        self.held_ground: dict[str, set[str]] = defaultdict(set)
        for row in net.table("holdings").rows():
            if row.get("status") not in (None, "held") or not _live(row, on):
                continue
            owner, asset, kind = row["owner"], row["asset"], row.get("kind") or "equity"
            if kind in _SHARES:
                of_asset = shares.setdefault(asset, {}).setdefault(kind, {})
                of_asset.setdefault(owner, []).append(_band(row))
            elif kind in _HARD or kind in _SOFT:
                self.grips[owner].append(_Grip(owner, asset, kind, row.get("start")))
                if kind == "territory":
                    self.held_ground[asset].add(owner)
        self.stakes: dict[str, list[tuple[str, _Stake]]] = defaultdict(list)
        self.sure_total: dict[str, int] = {}
        self.unit = math.lcm(
            *(
                bound.denominator
                for kinds in shares.values()
                for owners in kinds.values()
                for rows in owners.values()
                for low, high, _ in rows
                for bound in (low, high)
            )
        )
        for asset, kinds in shares.items():
            stakes = _weigh(kinds, self.unit)
            self.sure_total[asset] = sum(s.low for s in stakes)
            for stake in stakes:
                self.stakes[stake.owner].append((asset, stake))
        # A proof names the line it met first: let that not hang on the order of the rows.
        for lines in self.stakes.values():
            lines.sort(key=lambda line: line[0])
        for grips in self.grips.values():
            grips.sort(key=lambda g: (g.asset, g.kind, g.start or date.min))

    def _gather(self, net: SupplyNetwork) -> None:
        """Compute the groups of all actors, and who stands above each asset."""
        states: dict[str, list[str]] = defaultdict(list)
        for entity, kind in self.kind.items():
            country = self.country[entity]
            if kind == "government" and country is not None:
                states[country].append(entity)
        operators = {o for o in net.table("nodes").column("operator") if o is not None}
        actors = sorted(operators | set(self.stakes) | set(self.grips) | set(self.kind))
        self.sure: dict[_Actor, _Group] = {}
        self.maybe: dict[_Actor, _Group] = {}
        members = {("entity", a): [a] for a in actors}
        members |= {("state", c): sorted(states[c]) for c in sorted(states)}
        self.above: dict[str, list[_Actor]] = defaultdict(list)
        self.maybe_above: dict[str, list[_Actor]] = defaultdict(list)
        for actor, base in members.items():
            self.sure[actor] = self._close(base, sure=True)
            self.maybe[actor] = self._close(base, sure=False)
            for asset in self.sure[actor].proofs:
                self.above[asset].append(actor)
            for asset in self.maybe[actor].proofs:
                self.maybe_above[asset].append(actor)

    def _close(self, base: Sequence[str], *, sure: bool) -> _Group:
        """Return the least group that holds `base` and all that its holdings control."""
        group = _Group({entity: _Proof("share") for entity in base})
        queue = deque(base)
        waiting: dict[str, deque[_Grip]] = {kind: deque() for kind in ("soft", *_HARD)}
        held: dict[str, list[_Stake]] = {}
        low: dict[str, int] = defaultdict(int)
        high: dict[str, int] = defaultdict(int)
        while True:
            while queue:
                owner = queue.popleft()
                for grip in self.grips.get(owner, ()):
                    if grip.kind in _HARD:
                        waiting[grip.kind].append(grip)
                        group.grips.setdefault(grip.asset, []).append(grip)
                    elif not sure:
                        waiting["soft"].append(grip)
                for asset, stake in self.stakes.get(owner, ()):
                    if asset in group.proofs:
                        continue
                    held.setdefault(asset, []).append(stake)
                    low[asset] += stake.low
                    high[asset] += stake.high
                    if sure:
                        majority = 2 * low[asset] > self.unit
                    else:
                        # What outsiders surely hold bounds what this group can hold.
                        room = self.unit - (self.sure_total[asset] - low[asset])
                        majority = 2 * max(low[asset], min(high[asset], room)) >= self.unit
                    if majority:
                        group.proofs[asset] = _by_shares(group, held[asset])
                        queue.append(asset)
            held_otherwise = next((grips for grips in waiting.values() if grips), None)
            if held_otherwise is None:
                return group
            grip = held_otherwise.popleft()
            if grip.asset not in group.proofs:
                group.proofs[grip.asset] = _by_grip(group.proofs[grip.owner], grip)
                queue.append(grip.asset)

    # -- one node -----------------------------------------------------------------------------

    def control(self, row: Mapping[str, Any]) -> NodeControl:
        node, country, operator = row["id"], row.get("country"), row.get("operator")
        levers, prevailing = self._levers(node, country, operator)
        owner, path, possible = self._owner(node, operator)
        return NodeControl(
            id=node,
            country=country,
            operator=operator,
            owner=owner,
            controller=self._controller(row, levers, prevailing, owner or possible),
            levers=levers,
            owner_path=path,
            possible_owners=possible,
        )

    def _levers(
        self, node: str, country: str | None, operator: str | None
    ) -> tuple[tuple[Lever, ...], list[tuple[date, str, str]]]:
        found: dict[tuple[str, str], Lever] = {}
        prevailing: list[tuple[date, str, str]] = []

        def add(government: str, kind: str, certainty: Certainty, path: tuple[str, ...]) -> None:
            lever = Lever(government, kind, certainty, path)
            best = found.get((government, kind))
            if best is None or _rank(lever) < _rank(best):
                found[government, kind] = lever

        if country is not None:
            others = {
                self._authority(holder)
                for place in (node, operator)
                for holder in self.held_ground.get(place or "", ())
            } - {country}
            add(country, "territory", "possibly" if others else "yes", (country, "territory", node))
        for asset in dict.fromkeys(a for a in (node, operator) if a is not None):
            tail = ("operator", node) if asset != node else ()
            readings: tuple[tuple[Certainty, _Above, _Groups], ...] = (
                ("yes", self.above, self.sure),
                ("possibly", self.maybe_above, self.maybe),
            )
            for certainty, above, groups in readings:
                for actor in above.get(asset, ()):
                    group = groups[actor]
                    base = group.proofs[asset]
                    direct = group.grips.get(asset, ())
                    for proof in (
                        base,
                        *(_Proof(g.kind, g.owner, g.kind, g.start) for g in direct),
                    ):
                        reached = self._reach(actor, proof)
                        if not reached:
                            continue
                        path = (
                            group.path(asset)
                            if proof is base or proof.via is None
                            else (*group.path(proof.via), proof.link, asset)
                        )
                        for government, kind, head in reached:
                            add(government, kind, certainty, (*head, *path, *tail))
                            if certainty == "yes" and kind in _PREVAILING:
                                since = proof.start or date.min
                                prevailing.append((since, kind, government))
        return tuple(sorted(found.values(), key=_key)), prevailing

    def _reach(self, actor: _Actor, proof: _Proof) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return the (authority, kind, head of the path) that control by `actor` stands for."""
        form, name = actor
        kind = proof.kind if proof.kind in _HARD else "state_owned"
        if form == "state":
            return [(name, kind, (name, "government"))]
        if self.kind.get(name) == "government":
            # A body of a known state speaks through the state.
            return [] if self.country.get(name) is not None else [(name, kind, ())]
        if self.kind.get(name) == "armed_group":
            # It owns and runs as it holds: by force, under nobody's company law.
            return [(name, proof.kind if proof.kind in _HARD else "management", ())]
        reached: list[tuple[str, str, tuple[str, ...]]] = []
        if proof.kind in _PREVAILING:
            reached.append((name, proof.kind, ()))
        country = self.country.get(name)
        # Who holds ground of his own is not under the law of the country it is taken from.
        if country is not None and proof.kind != "territory":
            reached.append((country, "domicile", (country, "domicile")))
        return reached

    def _authority(self, entity: str) -> str:
        country = self.country.get(entity)
        is_state = self.kind.get(entity) == "government" and country is not None
        return country if is_state and country is not None else entity

    def _owner(
        self, node: str, operator: str | None
    ) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
        """Return the ultimate owner, its path, and who else may be it."""
        for asset in dict.fromkeys(a for a in (node, operator) if a is not None):
            above = self._owners_above(asset, self.above, self.sure)
            maybe = self._owners_above(asset, self.maybe_above, self.maybe)
            if asset == node and asset != operator:
                above.discard(("entity", node))
                maybe.discard(("entity", node))
            if not maybe:
                continue
            return self._top(asset, node, above, maybe)
        return None, (), ()

    @staticmethod
    def _owners_above(
        asset: str,
        above: _Above,
        groups: _Groups,
    ) -> set[_Actor]:
        return {a for a in above.get(asset, ()) if groups[a].proofs[asset].kind == "share"}

    def _owns(self, actor: _Actor, entity: str) -> bool:
        proof = self.sure[actor].proofs.get(entity)
        return proof is not None and proof.kind == "share"

    def _top(
        self,
        asset: str,
        node: str,
        above: set[_Actor],
        maybe: set[_Actor],
    ) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
        # Who owns another owns all that it owns: the largest group comes first, and of a circle,
        # whose groups are equal, the first id.
        entities = sorted(
            (name for form, name in above if form == "entity"),
            key=lambda name: (-self.sure["entity", name].owned, name),
        )
        tops: list[str] = []
        for name in entities:
            if not any(self._owns(("entity", top), name) for top in tops):
                tops.append(name)
        # A state that holds a majority only through several bodies together has no single top.
        joint = {
            name
            for form, name in above
            if form == "state"
            and not any(
                self.kind.get(a) == "government" and self.country.get(a) == name for a in entities
            )
        }
        best = [("state", c) for c in sorted(joint)] or [("entity", t) for t in tops]
        open_ = {
            actor for actor in maybe - above if not any(self._under(actor, top) for top in best)
        }
        open_names = self._name_possible(open_)
        tail = ("operator", node) if asset != node else ()
        if len(best) == 1 and not open_names:
            top = best[0]
            path = self.sure[top].path(asset)
            head: tuple[str, ...] = (top[1], "government") if top[0] == "state" else ()
            if top[0] == "entity":
                circle = [a for a in entities if self._owns(("entity", a), top[1])]
                if len(circle) > 1:
                    head = (f"owned in a circle: {', '.join(circle)}",)
            return top[1], (*head, *path, *tail), ()
        names = {name for _, name in best if name != asset} | open_names
        return None, (), tuple(sorted(names))

    def _under(self, actor: _Actor, top: _Actor) -> bool:
        """Say whether `actor` is surely part of what `top` owns, so that it changes no top."""
        form, name = actor
        if form == "entity":
            return self._owns(top, name)
        return top == actor or (
            top[0] == "entity"
            and self.kind.get(top[1]) == "government"
            and self.country.get(top[1]) == name
        )

    def _name_possible(self, actors: Iterable[_Actor]) -> set[str]:
        entities = {name for form, name in actors if form == "entity"}
        bodies = {self.country.get(e) for e in entities if self.kind.get(e) == "government"}
        return entities | {name for form, name in actors if form == "state" and name not in bodies}

    def _controller(
        self,
        row: Mapping[str, Any],
        levers: Sequence[Lever],
        prevailing: Sequence[tuple[date, str, str]],
        owner: str | tuple[str, ...],
    ) -> str | None:
        """Return who prevails; `owner` is the owner, or those that may be it."""
        if prevailing:
            latest = max(since for since, _, _ in prevailing)
            return _only({g for since, _, g in prevailing if since == latest})
        for kind in ("state_owned", "management"):
            states = {v.government for v in levers if v.kind == kind and v.certainty == "yes"}
            if states:
                return _only(states)
        if isinstance(owner, str):
            return self._home(owner) or row.get("country")
        if owner:
            # The top is open: an answer only where every candidate gives the same one.
            candidates = {*owner, row.get("operator") or owner[0]}
            return _only({self._home(name) for name in candidates})
        return row.get("country")

    def _home(self, name: str) -> str | None:
        if self.kind.get(name) == "armed_group":
            return name
        if name in self.kind:
            return self.country.get(name)
        return name if ("state", name) in self.sure else None


def _live(row: Mapping[str, Any], on: date | None) -> bool:
    start, end = row.get("start"), row.get("end")
    if on is None:
        return start is None and end is None
    return (start is None or start <= on) and (end is None or on < end)


def _band(row: Mapping[str, Any]) -> tuple[Fraction, Fraction, str]:
    """Return what is known of a share as a closed band, and how to write it."""
    share, low, high = row.get("share"), row.get("share_low"), row.get("share_high")
    lows = [Fraction(v) for v in (share, low) if v is not None]
    highs = [Fraction(v) for v in (share, high) if v is not None]
    bounds = (min(lows, default=Fraction(0)), max(highs, default=Fraction(1)))
    if share is None and low is None and high is None:
        return *bounds, "share unknown"
    if low is None and high is None:
        return *bounds, _number(share)
    written = [_number(v) if v is not None else d for v, d in ((low, "0"), (high, "1"))]
    if share is not None:
        written = [_number(low if low is not None else share), _number(high or share)]
    return *bounds, "-".join(written)


def _number(value: Decimal | None) -> str:
    return "" if value is None else format(value.normalize(), "f")


def _weigh(
    kinds: Mapping[str, Mapping[str, Sequence[tuple[Fraction, Fraction, str]]]], unit: int
) -> list[_Stake]:
    """Return each owner's voting weight in one asset."""
    votes, equity = kinds.get("votes", {}), kinds.get("equity", {})
    stakes = []
    for owner in sorted({*votes, *equity}):
        rows = votes.get(owner) or equity[owner]
        text = " + ".join(written for _, _, written in rows)
        if owner in votes or not votes:
            low = int(sum(row[0] for row in rows) * unit)
            high = int(min(1, sum(row[1] for row in rows)) * unit)
            name = "votes" if owner in votes else "equity"
            stakes.append(_Stake(owner, low, max(low, high), f"{name} {text}"))
        else:
            # Votes of this asset are on record, not this owner's: shares without votes exist.
            stakes.append(_Stake(owner, 0, unit, f"equity {text}, votes unknown"))
    return stakes


def _by_grip(above: _Proof, grip: _Grip) -> _Proof:
    if above.kind in _PREVAILING:
        return _Proof(above.kind, grip.owner, grip.kind, above.start)
    if grip.kind in _SOFT:
        kind = "management" if above.kind == "management" else "soft"
        return _Proof(kind, grip.owner, grip.kind, grip.start)
    return _Proof(grip.kind, grip.owner, grip.kind, grip.start)


def _by_shares(group: _Group, held: Sequence[_Stake]) -> _Proof:
    """Return the proof of a majority: its largest holder leads, the others are named beside it."""
    if len(held) == 1:
        above = group.proofs[held[0].owner]
        return _Proof(above.kind, held[0].owner, held[0].text, above.start)
    ordered = sorted(held, key=lambda s: (-s.low, -s.high, s.owner))
    first = ordered[0]
    link = f"{first.text} (with {', '.join(f'{s.owner} {s.text}' for s in ordered[1:])})"
    order = ("share", "soft", *_HARD)
    weakest = max((group.proofs[s.owner] for s in held), key=lambda p: order.index(p.kind))
    return _Proof(weakest.kind, first.owner, link, weakest.start)


def _rank(lever: Lever) -> tuple[bool, int, tuple[str, ...]]:
    return (lever.certainty != "yes", len(lever.path), lever.path)


def _key(lever: Lever) -> tuple[bool, str, str]:
    return (lever.certainty != "yes", lever.government, lever.kind)


def _only(names: Iterable[str | None]) -> str | None:
    """Return the one name there is; two that stand side by side name nobody."""
    found = set(names)
    return found.pop() if len(found) == 1 else None
