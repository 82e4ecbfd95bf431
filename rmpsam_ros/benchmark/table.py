"""The latency table: its columns, and its rows as text."""
from __future__ import annotations

from collections.abc import Sequence

from rmpsam_ros.benchmark.row import STAGES, Row


def _time(stage: str):
    return lambda row, rows: f"{row.median(stage):.1f}" if row.median(stage) >= 10 else f"{row.median(stage):.2f}"


def _ratio(row, rows) -> str:
    last = [other for other in rows if (other.model, other.size, other.batch) == (row.model, row.size, row.batch)][-1]
    return f"{row.median('whole') / last.median('whole'):.2f}"


def _megabytes(value: float) -> str:
    return "–" if value != value else f"{value:.0f}"


COLUMNS = (
    ("model", lambda row, rows: row.model), ("backend", lambda row, rows: row.backend), ("precision", lambda row, rows: row.precision),
    ("size", lambda row, rows: f"{row.size[0]}x{row.size[1]}"), ("batch", lambda row, rows: str(row.batch)),
    ("encode", _time("encode")), ("decode", _time("decode")), ("post-process", _time("post-process")), ("whole", _time("whole")),
    ("whole p99", lambda row, rows: f"{row.p99('whole'):.1f}"), ("click", _time("click")),
    ("frames/s", lambda row, rows: f"{row.frames_per_second:.1f}"), ("MB", lambda row, rows: _megabytes(row.memory)),
    ("GPU MB", lambda row, rows: _megabytes(row.gpu_memory)), ("whole ÷ last", _ratio),
)  # fmt: skip
"""Headings of the table, and functions from a row and all rows to its cell; the ratio is to the last row of the same model, size and batch."""


def cells_of(rows: Sequence[Row]) -> list[list[str]]:
    """The cells of all rows."""
    return [[text(row, rows) for _, text in COLUMNS] for row in rows]


def slowest(rows: Sequence[Row]) -> list[str]:
    """One line per row with the 99th percentile of every stage."""
    return [f"p99 of {row.model}, {row.backend}, {row.precision}, {row.size[0]}x{row.size[1]}, batch {row.batch}: "
            + ", ".join(f"{stage} {row.p99(stage):.1f} ms" for stage in STAGES) + "." for row in rows]  # fmt: skip


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, without a trailing line break."""
    lines = [[heading for heading, _ in COLUMNS], ["---"] * len(COLUMNS), *cells_of(rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
