"""Random coherent fault trees in the Open-PSA format, the same for the same seed."""

from __future__ import annotations

import random


def random_tree(gates: int, seed: int, *, shared: float = 0.3, votes: float = 0.05) -> str:
    """Return a tree of so many gates: AND and OR in turn as a rule, some events and gates shared.

    Parameters
    ----------
    shared
        Chance that an input is one that another gate has already.
    votes
        Chance of a gate that fails when at least 2 of its inputs do.
    """
    chance = random.Random(seed)  # noqa: S311 - the same tree for the same seed
    inputs: list[list[str]] = [[] for _ in range(gates)]
    for gate in range(1, gates):
        # Each gate hangs below an earlier one, near by.
        inputs[chance.randrange(max(0, gate - 12), gate)].append(f"g{gate}")
    events = 0
    for gate, given in enumerate(inputs):
        while len(given) < 2 or (len(given) < 5 and chance.random() < 0.4):
            if chance.random() < shared and events:
                given.append(f"e{chance.randrange(events)}")
            elif chance.random() < shared / 2 and gate + 1 < gates:
                given.append(f"g{chance.randrange(gate + 1, gates)}")
            else:
                given.append(f"e{events}")
                events += 1
    lines = ['<?xml version="1.0"?>', "<opsa-mef>", f'<define-fault-tree name="random_{seed}">']
    for gate, given in enumerate(inputs):
        distinct = list(dict.fromkeys(given))
        while len(distinct) < 2:
            distinct.append(f"e{events}")
            events += 1
        vote = len(distinct) > 2 and chance.random() < votes
        kind = "atleast" if vote else chance.choice(("or", "or", "and"))
        least = ' min="2"' if vote else ""
        lines.append(f'<define-gate name="g{gate}"><{kind}{least}>')
        for name in distinct:
            word = "gate" if name.startswith("g") else "basic-event"
            lines.append(f'<{word} name="{name}"/>')
        lines.append(f"</{kind}></define-gate>")
    lines.append("</define-fault-tree>")
    lines.append("<model-data>")
    lines += [
        f'<define-basic-event name="e{i}"><float value="0.01"/></define-basic-event>'
        for i in range(events)
    ]
    lines += ["</model-data>", "</opsa-mef>"]
    return "\n".join(lines) + "\n"
