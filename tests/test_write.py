"""What a network looks like in files."""

from datetime import date
from decimal import Decimal

from supplynet.io.write import csv_line, folder_files, in_order, table_csv
from supplynet.model import Meta, SupplyNetwork, Table


def table(name, length=1, **columns):
    return Table(name=name, columns=columns, length=length)


def test_cells_are_quoted_where_a_reader_could_split_or_trim_them():
    cells = ["", "a", " a", "a ", "a,b", "a;b", 'a"b', "a\tb", "a\nb", "a\rb", "a b"]
    assert csv_line(cells) == ',a," a","a ","a,b","a;b","a""b","a\tb","a\nb","a\rb",a b\n'


def test_values_are_written_exactly():
    nodes = table(
        "nodes",
        2,
        id=["a", "=b"],
        makes=[("x", "y"), ()],
        capacity=[Decimal("1E+2"), Decimal("0.50")],
        start=[date(2026, 1, 31), None],
    )
    assert table_csv(nodes) == ('id,makes,capacity,start\na,"x;y",100,2026-01-31\n\'=b,,0.5,\n')


def test_which_files_a_folder_gets():
    supplies = Table(name="supplies", columns={}, length=0)
    nodes = table("nodes", 0, id=[])
    net = SupplyNetwork(
        {
            "nodes": nodes,
            "supplies": supplies,
            "materials": table("materials", 0, id=[]),
            "entities": table("entities", id=["e"]),
            "holdings": Table(name="holdings", columns={}, length=0),
        },
        Meta(name="x", title="T"),
    )
    # Empty nodes would say that all nodes are unknown; a network has its supplies.
    assert folder_files(net) == {
        "network.toml": 'title = "T"\n',
        "supplies.csv": "supplier,consumer\n",
        "materials.csv": "id\n",
        "entities.csv": "id\ne\n",
    }


def test_rows_in_order_stand_on_no_line():
    supplies = Table(
        name="supplies",
        columns={"note": ["1", "2"], "supplier": ["b", "a"], "consumer": ["c", "c"]},
        length=2,
        source="x.csv",
        lines=[2, 3],
    )
    nodes = table("nodes", 3, id=["a", "b", "c"])
    sorted_net = in_order(SupplyNetwork({"nodes": nodes, "supplies": supplies}, Meta(name="x")))
    assert list(sorted_net.table("supplies").column("note")) == ["2", "1"]
    assert sorted_net.table("supplies").lines is None
