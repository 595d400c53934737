"""Where the pages for users are: in a wheel inside the package, in a checkout next to it."""

from pathlib import Path

_FOLDERS = (Path(__file__).parent / "docs", Path(__file__).parents[1] / "docs")


def page(name: str) -> str:
    """Return the file of a page, such as `settings`, on this machine."""
    found = (folder / f"{name}.md" for folder in _FOLDERS)
    return str(next((file for file in found if file.is_file()), Path("docs") / f"{name}.md"))
