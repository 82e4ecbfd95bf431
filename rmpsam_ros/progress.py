"""Progress bars of the command line, in what rich 11, which Ubuntu 22.04 has, knows as well."""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


def progress_bars(console: Console) -> Progress:
    """Bars with a name, how much is done and the time left; they go away at the end, and are not there where nobody watches."""
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Done(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.completed:.0f}/{task.total:.0f}" if task.started else f"{task.completed:.0f}")

    class Bars(Progress):
        def stop(self) -> None:
            if not self.disable:  # else rich 11 ends with an empty line all the same
                super().stop()

    columns = TextColumn("{task.description}", markup=False), BarColumn(), Done(), TimeRemainingColumn()
    return Bars(*columns, console=console, transient=True, disable=not console.is_terminal)


def add_bar(progress: Progress, name: str, total: int | None) -> TaskID:
    """A bar for `total` steps; without a total it swings, as a task that has not begun does."""
    return progress.add_task(name, total=total or 1, start=bool(total))
