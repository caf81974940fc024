"""Whose a new file is: what root makes for the service belongs to the service's user, who could not use it else."""

import os
from pathlib import Path


def give_like(path: Path, like: Path) -> None:
    """Gives a file that root made to the owner of `like`, its folder or the file it replaces; for others nothing.

    Raises OSError.
    """
    if os.geteuid() == 0:
        found = like.stat()
        os.chown(path, found.st_uid, found.st_gid)
