"""The user's data and cache folders according to the XDG base directory specification, and expansion of `~` in paths."""
from __future__ import annotations

import os
from pathlib import Path

NOWHERE = Path(os.devnull) / "no-home"
"""A path that cannot be created and never contains anything."""


def data_folder() -> Path:
    """`$XDG_DATA_HOME/rmpsam`, else `~/.local/share/rmpsam`."""
    return _folder("XDG_DATA_HOME", ".local/share")


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/rmpsam`, else `~/.cache/rmpsam`."""
    return _folder("XDG_CACHE_HOME", ".cache")


def user_path(name: str) -> Path:
    """Expands `~` and `~user` in a path. With an unknown user the path stays unchanged (pathlib would raise) and does not exist."""
    return Path(os.path.expanduser(name))


def _folder(variable: str, below_home: str) -> Path:
    named = os.environ.get(variable)
    if named and os.path.isabs(named):  # the specification: ignore relative ones
        return Path(named) / "rmpsam"
    try:
        return Path.home() / below_home / "rmpsam"
    except RuntimeError:  # a container user without a passwd entry and without $HOME
        return NOWHERE
