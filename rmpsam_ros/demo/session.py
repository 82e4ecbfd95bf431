"""One run of the demo in the viewer's process: wait, watch, click, save pictures."""
from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.spinner import Spinner

from rmpsam_ros.demo import DemoError
from rmpsam_ros.demo.album import Album
from rmpsam_ros.demo.clicks import A_BOX, KINDS, prompt_on
from rmpsam_ros.demo.processes import Child
from rmpsam_ros.demo.summary import facts, live_line, whole_run
from rmpsam_ros.demo.viewer import Answer, Viewer
from rmpsam_ros.overlay import UNTRAINED_BANNER

SUBJECT_PATIENCE = 2.0
"""Seconds that a click waits for a frame with a known subject."""

BOX_PATIENCE = 6.0
"""The same for a box, which should enclose a whole object, not one cut off by the edge of the view."""

SETTLE_SECONDS = 1.3
"""Seconds without frames after which the node's counts are final: it reports once a second."""


class DemoSession:
    """Owns the viewer node and the album.

    Args:
        children: camera and node; if one ends early, the demo ends.
        out: folder for pictures.
        duration: seconds from the first result on.
        console: console for the live line.
    """

    def __init__(self, children: Sequence[Child], out: Path, duration: float, console: Console) -> None:
        self._children, self._duration, self._console = children, duration, console
        self._album = Album(out, duration)
        self.answers: list[Answer] = []
        self.seconds = 0.0
        self._started = 0.0
        # Keeps Python's handling of Ctrl-C, so that it raises here instead of only stopping rclpy.
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._viewer = Viewer("rmpsam", "camera", self._take_overlay)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._viewer)

    @property
    def seen(self):
        """Everything received so far."""
        return self._viewer.seen

    def wait_for_first_result(self, limit: float) -> None:
        """Returns at the first result.

        Raises:
            DemoError: camera or node ended, the node reports that it cannot start, or nothing arrived within `limit` seconds.
        """
        begun = time.monotonic()
        with Live(console=self._console, transient=True, refresh_per_second=8) as live:
            while not self.seen.results:
                waited = time.monotonic() - begun
                state = self.seen.node.get("state", "starting")
                live.update(Spinner("dots", f"node {state}, {self.seen.camera_frames} camera frames, {waited:.0f} s"))
                self._step()
                if self.seen.node.get("last error") and state in ("unconfigured", "inactive"):
                    raise DemoError(f"the node did not start: {self.seen.node['last error']}")
                if waited > limit:
                    raise DemoError(self._why_nothing_came(limit))
        self._started = time.monotonic()

    def watch(self) -> None:
        """Runs for the duration, clicks at a quarter, half and three quarters of it, and then takes a 3D view, if there is depth."""
        due = [self._duration * (index + 1) / 4 for index in range(len(KINDS))]
        asked = looked = 0
        progress = Progress(TextColumn("{task.completed:4.0f} s"), BarColumn(24), TextColumn("{task.description}"),
                            console=self._console, transient=True)  # fmt: skip
        told = 0.0
        with progress:
            bar = progress.add_task("", total=self._duration)
            while (now := self._now()) < self._duration:
                self._step()
                if asked < len(KINDS) and now >= due[asked]:
                    patience = BOX_PATIENCE if KINDS[asked] == A_BOX else SUBJECT_PATIENCE
                    patient = now < min(due[asked] + patience, self._duration - 0.5)
                    if self._viewer.ready_to_click(must_know_subject=patient, whole=KINDS[asked] == A_BOX):
                        self._viewer.click(partial(prompt_on, kind=KINDS[asked]), self._take_answer)
                        asked += 1
                if looked < len(due) and now >= due[looked] + 0.2 * self._duration:
                    looked += 1
                    self._look_in_3d(now)
                line = live_line(self.seen, len(self.answers))
                progress.update(bar, completed=now, description=line)
                if not self._console.is_terminal and now - told >= 5.0:
                    told = now
                    self._console.print(f"{now:4.0f} s  {line}", highlight=False, soft_wrap=True)
        self.seconds = self._now()

    def settle(self) -> None:
        """Waits for the last answers and the node's final counts."""
        until = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < until:
            self._executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        """Stops the viewer and finishes the video."""
        self._executor.shutdown()
        self._viewer.destroy_node()
        rclpy.try_shutdown()
        self._album.close(self.seconds or self._now())

    def write_sheet(self) -> Path:
        """Writes the contact sheet of the saved pictures."""
        lines = [whole_run(self.seen, self.seconds)]
        return self._album.write_sheet("rmpsam_ros: panoptic segmentation on camera topics", lines, self._banner())

    def _step(self) -> None:
        self._executor.spin_once(timeout_sec=0.05)
        for child in self._children:
            if child.exit_code is not None:
                raise DemoError(f"the {child.name} ended: {child.last_line() or 'it printed nothing'} (see {child.log})",
                                2 if child.exit_code == 2 else 1)  # fmt: skip

    def _look_in_3d(self, now: float) -> None:
        image = self._viewer.draw_space()
        if image is not None:
            self._album.add_space(image, f"{now:.1f} s")

    def _now(self) -> float:
        return time.monotonic() - self._started if self._started else 0.0

    def _banner(self) -> str:
        return UNTRAINED_BANNER if self.seen.untrained else ""

    def _take_overlay(self, image) -> None:
        if self._started:
            self._album.add_frame(image, self._now(), facts(self.seen))

    def _take_answer(self, answer: Answer) -> None:
        self.answers.append(answer)
        name = answer.result.class_name or "no class"
        caption = f"{answer.prompt.title}: {name}, {answer.round_trip_ms:.0f} ms"
        self._album.add_click(answer.image, answer.result, self._now(), caption, self._banner())

    def _why_nothing_came(self, limit: float) -> str:
        seen = self.seen
        if not seen.node:
            return f"the node did not report within {limit:.0f} s; see {self._children[1].log}"
        if not seen.camera_frames:
            return f"no camera frame arrived within {limit:.0f} s; see {self._children[0].log}"
        log = self._children[1].log
        reason = seen.node.get("last error") or seen.node_message
        return f"no result arrived within {limit:.0f} s; the node says '{reason}', see {log}"
