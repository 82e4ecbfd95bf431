"""Reads photos, folders, videos and cameras as RGB frames; the only module that reads pixels from files.

Pixels are 8-bit RGB as an image viewer shows them (`decoding`); a video's rotation is applied.
"""
from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Silences FFmpeg's own messages; OpenCV reads this when it opens its first video.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from rmpsam_ros.decoding import decode_image, quiet  # noqa: E402
from rmpsam_ros.errors import ImageError  # noqa: E402
from rmpsam_ros.types import RgbImage  # noqa: E402

IMAGE_SUFFIXES = frozenset(".jpg .jpeg .png .bmp .webp .tif .tiff .ppm .pgm .pnm .jp2".split())
VIDEO_SUFFIXES = frozenset(".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .mjpeg .ogv .gif".split())
WHOLE = 0.95
"""Share of a video's stated frame count from which it counts as complete: some containers only estimate it."""
_LOG = logging.getLogger(__name__)
MOST_BROKEN = 50
"""Maximum number of consecutive broken frames; after more, the video is assumed to have ended."""
_ENDINGS = ", ".join(sorted(IMAGE_SUFFIXES | VIDEO_SUFFIXES))


@dataclass(frozen=True)
class MediaFile:
    """A photo or video to process. `name` is the stem of the file name, made unique within one `list_media` call."""

    path: Path
    is_video: bool
    name: str


@dataclass(frozen=True)
class VideoFrame:
    """One frame of a video: `image` (H, W, 3) uint8 RGB, `index` from 0, `seconds` since the video's first frame."""

    image: RgbImage
    index: int
    seconds: float


def list_media(paths: Sequence[str | os.PathLike[str]]) -> list[MediaFile]:
    """Lists photos and videos; a folder stands for the files directly in it, in natural order.

    Files with the same stem (`a/cat.jpg`, `b/cat.png`) get different names: `cat`, `cat_2`.

    Raises:
        ImageError: a path does not exist, a folder contains no photo or video, or a file is neither.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            entries = [p for p in path.iterdir() if not p.name.startswith(".")]
            inside = sorted((p for p in entries if _kind(p) and not p.is_dir()), key=_natural)
            deeper = sorted(p.name for p in entries if p.is_dir())
            if deeper and inside:
                _LOG.warning("%s: its subfolders are skipped (%s); name each of them to include it.", path, ", ".join(deeper[:5]))
            if not inside:
                raise ImageError(f"{path} holds no photo or video; known endings are {_ENDINGS}.")
            found += inside
        elif not path.exists():
            raise ImageError(f"{path} does not exist; give a photo, a video or a folder of them.")
        elif not _kind(path):
            raise ImageError(f"{path} is neither a photo nor a video by its name; known endings are {_ENDINGS}.")
        else:
            found.append(path)
    files, names = [], set()
    for path in dict.fromkeys(found):
        stem = path.stem if path.stem.strip(".") else "file"  # the stem of `...mp4` is `..`, the parent folder
        name, number = stem, 1
        while _same_name(name) in names:
            number += 1
            name = f"{stem}_{number}"
        names.add(_same_name(name))
        files.append(MediaFile(path, _kind(path) == "video", name))
    return files


def read_image(path: str | os.PathLike[str]) -> RgbImage:
    """Reads a photo as (H, W, 3) uint8 RGB.

    Raises:
        ImageError: the file does not exist, is not an image, is truncated, or has floating-point samples.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise ImageError(f"{path} does not exist; give the path of a photo.") from None
    except IsADirectoryError:
        raise ImageError(f"{path} is a folder; give the path of a photo.") from None
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:  # a null byte
        raise ImageError(f"{os.fspath(path)!r} is no file name; give the path of a photo.") from None
    try:
        return decode_image(data)
    except ImageError as error:
        raise ImageError(f"{path} {error}") from None


def reduced(image: RgbImage, longest: int) -> RgbImage:
    """An (H, W, 3) image, downsampled if its longer side has more than `longest` pixels."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1.0:
        return image
    return cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)


def check_name(path: str | os.PathLike[str]) -> None:
    """Refuses file names that crash OpenCV.

    Raises:
        ImageError: the name is not UTF-8.
    """
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        raise ImageError(f"{os.fspath(path)!a} has a name that is not UTF-8; rename it.") from None


@contextmanager
def of_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Prefixes the message of an `ImageError` raised inside with the file's name."""
    try:
        yield
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None


class Video:
    """The frames of a video file or camera; iterate once, inside a `with` statement.

    `fps` is the file's frame rate (30 if it states none), `frame_count` its stated length (0 = unknown, as for cameras).
    """

    def __init__(self, source: str | os.PathLike[str]) -> None:
        """Opens a video file, or a V4L2 camera given as `/dev/video0`.

        Raises:
            ImageError: it does not exist, or OpenCV cannot open a stream in it.
        """
        self.source = str(source)
        self.is_device = is_device(self.source)
        if not Path(self.source).exists():
            raise ImageError(f"{self.source} does not exist; give the path of a video or a camera such as /dev/video0.")
        check_name(self.source)
        with quiet():
            self._capture = _open_device(self.source) if self.is_device else cv2.VideoCapture(self.source)
        if not self._capture.isOpened():
            kind = "camera that gives pictures" if self.is_device else "video that can be read"
            raise ImageError(f"{self.source} is not a {kind}.")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = float(fps) if np.isfinite(fps) and 0.01 <= fps <= 1000.0 else 30.0
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.frame_count = int(count) if not self.is_device and np.isfinite(count) and 0 < count < 1e9 else 0

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yields the frames in order, until the end of the file; a camera until its first failed read, such as when unplugged.

        Broken frames of a file are skipped, but keep their index.

        Raises:
            ImageError: no frame could be decoded.
        """
        index, broken, in_a_row, first, last = 0, 0, 0, 0.0, -1.0
        while True:
            ok, pixels = self._capture.read()
            if not ok or pixels is None:
                in_a_row += 1
                ended = self.is_device or index + in_a_row >= self.frame_count > 0  # some files do not state their length
                if ended or in_a_row > MOST_BROKEN:
                    break
                continue
            broken, index, in_a_row = broken + in_a_row, index + in_a_row, 0
            seconds = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
            first = seconds if last < 0 else first
            seconds -= first
            if seconds <= last:  # containers without timestamps report 0 for every frame
                seconds = last + 1.0 / self.fps
            last = seconds
            yield VideoFrame(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), index, max(seconds, 0.0))
            index += 1
        if index == 0:
            raise ImageError(f"{self.source} holds no frame that can be decoded.")
        if broken:
            _LOG.warning("%s: %d of its frames are broken and were left out.", self.source, broken)
        if max(index, last * self.fps + 1) < WHOLE * self.frame_count:  # where the rate varies, the count is estimated from the duration
            _LOG.warning("%s ends after %d of %d frames; it may be cut off: copy it again.", self.source, index, self.frame_count)

    def close(self) -> None:
        self._capture.release()

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_device(source: str) -> bool:
    """Whether a source names a camera device rather than a file."""
    return str(source).startswith("/dev/")


def _open_device(source: str) -> cv2.VideoCapture:
    """Opens /dev/videoN, or a link to it such as /dev/v4l/by-id/…: only the number works with every OpenCV."""
    match = re.fullmatch(r"/dev/video(\d+)", os.path.realpath(source))
    return cv2.VideoCapture(int(match[1]), cv2.CAP_V4L2) if match else cv2.VideoCapture()


def _kind(path: Path) -> str:
    """'image', 'video' or '', by the path's suffix."""
    suffix = path.suffix.lower()
    return "image" if suffix in IMAGE_SUFFIXES else "video" if suffix in VIDEO_SUFFIXES else ""


def _same_name(name: str) -> str:
    """Equal for names whose output could collide: on some file systems Cat.png and cat.png are one file, and the maps of the photo cat.jpg
    and of the video cat.png.mp4 would both be called cat.png."""
    return name.lower().removesuffix(".png")


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """A sort key that puts frame9 before frame10."""
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]
