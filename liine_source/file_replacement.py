"""Writes a file whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

OWNER_ONLY = 0o600


def replace_file(path: Path, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Write a file in place of an older one, with the permissions `mode`; raises OSError, and leaves that then."""
    # Its owner's alone from the first byte on.
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        try:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
            os.fchmod(new.fileno(), mode)
            Path(new.name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(new.name).unlink()
            raise
