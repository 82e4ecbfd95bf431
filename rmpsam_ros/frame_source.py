"""The frames of one video: a file, a camera, or a folder of images as in video datasets."""
from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rmpsam_ros.errors import ImageError
from rmpsam_ros.media import Video, VideoFrame, list_media, read_image

FOLDER_FPS = 10.0
"""Default frame rate for a folder of images."""


@dataclass(frozen=True)
class FrameSource:
    """`name` for output files, `fps`, `count` of frames (0 = unknown), and their source: `video`, or `pictures` if not empty."""

    name: str
    fps: float
    count: int
    video: str
    pictures: tuple[Path, ...] = ()

    def images(self) -> Iterator[VideoFrame]:
        """Iterates over the frames from the first one; may be called again.

        Raises:
            ImageError: a frame cannot be read.
        """
        if not self.pictures:
            with Video(self.video) as video:
                yield from video
            return
        for index, path in enumerate(self.pictures):
            yield VideoFrame(read_image(path), index, index / self.fps)

    def frame_name(self, index: int) -> str:
        """`NAME/000012` for a video, `NAME/` and the file name for a folder of images."""
        return f"{self.name}/{self.pictures[index].name if self.pictures else f'{index:06d}'}"


def open_frames(path: str | os.PathLike[str], fps: float | None = None) -> FrameSource:
    """Opens a video, or a folder whose images, in natural order, are the frames.

    fps: frame rate of a folder, `FOLDER_FPS` if None; a video has its own.

    Raises:
        ImageError: there is nothing that can be read.
    """
    path = Path(path)
    if path.is_dir():
        pictures = tuple(file.path for file in list_media([path]) if not file.is_video)
        if not pictures:
            raise ImageError(f"{path} holds no pictures; give a video or a folder of frames.")
        return FrameSource(path.resolve().name, fps or FOLDER_FPS, len(pictures), "", pictures)
    with Video(path) as video:
        return FrameSource(path.stem, video.fps, video.frame_count, str(path))
