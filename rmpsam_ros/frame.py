"""The network's outputs for one image: the panoptic map and the masks for prompts. Needs neither ROS nor torch."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends import ImageOutputs, PromptOutputs
from rmpsam_ros.fusion import best_segments, fuse
from rmpsam_ros.label_groups import only
from rmpsam_ros.placement import Placement
from rmpsam_ros.prompting import Prompt, answer, class_of_mask, parse_prompt
from rmpsam_ros.types import LabelSet, PanopticResult, PointPrompt, PromptResult, Roi
from rmpsam_ros.zoom import Zoom

if TYPE_CHECKING:
    from rmpsam_ros.segmenter import Segmenter


@dataclass(frozen=True)
class ObjectOutputs:
    """The decoder's outputs for its N object queries, before fusion.

    `class_ids` (N,) int64, K for no object; `scores` (N,) and `iou` (N,) float32; `queries` (N, D) float32;
    `mask_logits` (N, H/4, W/4) float32 on the padded network input; the top-left `valid` (rows, columns) of them
    belong to the image.
    """

    class_ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    iou: npt.NDArray[np.float32]
    queries: npt.NDArray[np.float32]
    mask_logits: npt.NDArray[np.float32]
    valid: tuple[int, int]


class Frame:
    """The network's outputs for one image; gives its panoptic map and answers any number of prompts.

    Attributes:
        image_size: (height, width) of the source image.
        stamp: as given to `set_image`.
        timings: milliseconds spent in `preprocess` and `network`, and in `fusion` and `prompt` once these have run.
    """

    def __init__(self, segmenter: Segmenter, placement: Placement, outputs: ImageOutputs, stamp: float | None,
                 timings: dict[str, float], image: npt.NDArray[np.uint8] | None = None) -> None:  # fmt: skip
        self._segmenter, self._outputs, self._image = segmenter, outputs, image
        self.placement, self.stamp, self.timings = placement, stamp, timings
        self._zoom = self.zoom()
        self._own: PanopticResult | None = None
        self._panoptic: PanopticResult | None = None

    @property
    def image_size(self) -> tuple[int, int]:
        return self.placement.source

    @property
    def labels(self) -> LabelSet:
        return self._segmenter.labels

    @property
    def allowed(self) -> npt.NDArray[np.bool_] | None:
        """(K,) bool, True for classes in the segmenter's `class_filter`; None for all."""
        return self._segmenter._allowed

    @property
    def objects(self) -> ObjectOutputs:
        """The decoder's object queries, for tracking."""
        o, groups = self._outputs, self._segmenter._groups
        with self._segmenter.turn:
            logits = np.asarray(o.mask_logits)
        class_ids = o.class_ids if groups is None else groups.classes(o.class_ids)
        return ObjectOutputs(class_ids, o.scores, o.iou, o.queries, logits, self.placement.valid_cells)

    @property
    def features(self) -> npt.NDArray[np.float32]:
        """Encoder features for each stride-4 cell of the image, for tracking: (mid, rows, columns) float32, sized as `objects.valid`.
        Each access copies them from the device."""
        rows, columns = self.placement.valid_cells
        with self._segmenter.turn:
            features = self._segmenter._backend.read_features(self._outputs.features)
        return self.placement.turned_back(features)[:, :rows, :columns]

    def panoptic(self) -> PanopticResult:
        """The panoptic map at the size of the source image. The first call computes and caches it, with the class filter set at that time.
        The thresholds are those set at the first call or at the frame's first click, whichever came first: a click takes its class from
        the same map."""
        if self._panoptic is None:
            groups, allowed = self._segmenter._groups, self._segmenter._allowed
            whole = self._own_map() if groups is None else groups.panoptic(self._own_map())
            wanted = whole if allowed is None else only(whole, allowed)
            self._panoptic = best_segments(wanted, self._segmenter.max_segments)
            self._panoptic.segment_ids.setflags(write=False)  # cached, and the source of the clicks' classes
        return self._panoptic

    def class_of(self, mask: npt.NDArray[np.bool_], roi: Roi) -> int:
        """The class ID under an (H, W) bool mask with the tight bounding box `roi`, -1 for none. Classes outside the filter are
        returned too; a class that no label group takes gives -1."""
        class_id, groups = class_of_mask(mask, roi, self._own_map()), self._segmenter._groups
        return class_id if groups is None or class_id < 0 else int(groups.group_of[class_id])

    def _own_map(self) -> PanopticResult:
        """The panoptic map with all of the model's classes, before filter and groups."""
        if self._own is None:
            started = perf_counter()
            s, o = self._segmenter, self._outputs
            with s.turn:  # masks may be on a device, which has one set of buffers
                self._own = fuse(o.class_ids, o.scores, o.mask_logits, self.placement, s._own_labels, s.score_threshold,
                                 s.overlap_threshold, o.queries)  # fmt: skip
            self.timings["fusion"] = 1e3 * (perf_counter() - started)
        return self._own

    def keep_for_prompts(self) -> None:
        """Frees what only fusion and tracking need (half of a frame's memory); `prompt` and `panoptic` still work.

        For caches of older frames: afterwards `objects` has no mask logits.
        """
        self.panoptic()
        n = len(self._outputs.class_ids)
        self._outputs = replace(self._outputs, mask_logits=np.empty((n, 0, 0), np.float32))

    def prompt(self, points: Sequence[Sequence[float] | PointPrompt] = (), labels: Sequence[int] | None = None,
               boxes: Sequence[Sequence[float]] = ()) -> PromptResult:  # fmt: skip
        """Segments the object described by points and boxes.

        With background points, a pixel is in the mask where the highest foreground logit is positive and exceeds every background
        logit. A background prompt that would remove a foreground point only counts near its own point; a pixel clicked as background
        is never in the mask. A model may keep only the connected components under the prompt (`connected_prompts`) and segment small
        objects again in a zoom-in crop (`zoom`); `query` still comes from the whole image, so that it is comparable between frames.

        Args:
            points: (x, y) or `PointPrompt` each, in source pixels.
            labels: 1 (foreground) or 0 (background) for each point; if None, a `PointPrompt` keeps its label and other points are foreground.
            boxes: (x1, y1, x2, y2) each, in source pixels.

        Raises:
            PromptError: a point or box is outside the image, not finite or malformed; there is no foreground point or box.
        """
        started = perf_counter()
        prompt = parse_prompt(points, labels, boxes, self.image_size)
        outputs = self.prompt_outputs(prompt)
        mask, roi, score, best = self.answer(outputs, prompt)
        if self._zoom is not None:
            mask, roi, score = self._zoom.answer(prompt, (mask, roi, score)) or (mask, roi, score)
        class_id = self.class_of(mask, roi)
        self.timings["prompt"] = 1e3 * (perf_counter() - started)
        return PromptResult(
            mask=mask, score=score, roi=roi, class_id=class_id,
            class_name=self.labels[class_id].name if class_id >= 0 else "",
            points=prompt.points, boxes=prompt.boxes, query=outputs.queries[best],
        )  # fmt: skip

    def prompt_outputs(self, prompt: Prompt) -> PromptOutputs:
        """The network's outputs for each point and box of a prompt, before they are merged into one mask."""
        return self._segmenter._ask(self._outputs.features, prompt, self.placement)

    def zoom(self, capacity: int = 6) -> Zoom | None:
        """A new `Zoom` on this image that caches up to `capacity` crops; None if the frame was made with `zoom` off."""
        s = self._segmenter
        if self._image is None:
            return None
        encode = partial(s.features_of, rotation=self.placement.rotation)
        return Zoom(self._image, encode, s._ask, s._connected, capacity)  # no reference to this frame: that would be a reference cycle

    def answer(self, outputs: PromptOutputs, prompt: Prompt) -> tuple[npt.NDArray[np.bool_], Roi, float, int]:
        """`prompting.answer` for this image and model."""
        return answer(outputs, prompt, self.placement, self._segmenter._connected)
