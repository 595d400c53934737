"""A real Chromium, without a window, that opens one page and records what it complains about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
# The least contrast of text that WCAG 2.2 asks for at level AA.
LEAST_CONTRAST = 4.5

# Of each element with text of its own: the ratio of its colour to what is painted behind it.
_CONTRASTS = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = (rgb) => {
    const linear = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = rgb.slice(0, 3).map((value) => linear(value / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility() && hasText(one)).map((one) => {
    const colors = [parse(getComputedStyle(one).color), behind(one)].map(luminance).sort((a, b) => b - a);
    return [`${one.tagName} ${one.className} ${one.textContent.slice(0, 30)}`, (colors[0] + 0.05) / (colors[1] + 0.05)];
  });
}"""


@contextmanager
def open_browser() -> "Iterator[Browser]":
    """Start Chromium; the test fails with the command that installs it where there is none."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  other tests need not wait for it

    program = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        if not program and not Path(playwright.chromium.executable_path).exists():
            pytest.fail("There is no Chromium: run `make browser`, or install Debian's package chromium.")
        # As root Chromium has no sandbox; it opens pages of our own only.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(browser: "Browser", file: Path, **options: Any) -> "Iterator[Page]":
    """Open a file; afterwards the test fails if the page has logged, failed, or asked for anything."""
    context = browser.new_context(locale="en-US", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.append(f"request: {request.url[:100]}"))
    page.goto(file.absolute().as_uri())
    # The figures are decompressed after the page was loaded.
    page.wait_for_selector("#page:not([hidden])")
    assert complaints.pop(0).startswith("request: file:")
    assert not page.is_visible("#failure")
    try:
        yield page
        assert complaints == []
    finally:
        context.close()


def pale_texts(page: "Page") -> list[Any]:
    """Return the texts of a page that are too pale, with their contrast."""
    return [found for found in page.evaluate(_CONTRASTS) if found[1] < LEAST_CONTRAST]
