"""The interactive view: one HTML file that works offline and shows what hangs on what."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from supplynet.errors import OutputError, QuestionError

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork

__all__ = ["build_view", "view"]

#: Units whose loss can be switched on and whose cut sets are listed.
UNITS = ("node", "country", "controller")
#: Above this many nodes the picture shows groups; above the second no view is made.
GROUP_ABOVE = 2_000
REFUSE_ABOVE = 20_000


def build_view(
    net: SupplyNetwork,
    *,
    targets: Sequence[str] | str | None = None,
    on: date | str | None = None,
    by: Sequence[str] = UNITS,
    max_order: int = 2,
    redact: Sequence[str] = (),
    full: bool = False,
) -> str:
    """Return the interactive view of a network as the text of one HTML file.

    Parameters
    ----------
    net
        The network.
    targets
        Ids of the targets; ``None``: those of `network.toml`, else the nodes that supply nobody.
    on
        The date of the answers; ``None``: the date of the data.
    by
        Units whose loss can be switched on and whose cut sets are shown: as in
        :func:`supplynet.minimal_cut_sets`.
    max_order
        Most units of one cut set.
    redact
        Fields to leave out: ``facts`` (capacities, times and other columns), ``levers``,
        ``note``, ``operator`` (and with it the owner), ``owner``, ``references``, ``share``.
    full
        Draw every node even where there are more than 2,000, which are otherwise grouped by
        stage and country.

    Returns
    -------
    str
        HTML. The same network and question give the same bytes.

    Raises
    ------
    UnknownNameError
        A target is not in the network.
    QuestionError
        The question cannot be asked, a field cannot be left out, or the network has more than
        20,000 nodes.

    Notes
    -----
    The file holds the whole data set apart from what `redact` names: think before passing it on.
    It asks nothing of any server. An empty list of cut sets means that none was found up to
    `max_order` on the data as recorded, not that the target is safe.

    Examples
    --------
    >>> import supplynet
    >>> page = build_view(supplynet.load_example("worked_example"))
    >>> page.startswith("<!doctype html>")
    True
    """
    from supplynet.view.gather import gather
    from supplynet.view.payload import aggregate
    from supplynet.view.payload import redact as leave_out
    from supplynet.view.render import render

    count = len(net.table("nodes"))
    if count > REFUSE_ABOVE:
        raise QuestionError(
            f"{count:,} nodes are too many for a picture (at most {REFUSE_ABOVE:,}). Use the "
            "report, or a network of the part in question"
        )
    grouped = count > GROUP_ABOVE and not full
    data = gather(net, targets=targets, on=on, by=tuple(by), max_order=max_order, grouped=grouped)
    data = leave_out(data, redact)
    return render(aggregate(data) if grouped else data)


def view(
    net: SupplyNetwork,
    path: str | os.PathLike[str],
    *,
    targets: Sequence[str] | str | None = None,
    on: date | str | None = None,
    by: Sequence[str] = UNITS,
    max_order: int = 2,
    redact: Sequence[str] = (),
    full: bool = False,
    force: bool = False,
) -> Path:
    """Write the interactive view of a network to one HTML file and return its path.

    Parameters
    ----------
    net
        The network.
    path
        The file to write, whole or not at all.
    targets, on, by, max_order, redact, full
        As in :func:`build_view`.
    force
        Overwrite the file if there is one that is no earlier view.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        The file cannot be written, or stands there, is no view and `force` is not given.
    UnknownNameError, QuestionError
        As in :func:`build_view`.

    Examples
    --------
    >>> import supplynet, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> net = supplynet.load_example("worked_example")
    >>> supplynet.view(net, f"{folder.name}/view.html").name
    'view.html'
    >>> folder.cleanup()
    """
    from supplynet.io.files import write_text

    file = Path(path)
    if file.is_file() and not force and not _is_view(file):
        raise OutputError(
            f"{file} is there already and is no view. Replace it with --force (force=True)"
        )
    write_text(
        file,
        build_view(
            net,
            targets=targets,
            on=on,
            by=by,
            max_order=max_order,
            redact=redact,
            full=full,
        ),
    )
    return file


def _is_view(file: Path) -> bool:
    """Return whether a file is empty or a view: those can be made again, others cannot.

    A report is a page of ours too, but holds no script.
    """
    try:
        with file.open("rb") as content:
            start = content.read(4096)
    except OSError as error:
        raise OutputError(f"{file} cannot be read: {error.strerror}") from error
    return not start or (b'content="supplynet ' in start and b"script-src" in start)
