"""What a messy file seems to hold: proposed, with what is sure told apart from what is asked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TypedDict

from supplynet.errors import Finding, ValidationError, did_you_mean
from supplynet.intake.conversion import Facts, Intake, convert_book, missing
from supplynet.intake.headings import (
    Match,
    key,
    matches,
    roles,
    says_percent,
    sheet_table,
    table_names,
    unit_in,
)
from supplynet.intake.hints import hints
from supplynet.intake.layout import ABOVE, Grid, Layout, find_layout, grid, headings
from supplynet.intake.mapping import ColumnMapping, Decision, Mapping, Merge, SheetMapping
from supplynet.intake.names import alike
from supplynet.intake.rows import UNITS, Unread
from supplynet.intake.source import Book, open_book
from supplynet.intake.values import Numbers, is_percent, is_unknown, parse_number, shown
from supplynet.io.sheets import Cell, Sheet, column_letters, column_number
from supplynet.schema import country
from supplynet.text import clamp, plural

__all__ = ["ColumnProposal", "Proposal", "Question", "SheetProposal", "answered", "propose"]

_STRENGTH = {"exact name": 4, "known word": 3, "ask": 1, "close spelling": 1, "by content": 1}
#: The name of a sheet counts as much as two columns.
_SHEET_NAME = 7
#: By so much a table must be ahead of the next to be taken without asking.
_AHEAD = 2
_SAMPLES = 3
#: Columns whose blanks may stand for the cell above.
_NAMING = ("supplier", "consumer", "owner", "asset")
_ASKED_VALUES = 30
_COMMA = re.compile(r"[<>~]?\s*\d+,\d+\s*%?")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
#: So many cells of a column tell what it holds, where this part of them looks alike.
_LOOKED_AT = 500
_CONTENT = 0.6
#: What a column of countries may be about, by its cells only.
_COUNTRIES = ("country", "supplier.country", "consumer.country", "owner.country")


class _Settings(TypedDict):
    numbers: Numbers
    decimal_comma: bool


@dataclass(frozen=True)
class Question:
    """Something that only the owner of the file can decide.

    Attributes
    ----------
    kind
        ``table``, ``column``, ``numbers``, ``decimal_comma``, ``fill_down``, ``fixed``, ``value``,
        ``merge``, ``decide``, ``targets`` or ``as_of``.
    text
        The question, with where it is about.
    choices
        What may be answered, and what each means; empty: free text.
    sheet, column, about
        What it is about: sheet name, column letters, and a text, name or field.
    """

    kind: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()
    sheet: str = ""
    column: str = ""
    about: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the question as JSON values."""
        return {
            "kind": self.kind,
            "text": self.text,
            "choices": [{"answer": value, "meaning": label} for value, label in self.choices],
            "sheet": self.sheet,
            "column": self.column,
        }


@dataclass(frozen=True)
class ColumnProposal:
    """What one column seems to be, `how` sure, and what it may be instead; with sample cells."""

    column: str
    heading: str
    role: str
    how: str
    others: tuple[str, ...]
    samples: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the column as JSON values."""
        return {
            "column": self.column,
            "heading": self.heading,
            "field": self.role,
            "how": self.how,
            "others": list(self.others),
            "samples": list(self.samples),
        }


@dataclass(frozen=True)
class SheetProposal:
    """What one sheet seems to be: its table, why, its headings, columns, and rows left out.

    `hints` say what no choice of columns can read, such as two tables side by side.
    """

    name: str
    table: str
    why: str
    header: tuple[int, ...]
    rows: int
    columns: tuple[ColumnProposal, ...]
    set_aside: tuple[tuple[int, str, str], ...]
    hints: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the sheet as JSON values."""
        return {
            "sheet": self.name,
            "table": self.table,
            "why": self.why,
            "header": list(self.header),
            "rows": self.rows,
            "columns": [column.to_dict() for column in self.columns],
            "set_aside": [
                {"row": row, "text": text, "why": why} for row, text, why in self.set_aside
            ],
            "hints": list(self.hints),
        }


@dataclass(frozen=True)
class Proposal:
    """What a file seems to hold.

    Attributes
    ----------
    book
        The file.
    sheets
        What each sheet seems to be.
    mapping
        What is sure; what is not sure is left out of it, and asked.
    questions
        What is asked.
    intake
        What the mapping makes of the file, ``None`` where an answer is needed first.
    """

    book: Book
    sheets: tuple[SheetProposal, ...]
    mapping: Mapping
    questions: tuple[Question, ...]
    intake: Intake | None

    def to_dict(self) -> dict[str, object]:
        """Return the proposal as JSON values."""
        return {
            "file": self.book.name,
            "sheets": [sheet.to_dict() for sheet in self.sheets],
            "questions": [question.to_dict() for question in self.questions],
        }


def propose(
    path: str | os.PathLike[str],
    *,
    encoding: str = "utf-8",
    decimal_comma: bool = False,
    sheets: Sequence[str] = (),
) -> Proposal:
    r"""Return what a workbook or CSV file seems to hold, and what has to be asked.

    Parameters
    ----------
    path
        The file.
    encoding
        Encoding of a CSV file.
    decimal_comma
        Whether numbers that are written as text have decimal commas.
    sheets
        Names of the sheets to look at; the others are set aside. Default: all.

    Raises
    ------
    ValidationError
        If the file cannot be read, or has no sheet of that name.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "my.csv"
    >>> _ = file.write_text("My list\n\nVendor;Buyer;Share (%)\nLynas;LCM;70 %\nTotal;;70 %\n")
    >>> proposal = propose(file)
    >>> [(column.heading, column.role) for column in proposal.sheets[0].columns]
    [('Vendor', 'supplier'), ('Buyer', 'consumer'), ('Share (%)', 'share')]
    >>> proposal.sheets[0].set_aside[-1]
    (5, 'Total | 70 %', 'a total')
    """
    book = open_book(path, encoding=encoding)
    names = [sheet.name for sheet in book.sheets]
    wrong = [
        Finding(book.name, f"no sheet {name!r}", did_you_mean(name, names).strip())
        for name in sheets
        if name not in names
    ]
    if wrong:
        raise ValidationError(wrong)
    drafts = [
        _Draft(book, sheet, decimal_comma=decimal_comma)
        for sheet in book.sheets
        if not sheets or sheet.name in sheets
    ]
    traded = {
        key(text)
        for draft in drafts
        if draft.table == "supplies"
        for role in ("supplier", "consumer")
        for text in draft.texts(role)
    }
    for draft in drafts:
        draft.decide(traded)
    title = next((d.title for d in drafts if d.mapping.table == "supplies" and d.title), "")
    mapping = Mapping(
        file=book.name,
        title=title or Path(book.name).stem,
        sheets=tuple(draft.mapping for draft in drafts),
    )
    questions = [question for draft in drafts for question in draft.questions]
    try:
        intake = convert_book(book, mapping)
    except ValidationError:
        return Proposal(
            book, tuple(draft.proposal for draft in drafts), mapping, tuple(questions), None
        )
    mapping, more = follow_up(book, mapping, intake.facts)
    return Proposal(
        book,
        tuple(draft.proposal for draft in drafts),
        mapping,
        (*questions, *more),
        convert_book(book, mapping),
    )


def as_table(
    book: Book, name: str, table: str, *, decimal_comma: bool = False
) -> tuple[SheetMapping, tuple[Question, ...]]:
    """Return what the columns of a sheet are, given which table it is, and what is asked."""
    sheet = next(sheet for sheet in book.sheets if sheet.name == name)
    draft = _Draft(book, sheet, decimal_comma=decimal_comma)
    draft.fix(table, table, "it was said")
    return draft.mapping, tuple(draft.questions)


class _Draft:
    """Works out what one sheet is."""

    def __init__(self, book: Book, sheet: Sheet, *, decimal_comma: bool) -> None:
        self.book = book
        self.sheet = sheet
        self.decimal_comma = decimal_comma
        self.layout: Layout = find_layout(sheet)
        self.grid: Grid = grid(sheet, self.layout.header)
        self.heads = headings(sheet, self.layout.header) if self.layout.header else []
        #: Without the words that stand over several columns: "Delivery" above "Share".
        self.lower = headings(sheet, self.layout.header[-1:]) if self.layout.header else []
        first = min(self.layout.header, default=0)
        self.lines = [
            line
            for line in self.grid.rows
            if line > max(self.layout.header, default=0) and line not in self.layout.set_aside
        ]
        above = [
            text
            for line, row in self.grid.rows.items()
            if line < first
            for text in map(shown, row)
            if text
        ]
        self.title = clamp(above[0], 200) if above else ""
        self.questions: list[Question] = []
        self.ranked = self._tables()
        self.table = self.ranked[0][1] if self.ranked else ""

    def cells(self, place: int) -> list[Cell]:
        """Return the filled cells of a column."""
        found = [self.grid.rows[line][place] for line in self.lines]
        return [cell for cell in found if cell]

    def texts(self, role: str) -> list[str]:
        """Return the texts of the column that has a role in the likeliest table."""
        for place, match in self._assigned(self.table).items():
            if match.role == role:
                return [shown(cell) for cell in self.cells(place)]
        return []

    # Which table

    def _tables(self) -> list[tuple[int, str]]:
        """Return the tables that the sheet may be, and how well each fits, the best first."""
        if not self.layout.header or not self.lines:
            return []
        named = sheet_table(self.sheet.name)
        found = []
        for place, table in enumerate(table_names()):
            assigned = self._assigned(table)
            if not self._complete(table, {match.role for match in assigned.values()}):
                continue
            score = sum(
                _STRENGTH[match.how] if "." not in match.role or table == "supplies" else 1
                for match in assigned.values()
            )
            if table in ("nodes", "entities"):
                # An owner column is at home in holdings.
                score -= sum(match.role == "owner" for match in assigned.values()) * 2
            found.append((score + (_SHEET_NAME if named == table else 0), -place, table))
        return [(score, table) for score, _, table in sorted(found, reverse=True)]

    def _complete(self, table: str, have: set[str]) -> bool:
        lacking = missing(table, have)
        if not lacking:
            return True
        # A list of the suppliers of one product: the product stands in a title, not in a column.
        one_end = table == "supplies" and len(lacking) == 1
        return one_end and bool({"material", "share", "volume"} & have)

    def _assigned(self, table: str) -> dict[int, Match]:
        """Return the likeliest role of each column, each role once."""
        if not table:
            return {}
        found = [
            (-_STRENGTH[match.how], order, place, match)
            for place, heading in enumerate(self.heads)
            for order, match in enumerate(self._matches(place, heading, table))
        ]
        assigned: dict[int, Match] = {}
        taken: set[str] = set()
        for _, _, place, match in sorted(found, key=lambda entry: entry[:3]):
            if place not in assigned and match.role not in taken:
                assigned[place] = match
                taken.add(match.role)
        return assigned

    def _matches(self, place: int, heading: str, table: str) -> tuple[Match, ...]:
        if not heading:
            return ()
        found = matches(heading, table, self.heads)
        if not found and self.lower[place] != heading:
            found = matches(self.lower[place], table, self.lower)
        found = found or self._by_content(place, table)
        return self._nearest_end_first(place, table, found)

    def _nearest_end_first(
        self, place: int, table: str, found: tuple[Match, ...]
    ) -> tuple[Match, ...]:
        """Return meanings for either end of a supply, those for the end named to the left first."""
        if table != "supplies" or not any("." in match.role for match in found):
            return found
        for left in reversed(self.heads[:place]):
            for match in matches(left, table, self.heads) if left else ():
                if match.sure and match.role in ("supplier", "consumer"):
                    near = f"{match.role}."
                    return tuple(sorted(found, key=lambda m: not m.role.startswith(near)))
        return found

    def _by_content(self, place: int, table: str) -> tuple[Match, ...]:
        """Return what the cells of a column look like, where its heading says nothing."""
        cells = [c for c in self.cells(place)[:_LOOKED_AT] if not is_unknown(shown(c))]
        known = [shown(cell) for cell in cells]
        if len(known) < 2:
            return ()
        found = []
        if sum(country(text)[0] is not None for text in known) >= _CONTENT * len(known):
            found += [role for role in _COUNTRIES if role in roles(table)]
        signed = [c for c in cells if c.kind == "percent" or is_percent(shown(c))]
        if len(signed) >= _CONTENT * len(known):
            found += [role for role in ("share", "owner.share") if role in roles(table)]
        if sum(bool(_LINK.match(text)) for text in known) >= _CONTENT * len(known):
            found += [role for role in ("references", "url") if role in roles(table)]
        return tuple(Match(role, "by content") for role in found)

    # What is sure, and what is asked

    def decide(self, traded: set[str]) -> None:
        """Fix the mapping of the sheet, given the names that the supplies sheets hold."""
        table, why = self._choose(traded)
        self.fix(table, table or self.table, why)

    def fix(self, table: str, likely: str, why: str) -> None:
        """Fix the table; blank is none, and its columns are those of the likely one."""
        columns = tuple(self._column(place, likely) for place in range(len(self.heads)))
        self.mapping = SheetMapping(
            name=self.sheet.name,
            table=table,
            header=self.layout.header if likely else (),
            set_aside=dict(self.layout.set_aside) if likely else {},
            fixed=self._fixed(table),
            columns=columns if likely else (),
            comment=self._about_table(table),
        )
        self.proposal = self._proposal(table, likely, why)
        if not table and likely:
            # The columns are asked once it is known which table it is.
            self.questions = [q for q in self.questions if q.kind == "table"]

    def _choose(self, traded: set[str]) -> tuple[str, str]:
        """Return the table, blank where it is not sure, and why."""
        if "(ignore)" in self.sheet.name.casefold():
            self.ranked = []
            return "", "as its name asks"
        table, why = self._likely(traded)
        sure = {match.role for match in self._assigned(table).values() if match.sure}
        if table and table != "supplies" and missing(table, sure):
            # A sheet beside the supplies must not keep them from being read.
            self._ask_table(table)
            return "", f"it may be {table}"
        return table, why

    def _likely(self, traded: set[str]) -> tuple[str, str]:
        """Return the table that the columns speak for, blank where two fit alike, and why."""
        if not self.ranked:
            if not self.sheet.rows:
                return "", "the sheet is empty"
            if self.layout.header:
                return "", "no column name is known"
            return "", "no row of column names was found"
        score, table = self.ranked[0]
        second = self.ranked[1] if len(self.ranked) > 1 else (-99, "")
        if self.layout.by_shape:
            self._ask_table(table)
            return "", f"no column name is known; it may be {table}"
        if sheet_table(self.sheet.name) == table:
            return table, "its name and its columns say so"
        if {table, second[1]} == {"nodes", "entities"} and score - second[0] < _AHEAD:
            names = [key(text) for text in self.texts("name") or self.texts("id")]
            shared = sum(name in traded for name in names)
            if names and 2 * shared >= len(names):
                self.table = "nodes"
                return "nodes", f"{shared} of {len(names)} names are suppliers or consumers"
        elif score - second[0] >= _AHEAD or (table == "supplies" and score > second[0]):
            return table, "its columns say so"
        self._ask_table(table)
        return "", f"it may be {' or '.join(name for _, name in self.ranked[:2])}"

    def _ask_table(self, likely: str) -> None:
        choices = [(name, f"a table of {name}") for _, name in self.ranked[:4]]
        self.questions.append(
            Question(
                "table",
                f"Sheet {self.sheet.name!r}: which table is it? It looks like {likely}.",
                (*choices, ("", "none: set it aside")),
                sheet=self.sheet.name,
            )
        )

    def _about_table(self, table: str) -> str:
        others = [name for _, name in self.ranked if name != table][:3]
        known = f"could be: {', '.join(others)}; " if others else ""
        blank = '"" sets the sheet aside' if table else "blank: the sheet is set aside"
        return f"{known}{blank}"

    def _fixed(self, table: str) -> dict[str, str]:
        sure = {m.role: place for place, m in self._assigned(table).items() if m.sure}
        units = {
            unit: unit_in(self.heads[sure[role]])
            for unit, role in UNITS.items()
            if role in sure and unit in roles(table) and unit not in sure
        }
        fixed = {role: unit for role, unit in units.items() if unit}
        if table != "supplies":
            return fixed
        have = {match.role for match in self._assigned(table).values()}
        lacking = [name for name in ("supplier", "consumer") if name not in have]
        for name in lacking:
            self.questions.append(
                Question(
                    "fixed",
                    f"Sheet {self.sheet.name!r} has no column for the {name}. "
                    f"Who is the {name} in all its rows?",
                    sheet=self.sheet.name,
                    about=(name,),
                )
            )
        return fixed | dict.fromkeys(lacking, "")

    def _column(self, place: int, table: str) -> ColumnMapping:
        letters = column_letters(place + 1)
        heading = self.heads[place]
        assigned = self._assigned(table).get(place)
        found = self._matches(place, heading, table) if table else ()
        others = [match.role for match in found if assigned is None or match.role != assigned.role]
        if assigned is None:
            comment = "kept as an extra column"
            if others:
                comment += f"; looks like {', '.join(others)} too"
            return ColumnMapping(letters, heading, comment=comment)
        if not assigned.sure:
            self._ask_column(letters, heading, assigned, others)
            likely = " or ".join(f'"{role}"' for role in (assigned.role, *others))
            about = f"{_HOW[assigned.how]}: {likely}? Blank: kept as an extra column"
            settings = self._settings(place, table, assigned)
            return ColumnMapping(letters, heading, comment=about, **settings)
        return self._sure(place, letters, heading, table, assigned)

    def _ask_column(self, letters: str, heading: str, match: Match, others: Sequence[str]) -> None:
        place = column_number(letters) - 1
        samples = ", ".join(repr(text) for text in self._samples(place))
        choices = [(role, _meaning(role)) for role in (match.role, *others)]
        self.questions.append(
            Question(
                "column",
                f"Sheet {self.sheet.name!r}, column {letters} {heading!r} ({samples}): what is it?",
                (*choices, ("", "keep it as an extra column")),
                sheet=self.sheet.name,
                column=letters,
                about=(match.role,),
            )
        )

    def _sure(
        self, place: int, letters: str, heading: str, table: str, match: Match
    ) -> ColumnMapping:
        where = f"Sheet {self.sheet.name!r}, column {letters} {heading!r}"
        if match.role in _NAMING:
            self._ask_fill_down(place, letters, where)
        return ColumnMapping(
            letters,
            heading,
            match.role,
            comment=_HOW[match.how],
            **self._settings(place, table, match),
        )

    def _settings(self, place: int, table: str, match: Match) -> _Settings:
        """Return how the numbers of a column are written, as far as that is sure."""
        spec = roles(table)[match.role]
        cells = self.cells(place)
        commas = any(cell.kind == "text" and _COMMA.fullmatch(shown(cell)) for cell in cells)
        percent = match.percent or says_percent(self.heads[place])
        return {
            "numbers": _numbers(cells, percent=percent) if spec.is_share else "fraction",
            "decimal_comma": commas and spec.is_number and self.decimal_comma,
        }

    def _ask_fill_down(self, place: int, letters: str, where: str) -> None:
        blank = [line for line in self.lines[1:] if not self.grid.rows[line][place]]
        if blank:
            rows = ", ".join(map(str, blank[:8])) + (" ..." if len(blank) > 8 else "")
            self.questions.append(
                Question(
                    "fill_down",
                    f"{where} is blank in row {rows}: does a blank stand for the cell above it?",
                    (("yes", "yes, fill down"), ("", "no, it is not known")),
                    sheet=self.sheet.name,
                    column=letters,
                )
            )

    def _samples(self, place: int) -> tuple[str, ...]:
        texts = dict.fromkeys(_sample(cell) for cell in self.cells(place))
        return tuple(clamp(text, 24) for text in list(texts)[:_SAMPLES])

    def _proposal(self, table: str, likely: str, why: str) -> SheetProposal:
        columns = []
        for place, column in enumerate(self.mapping.columns):
            assigned = self._assigned(likely).get(place)
            if not column.heading and not self.cells(place):
                continue
            how = "kept as extra"
            if column.role:
                how = assigned.how if assigned else how
            elif assigned is not None and not assigned.sure:
                how = f"asked ({_HOW[assigned.how]})"
            others = tuple(
                match.role
                for match in self._matches(place, column.heading, likely)
                if match.role != column.role
            )
            columns.append(
                ColumnProposal(
                    column.column, column.heading, column.role, how, others, self._samples(place)
                )
            )
        aside = {
            line: ABOVE for line in self.grid.rows if line < min(self.layout.header, default=0)
        } | dict(self.layout.set_aside)
        by_line = dict(zip(self.sheet.lines, self.sheet.rows, strict=True))
        return SheetProposal(
            name=self.sheet.name,
            table=table,
            why=why,
            header=self.layout.header,
            rows=len(self.lines) if table else len(self.sheet.rows),
            columns=tuple(columns) if table or likely else (),
            set_aside=tuple(
                (line, " | ".join(t for t in map(shown, by_line[line]) if t), why_)
                for line, why_ in sorted(aside.items())
            )
            if table
            else (),
            hints=hints(
                self.sheet.name,
                likely,
                self.heads,
                {place: self.cells(place) for place in range(len(self.heads))},
                {place: match.role for place, match in self._assigned(likely).items()},
            ),
        )


_HOW = {
    "exact name": "exact name",
    "known word": "known word",
    "ask": "more than one meaning",
    "close spelling": "spelt nearly like a known word",
    "by content": "by its cells only",
}


def _sample(cell: Cell) -> str:
    if cell.kind == "percent":
        return f"{(Decimal(cell.text) * 100).normalize():f} %"
    return shown(cell)


def _meaning(role: str) -> str:
    end, _, rest = role.rpartition(".")
    if end:
        return f"the {rest} of the {end.replace('.', ' of the ')}"
    if role == "references":
        return "where it is written"
    return f"the {role.replace('_', ' ')}"


def _numbers(cells: Sequence[Cell], *, percent: bool) -> Numbers:
    """Return what plain numbers of a column are, blank where that has to be asked."""
    plain: list[Decimal] = []
    signed = False
    for cell in cells:
        text = shown(cell)
        if cell.kind == "percent" or is_percent(text):
            signed = True
            continue
        for comma in (False, True):
            value, _ = parse_number(text, decimal_comma=comma)
            if value is not None:
                plain.append(value)
                break
    if not plain:
        return "percent" if percent else "fraction"
    above_one = any(value > 1 for value in plain)
    if percent:
        return "percent" if above_one else ""
    return "" if above_one or signed else "fraction"


def follow_up(book: Book, mapping: Mapping, facts: Facts) -> tuple[Mapping, list[Question]]:
    """Return the mapping with what turned up when it was used, left open, and the questions."""
    questions: list[Question] = []
    for (name, letters), texts in facts.unread.items():
        sheet = mapping.sheet(name)
        column = sheet and next((c for c in sheet.columns if c.column == letters), None)
        if not sheet or not column:
            continue
        settings = {cell.setting: (line, cell) for line, cell in reversed(texts.values())}
        questions += [
            _about_setting(book.where(name, line), name, cell)
            for setting, (line, cell) in settings.items()
            if setting
        ]
        # A cell without a text (a formula whose value was not stored) cannot be told by it.
        single = {t: found for t, found in sorted(texts.items()) if t and not found[1].setting}
        questions += [
            _about_value(book.where(name, line), name, cell)
            for line, cell in list(single.values())[:_ASKED_VALUES]
            if not column.values.get(cell.text)
        ]
        changed = replace(
            column,
            values={**dict.fromkeys(single, ""), **column.values},
            about_values={text: cell.why for text, (_, cell) in single.items()},
        )
        mapping = mapping.with_sheet(
            replace(sheet, columns=tuple(changed if c is column else c for c in sheet.columns))
        )
    mapping, merges = _with_merges(mapping, facts)
    mapping, conflicts = _with_conflicts(mapping, facts)
    return _with_targets(mapping, facts, [*questions, *merges, *conflicts])


def _about_setting(where: str, sheet: str, cell: Unread) -> Question:
    place = f"{where}, column {cell.column} {cell.heading!r}"
    if cell.setting == "numbers":
        return Question(
            "numbers",
            f"{place}: is {cell.text!r} a percentage or a fraction?",
            (("percent", "70 is 70 %"), ("fraction", "0.7 is 70 %"), ("", "leave such cells out")),
            sheet=sheet,
            column=cell.column,
        )
    return Question(
        "decimal_comma",
        f"{place}: {cell.text!r} looks like a decimal comma. Is it one, in this column?",
        (("yes", "0,7 is 0.7"), ("", "leave such cells out")),
        sheet=sheet,
        column=cell.column,
    )


def _about_value(where: str, sheet: str, cell: Unread) -> Question:
    return Question(
        "value",
        f"{where}, column {cell.column} {cell.heading!r}: {cell.why.removesuffix('?')}"
        f"{'?' if cell.why.endswith('?') else '.'} What should {cell.text!r} be read as?",
        sheet=sheet,
        column=cell.column,
        about=(cell.text,),
    )


def _with_merges(mapping: Mapping, facts: Facts) -> tuple[Mapping, list[Question]]:
    known = {(merge.kind, *sorted({merge.keep, *merge.same})) for merge in mapping.merges}
    questions = []
    found = []
    for kind, names in (("name", facts.names), ("material", facts.materials)):
        for keep, same, why in alike(names):
            if (kind, *sorted({keep, *same})) in known:
                continue
            found.append(Merge(kind, keep, same, comment=f"{why}. true: they are one"))
            others = " and ".join(repr(name) for name in same)
            questions.append(
                Question(
                    "merge",
                    f"{others} and {keep!r}: one {kind}? ({why})",
                    (("yes", f"one, called {keep!r}"), ("", "no, keep them apart")),
                    about=(kind, keep),
                )
            )
    return replace(mapping, merges=(*mapping.merges, *found)), questions


def _with_conflicts(mapping: Mapping, facts: Facts) -> tuple[Mapping, list[Question]]:
    decided = {(decision.name, decision.field_name) for decision in mapping.decisions}
    questions = []
    found = []
    for (name, field), values in sorted(facts.conflicts.items()):
        if (name, field) in decided:
            continue
        said = "; ".join(f"{value} in {', '.join(rows[:3])}" for value, rows in values.items())
        found.append(Decision(name, field, comment=said))
        questions.append(
            Question(
                "decide",
                f"{name!r}, {field}: rows contradict each other ({said}). Which is right?",
                (*((value, f"{value}") for value in values), ("", "not known")),
                about=(name, field),
            )
        )
    return replace(mapping, decisions=(*mapping.decisions, *found)), questions


def _with_targets(
    mapping: Mapping, facts: Facts, questions: list[Question]
) -> tuple[Mapping, list[Question]]:
    sinks = sorted(facts.sinks)
    shown_ = ", ".join(f'"{name}"' for name in sinks[:12])
    more = f" and {plural(len(sinks) - 12, 'more')}" if len(sinks) > 12 else ""
    about = "what must not stop, by name"
    if sinks:
        about += f"; these supply nobody: {shown_}{more}"
    if not mapping.targets:
        questions.append(
            Question(
                "targets",
                f"What must not stop? These supply nobody: {shown_}{more}. "
                "(names, separated by semicolons; all: all of these)"
                if sinks
                else "What must not stop? Everybody supplies somebody. "
                "(names, separated by semicolons)",
                about=tuple(sinks),
            )
        )
    if not mapping.as_of:
        questions.append(Question("as_of", "Which date do the data describe? (such as 2026-01-31)"))
    return replace(mapping, comment=about), questions


def answered(mapping: Mapping, question: Question, answer: str) -> Mapping:
    """Return the mapping with the answer to a question; a blank one leaves it open.

    Parameters
    ----------
    mapping
        What was decided so far.
    question
        The question.
    answer
        One of its choices, or free text.
    """
    if question.kind == "targets":
        names = question.about if answer == "all" else tuple(
            part.strip() for part in answer.split(";") if part.strip()
        )  # fmt: skip
        return replace(mapping, targets=names)
    if question.kind == "as_of":
        return replace(mapping, as_of=answer)
    if question.kind == "merge":
        kind, keep = question.about
        return replace(
            mapping,
            merges=tuple(
                replace(m, yes=answer == "yes") if (m.kind, m.keep) == (kind, keep) else m
                for m in mapping.merges
            ),
        )
    if question.kind == "decide":
        name, field = question.about
        return replace(
            mapping,
            decisions=tuple(
                replace(d, value=answer) if (d.name, d.field_name) == (name, field) else d
                for d in mapping.decisions
            ),
        )
    sheet = mapping.sheet(question.sheet)
    if sheet is None:
        return mapping
    return mapping.with_sheet(_answered_sheet(sheet, question, answer))


def _answered_sheet(sheet: SheetMapping, question: Question, answer: str) -> SheetMapping:
    if question.kind == "table":
        return replace(sheet, table=answer)
    if question.kind == "fixed":
        return replace(sheet, fixed={**sheet.fixed, question.about[0]: answer})
    changes: Dict[str, object] = {}
    columns = []
    for column in sheet.columns:
        if column.column != question.column:
            columns.append(column)
            continue
        if question.kind == "value":
            changes = {"values": {**column.values, question.about[0]: answer}}
        elif question.kind in ("decimal_comma", "fill_down"):
            changes = {question.kind: answer == "yes"}
        elif question.kind == "column":
            changes = {"role": answer}
        else:
            changes = {question.kind: answer}
        columns.append(replace(column, **changes))  # type: ignore[arg-type]  # names of its fields
    return replace(sheet, columns=tuple(columns))
