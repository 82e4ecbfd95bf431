"""`rmpsam doctor`: reports what is installed, what is missing, and how to get it."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from rmpsam_ros.cli.checks import Check

HELP = "report what is installed, what is missing and how to get it: ROS, backends, GPU, models"
EXAMPLE = """
rmpsam doctor
"""


_LONG = 40
"""Longest word, in characters, that is printed in a table column; longer advice is printed below the table."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog += "\n\nexit code: 0 if the node can run here, 1 if something it needs is missing"


def run(args: argparse.Namespace) -> int:
    """Prints the report.

    Returns:
        0 if the node can run here, 1 if something it needs is missing.
    """
    from rich.console import Console
    from rich.markup import escape

    from rmpsam_ros.cli.checks import MISSING, all_checks

    checks = all_checks()
    console = Console()
    console.print(_table(checks))
    for check in filter(_is_long, checks):
        console.print(f"[bold]{check.name}[/]: [cyan]{escape(check.advice)}[/]", soft_wrap=True, highlight=False)  # unbroken, to be copied
    missing = [check for check in checks if check.state == MISSING]
    if not missing:
        console.print("[green]The node can run here.[/]")
        return 0
    console.print(f"[bold red]The node cannot run here[/]: {', '.join(check.name for check in missing)}.")
    return 1


def _is_long(check: Check) -> bool:
    """Whether the advice contains a path or command that a narrow terminal would break."""
    return any(len(word) > _LONG for word in check.advice.split())


def _table(checks: list[Check]) -> Table:
    """A table with a headline per section; the advice is below the finding."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from rmpsam_ros.cli.checks import MISSING, NOTE, OK

    mark = {OK: "[green]ok[/]", NOTE: "[yellow]note[/]", MISSING: "[bold red]missing[/]"}
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    section = ""
    for check in checks:
        if check.section != section:
            if section:
                table.add_row()  # add_section() is missing in Humble's rich
            section = check.section
            table.add_row(f"[bold]{escape(section)}[/]")
        advice = "see below" if _is_long(check) else check.advice
        advice = f"\n[cyan]-> {escape(advice)}[/]" if advice else ""
        table.add_row(escape(f"  {check.name}"), mark[check.state], escape(check.found) + advice)
    return table
