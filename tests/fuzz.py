"""Fuzz the readers: `make fuzz`, or `python tests/fuzz.py READER [RUNS]` for one of them.

Atheris changes the bytes of small valid and hostile files, guided by what code they reach. A
reader passes when it either makes a network, which must then have a digest, or refuses with
findings of its own. Any other exception ends the run; the input is kept in a file named
`crash-...` in the folder from which the run was started.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

HERE = Path(__file__).parent
GRAPHS = HERE.parent / "graphs"
RUNS = 200_000
MAX_SEED = 20_000
SHEET = "xl/worksheets/sheet1.xml"

#: Reader to the ending of the file that it is given.
READERS = {
    "csv": ".csv",
    "toml": ".toml",
    "json": ".json",
    "graphml": ".graphml",
    "gexf": ".gexf",
    "openpsa": ".xml",
    "xlsx": ".xlsx",
    "sheet": ".xml",
    "mapping": ".toml",
    "bom": ".csv",
}


def seeds(reader: str) -> list[bytes]:
    """Return small inputs to start from."""
    from supplynet import load_example
    from supplynet.io.exchange import FORMATS, export_files

    ending = READERS[reader]
    found = [f.read_bytes() for f in sorted(HERE.rglob(f"*{ending}")) if f.is_file()]
    nets = [load_example(name) for name in ("worked_example", "recycling_loop")]
    if reader == "toml":
        found = [f.read_bytes() for f in sorted(GRAPHS.glob("*/network.toml"))]
    elif reader == "mapping":
        found = [mapping_text().encode()]
    elif reader == "bom":
        found = [b"name,origin,restriction_index\nchip,JP,0.3\nmagnet,CN,1\ncoil,,\n"]
    elif reader == "csv":
        found += [f.read_bytes() for f in sorted(GRAPHS.glob("*_*/*.csv"))]
    elif reader == "sheet":
        books = [export_files(net, "xlsx")[""] for net in nets]
        found = [zipfile.ZipFile(BytesIO(book)).read(SHEET) for book in books]
    elif reader == "openpsa":
        # A tree has no loops.
        nets = nets[:1]
    for name, form in FORMATS.items():
        if reader in ("json", "graphml", "gexf", "openpsa", "xlsx") and ending in form.endings:
            found += [export_files(net, name)[""] for net in nets]
    return [data for data in dict.fromkeys(found) if len(data) <= MAX_SEED]


def mapping_text() -> str:
    """Return a mapping as `init --from` writes it."""
    from supplynet.intake import propose

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "book.csv"
        file.write_text("Vendor,Vendor country,Buyer,Item,Share\nA,China / PRC,B,ore,70 %\n")
        return propose(file).mapping.to_toml()


def harness(reader: str, folder: Path) -> Callable[[bytes], None]:
    """Return what is called with each input."""
    from supplynet.errors import ValidationError
    from supplynet.io import examine
    from supplynet.io.bom import examine_bom

    file = folder / f"input{READERS[reader]}"
    if reader == "toml":
        (folder / "supplies.csv").write_text("supplier,consumer,material\na,b,ore\n")
        file = folder / "network.toml"

    def read(data: bytes) -> None:
        file.write_bytes(data)
        found = examine(folder if reader == "toml" else file)
        if found.net is None:
            assert found.errors, "refused without a reason"
        else:
            assert found.net.digest
        for finding in found.findings:
            assert finding.what

    def read_bom(data: bytes) -> None:
        file.write_bytes(data)
        examine_bom(file)

    def read_mapping(data: bytes) -> None:
        from supplynet.intake import Mapping

        try:
            text = data.decode()
        except UnicodeDecodeError:
            return
        try:
            Mapping.from_toml(text)
        except ValidationError as error:
            assert error.findings  # noqa: PT017 - this is no test

    if reader == "sheet":
        from supplynet import load_example
        from supplynet.io.exchange import export_files

        with zipfile.ZipFile(
            BytesIO(export_files(load_example("worked_example"), "xlsx")[""])
        ) as book:
            parts = {name: book.read(name) for name in book.namelist()}

        def read_sheet(data: bytes) -> None:
            made = BytesIO()
            with zipfile.ZipFile(made, "w") as book:
                for name, content in parts.items():
                    book.writestr(name, data if name == SHEET else content)
            book_file = folder / "input.xlsx"
            book_file.write_bytes(made.getvalue())
            assert examine(book_file).findings is not None

        return read_sheet
    return {"bom": read_bom, "mapping": read_mapping}.get(reader, read)


def fuzz(reader: str, runs: int, folder: Path) -> None:
    """Fuzz one reader in this process, which atheris then ends."""
    import atheris

    with atheris.instrument_imports(include=["supplynet"]):
        import supplynet.intake
        import supplynet.io
        import supplynet.io.bom
        import supplynet.io.gexf
        import supplynet.io.graphml
        import supplynet.io.jsonform
        import supplynet.io.omts
        import supplynet.io.openpsa
        import supplynet.io.xlsx  # noqa: F401 - imported here to be instrumented
    corpus, work = folder / "corpus", folder / "work"
    corpus.mkdir()
    work.mkdir()
    for number, data in enumerate(seeds(reader)):
        (corpus / f"seed{number}").write_bytes(data)
    # The time allowed is long: the alarm that keeps it may ring while a short run ends.
    options = [f"-atheris_runs={runs}", "-max_len=20000", "-timeout=300", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], harness(reader, work))
    atheris.Fuzz()


def run(reader: str, runs: int) -> bool:
    """Fuzz one reader in a process of its own and tell whether it passed."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        done = subprocess.run(
            [sys.executable, __file__, reader, str(runs), folder],
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            check=False,
        )
    lines = done.stderr.splitlines()
    count = next((line.split()[1] for line in reversed(lines) if line.startswith("Done ")), None)
    passed = done.returncode == 0 and count is not None
    if not passed:
        print("\n".join(lines[-40:]), file=sys.stderr)
    print(f"{reader}: {count or 'ended early'} executions, {'no fault' if passed else 'FAILED'}")
    return passed


def main(args: list[str]) -> int:
    """Fuzz the readers named, or all one after another; return 1 if one failed."""
    if len(args) == 3 and Path(args[2]).is_dir():
        fuzz(args[0], int(args[1]), Path(args[2]))
    names = [name for name in args if not name.isdigit()]
    runs = next((int(name) for name in args if name.isdigit()), RUNS)
    unknown = [name for name in names if name not in READERS]
    if unknown:
        print(f"no reader {unknown[0]!r}. Readers: {', '.join(READERS)}", file=sys.stderr)
        return 2
    passed = [run(name, runs) for name in names or READERS]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main(sys.argv[1:]))
