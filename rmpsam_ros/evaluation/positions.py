"""How far from the truth the positions of tracks are, on videos with depth and calibration (`rmpsam simulate` writes them)."""
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
"""A found mask is of a true object from this IoU on."""


class DepthCameras:
    """Depth and calibration of each picture: cameras.json, with a folder `depth` of 16-bit PNGs in millimetres beside it.

    Raises:
        DataError: no such file, or not of this form.
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
        """The view of a picture of (H, W) `size`; its entry has the end of its path, the longest that there is.

        Raises:
            DataError: the picture has no entry, or its depth is missing or of another size.
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
    """Collects the pairs of true objects and tracks frame by frame.

    seen: true objects whose surface has depth. errors, distances: metres, of those that have a track with a position.
    """

    seen: int = 0
    errors: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)

    def add(self, view: DepthView, truth: npt.NDArray[np.bool_], found: npt.NDArray[np.bool_]) -> None:
        """One frame: (g, H, W) true masks and (p, H, W) those of tracks.

        The truth is the median of all points under the true mask; a track is the one with the largest IoU above one half.
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
        """objects: those with a position; share: in percent of all with depth; median, p90: errors in metres; relative:
        median of error by distance in percent."""
        if not self.errors:
            return {"objects": 0, "share": 0.0}
        errors, distances = np.array(self.errors), np.array(self.distances)
        return {
            "objects": len(errors), "share": 100 * len(errors) / self.seen, "median": float(np.median(errors)),
            "p90": float(np.percentile(errors, 90)), "relative": float(100 * np.median(errors / distances)),
        }


def together(parts: list[PositionErrors]) -> PositionErrors:
    """Those of several videos as one."""
    whole = PositionErrors()
    for part in parts:
        whole.seen += part.seen
        whole.errors += part.errors
        whole.distances += part.distances
    return whole
