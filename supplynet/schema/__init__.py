"""The schema of a network: tables and fields as data, countries, JSON Schema and docs page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from supplynet.schema.countries import country, country_codes, country_name, unknown_country
from supplynet.schema.documents import docs_page, json_schema
from supplynet.schema.fields import Alias, FieldSpec, TableSchema, fold, tables

__all__ = [
    "TABLES",
    "Alias",
    "FieldSpec",
    "TableSchema",
    "country",
    "country_codes",
    "country_name",
    "docs_page",
    "fold",
    "json_schema",
    "unknown_country",
]


class _Tables(Mapping[str, TableSchema]):
    """The tables by name; the data file is read when they are first asked for."""

    def __getitem__(self, name: str) -> TableSchema:
        return tables()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tables())

    def __len__(self) -> int:
        return len(tables())


TABLES: Mapping[str, TableSchema] = _Tables()
