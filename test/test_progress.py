"""Tests progress bars on a fake terminal."""
from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from rmpsam_ros.progress import add_bar, progress_bars


def shown(total: int | None, steps: int, terminal: bool = True) -> tuple[str, str]:
    """What the terminal shows after the given number of steps, and everything that was written."""
    console = Console(force_terminal=terminal, file=io.StringIO(), width=80)
    with progress_bars(console) as progress:
        bar = add_bar(progress, "files", total)
        progress.advance(bar, steps)
        before = console.file.tell()
        progress.refresh()
        console.file.seek(before)
        last = console.file.read()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last).strip(), console.file.getvalue()


@pytest.mark.parametrize("total, steps, done", [(40, 0, "0/40"), (40, 7, "7/40"), (1, 1, "1/1")])
def test_bar__with_a_total__says_how_much_of_it_is_done(total, steps, done):
    line, _ = shown(total, steps)
    assert line.split()[0] == "files" and line.split()[-2] == done
    assert re.fullmatch(r"-:--:--|\d+:\d\d:\d\d", line.split()[-1])  # the time left


@pytest.mark.parametrize("total", [None, 0])
def test_bar__without_a_total__counts_and_swings(total):
    line, _ = shown(total, 7)
    assert line.split()[0] == "files" and line.split()[-2] == "7" and line.split()[-1] == "-:--:--"


def test_bars__at_the_end__go_away():
    _, written = shown(3, 3)
    assert written.endswith("\x1b[2K") and "\x1b[?25h" in written  # the line is cleared, and the cursor is visible again


def test_bars__where_nobody_watches__are_not_there():
    assert shown(3, 3, terminal=False) == ("", "")
