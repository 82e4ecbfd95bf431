"""Position errors of tracks, on videos with depth and calibration (as written by `rmpsam simulate`)."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.depth_view import DepthView, measure, pinhole_rays
from rmpsam_ros.errors import DataError
from rmpsam_ros.types import Roi

_SAME = 0.5
"""IoU from which a predicted mask is matched with a ground-truth object."""


class DepthCameras:
    """Depth and calibration of each image: cameras.json, next to a folder `depth` of 16-bit PNGs in millimetres.

    Raises:
        DataError: the file does not exist, or has another format.
    """

    def __init__(self, path: Path):
        self._folder = path.parent / "depth"
        try:
            entries = json.loads(path.read_text())["images"]
            self._cameras = {entry["file_name"]: (entry["depth"], np.array(entry["K"], float).reshape(3, 3)) for entry in entries}
        except OSError as error:
            raise DataError(f"The cameras {path} cannot be read ({error.strerror}); rmpsam simulate writes cameras.json.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} is not the cameras.json of rmpsam simulate ({type(error).__name__}: {error}).") from None

    def view(self, picture: Path, size: tuple[int, int]) -> DepthView:
        """The view of an image of (H, W) `size`; its entry is the one that matches the longest suffix of its path.

        Raises:
            DataError: the image has no entry, or its depth is missing or of another size.
        """
        ends = ("/".join(picture.parts[-count:]) for count in range(len(picture.parts), 0, -1))
        entry = next((self._cameras[end] for end in ends if end in self._cameras), None)
        if entry is None:
            raise DataError(f"cameras.json has no entry for the picture {picture}.")
        file, matrix = entry
        depth = cv2.imread(str(self._folder / file), cv2.IMREAD_UNCHANGED)
        if depth is None or depth.shape != size or depth.dtype != np.uint16:
            raise DataError(f"{self._folder / file} is not a 16-bit PNG of {size[1]}x{size[0]} pixels, as its picture is.")
        return DepthView(depth.astype(np.float32) / 1000, pinhole_rays(size, matrix))


@dataclass
class PositionErrors:
    """Collects pairs of ground-truth objects and tracks frame by frame.

    seen: number of ground-truth objects whose surface has depth. errors, distances: metres, for those with a positioned track.
    """

    seen: int = 0
    errors: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)

    def add(self, view: DepthView, truth: npt.NDArray[np.bool_], found: npt.NDArray[np.bool_]) -> None:
        """Adds one frame: (g, H, W) ground-truth masks and (p, H, W) masks of tracks.

        The true position is the median of all points under the ground-truth mask; its track is the one with the largest IoU above
        one half.
        """
        points = view.points()
        for mask in truth:
            surface = points[mask]
            surface = surface[np.isfinite(surface[:, 2])]
            if not len(surface):
                continue
            self.seen += 1
            common = (found & mask).sum(axis=(1, 2))
            iou = common / np.maximum(found.sum(axis=(1, 2)) + mask.sum() - common, 1)
            if not len(iou) or iou.max() <= _SAME:
                continue
            best = found[iou.argmax()]
            roi = Roi.of_mask(best)
            extent = measure(best[roi.slices], roi, view)
            if extent is not None:
                place = np.median(surface, axis=0)
                self.errors.append(float(np.linalg.norm(np.array(extent.position) - place)))
                self.distances.append(float(np.linalg.norm(place)))

    def summary(self) -> dict[str, float]:
        """objects: the number with a position; share: their percentage of all with depth; median, p90: errors in metres;
        relative: median ratio of error to distance in percent."""
        if not self.errors:
            return {"objects": 0, "share": 0.0}
        errors, distances = np.array(self.errors), np.array(self.distances)
        return {
            "objects": len(errors), "share": 100 * len(errors) / self.seen, "median": float(np.median(errors)),
            "p90": float(np.percentile(errors, 90)), "relative": float(100 * np.median(errors / distances)),
        }


def together(parts: list[PositionErrors]) -> PositionErrors:
    """The errors of several videos combined."""
    whole = PositionErrors()
    for part in parts:
        whole.seen += part.seen
        whole.errors += part.errors
        whole.distances += part.distances
    return whole
