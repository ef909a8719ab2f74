"""What is made from the schema: the JSON Schema of a network and the page of the data model."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from supplynet.schema.countries import country_codes
from supplynet.schema.fields import FieldSpec, TableSchema, tables

__all__ = ["docs_page", "json_schema"]

_TITLES = {
    "network": "network.toml: the network as a whole",
    "nodes": "nodes: who makes something",
    "supplies": "supplies: who delivers what to whom",
    "needs": "needs: what a consumer cannot do without",
    "materials": "materials: what is delivered",
    "entities": "entities: firms, governments, persons",
    "holdings": "holdings: who owns or controls whom, and since when",
    "measures": "measures: export controls and the like",
    "periods": "periods: when a measure is in force",
    "observations": "observations: what was seen to happen",
    "shares": "shares: market shares by country",
    "references": "references: where it is written",
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the .json form: table name to a list of rows.

    Notes
    -----
    It describes what supplynet writes. The reader takes more: other names of fields, numbers
    and lists as text, other keys (set aside with a note). It also asks more, across rows: ids are
    unique and lead somewhere, periods do not overlap.

    Examples
    --------
    >>> json_schema()["required"]
    ['supplies']
    """
    properties: dict[str, Any] = {"$schema": {"type": "string"}}
    for name, table in tables().items():
        row = _row_schema(table)
        properties[name] = row if name == "network" else {"type": "array", "items": row}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "supplynet network",
        "description": (
            "A supply network: its tables as lists of rows. Blank is null or left out; an extra "
            "column holds text, numbers or truth values."
        ),
        "type": "object",
        "properties": properties,
        "required": ["supplies"],
        "additionalProperties": False,
    }


def _row_schema(table: TableSchema) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.name: _field_schema(field) for field in table},
    }
    if table.name != "network":
        # Deeper values have no place in a table.
        schema["additionalProperties"] = {"type": ["string", "number", "boolean", "null"]}
    if table.required:
        schema["required"] = [field.name for field in table.required]
    return schema


def _field_schema(field: FieldSpec) -> dict[str, Any]:
    schema = _value_schema(field)
    if field.is_list:
        if "enum" not in schema:
            # Elsewhere a list is one text, its items between semicolons.
            schema["pattern"] = r"^[^;]*[^;\s][^;]*$"
        schema = {"type": "array", "items": schema}
    elif not field.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if field.default and "{" not in field.default:
        schema["default"] = field.default
    unit = f" Unit: {field.unit}." if field.unit else ""
    schema["description"] = f"{field.description}{unit}"
    return schema


def _value_schema(field: FieldSpec) -> dict[str, Any]:
    if field.type in ("enum", "enums"):
        return {"type": "string", "enum": list(field.allowed)}
    if field.type in ("country", "countries"):
        return {"type": "string", "enum": sorted(country_codes())}
    if field.type == "date":
        return {"type": "string", "format": "date"}
    if field.type == "partial_date":
        day = "(0[1-9]|[12][0-9]|3[01])"
        month = "(0[1-9]|1[0-2])"
        return {"type": "string", "pattern": f"^[0-9]{{4}}(-{month}(-{day})?)?$"}
    if field.is_number:
        schema: dict[str, Any] = {"type": "integer" if field.type == "year" else "number"}
        low, high = field.range
        if low is not None:
            schema["minimum"] = int(low)
        if high is not None:
            schema["maximum"] = int(high)
        else:
            # More is a slip of the exponent.
            schema["exclusiveMaximum"] = 10**31
        return schema
    if field.required or field.is_list:
        return {"type": "string", "pattern": r"\S"}
    return {"type": "string"}


@cache
def docs_page() -> str:
    """Return the page of the data model, in Markdown: the introduction and a table per table."""
    page = [files("supplynet.schema").joinpath("data-model.md").read_text(encoding="utf-8")]
    for name, table in tables().items():
        page += [f"## {_TITLES[name]}", "", "| field | type | description | other names |"]
        page += ["| --- | --- | --- | --- |"]
        page += [
            f"| {_bold(field)} | {_type(field)} | {_describe(field)} | {_aliases(field)} |"
            for field in table
        ]
        page.append("")
    return "\n".join(page)


def _bold(field: FieldSpec) -> str:
    return f"**`{field.name}`**" if field.required else f"`{field.name}`"


def _type(field: FieldSpec) -> str:
    words = {
        "ref": "id",
        "countries": "list of countries",
        "enums": "list of words",
        "enum": "word",
        "partial_date": "date, month or year",
    }
    text = words.get(field.type, field.type)
    if field.is_number and field.allowed:
        low, high = field.allowed
        text += f" {low} to {high}" if high else f", {low} or more"
    return f"{text} ({field.unit})" if field.unit else text


def _describe(field: FieldSpec) -> str:
    parts = [field.description]
    if field.allowed and not field.is_number:
        parts.append("One of " + ", ".join(f"`{value}`" for value in field.allowed) + ".")
    if field.refers:
        places = " or ".join(f"`{place}`" if place == "unread" else place for place in field.refers)
        parts.append(f"Refers to {places}.")
    if field.default:
        parts.append(f"Default `{field.default}`.")
    return " ".join(parts)


def _aliases(field: FieldSpec) -> str:
    return ", ".join(
        f"`{alias.name}`" + (f" (divided by {alias.divisor})" if alias.divisor != 1 else "")
        for alias in field.aliases
    )
