"""Every form of text that is written, and the JSON Schema, byte by byte, in `tests/golden`.

After a wanted change: `python tests/test_golden.py`, and read what changed.
"""

import json
from pathlib import Path

import pytest

from supplynet.io import from_frames
from supplynet.io.exchange import make_export
from supplynet.schema import json_schema

GOLDEN = Path(__file__).parent / "golden"
FORMS = ("folder", "json", "graphml", "gexf", "node-link", "gephi", "neo4j", "schema")


def network():
    """Return a network with a value of each kind, and text that each form has to guard."""
    supplies = [
        {
            "supplier": "mine",
            "consumer": "smelter & sons",
            "material": 'ore "raw"',
            "share": "0.40",
            "volume": "100",
            "start": "2025-01-01",
            "qualified": "yes",
            "references": ["r1", "r2"],
            "Label": "<b>",
        },
        {"supplier": "=mine2", "consumer": "smelter & sons", "material": 'ore "raw"'},
        {"supplier": "mine", "consumer": "smelter & sons", "end": "2024-01-01"},
    ]
    nodes = [
        {"id": "mine", "name": "Mine; Ltd", "country": "CN", "operator": "acme", "type": "x\ny"},
        {"id": "=mine2", "latitude": "-1.50", "type": "a\u0001"},
        {"id": "smelter & sons", "makes": ["metal", "slag"], "status": "operating"},
    ]
    tables = {
        "needs": [{"consumer": "smelter & sons", "material": 'ore "raw"'}],
        "entities": [{"id": "acme", "name": "Acme"}, {"id": "holding"}],
        "holdings": [{"owner": "holding", "asset": "acme", "share": "0.51"}],
    }
    about = {
        "title": "A < B",
        "description": "Two\nlines",
        "as_of": "2026-01-01",
        "licence": "CC0",
        "targets": ["smelter & sons"],
        "own": 1.5,
    }
    return from_frames(supplies, nodes, network={"name": "net", **about}, **tables)


def exported(form):
    """Return the files of a form as text, and last what it does not hold."""
    if form == "schema":
        return {"schema.json": json.dumps(json_schema(), indent=1) + "\n"}
    made = make_export(network(), form)
    files = {name or "file": data.decode("utf-8") for name, data in made.files.items()}
    return {**files, "dropped.txt": "".join(f"{line}\n" for line in made.dropped)}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_what_was_read_and_found_right(form):
    kept = {file.name: file.read_bytes().decode("utf-8") for file in (GOLDEN / form).iterdir()}
    assert exported(form) == kept


if __name__ == "__main__":
    for each in FORMS:
        (GOLDEN / each).mkdir(parents=True, exist_ok=True)
        for file_name, text in exported(each).items():
            (GOLDEN / each / file_name).write_bytes(text.encode("utf-8"))
