"""Click and box prompts: validation, encoding for the network, and merging of their mask logits into one mask."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.backends.limits import MAX_PROMPTS
from rmpsam_ros.errors import PromptError
from rmpsam_ros.placement import INFINITE_LOGIT, Placement, restore
from rmpsam_ros.types import BACKGROUND, CLICK_HALF_SIDE, FOREGROUND, PanopticResult, PointPrompt, Roi

_OBJECT_KIND, _BACKGROUND_KIND = 1, 0
# Rows of the prompt-type embedding. Background clicks are also segmented as objects ("what is it that I do not want?") and then
# subtracted. The reference trained row 1 only, so its models use that row for both kinds.


@dataclass(frozen=True)
class Prompt:
    """The validated points and boxes for one object."""

    points: tuple[PointPrompt, ...]
    boxes: tuple[tuple[float, float, float, float], ...]

    @property
    def is_foreground(self) -> npt.NDArray[np.bool_]:
        """(P,) bool, points first, then boxes."""
        return np.array([p.label == FOREGROUND for p in self.points] + [True] * len(self.boxes))

    def encode(self, placement: Placement, background_kind: bool = False) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """(P, 4) xyxy in network pixels and (P,) prompt types; set `background_kind` if the model was trained with a background type."""
        rows = []
        if self.points:
            centres = placement.points_to_network(np.array([(p.x, p.y) for p in self.points], np.float64))
            rows.append(np.concatenate((centres - CLICK_HALF_SIDE, centres + CLICK_HALF_SIDE), axis=1))
        if self.boxes:
            scale_y, scale_x = placement.scale  # box corners are pixel edges, not centres
            rows.append(np.array(self.boxes, np.float64) * (scale_x, scale_y, scale_x, scale_y))
        encoded = np.concatenate(rows).astype(np.float32)
        kinds = np.full(len(encoded), _OBJECT_KIND, np.int64)
        if background_kind:
            kinds[~self.is_foreground] = _BACKGROUND_KIND
        return encoded, kinds


def parse_prompt(points: Sequence[Sequence[float] | PointPrompt], labels: Sequence[int] | None, boxes: Sequence[Sequence[float]],
                 image_size: tuple[int, int]) -> Prompt:  # fmt: skip
    """Validates points, labels and boxes for an image of `image_size` (height, width).

    Raises:
        PromptError: says what is wrong and what is expected.
    """
    points, boxes = (_listed(given, name) for given, name in ((points, "points"), (boxes, "boxes")))
    if labels is None:
        labels = [point.label if isinstance(point, PointPrompt) else FOREGROUND for point in points]
    try:
        labels = np.asarray(labels).ravel().tolist()
    except ValueError:
        labels = [labels]
    if len(labels) != len(points):
        raise PromptError(f"There are {len(points)} points and {len(labels)} labels; give one label (1 or 0) for each point.")
    if len(points) + len(boxes) > MAX_PROMPTS:
        raise PromptError(f"There are {len(points) + len(boxes)} points and boxes; one request takes up to {MAX_PROMPTS}.")
    checked_points = tuple(_point(point, label, image_size) for point, label in zip(points, labels))
    checked_boxes = tuple(_box(box, image_size) for box in boxes)
    if not checked_boxes and not any(p.label == FOREGROUND for p in checked_points):
        raise PromptError("There is no foreground point and no box; give at least one point with label 1, or a box.")
    return Prompt(checked_points, checked_boxes)


def _listed(given: Iterable | None, name: str) -> list:
    try:
        return [] if given is None else list(given)
    except TypeError:
        raise PromptError(f"The {name} are {given!r}; give a sequence of them.") from None


def answer(outputs: PromptOutputs, prompt: Prompt, placement: Placement,
           connected: bool = False) -> tuple[npt.NDArray[np.bool_], Roi, float, int]:  # fmt: skip
    """Merges the network's outputs for all points and boxes into one mask.

    Args:
        outputs: one row per prompt, in the order of `prompt.encode`.
        prompt: the points and boxes.
        placement: the image's placement in the network input.
        connected: keep only the connected components that contain a foreground point or touch a box, if there are any.

    Returns:
        Mask (H, W) bool, its bounding box, predicted IoU (0 … 1), and the row of the best foreground prompt.
    """
    logits = np.nan_to_num(outputs.mask_logits, nan=-INFINITE_LOGIT)
    is_foreground = prompt.is_foreground
    foreground = np.flatnonzero(is_foreground)
    # Upsample each prompt's logits before comparing: the maximum of two masks is not linear between cells.
    best_map = restore(logits[foreground[0]], placement)
    if len(foreground) > 1:
        best_map = best_map.copy()  # may be a view
        for row in foreground[1:]:  # one at a time: many points on a large image would need a gigabyte
            np.maximum(best_map, restore(logits[row], placement), out=best_map)
    mask = best_map > 0
    for row in np.flatnonzero(~is_foreground):
        mask &= ~_taken_away(restore(logits[row], placement), best_map, prompt, prompt.points[row])
    if connected:
        mask = pointed_at(mask, prompt)
    iou = np.nan_to_num(outputs.iou, nan=0.0)
    best = int(foreground[np.argmax(iou[foreground])])
    return mask, Roi.of_mask(mask), float(np.clip(iou[best], 0, 1)), best


def _taken_away(own: npt.NDArray[np.float32], best_map: npt.NDArray[np.float32], prompt: Prompt, background: PointPrompt) -> npt.NDArray[np.bool_]:
    """(H, W) bool, the pixels that a background point removes from the mask. Its own pixel is always removed.

    Normally these are all pixels where the background point's logit is at least the foreground's. If they include a foreground point
    or exclude the background point itself, the network takes both points for one object, although the user says otherwise. Then only
    pixels within half the distance to the nearest foreground point or box centre are removed, and if the background logit is too low
    at its own point, it is first raised everywhere by the difference there.

    own, best_map: (H, W) logits of the background point, and the maximum over foreground prompts.
    """
    x, y = _pixel(background, own.shape)
    lift = max(best_map[y, x] - own[y, x], 0) if best_map[y, x] > 0 else 0  # elsewhere the point is outside the mask anyway
    beaten = own + lift >= best_map
    places = [_pixel(p, own.shape) for p in prompt.points if p.label == FOREGROUND]
    if lift == 0 and not any(beaten[v, u] for u, v in places):
        return beaten
    places += [((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in prompt.boxes]
    radius = min(np.hypot(x - u, y - v) for u, v in places) / 2
    taken = beaten & (cv2.circle(np.zeros(own.shape, np.uint8), (x, y), int(radius), 1, -1) > 0)
    taken[y, x] = True
    return taken


def _pixel(point: PointPrompt, size: tuple[int, int]) -> tuple[int, int]:
    """x and y of the pixel that contains a point."""
    return min(round(point.x), size[1] - 1), min(round(point.y), size[0] - 1)


def pointed_at(mask: npt.NDArray[np.bool_], prompt: Prompt) -> npt.NDArray[np.bool_]:
    """The 8-connected components of the mask under the prompt; the unchanged mask if there are none."""
    roi = Roi.of_mask(mask)
    if not roi.width:
        return mask
    count, regions = cv2.connectedComponents(mask[roi.slices].astype(np.uint8), connectivity=8)  # nothing lies outside
    chosen = np.zeros(count, bool)
    for x, y in (_pixel(p, mask.shape) for p in prompt.points if p.label == FOREGROUND):
        if mask[y, x]:
            chosen[regions[y - roi.y, x - roi.x]] = True
    for x1, y1, x2, y2 in prompt.boxes:
        rows, columns = (slice(max(int(a) - start, 0), max(int(np.ceil(b)) - start, 0)) for a, b, start in ((y1, y2, roi.y), (x1, x2, roi.x)))
        chosen[regions[rows, columns]] = True
    chosen[0] = False
    numbers = np.flatnonzero(chosen)
    if not numbers.size:
        return mask
    kept = np.zeros_like(mask)
    kept[roi.slices] = regions == numbers[0] if numbers.size == 1 else chosen.take(regions)
    return kept


def class_of_mask(mask: npt.NDArray[np.bool_], roi: Roi, panoptic: PanopticResult) -> int:
    """Class ID of the panoptic segment that overlaps the mask most; -1 if none does."""
    if not panoptic.segments or roi.width == 0:
        return -1
    bins = len(panoptic.segments) + 1
    counts = cv2.calcHist([panoptic.segment_ids[roi.slices]], [0], mask[roi.slices].view(np.uint8), [bins], [0, bins]).ravel()
    counts[0] = 0
    best = int(counts.argmax())
    return panoptic.segments[best - 1].class_id if counts[best] else -1


def _point(point: Sequence[float], label: int, image_size: tuple[int, int]) -> PointPrompt:
    try:
        if isinstance(point, (str, bytes)):
            raise TypeError
        x, y = (float(v) for v in ((point.x, point.y) if isinstance(point, PointPrompt) else point))
    except (TypeError, ValueError, OverflowError):
        raise PromptError(f"The point {point!r} is not a pair of numbers; give (x, y) in pixels.") from None
    if label not in (FOREGROUND, BACKGROUND):
        raise PromptError(f"The label {label!r} is not 1 (foreground) or 0 (background).")
    height, width = image_size
    if not (np.isfinite(x) and np.isfinite(y)):
        raise PromptError(f"The point ({x:g}, {y:g}) is not finite; give pixels of the image.")
    if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
        raise PromptError(f"The point ({x:g}, {y:g}) is outside the image; x must be from 0 to {width - 1} and y from 0 to {height - 1}.")
    return PointPrompt(x, y, int(label))


def _box(box: Sequence[float], image_size: tuple[int, int]) -> tuple[float, float, float, float]:
    try:
        x1, y1, x2, y2 = (float(v) for v in box)
    except (TypeError, ValueError, OverflowError):
        raise PromptError(f"The box {box!r} is not four numbers; give (x1, y1, x2, y2) in pixels.") from None
    height, width = image_size
    if not np.isfinite((x1, y1, x2, y2)).all():
        raise PromptError(f"The box ({x1:g}, {y1:g}, {x2:g}, {y2:g}) is not finite; give pixels of the image.")
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height):
        raise PromptError(f"The box ({x1:g}, {y1:g}, {x2:g}, {y2:g}) is empty or outside the image; "
                          f"x must grow within 0 to {width} and y within 0 to {height}.")
    return x1, y1, x2, y2
