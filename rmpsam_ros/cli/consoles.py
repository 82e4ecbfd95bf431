"""Consoles for the commands' output, which print lines unchanged whatever the names of files and models contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def lines(stderr: bool = False, width: int | None = None) -> Console:
    """A console for plain lines: [brackets] in names are not markup, numbers are not coloured, and long lines are left to the
    terminal to wrap, so that copied or piped output stays intact.

    Also used for tables and progress bars; tables need `soft_wrap=False` to fit the terminal, or a `width` in columns.
    """
    from rich.console import Console

    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=True, markup=False)
