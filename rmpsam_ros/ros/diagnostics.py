"""Builds the `/diagnostics` report: the state of the node and of each camera, once a second, in every lifecycle state.

The report is a pure function of a `NodeStatus`, so its content can be tested without a running node.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from rmpsam_ros.ros.stats import SILENT_TIMES, CameraStats

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

FAILURES = 3
"""Consecutive frames without a result from which the problem counts as persistent."""

SAME_NAME = ("another node has the name {name} too, and both publish on the same topics: stop one, or give it another name (__node:=) "
             "or namespace (__ns:=)")
STEPS = {"inactive": "activate", "unconfigured": "configure, then activate"}
"""The `ros2 lifecycle set` transitions that activate a node in each state."""
HANGS_SECONDS, HANGS_TIMES = 10.0, 5.0
"""An inference counts as hung after `HANGS_SECONDS` plus `HANGS_TIMES` times the usual duration."""
STALE_SECONDS = 3.0
"""Seconds without an image after which a camera of an active node gets a warning."""


@dataclass
class DepthStatus:
    """The depth of one camera: its topic, whether images arrive (`alive`), whether an output that uses depth has a subscriber
    (`needed`), why depth cannot be used, the number of images with and without depth, whether an output that requires depth has a
    subscriber (`wanted`), and what the problem means for those subscribers."""

    topic: str
    alive: bool = False
    needed: bool = False
    problem: str = ""
    used: int = 0
    missing: int = 0
    wanted: bool = False
    consequence: str = "no positions and points"


@dataclass
class CameraStatus:
    """One camera: its counters, the topic it subscribes to, publishers there that cannot be matched, a sentence if several publishers
    send images, and the likely reason why no images arrive."""

    name: str
    topic: str
    stats: CameraStats
    reliability: str = ""
    unmatched: tuple[str, ...] = ()
    mixed: str = ""
    listeners: bool = False
    depth: DepthStatus | None = None
    silence: str = ""

    @property
    def fails(self) -> bool:
        """Whether subscribers get no results; a failed click is reported in its response."""
        return self.listeners and self.stats.failures >= FAILURES


@dataclass
class NodeStatus:
    """The input of a report; the texts on the model are empty until one is loaded.

    `progress`: what a transition is doing, such as building an engine. `name_taken`: another node has the same full name.
    `busy`: seconds that the worker has spent on the current frame or click; `ended`: why the worker has ended, as text.
    """

    name: str
    state: str
    enabled: bool = True
    backend: str = ""
    device: str = ""
    precision: str = ""
    model: str = ""
    trained: bool = True
    input_size: tuple[int, int] = (0, 0)
    profile: str = ""
    transports: str = ""
    last_error: str = ""
    progress: str = ""
    name_taken: bool = False
    busy: float = 0.0
    ended: str = ""
    cameras: list[CameraStatus] = field(default_factory=list)

    @property
    def hangs(self) -> str:
        """Why the worker cannot give results; '' if it works."""
        if self.ended:
            return self.ended
        usual = max((c.stats.percentile("total", 99) or 0.0 for c in self.cameras), default=0.0) / 1e3
        return f"one inference has been running for {self.busy:.0f} s" if self.busy > HANGS_SECONDS + HANGS_TIMES * usual else ""


def report(status: NodeStatus) -> list[DiagnosticStatus]:
    """The status of the node, then of each camera."""
    return [_node(status), *(_camera(status, camera) for camera in status.cameras)]


def _node(status: NodeStatus) -> DiagnosticStatus:
    level, message = _judged_node(status)
    stats = [camera.stats for camera in status.cameras]
    ages = [age for age in (s.age() for s in stats) if age is not None]
    errors = [f"{c.name}: {c.stats.last_error}" for c in status.cameras if c.stats.last_error]
    values = {
        "state": status.state if status.enabled or status.state != "active" else "active, switched off",
        "backend": status.backend,
        "device": status.device,
        "precision": status.precision,
        "model": status.model + ("" if status.trained else " (UNTRAINED)"),
        "input size": "x".join(map(str, status.input_size)) if any(status.input_size) else "",
        "fps in": f"{sum(s.rates()[0] for s in stats):.2f}",
        "fps out": f"{sum(s.rates()[1] for s in stats):.2f}",
        "frames received": sum(s.received for s in stats),
        "frames dropped": sum(s.replaced + s.bad for s in stats),
        "latency p50 (ms)": _most(stats, "total", 50),
        "latency p99 (ms)": _most(stats, "total", 99),
        "age of the last frame (s)": f"{min(ages):.3f}" if ages else "",
        "last error": status.last_error or "; ".join(errors),
        "Fast DDS profile": status.profile or f"none: {status.transports or 'large images may be lost, see the README on Fast DDS profiles'}",
    }
    return _status(level, f"{status.name}: inference", message, status.device, values)


def _camera(status: NodeStatus, camera: CameraStatus) -> DiagnosticStatus:
    stats, depth, age = camera.stats, camera.depth or DepthStatus(""), camera.stats.age()
    level, message = _judged_camera(status, camera, depth, age)
    fps_in, fps_out = stats.rates()
    values: dict[str, object] = {
        "state": status.state,
        "topic": camera.topic,
        "reliability": camera.reliability,
        "unmatched publishers": "; ".join(camera.unmatched),
        "fps in": f"{fps_in:.2f}",
        "fps out": f"{fps_out:.2f}",
        "frames received": stats.received,
        "frames processed": stats.processed,
        "frames published": stats.published,
        "frames dropped": stats.replaced + stats.bad,
        "frames replaced by newer ones": stats.replaced,
        "frames that could not be used": stats.bad,
        "consecutive frames without a result": stats.failures,
        "timestamps that did not advance, or jumped": stats.stamp_jumps,
        "latency p50 (ms)": _ms(stats.percentile("total", 50)),
        "latency p99 (ms)": _ms(stats.percentile("total", 99)),
        "segmenter p50 (ms)": _ms(stats.percentile("segment", 50)),
        "node overhead p50 (ms)": _ms(stats.percentile("overhead", 50)),
        "age of the last frame (s)": "" if age is None else f"{age:.3f}",
        "depth topic": depth.topic,
        "depth": depth.problem or (("used" if depth.needed else "not needed") if depth.alive else ""),
        "frames with depth": depth.used,
        "frames without depth": depth.missing,
        "last error": stats.last_error,
    }
    return _status(level, f"{status.name}: camera {camera.name}", message, camera.topic, values)


def _judged_node(status: NodeStatus) -> tuple[bytes, str]:
    """The level and message of the node."""
    if status.state != "active":
        if status.last_error:
            return ERROR, f"{status.state}: {status.last_error}"
        if status.progress or status.state in STEPS:
            return WARN, f"{status.state}: {status.progress or f'ros2 lifecycle set {status.name} {STEPS[status.state]}'}"
        return WARN, f"{status.state}: end the process and start it again" if status.state == "finalized" else status.state
    if hangs := status.hangs:
        return ERROR, f"active, but {hangs}"
    failing = [camera for camera in status.cameras if camera.fails]
    if failing and status.enabled:
        return ERROR, f"active, but no frame of camera {failing[0].name} has a result: {failing[0].stats.last_error}"
    if not status.enabled:
        return WARN, "active, but inference is switched off: call ~/enable with data: true"
    if not status.trained:
        return WARN, f"active, but the model '{status.model}' is UNTRAINED: its masks mean nothing"
    if status.name_taken:
        return WARN, f"active, but {SAME_NAME.format(name=status.name)}"
    return OK, status.state


def _judged_camera(status: NodeStatus, camera: CameraStatus, depth: DepthStatus, age: float | None) -> tuple[bytes, str]:
    """The level and message of a camera; `age` is that of its last frame in seconds."""
    stats, why = camera.stats, f": {camera.silence}" if camera.silence else ""
    if status.state != "active":
        return OK, status.state
    if not status.enabled:
        return OK, "inference is switched off"
    if camera.unmatched:
        return ERROR, camera.unmatched[0]
    if age is None:
        return WARN, f"waiting for the first image on {camera.topic}{why}"
    if age > max(STALE_SECONDS, SILENT_TIMES * (stats.interval() or 0.0)):
        return WARN, f"no image on {camera.topic} for {age:.1f} s{why}"
    if (camera.listeners or status.ended) and (hangs := status.hangs):
        return ERROR, hangs
    if camera.fails:
        return ERROR, f"the last {stats.failures} frames have no result: {stats.last_error}"
    if camera.mixed:
        return WARN, camera.mixed
    if depth.problem and (depth.wanted or depth.alive):
        return WARN, f"running, but {depth.consequence}: {depth.problem}" if camera.listeners else f"no inference: {depth.problem}"
    return OK, "running" if camera.listeners else "no subscribers: no inference"


def _status(level: bytes, name: str, message: str, hardware: str, values: Mapping[str, object]) -> DiagnosticStatus:
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=level, name=name, message=message, hardware_id=hardware, values=pairs)


def _most(stats: list[CameraStats], stage: str, share: float) -> str:
    """The percentile of the slowest camera."""
    values = [value for value in (s.percentile(stage, share) for s in stats) if value is not None]
    return _ms(max(values)) if values else ""


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
