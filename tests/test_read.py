"""Paths that are read, and what the network is called."""

import os

import pytest

from supplynet.io import examine, read

SUPPLIES = "supplier,consumer,material\na,b,ore\n"


def said(path):
    return [str(finding) for finding in examine(path).findings]


def test_a_network_is_named_after_its_file_or_folder(tmp_path):
    folder = tmp_path / "magnets"
    folder.mkdir()
    (folder / "supplies.csv").write_text(SUPPLIES)
    net = examine(folder).network()
    assert (net.name, net.source) == ("magnets", str(folder))
    (folder / "list.csv").write_text(SUPPLIES)
    net = examine(folder / "list.csv").network()
    assert (net.name, net.source) == ("list", str(folder / "list.csv"))


def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    assert said(tmp_path / "pipe.csv") == [
        f"{tmp_path}/pipe.csv: not a regular file. Save the data to a file first."
    ]
    assert said("a\0b.csv") == ["'a\\x00b.csv': no file can have this name."]
    folder = tmp_path / "magnets"
    folder.mkdir()
    (folder / "supplies.csv").write_text(SUPPLIES)
    os.mkfifo(folder / "nodes.csv")
    os.mkfifo(folder / "network.toml")
    what = "not a regular file. Replace it with the file."
    assert said(folder) == [f"network.toml: {what}", f"nodes.csv: {what}"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(13, "Permission denied"), "permission denied"),
        (OSError("Odd Disk"), "odd Disk"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path, monkeypatch, error, reason):
    (tmp_path / "supplies.csv").write_text(SUPPLIES)

    def refuse(place):
        raise error

    monkeypatch.setattr(read, "_bytes", refuse)
    assert said(tmp_path) == [f"{tmp_path}: cannot be read: {reason}."]


def test_a_folder_that_may_not_be_listed_lets_its_files_be_read(tmp_path, monkeypatch):
    (tmp_path / "supplies.csv").write_text(SUPPLIES)

    def refuse(place):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", refuse)
    assert said(tmp_path / "supplies.csv") == []
