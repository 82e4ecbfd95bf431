"""`python -m rmpsam_ros.benchmark.goals RESULT.json …`: goals for an H200-class GPU, compared with the results of `rmpsam bench --json`.

The paper reports 35.1 frames per second on an A100 for the first goal. The exit code is 1 if a goal is missed or was not measured.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rmpsam_ros.benchmark.row import Row, read_results
from rmpsam_ros.cli import guarded


@dataclass(frozen=True)
class Goal:
    """Minimum frames per second and maximum milliseconds per click of a model at a size, batch 1, in half precision."""

    model: str
    size: tuple[int, int]
    frames_per_second: float
    click: float

    def verdict(self, rows: Sequence[Row]) -> tuple[bool, str]:
        """Whether the fastest of the rows reaches the goal, and a line that reports it."""
        title = f"{self.model} {self.size[0]}x{self.size[1]}"
        fitting = [r for r in rows if (r.model, r.size, r.batch) == (self.model, self.size, 1) and r.precision in ("fp16", "bf16")
                   and not r.device.startswith("CPU") and r.backend != "openvino"]  # fmt: skip
        if not fitting:
            return False, f"{title}: NOT MEASURED on a GPU in fp16 or bf16"
        best = max(fitting, key=lambda r: r.frames_per_second)
        met = best.frames_per_second >= self.frames_per_second and best.median("click") <= self.click
        return met, (f"{title}: {'met' if met else 'MISSED'}: {best.frames_per_second:.0f} frames/s of {self.frames_per_second:.0f}, "
                     f"click {best.median('click'):.2f} ms of {self.click:.2f} ({best.backend}, {best.precision}, {best.device})")


GOALS = (Goal("r50", (800, 1344), 350, 1.0), Goal("r18", (800, 1344), 600, 1.0))


def main(words: Sequence[str] | None = None) -> int:
    """Prints a line for each goal; returns 0 if all are reached, else 1."""
    return guarded("python -m rmpsam_ros.benchmark.goals", lambda: _run(words))


def _run(words: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.benchmark.goals", description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=Path, help="what `rmpsam bench --json` has written")
    rows = [Row.of_plain(row) for file in parser.parse_args(words).results for row in read_results(file)["rows"]]
    verdicts = [goal.verdict(rows) for goal in GOALS]
    print("\n".join(line for _, line in verdicts))
    return 0 if all(met for met, _ in verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
