"""From facts to one HTML file: pyvis hands nodes and links to our own template.

pyvis brings vis-network 9.1.2 and the shape of its nodes and edges. Of its own page nothing is
used: that one loads from a CDN, runs a physics simulation and lets names become markup.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Any

from supplynet.text import clean_display
from supplynet.view.payload import ViewData, payload, vis_nodes

__all__ = ["VIS_BUNDLE", "policy_of", "render"]

#: The bundle that pyvis ships; the test of the view fails when an update moves it.
VIS_BUNDLE = "lib/vis-9.1.2/vis-network.min.js"

_POLICY = "POLICY-OF-THIS-PAGE"
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def _template_text(name: str) -> str:
    return (resources.files("supplynet.view") / "templates" / name).read_text(encoding="utf-8")


@cache
def _bundle() -> str:
    # utf-8 stated: the file holds characters that no ASCII locale can read.
    path = resources.files("pyvis") / "templates" / VIS_BUNDLE
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def policy_of(html: str) -> str:
    """Return the content security policy for a page: these very scripts, and nothing else.

    Examples
    --------
    >>> policy_of("<script>1</script>").split("; ")[1]
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
        for script in _SCRIPT.findall(html)
    ]
    return "; ".join(
        (
            "default-src 'none'",
            "script-src " + " ".join(f"'sha256-{value}'" for value in hashes),
            # The drawing library sizes its canvas through style attributes.
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def render(data: ViewData) -> str:
    """Return the page for the given facts; the same facts give the same bytes."""
    from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader
    from markupsafe import Markup
    from pyvis.network import Network

    facts, layout = payload(data)
    network = Network(directed=True, cdn_resources="in_line")
    for node in vis_nodes(data, layout):
        network.add_node(**node)
    # Not add_edge: it searches all edges for every edge. Only ends are handed over, no attributes.
    network.edges = [
        {"from": f"n{link.supplier}", "to": f"n{link.consumer}", "id": f"e{k}"}
        for k, link in enumerate(data.links)
    ]
    # Autoescaping is off in the environment that pyvis makes.
    environment = Environment(
        autoescape=True,
        loader=ChoiceLoader(
            [
                DictLoader({"view.html": _template_text("view.html")}),
                FileSystemLoader(network.template_dir),
            ]
        ),
    )
    environment.policies["json.dumps_kwargs"] = {
        "sort_keys": True,
        "allow_nan": False,
        "separators": (",", ":"),
    }
    # Our own files and the bundle are the only text that is not escaped: no data enters them.
    environment.globals.update(
        page=_page(data),
        facts=facts,
        policy=_POLICY,
        css=Markup(_template_text("view.css")),  # noqa: S704
        js=Markup(_template_text("view.js")),  # noqa: S704
        vis=Markup(_bundle()),  # noqa: S704
    )
    network.templateEnv = environment
    network.path = "view.html"
    html = str(network.generate_html())
    return html.replace(_POLICY, policy_of(html), 1)


def _page(data: ViewData) -> dict[str, Any]:
    facts = [("Data as of", data.as_of or "no date given")]
    if data.on and data.on != data.as_of:
        facts.append(("Answers for", data.on))
    facts += [
        ("Nodes", f"{sum(node.members for node in data.nodes):,}"),
        ("Links", f"{len(data.links):,}"),
        ("Targets", f"{sum(node.target for node in data.nodes):,}"),
        ("Gaps", f"{len(data.gaps):,}"),
        ("Digest", data.digest[:12]),
        ("Made with", f"supplynet {data.version}"),
    ]
    return {
        "title": clean_display(data.title),
        "description": clean_display(data.description),
        "note": clean_display(data.limits[0]) if data.grouped else "",
        "version": data.version,
        "facts": [(label, clean_display(value)) for label, value in facts],
        "limits": [clean_display(line) for line in data.limits],
    }
