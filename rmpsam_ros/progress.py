"""Progress bars for the command line; compatible with rich 11, the version in Ubuntu 22.04."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


def progress_bars(console: Console) -> Progress:
    """Bars with a name, the completed count and the remaining time; removed at the end, and disabled if the output is not a terminal."""
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Done(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.completed:.0f}/{task.total:.0f}" if task.started else f"{task.completed:.0f}")

    class Bars(Progress):
        def stop(self) -> None:
            if not self.disable:  # rich 11 would print an empty line even if disabled
                super().stop()

    columns = TextColumn("{task.description}", markup=False), BarColumn(), Done(), TimeRemainingColumn()
    return Bars(*columns, console=console, transient=True, disable=not console.is_terminal)


def add_bar(progress: Progress, name: str, total: int | None) -> TaskID:
    """Adds a bar for `total` steps; without a total it pulses, like a task that has not started."""
    return progress.add_task(name, total=total or 1, start=bool(total))
