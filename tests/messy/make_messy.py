"""Makes the messy workbook of `docs/from-your-spreadsheet.md`: everything an analyst's sheet has.

Run it to write `docs/examples/messy.xlsx` anew: ``python tests/messy/make_messy.py``. All names in
it are invented.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

from openpyxl import Workbook

SHIPPED = Path(__file__).resolve().parents[2] / "docs" / "examples" / "messy.xlsx"

HOLD = "Jiangbei Holding Group"
SUPPLIES = [
    # supplier, country, buyer, country, what, share, tonnes, source
    ["Ostgrube Mining", "Australia", "Hafen Separation", "Malaysia", "RE concentrate", 1,
     "1250,5", "Annual report 2025, p. 12"],
    ["Hafen Separation", "Malaysia", "Jiangbei Metals Co., Ltd.", "China / PRC", "NdPr oxide",
     "70 %", "830,25", "https://example.org/ndpr"],
    ["Bayan North Mine", "P.R. China", None, None, "NdPr oxide", "ca. 30 %", "355,8",
     "Interview, March"],
    ["Jiangbei Metals Co Ltd", "Mainland China", "Nordmagnet GmbH", "Germany", "NdFeB alloy",
     "60-70 %", "410", "Interview, March"],
    ["Jiangbei Metals Co., Ltd.", "China", "Kyoto Magnet KK", "Japan", "NdFeB alloy", ">90%",
     "n/a", "Trade press"],
    ["Nordmagnet GmbH", "Germany", "Motor Works", "USA", "NdFeB magnet", 0.7, "95,5",
     "Annual report 2025, p. 12"],
    ["Kyoto Magnet KK", "Japan", "Motor Works", "U.S.", "NdFeB magnet", "30 %", "41", ""],
    ["Motor Works", "USA", "Falcon drone", "United States", None, None, None, ""],
    ["Battery House", "South Korea", "Falcon drone", "United States", None, "n/a", None, ""],
    ["Chip Trader", "various", "Falcon drone", "United States", "flight controller", "?", None,
     "own estimate"],
]  # fmt: skip
OWNERS = [
    ["Nordmagnet GmbH", HOLD, "China / PRC", 51, datetime.date(2021, 3, 1)],
    ["Jiangbei Metals Co., Ltd.", HOLD, "China", 100, None],
    ["Kyoto Magnet KK", "Sakura Industries", "Japan", ">50", None],
    ["Motor Works", "Falcon Holdings", "USA", 49.5, None],
]
NOTES = [
    "To do before the review",
    "Ask Motor Works about a third magnet source",
    "Who makes the battery cells? Nobody has looked.",
]


def messy() -> bytes:
    """Return the workbook; the same bytes every time."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Working list"
    sheet["A1"] = "Falcon drone: who supplies whom (synthetic)"
    sheet.merge_cells("A1:H1")
    sheet["A2"] = "Draft 3, shares in % of the buyer's intake"
    for cell, text in (("A4", "Supplier"), ("C4", "Buyer"), ("E4", "Delivery")):
        sheet[cell] = text
    for area in ("A4:B4", "C4:D4", "E4:H4"):
        sheet.merge_cells(area)
    header = ["Name", "Country", "Name", "Country", "Commodity", "Share*", "Volume (t)", "Source"]
    for column, text in enumerate(header, start=1):
        sheet.cell(5, column, text)
    for row, values in enumerate(SUPPLIES, start=6):
        for column, value in enumerate(values, start=1):
            if value not in (None, ""):
                sheet.cell(row, column, value)
        if isinstance(values[5], (int, float)):
            sheet.cell(row, 6).number_format = "0%"
    sheet.merge_cells("C7:C8")
    sheet.merge_cells("D7:D8")
    sheet["A16"], sheet["G16"] = "Total", "2983,05"
    sheet["A18"] = "* of what the buyer takes in of this commodity in 2025; ca. = our estimate"
    sheet["A19"] = "Source: interviews and trade press"

    owners = book.create_sheet("Owners")
    owners["A1"] = "Who owns whom"
    for column, text in enumerate(["Company", "Owned by", "Owner country", "% held", "Since"], 1):
        owners.cell(3, column, text)
    for row, values in enumerate(OWNERS, start=4):
        for column, value in enumerate(values, start=1):
            if value is not None:
                owners.cell(row, column, value)

    notes = book.create_sheet("Notes")
    for row, text in enumerate(NOTES, start=1):
        notes.cell(row, 1, text)
    return _same_bytes(book)


def _same_bytes(book: Workbook) -> bytes:
    """Return the workbook without the times that openpyxl writes into it."""
    book.properties.created = book.properties.modified = datetime.datetime(2026, 1, 1)
    made = io.BytesIO()
    book.save(made)
    plain = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as to:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _without_time(content)
            to.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return plain.getvalue()


def _without_time(content: bytes) -> bytes:
    start = content.index(b"<dcterms:modified")
    end = content.index(b"</dcterms:modified>")
    kept = b'<dcterms:modified xsi:type="dcterms:W3CDTF">2026-01-01T00:00:00Z'
    return content[:start] + kept + content[end:]


if __name__ == "__main__":
    SHIPPED.parent.mkdir(exist_ok=True)
    SHIPPED.write_bytes(messy())
