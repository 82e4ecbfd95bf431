"""The output of the demo: frames, pictures of clicks, a contact sheet and a video, written by a separate thread."""
from __future__ import annotations

import os
import queue
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rmpsam_ros.demo import DemoError
from rmpsam_ros.demo.film import Film, shrink_click
from rmpsam_ros.demo.processes import CAMERA_LOG, NODE_LOG
from rmpsam_ros.demo.sheet import Picture, contact_sheet
from rmpsam_ros.overlay import draw_click
from rmpsam_ros.results import write_image
from rmpsam_ros.types import PromptResult

Image = npt.NDArray[np.uint8]

FRAMES = 12
"""Pictures on the contact sheet, spread over the run."""

_PARTIAL = ".demo.partial.mp4"
_OWN = ("contact_sheet.png", "demo.mp4", *(f"frame_{k:02d}.png" for k in range(1, FRAMES + 1)),
        *(f"{name}_{k}.png" for name in ("click", "space") for k in range(1, 10)))  # fmt: skip


def check_folder(out: Path, source: str | None) -> None:
    """Checks that the demo's pictures do not overwrite other files.

    Raises:
        DemoError: `out` is a file or the folder of the camera's source, or has pictures of the same names that are not from a demo.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise DemoError(f"{out} is a file; give --out a folder.", 2)
    if source is not None and Path(source).is_dir() and out.samefile(source):
        raise DemoError(f"{out} is the folder of the source; give --out another one.", 2)
    if not all((out / name).exists() for name in (CAMERA_LOG, NODE_LOG)):
        for name in _OWN:
            if (out / name).exists():
                raise DemoError(f"{out} has a {name} that is not the demo's; give --out another folder.", 2)


class Album:
    """Takes images from the viewer without blocking it: drawing and encoding run on a worker thread.

    Args:
        out: output folder; pictures of an earlier demo are removed when the first new one arrives.
        duration: seconds of the run, over which the frames are spread.
    """

    def __init__(self, out: Path, duration: float) -> None:
        self.out, self._duration = out, duration
        self.frames: list[Picture] = []
        self.clicks: list[Picture] = []
        self.spaces: list[Picture] = []
        self.error: Exception | None = None
        out.mkdir(parents=True, exist_ok=True)
        self._work: queue.Queue = queue.Queue(maxsize=16)
        self._film = Film(out / _PARTIAL)
        self._thread = threading.Thread(target=self._run, name="album", daemon=True)
        self._thread.start()

    def add_frame(self, image: Image, seconds: float, facts: str) -> None:
        """Takes an overlay, (H, W, 3) uint8 RGB; drops it if the worker thread is too far behind."""
        try:
            self._work.put_nowait((self._take_frame, (image, seconds, facts)))
        except queue.Full:
            pass

    def add_click(self, image: Image, click: PromptResult, seconds: float, caption: str, banner: str) -> None:
        """Takes an answered click and its frame."""
        self._work.put((self._take_click, (image, click, seconds, caption, banner)))

    def add_space(self, image: Image, caption: str) -> None:
        """Takes a 3D view of the scene, (H, W, 3) uint8 RGB."""
        self._work.put((self._take_space, (image, caption)))

    def close(self, seconds: float) -> None:
        """Finishes the video and waits until everything is written. There is no video without frames."""
        self._work.put(None)
        self._thread.join()
        if self._film.close(seconds):
            os.replace(self.out / _PARTIAL, self.out / "demo.mp4")
        if self.error is not None:
            raise self.error

    def write_sheet(self, title: str, lines: list[str], warning: str) -> Path:
        """Writes contact_sheet.png."""
        path = self.out / "contact_sheet.png"
        write_image(path, contact_sheet(title, lines, self.frames, self.clicks, warning, self.spaces))
        return path

    def _run(self) -> None:
        cleared = False
        while (job := self._work.get()) is not None:
            action, arguments = job
            try:
                if not cleared:
                    self._clear()
                    cleared = True
                if self.error is None:
                    action(*arguments)
            except Exception as error:  # re-raised when the album is closed
                self.error = error

    def _clear(self) -> None:
        for name in _OWN:
            (self.out / name).unlink(missing_ok=True)

    def _take_frame(self, image: Image, seconds: float, facts: str) -> None:
        self._film.add(image, seconds, facts)
        if len(self.frames) < FRAMES and seconds >= len(self.frames) * self._duration / FRAMES:
            self.frames.append(Picture(image, f"{seconds:.1f} s"))
            write_image(self.out / f"frame_{len(self.frames):02d}.png", image)

    def _take_click(self, image: Image, click: PromptResult, seconds: float, caption: str, banner: str) -> None:
        drawn = draw_click(image, click, banner=banner)
        self._film.show(draw_click(*shrink_click(image, click), caption=""), caption, seconds)
        self.clicks.append(Picture(drawn, caption))
        write_image(self.out / f"click_{len(self.clicks)}.png", drawn)

    def _take_space(self, image: Image, caption: str) -> None:
        self.spaces.append(Picture(image, caption))
        write_image(self.out / f"space_{len(self.spaces)}.png", image)
