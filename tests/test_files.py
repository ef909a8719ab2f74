"""Files and folders come into place whole, with the permissions that they would have had."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from supplynet.errors import OutputError
from supplynet.io.files import atomic_folder, write_bytes, write_text

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def mask():
    """A mask of its own kind, and what it was before afterwards."""
    before = os.umask(0o027)
    yield
    assert os.umask(before) == 0o027


@posix
@pytest.mark.usefixtures("mask")
def test_what_is_new_gets_the_permissions_of_new_files(tmp_path):
    write_text(tmp_path / "new.txt", "x")
    assert mode(tmp_path / "new.txt") == 0o640
    with atomic_folder(tmp_path / "net") as made:
        (made / "a.csv").write_text("x")
        (made / "in").mkdir()
        (made / "in" / "b.csv").write_text("x")
    assert mode(tmp_path / "net") == mode(tmp_path / "net" / "in") == 0o750
    assert mode(tmp_path / "net" / "a.csv") == mode(tmp_path / "net" / "in" / "b.csv") == 0o640


@posix
def test_what_is_replaced_keeps_its_permissions(tmp_path):
    old = tmp_path / "old.txt"
    old.write_text("x")
    old.chmod(0o604)
    write_text(old, "ä\r\n")
    assert (mode(old), old.read_bytes()) == (0o604, "ä\r\n".encode())
    (tmp_path / "in").mkdir()
    with atomic_folder(tmp_path) as made:
        (made / "old.txt").write_text("z")
        (made / "in").mkdir()
        (made / "in" / "b.csv").write_text("x")
    assert (mode(old), old.read_text()) == (0o604, "z")
    assert (tmp_path / "in" / "b.csv").read_text() == "x"


def test_what_is_written_first_stands_beside_its_place_and_is_hidden(tmp_path, monkeypatch):
    # Elsewhere it could be another disk, from which nothing can be moved in one step.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    seen = []
    move = Path.replace

    def replace(self, target):
        seen.append(self)
        return move(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_bytes(tmp_path / "a.txt", b"x")
    with atomic_folder(tmp_path / "net") as made:
        (made / "a.csv").write_text("x")
    assert [path.parent for path in seen] == [tmp_path, tmp_path]
    assert seen[0].name.startswith(".a.txt-")
    assert seen[1].name.startswith(".net-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "net"]


def test_the_longest_name_is_written(tmp_path):
    write_text(tmp_path / ("x" * 255), "x")
    with atomic_folder(tmp_path / ("y" * 255)) as made:
        (made / "a").write_text("x")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("in", "could not be written: it is a folder, give a file name in it."),
        ("no/x", "there is no folder '{place}/no'. Make it first."),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path, name, why):
    (tmp_path / "in").mkdir()
    with pytest.raises(OutputError) as wrong:
        write_text(tmp_path / name, "x")
    assert str(wrong.value) == f"{tmp_path / name}: {why.format(place=tmp_path)}"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_interrupt_where_the_half_file_is_gone_is_still_an_interrupt(tmp_path, monkeypatch):
    def stop(self, target):
        self.unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a.txt", "x")


def test_a_folder_that_cannot_be_opened_to_be_synced_is_no_error(tmp_path, monkeypatch):
    opened = os.open

    def refuse(path, flags, *args, **kwargs):
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").read_text() == "x"
