"""Print the page of the data model: ``python -m supplynet.schema > docs/data-model.md``."""

from __future__ import annotations

import sys

from supplynet.schema import docs_page

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.write(docs_page())
