"""Sources of the demo's camera: endless streams of frames from photos, a video, a device or a simulation."""
from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from rmpsam_ros.demo.motion import Tour, View
from rmpsam_ros.demo.photos import Photo, bundled_photos
from rmpsam_ros.demo.simulated import NAME, simulated_views
from rmpsam_ros.media import MediaFile, Video, is_device, list_media, read_image, reduced

VIEW_SIZE = (480, 640)
"""(height, width) of the moving camera over photos."""

LONGEST_SIDE = 1280
"""Larger videos are downscaled to this, because a demo on two cores should show masks, not the cost of 4K."""


class Source:
    """Frames and their `rate` in Hz; `paced` if the source sets the pace (a device)."""

    def __init__(self, source: str | None, rate: float) -> None:
        """Opens `source`; None shows the bundled photographs.

        Args:
            source: an image, a folder, a video, a device such as /dev/video0, or `simulated` for a camera with depth.
            rate: Hz of the moving camera over photos and of the simulated one; videos and devices have their own.

        Raises:
            ImageError: the source does not exist, or contains nothing to show.
        """
        self.paced = False
        self.rate = rate
        if source is not None and is_device(source):
            self._device = Video(source)
            self.rate, self.paced = self._device.fps, True
            self._frames = (View(reduced(frame.image, LONGEST_SIDE), None) for frame in self._device)
            return
        if source == NAME:
            self._frames = simulated_views(VIEW_SIZE)
            return
        files = [] if source is None else list_media([source])
        videos = [file for file in files if file.is_video]
        if videos and len(videos) == len(files):
            with Video(videos[0].path) as first:
                self.rate = min(first.fps, 60.0)
            self._frames = _play(videos)
        else:
            photos = [_photo(file) for file in files if not file.is_video] or bundled_photos()
            tour = Tour(photos, VIEW_SIZE)
            self._frames = (tour.view(index / rate) for index in itertools.count())

    def __iter__(self) -> Iterator[View]:
        return iter(self._frames)


def _photo(file: MediaFile) -> Photo:
    return Photo(file.name, read_image(file.path))


def _play(videos: list[MediaFile]) -> Iterator[View]:
    """Plays the videos in an endless loop."""
    for file in itertools.cycle(videos):
        with Video(Path(file.path)) as video:
            for frame in video:
                yield View(reduced(frame.image, LONGEST_SIDE), None)
