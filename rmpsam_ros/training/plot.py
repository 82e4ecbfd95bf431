"""Plots a run with OpenCV: losses from log.csv above, learning curve from curve.csv below."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import DataError
from rmpsam_ros.results import write_image
from rmpsam_ros.training.curve import CURVE, LOG, read_table

WIDTH, HEIGHT = 1400, 560
"""Size of one chart in pixels."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 430, 50, 50
_SHARPNESS = 2  # supersampling factor: finer text and lines than OpenCV draws
_INK, _PALE = (60, 60, 60), (225, 225, 225)
_COLOURS = ((0, 0, 0), (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (140, 86, 75),
            (127, 127, 127), (148, 103, 189), (188, 189, 34), (23, 190, 207))  # fmt: skip
"""RGB; the first eight follow Okabe and Ito, for readers with colour blindness."""

Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


def plot_run(out: Path, target: Path) -> None:
    """Plots the run in the folder `out` to a PNG.

    Raises:
        DataError: there is nothing to plot yet.
    """
    losses = _series(read_table(out / LOG), lambda name: name == "total" or "/" in name)
    worth = _series(read_table(out / CURVE), lambda name: name.split(" ")[-1] in ("click1", "pq"))
    if not losses and not worth:
        raise DataError(f"{out} holds no run with numbers to plot; `rmpsam train` writes {LOG} and {CURVE} there.")
    charts = []
    end = max(x.max() for x, _ in (*losses.values(), *worth.values()))
    if losses:
        charts.append(draw_chart("losses (weighted, logarithmic)", {n: (x, running_mean(y)) for n, (x, y) in losses.items()}, end, logarithmic=True))
    if worth:
        names = sorted(worth, key=lambda name: (" " in name, name.endswith("pq")))  # the means first
        titles = {name: {"click1": "one click, mean of the sets", "pq": "PQ, mean of the sets"}.get(name, name) for name in names}
        charts.append(draw_chart("averaged network: IoU of one click (without zoom-in) and PQ, percent", {titles[n]: worth[n] for n in names}, end))
    write_image(target, np.concatenate(charts))


def draw_chart(title: str, lines: Mapping[str, Points], end: float, logarithmic: bool = False) -> npt.NDArray[np.uint8]:
    """A chart, (HEIGHT, WIDTH, 3) uint8 RGB, of lines over steps from 0 to `end`, each labelled with its name and last value."""
    values = np.concatenate([y[np.isfinite(y) & (y > 0)] if logarithmic else y[np.isfinite(y)] for _, y in lines.values()])
    ticks = _decades(values) if logarithmic else _round_ticks(0.0, max(float(values.max(initial=0.0)), 1.0))
    frame = _Frame(max(end, 1.0), (ticks[0], ticks[-1]), logarithmic)
    for tick in ticks:
        frame.rule(tick)
    frame.stroke((_LEFT, HEIGHT - _BOTTOM), (WIDTH - _RIGHT, HEIGHT - _BOTTOM), _INK, 1)
    for step in _round_ticks(0.0, end):
        if step <= end:
            frame.mark(step)
    frame.text((_LEFT, 30), title, 0.7, thick=2)
    height = min(26, (HEIGHT - _TOP - _BOTTOM) // max(len(lines), 1))
    for row, (name, (x, y)) in enumerate(lines.items()):
        colour = _COLOURS[row % len(_COLOURS)]
        frame.line(x, y, colour, 3 if row == 0 else 2)
        good = y[np.isfinite(y)]
        place = _TOP + 14 + row * height
        frame.stroke((WIDTH - _RIGHT + 25, place - 5), (WIDTH - _RIGHT + 50, place - 5), colour, 3)
        frame.text((WIDTH - _RIGHT + 60, place), f"{_number(float(good[-1]))}  {name}" if len(good) else name, 0.5)
    return frame.picture()


def running_mean(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Running mean over one fortieth of the values, to smooth the noise between batches."""
    size = max(1, len(values) // 40)
    sums = np.cumsum(np.concatenate(([0.0], np.nan_to_num(values))))
    counts = np.cumsum(np.concatenate(([0], np.isfinite(values))))
    first, last = np.maximum(np.arange(len(values)) - size, 0), np.minimum(np.arange(len(values)) + size + 1, len(values))
    number = counts[last] - counts[first]
    return np.where(number > 0, (sums[last] - sums[first]) / np.maximum(number, 1), np.nan)


@dataclass
class _Frame:
    """Canvas of a chart, and the mapping of values to pixels."""

    end: float
    span: tuple[float, float]
    logarithmic: bool

    def __post_init__(self) -> None:
        self.canvas = np.full((HEIGHT * _SHARPNESS, WIDTH * _SHARPNESS, 3), 255, np.uint8)

    def x(self, step: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return _LEFT + np.asarray(step) / self.end * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: npt.ArrayLike) -> npt.NDArray[np.float64]:
        scale = np.log10 if self.logarithmic else np.asarray
        low, high = scale(self.span)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (scale(np.asarray(value, np.float64)) - low) / (high - low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def rule(self, value: float) -> None:
        y = float(self.y(value))
        self.stroke((_LEFT, y), (WIDTH - _RIGHT, y), _PALE, 1)
        self.text((_LEFT - 8, y + 5), _number(value), 0.45, right=True)

    def mark(self, step: float) -> None:
        x = float(self.x(step))
        self.stroke((x, HEIGHT - _BOTTOM), (x, HEIGHT - _BOTTOM + 6), _INK, 1)
        self.text((x, HEIGHT - _BOTTOM + 24), f"step {step:.0f}" if step == 0 else f"{step:.0f}", 0.45, centred=True)

    def line(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], colour: tuple[int, int, int], width: int) -> None:
        good = np.isfinite(y) & (y > 0 if self.logarithmic else True)
        points = np.stack((self.x(x[good]), self.y(y[good])), axis=1) * _SHARPNESS
        whole = np.round(points).astype(np.int32)
        cv2.polylines(self.canvas, [whole], False, colour, width * _SHARPNESS, cv2.LINE_AA)
        for px, py in whole if len(whole) < 60 else ():
            cv2.circle(self.canvas, (int(px), int(py)), 2 * width, colour, -1, cv2.LINE_AA)

    def stroke(self, a: tuple[float, float], b: tuple[float, float], colour: tuple[int, int, int], width: int) -> None:
        ends = [tuple(round(v * _SHARPNESS) for v in point) for point in (a, b)]
        cv2.line(self.canvas, *ends, colour, width * _SHARPNESS, cv2.LINE_AA)

    def text(self, at: tuple[float, float], text: str, size: float, right: bool = False, centred: bool = False, thick: int = 1) -> None:
        font, scale = cv2.FONT_HERSHEY_SIMPLEX, size * _SHARPNESS
        (width, _), _ = cv2.getTextSize(text, font, scale, thick * _SHARPNESS)
        x = at[0] * _SHARPNESS - width * (1.0 if right else 0.5 if centred else 0.0)
        cv2.putText(self.canvas, text, (round(x), round(at[1] * _SHARPNESS)), font, scale, _INK, thick * _SHARPNESS, cv2.LINE_AA)

    def picture(self) -> npt.NDArray[np.uint8]:
        return cv2.resize(self.canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def _series(rows: Sequence[Mapping[str, str]], wanted: Callable[[str], bool]) -> dict[str, Points]:
    """The wanted columns that contain numbers, over `step`."""
    result = {}
    for name in rows[0] if rows else ():
        if wanted(name):
            pairs = [(float(row["step"]), float(row[name])) for row in rows if row[name]]
            if pairs:
                x, y = np.array(pairs, np.float64).T
                result[name] = (x, y)
    return result


def _round_ticks(low: float, high: float) -> list[float]:
    """Four to nine round numbers from `low` up to `high` or slightly above."""
    raw = max(high - low, 1e-9) / 5
    power = 10.0 ** np.floor(np.log10(raw))
    step = float(next(power * k for k in (1, 2, 5, 10) if power * k >= raw))
    return [low + step * k for k in range(int(np.ceil((high - low) / step - 1e-9)) + 1)]


def _decades(values: npt.NDArray[np.float64]) -> list[float]:
    """1, 2, 5, 10, … that enclose the values."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.1, 1.0)
    steps = [k * 10.0**e for e in range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 2) for k in (1, 2, 5)]
    first = max(i for i, step in enumerate(steps) if step <= low)
    last = min(i for i, step in enumerate(steps) if step >= high)
    return steps[first : max(last, first + 1) + 1]


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}" if value >= 10 else f"{value:.3g}"
