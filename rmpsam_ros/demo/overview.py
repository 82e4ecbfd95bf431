"""The picture in the README: `python -m rmpsam_ros.demo.overview rmpsam_ros/demo/overview.jpg`.

Maps and clicks of the bundled model on photographs of the demo, shown as they are. All three are free of rights (NASA;
CC0, Rachel Michetti; CC0, Stefan van der Walt).
"""
from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from rmpsam_ros.demo.photos import Photo, bundled_photos
from rmpsam_ros.demo.sheet import Picture, row
from rmpsam_ros.errors import RmpsamError
from rmpsam_ros.frame import Frame
from rmpsam_ros.overlay import draw_click, draw_panoptic
from rmpsam_ros.results import write_image
from rmpsam_ros.segmenter import Segmenter

WIDTH = 1260
MAPS = ("astronaut", "coffee", "chelsea")
CLICKS = MAPS
"""The first with one click, the second with an added negative click, the third with a box, as in the demo."""
SIZE = (640, 480)
"""Width and height to which each picture is cropped."""


def overview(segmenter: Segmenter) -> np.ndarray:
    """Three panoptic maps, and below them three masks of prompts: (H, 1260, 3) uint8 RGB."""
    photos = {photo.name: photo for photo in bundled_photos()}
    frames = {name: segmenter.set_image(photos[name].image) for name in {*MAPS, *CLICKS}}
    maps = [Picture(_cut(draw_panoptic(photos[name].image, frames[name].panoptic())), "panoptic map") for name in MAPS]
    captions = ("one click", "a click, and one beside it", "a box")
    clicks = [Picture(_cut(_prompted(photos[name], frames[name], index)), captions[index]) for index, name in enumerate(CLICKS)]
    page = np.vstack([row(maps, 3), row(clicks, 3)])
    return cv2.resize(page, (WIDTH, round(len(page) * WIDTH / page.shape[1])), interpolation=cv2.INTER_AREA)


def _prompted(photo: Photo, frame: Frame, index: int) -> np.ndarray:
    subject = photo.subject
    points = ([subject.on], [subject.on, subject.beside], [])[index]
    click = frame.prompt(points=points, labels=[1, 0][: len(points)], boxes=[subject.box] if index == 2 else [])
    return draw_click(photo.image, click)


def _cut(image: np.ndarray) -> np.ndarray:
    """The centre crop of an image, scaled to `SIZE`."""
    scale = max(SIZE[0] / image.shape[1], SIZE[1] / image.shape[0])
    large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (large.shape[0] - SIZE[1]) // 2, (large.shape[1] - SIZE[0]) // 2
    return large[top : top + SIZE[1], left : left + SIZE[0]]


def main(words: list[str]) -> int:
    """Writes the picture to the given file."""
    if len(words) != 1 or words[0].startswith("-"):
        print("usage: python -m rmpsam_ros.demo.overview FILE.jpg", file=sys.stderr)
        return 2
    try:
        with Segmenter("default") as segmenter:
            write_image(Path(words[0]), overview(segmenter))
    except (RmpsamError, OSError) as error:
        print(f"overview: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
