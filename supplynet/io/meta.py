"""`network.toml`: read with every finding, written with every key."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from supplynet.io.convert import Findings, convert_column
from supplynet.model import Meta
from supplynet.schema import TABLES, FieldSpec, fold

__all__ = ["META_FILE", "meta_at", "meta_from_mapping", "meta_text", "read_meta"]

META_FILE = "network.toml"


def read_meta(data: bytes, name: str, findings: Findings) -> Meta:
    """Return what `network.toml` says; what is wrong goes to the findings.

    Parameters
    ----------
    data
        The content of the file.
    name
        Name of the network (of its folder).
    findings
        Takes what is wrong.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"not UTF-8 at byte offset {error.start}"
        findings.add(f"{META_FILE}:{line}", what, "Save as UTF-8")
        return Meta(name=name)
    try:
        values = tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        fix = 'Write key = "value", and dates as 2026-01-31'
        findings.add(META_FILE, f"not valid TOML: {error}", fix)
        return Meta(name=name)
    except RecursionError:
        findings.add(META_FILE, "nested too deeply", 'Write key = "value"')
        return Meta(name=name)
    return meta_from_mapping(values, name, findings, _lines(text))


def _lines(text: str) -> dict[str, int]:
    """Return the line of each top-level key, for messages (the parser does not tell)."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        key, equals, _ = line.partition("=")
        if line.lstrip().startswith("["):
            found.setdefault(line.strip().strip("[]").strip(), number)
            break
        if equals:
            found.setdefault(key.strip().strip("\"'"), number)
    return found


def meta_from_mapping(
    values: Mapping[str, Any],
    name: str,
    findings: Findings,
    lines: Mapping[str, int] | None = None,
) -> Meta:
    """Return the checked keys of `network.toml`, or of a mapping that stands for it."""
    schema = TABLES["network"]
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}

    def where(key: str) -> str:
        if lines is None:
            return "network"
        return f"{META_FILE}:{lines[key]}" if key in lines else META_FILE

    for key, value in values.items():
        field = schema.folded_names.get(fold(key))
        if field is None and fold(key) in schema.folded_aliases:
            field = schema.folded_aliases[fold(key)][0]
        if field is None:
            extra[key] = value
            near = difflib.get_close_matches(
                fold(key), sorted(schema.folded_names), n=1, cutoff=0.8
            )
            if near:
                right = schema.folded_names[near[0]].name
                what = f"unknown key {key!r} is kept as an extra"
                findings.add(where(key), what, f"Did you mean {right!r}?", "warning")
        elif field.name in known:
            findings.add(where(key), f"{key!r} is given twice", "Delete one")
        else:
            known[field.name] = _value(field, key, value, where(key), findings)
    return Meta(
        name=name,
        title=known.get("title") or "",
        description=known.get("description") or "",
        as_of=known.get("as_of"),
        licence=known.get("licence") or "",
        targets=known.get("targets") or (),
        extra=extra,
    )


def meta_at(values: Mapping[str, Any], where: str, name: str, findings: Findings) -> Meta:
    """Return the checked keys of the network; messages name the place where they stand."""
    own = Findings()
    meta = meta_from_mapping(values, name, own)
    findings.extend(replace(finding, where=where) for finding in own.all())
    return meta


def _value(field: FieldSpec, key: str, value: object, where: str, findings: Findings) -> Any:  # noqa: ANN401
    cell: str | tuple[str, ...]
    if isinstance(value, str) or (
        field.is_list
        and isinstance(value, (list, tuple))
        and all(isinstance(item, str) for item in value)
    ):
        cell = value if isinstance(value, str) else tuple(value)
    elif field.type == "date" and isinstance(value, date) and not isinstance(value, datetime):
        return value
    elif value is None:
        return None
    else:
        fix = {
            "date": "Write a date, such as 2026-01-31",
            "list": 'Write a list of text, such as ["a", "b"]',
        }.get(field.type, "Write text in double quotes")
        findings.add(where, f"{key} is {_kind(value)}", fix)
        return None
    return convert_column(field, key, [cell], lambda _: where, findings)[0]


def _kind(value: object) -> str:
    kinds = {bool: "yes or no", dict: "a table", list: "a list", datetime: "a time", date: "a date"}
    return kinds.get(type(value), "a number" if isinstance(value, (int, float)) else "of no use")


def meta_text(meta: Meta) -> str:
    """Return the content of `network.toml`; keys that supplynet does not know come last."""
    values: dict[str, Any] = {
        "title": meta.title,
        "description": meta.description,
        "as_of": meta.as_of,
        "licence": meta.licence,
        "targets": list(meta.targets),
    }
    written = {key: value for key, value in values.items() if value} | dict(meta.extra)
    return "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in written.items())


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if plain else _string(key)


def _string(text: str) -> str:
    # TOML's basic strings are JSON's, but for the delete character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(value: object) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(str(key))} = {_toml(item)}" for key, item in value.items())
        return f"{{{pairs}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, (int, float)):
        return repr(value)
    return _string(str(value))
