"""Who types a command, as the system knows it."""

import getpass
import os


def typed_by() -> str:
    """The login's name; in a container whose user has none, the user's number (`uid 10001`)."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # nobody of that number in the password file
        name = ""
    return name if name.strip() and name.isprintable() else f"uid {os.getuid()}"
