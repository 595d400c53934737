"""Keeps a file of secrets out of git."""

import shutil
import subprocess
from pathlib import Path

from liine_source.errors import ConfigurationError


def ignore_in_git(file: Path) -> Path | None:
    """Let git ignore `file`, if it lies in a work tree; return the file that was added to, if one was.

    The pattern goes into the `.gitignore` of the folder above its own. Raises ConfigurationError where git has the file
    already: ignoring it would not help.
    """
    file = file.absolute()
    folder = file.parent.parent
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    pattern = file.relative_to(folder).as_posix()
    if _ask_git(folder, "ls-files", "--error-unmatch", "--", pattern) == 0:
        raise ConfigurationError(
            f"git tracks {file}, so everybody with the repository can read it. Run `git rm --cached {pattern}` there, "
            "then this command again. Nothing was written."
        )
    if _ask_git(folder, "check-ignore", "--quiet", "--", pattern) == 0:
        return None
    ignored = folder / ".gitignore"
    try:
        text = ignored.read_text(encoding="utf-8") if ignored.exists() else ""
        if pattern in text.splitlines():
            return None
        with ignored.open("a", encoding="utf-8") as out:
            out.write(("" if not text or text.endswith("\n") else "\n") + pattern + "\n")
    except (OSError, UnicodeDecodeError) as error:
        problem = (
            f"{ignored} cannot be added to ({type(error).__name__}): let git ignore {pattern}. Nothing was written."
        )
    else:
        return ignored
    raise ConfigurationError(problem)


def _ask_git(folder: Path, *arguments: str) -> int | None:
    """Return git's exit code; None without git."""
    git = shutil.which("git")
    if git is None:
        return None
    asked = subprocess.run([git, *arguments], cwd=folder, capture_output=True, check=False)  # noqa: S603  git itself
    return asked.returncode
