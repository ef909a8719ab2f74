"""OMTS (Open Multi-Tier Supply-chain format, BayFX/omts): its JSON read; its workbooks beside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from supplynet.io.convert import Findings
from supplynet.io.jsontext import JsonList, JsonNumber, JsonObject
from supplynet.io.omts_export import omts_export, omts_workbook_export
from supplynet.io.omts_read import PREFIX, Thing, read_things
from supplynet.io.omts_sheets import examine_omts_sheets, looks_like_omts
from supplynet.io.read import Examination, assemble
from supplynet.model import Meta
from supplynet.text import clamp

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "VERSION_KEYS",
    "examine_omts_document",
    "examine_omts_sheets",
    "looks_like_omts",
    "omts_export",
    "omts_workbook_export",
]

#: The key that tells an OMTS document: its name of today, and that of the first drafts.
VERSION_KEYS = ("omts_version", "omtsf_version")
#: Major and minor numbers of the versions that are read; patches change no form. The draft says
#: 0.0, its schema 0.1, and the tools that come with it write 1.0 for the same form.
_VERSIONS = ((0, 0), (0, 1), (1, 0))
_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Keys of the document that say nothing about the network.
_TECHNICAL = ("file_salt", "file_integrity", "merge_metadata")


def examine_omts_document(
    document: object, name: str, findings: Findings, *, source: str | None
) -> Examination:
    """Return what an OMTS document brings up, and its network if there is no error.

    Parameters
    ----------
    document
        The document, as :func:`~supplynet.io.jsontext.read_json_text` gives it.
    name
        Name of the file, for messages.
    findings
        Takes what is wrong, what is read otherwise and what is set aside.
    source
        The file that was read.

    Notes
    -----
    How each thing of OMTS is read, and what is set aside, stands in `docs/omts.md`.

    Examples
    --------
    >>> from supplynet.io.jsontext import read_json_text
    >>> text = b'''{"omts_version": "0.1.0", "snapshot_date": "2026-02-18", "nodes": [
    ...   {"id": "bolt", "type": "organization", "name": "Bolt Ltd", "jurisdiction": "GB"},
    ...   {"id": "acme", "type": "organization", "name": "Acme GmbH", "jurisdiction": "DE"}],
    ...  "edges": [{"id": "e1", "type": "supplies", "source": "bolt", "target": "acme",
    ...   "properties": {"valid_from": "2023-01-15", "commodity": "7318.15",
    ...                  "share_of_buyer_demand": 35.0}}]}'''
    >>> document = read_json_text(text, "a.json")
    >>> net = examine_omts_document(document, "a.json", Findings(), source=None).network()
    >>> row = net.table("supplies").row(0)
    >>> row["supplier"], row["consumer"], row["material"], row["share"]
    ('bolt', 'acme', '7318.15', Decimal('0.35'))
    """
    if not isinstance(document, JsonObject):
        findings.add(name, "is no OMTS document", "It is an object with omts_version")
        return Examination(None, findings.all())
    on = _check_head(document, name, findings)
    nodes = _nodes(document.get("nodes"), name, findings)
    edges = _edges(document.get("edges"), name, findings)
    if any(finding.level == "error" for finding in findings.all()):
        # What is no list of nodes and edges cannot be held against the rules of one.
        return Examination(None, findings.all())
    reporting = _text_key(document, "reporting_entity", name, findings)
    tables, targets = read_things(
        nodes, edges, file=name, on=on, reporting=reporting, findings=findings
    )
    stem = name.rpartition("/")[2].rpartition(".")[0] or name
    extra = _extra(document, findings, name)
    own = {key: str(extra.pop(f"{PREFIX}{key}", "")) for key in ("title", "description", "licence")}
    if named := str(extra.pop(f"{PREFIX}targets", "")):
        targets = tuple(part for part in named.split(";") if part)
    meta = Meta(name=stem, as_of=on, targets=targets, extra=extra, **own)
    return assemble(tables, meta, findings, meta_where=name, source=source)


def _check_head(document: JsonObject, name: str, findings: Findings) -> date | None:
    """Check the version and the kind of the file, and return the date of the snapshot."""
    where = f"{name}:{document.line}"
    key = next((key for key in VERSION_KEYS if key in document), VERSION_KEYS[0])
    version = document.get(key)
    match = None
    if isinstance(version, str) and not isinstance(version, JsonNumber):
        match = _VERSION.fullmatch(version)
    if match is None:
        findings.add(where, f"{key} is no version", "Write it as 0.1.0, in quotes")
    elif (int(match[1]), int(match[2])) not in _VERSIONS:
        known = ", ".join(f"{major}.{minor}" for major, minor in _VERSIONS)
        what = f"OMTS of the version {version} is not read"
        findings.add(where, what, f"Save it in one of the versions {known}")
    update = document.get("update_type", "snapshot")
    if update == "delta":
        what = "a delta: changes to another file, and no network by themselves"
        findings.add(where, what, "Apply it to its base first, and read the snapshot")
    elif update != "snapshot":
        findings.add(where, "update_type is not known", "It is snapshot or delta")
    text = document.get("snapshot_date")
    if isinstance(text, str) and _DAY.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    what = "no snapshot_date" if text is None else "snapshot_date is no date"
    findings.add(where, what, "Write it as YYYY-MM-DD: dated rows need it")
    return None


def _text_key(document: JsonObject, key: str, name: str, findings: Findings) -> str:
    value = document.get(key)
    if value is None or (isinstance(value, str) and not isinstance(value, JsonNumber)):
        return value or ""
    findings.add(f"{name}:{document.line}", f"{key} is no text", "Write it in quotes")
    return ""


def _extra(document: JsonObject, findings: Findings, name: str) -> dict[str, object]:
    """Return the keys of the document that the network keeps, and tell of the others."""
    kept: dict[str, object] = {}
    known = ("nodes", "edges", "snapshot_date", "reporting_entity", "update_type", *_TECHNICAL)
    for key, value in document.items():
        if key in known or value is None:
            continue
        if isinstance(value, JsonNumber):
            kept[key] = int(value) if value.lstrip("-").isdecimal() else float(value)
        elif isinstance(value, (str, bool)):
            kept[key] = value
        else:
            findings.add(name, f"set aside: {clamp(key, 60)!r} of the document", level="note")
    return kept


def _nodes(value: object, name: str, findings: Findings) -> list[Thing]:
    things = []
    for item in _objects(value, "nodes", name, findings):
        texts = _required(item, ("id", "type"), "node", name, findings)
        data = {key: part for key, part in item.items() if key not in ("id", "type")}
        things.append(Thing(name, item.line, texts["id"], texts["type"], data))
    return things


def _edges(value: object, name: str, findings: Findings) -> list[Thing]:
    things = []
    keys = ("id", "type", "source", "target")
    for item in _objects(value, "edges", name, findings):
        texts = _required(item, keys, "edge", name, findings)
        given = item.get("properties")
        if given is not None and not isinstance(given, JsonObject):
            what = f"edge {texts['id']!r}: properties is no object"
            findings.add(f"{name}:{item.line}", what, 'Write {"valid_from": "2026-01-31"}')
            given = None
        # Some writers put properties beside `properties`; they are properties all the same.
        data: Mapping[str, object] = {
            **{key: part for key, part in item.items() if key not in (*keys, "properties")},
            **(given or {}),
        }
        line = item.line
        things.append(
            Thing(name, line, texts["id"], texts["type"], data, texts["source"], texts["target"])
        )
    return things


def _objects(value: object, key: str, name: str, findings: Findings) -> Sequence[JsonObject]:
    if not isinstance(value, JsonList):
        findings.add(name, f"{key!r} is no list", "Write a list of objects")
        return []
    found = []
    for line, item in zip(value.lines, value, strict=True):
        if isinstance(item, JsonObject):
            found.append(item)
        else:
            what = f"an item of {key!r} is no object"
            findings.add(f"{name}:{line}", what, "Write an object", kind=(name, key, "item"))
    return found


def _required(
    item: JsonObject, keys: Sequence[str], noun: str, name: str, findings: Findings
) -> dict[str, str]:
    texts = {}
    for key in keys:
        value = item.get(key)
        texts[key] = ""
        if isinstance(value, str) and not isinstance(value, JsonNumber) and value.strip():
            texts[key] = value
            continue
        label = f"{noun} {texts['id']!r}" if texts["id"] else noun
        what = f"{label}: no {key}" if value in (None, "") else f"{label}: {key} is no text"
        findings.add(f"{name}:{item.line}", what, "Write it in quotes", kind=(name, noun, key))
    return texts
