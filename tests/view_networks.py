"""Small networks for the tests of the view: one of every feature, and one of hostile names."""

from __future__ import annotations

from supplynet.io import from_frames

HOSTILE_NAMES = (
    "<img src=x onerror=window.__x=1>",
    "</script><script>window.__x=1</script>",
    '"><svg onload=window.__x=1>',
    "a href=javascript:window.__x=1",
    "{{ 7*7 }}{% raw %}{# x #}",
    "__proto__",
    "POLICY-OF-THIS-PAGE",
    "=HYPERLINK(0)",
)


def every_feature():
    """A mine-to-missile chain with recycling, an illustrative link, gaps, a closed plant."""
    nodes = [
        {"id": "mine_a", "name": "Alpha mine", "stage": "mine", "country": "AU",
         "operator": "alpha", "upstream": "none", "capacity": "7000", "capacity_low": "6500",
         "capacity_unit": "t/yr", "capacity_basis": "nameplate", "references": "r1;r2",
         "confidence": "high", "note": "open pit"},
        {"id": "mine_b", "name": "Beta mine", "stage": "mine", "country": "CN",
         "upstream": "none"},
        {"id": "sep", "name": "Separation plant", "stage": "separation", "country": "MY",
         "operator": "alpha"},
        {"id": "scrap", "name": "Scrap plant", "stage": "recycling", "country": "JP"},
        {"id": "alloy", "name": "Alloy maker", "stage": "alloy", "upstream": "unknown",
         "confidence": "illustrative"},
        {"id": "magnet_1", "name": "First magnet maker", "stage": "magnet", "country": "JP"},
        {"id": "magnet_2", "name": "Second magnet maker", "stage": "magnet", "country": "US"},
        {"id": "old", "name": "Closed maker", "stage": "magnet", "country": "US",
         "status": "closed"},
        {"id": "missile", "name": "Missile", "stage": "target", "country": "US"},
        {"id": "radar", "name": "Radar", "stage": "target", "country": "US"},
        {"id": "loose", "name": "Loose end", "stage": "mine", "country": "CA",
         "upstream": "none"},
    ]  # fmt: skip
    supplies = [
        {"supplier": "mine_a", "consumer": "sep", "material": "ore", "references": "r1",
         "share": "0.7"},
        {"supplier": "mine_b", "consumer": "sep", "material": "ore"},
        {"supplier": "sep", "consumer": "alloy", "material": "oxide"},
        {"supplier": "alloy", "consumer": "magnet_1", "material": "alloy"},
        {"supplier": "alloy", "consumer": "magnet_2", "material": "alloy"},
        {"supplier": "alloy", "consumer": "magnet_2", "material": "powder"},
        {"supplier": "magnet_1", "consumer": "missile", "material": "magnet"},
        {"supplier": "magnet_2", "consumer": "missile", "material": "magnet",
         "qualified": "unknown"},
        {"supplier": "magnet_1", "consumer": "radar", "material": "magnet",
         "confidence": "illustrative"},
        {"supplier": "magnet_1", "consumer": "scrap", "material": "swarf"},
        {"supplier": "scrap", "consumer": "sep", "material": "ore", "end": "2020-01-01"},
        {"supplier": "old", "consumer": "missile", "material": "magnet"},
    ]  # fmt: skip
    return from_frames(
        supplies,
        nodes,
        references=[
            {
                "id": "r1",
                "title": "Annual report",
                "publisher": "Alpha",
                "date": "2026-01-01",
                "url": "https://example.org/a?b=1&c=2",
            },
            {"id": "r2", "title": "Not a link", "url": "javascript:window.__x=1"},
        ],
        entities=[{"id": "alpha", "name": "Alpha Mining", "country": "AU"}],
        network={
            "name": "small",
            "title": "Every feature (synthetic)",
            "as_of": "2026-06-29",
            "targets": ["missile", "radar"],
        },
    )


def hostile():
    """A chain whose every text is an attack: on markup, on scripts, on the eye."""
    names = (*HOSTILE_NAMES, "desre\u202ever", "bell\u0007\u001b[2J", "zero\u200bwidth")
    nodes = [
        {
            "id": f"n{k}",
            "name": name,
            "stage": f"<b>{k % 3}</b>",
            "country": "US" if k % 2 else None,
            "operator": "evil",
            "note": name,
            "references": "bad",
            "makes": name.replace(";", ","),
        }
        for k, name in enumerate(names)
    ]
    supplies = [
        {"supplier": f"n{k}", "consumer": f"n{k + 1}", "material": f"m<i>{k}", "note": names[k]}
        for k in range(len(names) - 1)
    ]
    return from_frames(
        supplies,
        nodes,
        entities=[{"id": "evil", "name": "</script><script>window.__x=1</script>"}],
        references=[
            {
                "id": "bad",
                "title": "<script>window.__x=1</script>",
                "url": 'https://example.org/"onmouseover="window.__x=1',
            }
        ],
        network={
            "name": "hostile",
            "title": "<script>window.__x=1</script>",
            "description": "</style><img src=https://example.org/x>",
            "licence": "</title><script>window.__x=1</script>",
        },
    )
