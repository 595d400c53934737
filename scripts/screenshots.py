"""`python -m scripts.screenshots PAGE FOLDER`: pictures of the report, on a desk and a phone, light and dark."""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

# Width and height in pixels: what fits into 300 kB.
SIZES = ((1280, 1500), (390, 1500))


def main(page: str, folder: str) -> None:
    """Take a picture in each size and colour scheme."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        # As root Chromium has no sandbox; it opens this page only.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        for width, height in SIZES:
            for scheme in ("light", "dark"):
                file = Path(folder, f"report-{width}-{scheme}.png")
                _take(browser, Path(page), file, width, height, scheme)
                print(f"{file}: {file.stat().st_size} bytes")
        browser.close()


def _take(browser: Browser, page: Path, file: Path, width: int, height: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-US",
    )
    shown = context.new_page()
    shown.goto(page.absolute().as_uri())
    shown.wait_for_selector("#page:not([hidden])")
    shown.screenshot(path=file)
    context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
