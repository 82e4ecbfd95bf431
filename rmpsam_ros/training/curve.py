"""The learning curve of a run: periodic validation of the averaged network, written to OUT/curve.csv."""
from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.atomic import atomic_file

if TYPE_CHECKING:
    from rmpsam_ros.network import RMPSAM
    from rmpsam_ros.training.validation import Validation

CURVE, LOG = "curve.csv", "log.csv"
"""The tables in the folder of a run."""


class Curve:
    """Runs the validation periodically and stores its numbers.

    Args:
        out: the run's folder.
        validation: the measurement.
        minutes: minutes of training between two points.
        seconds: seconds of training so far; in a resumed run the curve continues from its file.
    """

    def __init__(self, out: Path, validation: Validation, minutes: float, seconds: float = 0.0) -> None:
        self.path, self.validation, self.minutes = out / CURVE, validation, minutes
        self.last = min(seconds, float(rows[-1]["seconds"])) if (rows := read_table(self.path)) else 0.0

    def due(self, seconds: float) -> bool:
        """Whether the next point is due, after this many seconds of training."""
        return seconds - self.last >= 60 * self.minutes

    def add(self, net: RMPSAM, step: int, seconds: float, report: Callable[[str], None] = lambda _: None) -> dict[str, float]:
        """Validates, appends a row and reports it in one line."""
        begun = time.monotonic()
        numbers = self.validation.run(net)
        took = time.monotonic() - begun
        self.last = seconds
        append_row(self.path, {"step": str(step), "seconds": f"{seconds:.1f}", **{name: f"{value:.3f}" for name, value in numbers.items()}})
        said = ", ".join(f"{name} {value:.1f}" for name, value in numbers.items())
        report(f"step {step}: {said} ({took:.0f} s)" if said else f"step {step}: no validation set has an object to click")
        return numbers


def forget_later(path: Path, step: int) -> None:
    """Removes the rows after a step from a CSV file: those steps were not saved in a checkpoint, are repeated, and would appear
    twice."""
    rows = read_table(path)
    kept = [row for row in rows if float(row["step"]) <= step]
    if len(kept) == len(rows):
        return
    if not kept:
        path.unlink()
        return
    with atomic_file(path) as part, part.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)


def append_row(path: Path, row: dict[str, str]) -> None:
    """Appends a row to a CSV file; the file is rewritten if its columns differ or its last line is truncated."""
    old = read_table(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = list(old[0]) if old else []
    columns = known + [name for name in row if name not in known]
    again = columns != known or not path.read_bytes().endswith(b"\n")
    with path.open("w" if again else "a", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        if again:
            writer.writeheader()
            writer.writerows(old)
        writer.writerow(row)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, none if it does not exist. A truncated last line is skipped."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        whole = (line for line in file if "\0" not in line)  # left by a power failure
        return [row for row in csv.DictReader(whole) if None not in row.values() and None not in row]
