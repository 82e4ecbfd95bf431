"""Text output of the demo: the live line, and the table at the end."""
from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rich.table import Table

    from rmpsam_ros.demo.viewer import Answer, Seen

def facts(seen: Seen) -> str:
    """The line below the film: model, backend, current rate and latency."""
    parts = [seen.node.get("model", ""), f"{seen.node.get('backend', '')} {seen.node.get('precision', '')}".strip()]
    parts.append(f"{seen.rate():.1f} Hz")
    if seen.latencies:
        parts.append(f"camera to result {np.median(seen.latencies[-50:]):.0f} ms")
    return "   ".join(part for part in parts if part)


def whole_run(seen: Seen, seconds: float) -> str:
    """The line on the contact sheet: the same for the whole run."""
    p50, p99 = np.percentile(seen.latencies or [0.0], [50, 99])
    backend = " ".join(seen.node.get(key, "") for key in ("backend", "precision", "device"))
    return (f"{seen.node.get('model', '')}   {backend}   {len(seen.results)} results in {seconds:.0f} s, "
            f"{len(seen.results) / max(seconds, 1e-3):.1f} Hz   camera to result {p50:.0f} ms, p99 {p99:.0f} ms")


def live_line(seen: Seen, clicks: int) -> str:
    """The line that is updated while the demo runs."""
    latest = seen.latencies[-200:]
    p50, p99 = np.percentile(latest, [50, 99]) if latest else (0.0, 0.0)
    return (f"camera {seen.camera.get('fps in', '-')} Hz   results {seen.rate():.1f} Hz   latency {p50:.0f} ms "
            f"(p99 {p99:.0f})   segments {seen.segments}   clicks {clicks} of 3")


def rows(seen: Seen, answers: list[Answer], seconds: float, camera_log: str, out: Path) -> list[tuple[str, str]]:
    """The rows of the table: name and value."""
    published = re.fullmatch(r"(\d+) frames published", camera_log)
    latencies = seen.latencies or [0.0]
    p50, p99 = np.percentile(latencies, [50, 99])
    model, camera = seen.node, seen.camera
    input_size = f", input {model['input size']}" if model.get("input size") else ""
    lines = [
        ("model", f"{model.get('model', 'unknown')}{input_size}"),
        ("backend, precision, device", ", ".join(model.get(key, "") for key in ("backend", "precision", "device"))),
        ("frames published by the camera", published[1] if published else str(seen.camera_frames)),
        ("frames received by the node", camera.get("frames received", "unknown")),
        ("frames processed", camera.get("frames processed", "unknown")),
        ("frames dropped for newer ones", camera.get("frames dropped", "unknown")),
        ("results seen here", f"{len(seen.results)}, {len(seen.results) / max(seconds, 1e-3):.1f} Hz"),
        ("latency camera to result, p50 / p99", f"{p50:.0f} / {p99:.0f} ms"),
        ("of which the segmenter, p50", f"{camera.get('segmenter p50 (ms)', '') or 'unknown'} ms"),
    ]
    if seen.clouds:
        placed = ", ".join(f"{name} {distance:.2f} m" for name, distance in seen.placed[:5]) or "none just now"
        lines.append(("clouds seen here", f"{seen.clouds}, of {camera.get('frames with depth', 'unknown')} frames with depth"))
        lines.append(("tracks with a position, nearest", placed))
    for answer in answers:
        name = answer.result.class_name or "no class"
        distance = seen.clicked.get(answer.stamp)
        away = "" if distance is None else f"{distance:.2f} m away, "
        lines.append((answer.prompt.title, f"{name}, {away}predicted IoU {answer.result.score:.2f}, "
                                           f"{answer.round_trip_ms:.0f} ms ({answer.node_ms:.0f} in the node)"))
    pictures = "frame_*.png, click_*.png, " + ("space_*.png, " if seen.clouds else "")
    lines.append(("files", f"{out}/contact_sheet.png, demo.mp4, {pictures}*.log"))
    return lines


def table(lines: list[tuple[str, str]]) -> Table:
    """The rows as a table."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    result = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    result.add_column(style="cyan")
    result.add_column(overflow="fold")
    for name, value in lines:
        result.add_row(escape(name), escape(value))
    return result
