"""What the commands print on: lines as they are, whatever is in the names of files and models."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def lines(stderr: bool = False, width: int | None = None) -> Console:
    """A console for lines: a name with [brackets] is no markup, numbers get no colours, and long lines are left to the
    terminal to break, so that what is copied or read by a program is whole.

    Tables and bars draw on it as well; tables need `soft_wrap=False` to fit the terminal, or the `width` in columns.
    """
    from rich.console import Console

    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=True, markup=False)
