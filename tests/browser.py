"""A headless Chromium for the tests of pages, offline and with every complaint on record.

Where there is no Chromium the tests are skipped, except in CI: there they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LOCAL = ("file", "blob", "data", "about")


def chromium() -> str:
    """Return the path of a Chromium; without one skip the test, or fail it in CI."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        found = None
    if found is not None:
        return found
    reason = "needs Chromium on PATH and the Python package playwright"
    if os.environ.get("SUPPLYNET_CI") == "1":
        pytest.fail(f"{reason}; in CI the browser tests must run")
    pytest.skip(reason)


@dataclass
class Browser:
    """A running browser; `complaints` holds console messages, page errors and requests."""

    chrome: Any
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(
        self,
        file: Path,
        *,
        fragment: str = "",
        width: int = 1400,
        height: int = 900,
        dark: bool = False,
        ready: str = "window.__ready === true",
    ) -> Iterator[Any]:
        """Open a file with no network, wait until it is ready, and close it afterwards."""
        context = self.chrome.new_context(
            offline=True,
            accept_downloads=True,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(6_000)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", self._request)
        try:
            page.goto(file.as_uri() + fragment)
            page.wait_for_function(ready, timeout=20_000)
            yield page
        finally:
            context.close()

    def _request(self, request: Any) -> None:
        if request.url.split(":")[0] not in LOCAL:
            self.complaints.append(f"request: {request.url}")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium, or skip or fail the test that asks for one."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield Browser(chrome)
        finally:
            chrome.close()
