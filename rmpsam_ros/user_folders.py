"""Where the user's data and caches lie, by the XDG base directory specification, and what a `~` in a path means."""
from __future__ import annotations

import os
from pathlib import Path

NOWHERE = Path(os.devnull) / "no-home"
"""Cannot be made, and nothing can be in it."""


def data_folder() -> Path:
    """`$XDG_DATA_HOME/rmpsam`, else `~/.local/share/rmpsam`."""
    return _folder("XDG_DATA_HOME", ".local/share")


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/rmpsam`, else `~/.cache/rmpsam`."""
    return _folder("XDG_CACHE_HOME", ".cache")


def user_path(name: str) -> Path:
    """A path as a user writes it, with `~` for a home. One that there is not stays as it is, where pathlib raises: no file is there."""
    return Path(os.path.expanduser(name))


def _folder(variable: str, below_home: str) -> Path:
    named = os.environ.get(variable)
    if named:
        return Path(named) / "rmpsam"
    try:
        return Path.home() / below_home / "rmpsam"
    except RuntimeError:  # a user of a container, who is in no passwd and has no $HOME
        return NOWHERE
