"""One row of the latency table."""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rmpsam_ros.errors import RmpsamError

STAGES = ("encode", "decode", "post-process", "whole", "click")


@dataclass
class Row:
    """One configuration and its times in milliseconds, one list per stage; for the whole batch, except `click`.

    `memory` and `gpu_memory` (MB) are those of a process that runs only this configuration; NaN if not measured.
    `clocks` are the GPUs' clocks right after the last round; empty without a GPU.
    """

    model: str
    backend: str
    precision: str
    size: tuple[int, int]
    batch: int
    device: str
    times: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})
    memory: float = float("nan")
    gpu_memory: float = float("nan")
    clocks: str = ""

    def median(self, stage: str) -> float:
        return float(np.median(self.times[stage])) if self.times[stage] else float("nan")

    def p99(self, stage: str) -> float:
        return float(np.percentile(self.times[stage], 99)) if self.times[stage] else float("nan")

    def plain(self) -> dict[str, object]:
        """The row as JSON values: null where nothing was measured."""
        return {key: None if value != value else value for key, value in vars(self).items()}

    @classmethod
    def of_plain(cls, content: Mapping[str, object]) -> Row:
        """Inverse of `plain`."""
        values = {key: float("nan") if value is None else value for key, value in content.items()}
        return cls(**{**values, "size": tuple(values["size"])})

    @property
    def frames_per_second(self) -> float:
        """Images to panoptic maps per second, one run after the other."""
        return 1e3 * self.batch / self.median("whole")


def read_results(file: Path) -> dict[str, Any]:
    """Reads a file written by `rmpsam bench --json`.

    Raises:
        RmpsamError: the file cannot be read, or has other content.
    """
    try:
        content = json.loads(file.read_text())
        for row in content["rows"]:
            Row.of_plain(row)
        return {"rounds": content["rounds"], "machine": content["machine"], "notes": [*content["notes"]], **content}
    except OSError as error:
        raise RmpsamError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise RmpsamError(f"{file} is not a result of `rmpsam bench --json`.") from None
