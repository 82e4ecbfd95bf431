"""Processes one image topic of a rosbag2, with its depth: tracks objects and makes the messages that the node would publish."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CameraInfo

from rmpsam_ros.depth_view import DepthView, Extent, located
from rmpsam_ros.errors import DepthError
from rmpsam_ros.overlay import UNTRAINED_BANNER, draw_panoptic
from rmpsam_ros.ros import messages, vision_messages
from rmpsam_ros.ros.clouds import cloud_message
from rmpsam_ros.ros.conversions import compressed_to_rgb, image_to_rgb
from rmpsam_ros.ros.depth_views import DepthViews
from rmpsam_ros.ros.frame_messages import frame_messages
from rmpsam_ros.ros.markers import TrackMarkers
from rmpsam_ros.ros.projection import is_rectified
from rmpsam_ros.tracking import Tracker
from rmpsam_ros.tracking.clock import SteadyTime
from rmpsam_ros.tracking.frames import with_track_ids
from rmpsam_ros.types import PanopticResult, TrackedInstance, TrackState

if TYPE_CHECKING:
    from rmpsam_ros.ros.bags import BagMessage
    from rmpsam_ros.segmenter import Segmenter

AHEAD = 200_000_000
"""Nanoseconds of recording time for which an image waits for its depth: about what the feed holds at 30 Hz."""
_SLACK = 1e-4
"""Seconds by which timestamps may be early at --max-rate."""


@dataclass(frozen=True)
class BagOptions:
    """Options for every image topic.

    `results`: names of the outputs to write. `max_rate`: images per second, 0 = all. `max_age` (s), `min_hits`: of the tracker.
    `alpha`: of the overlay. `depth_max_gap` (s), `points_step`, `rotation`: as the node's parameters.
    """

    results: tuple[str, ...]
    max_rate: float = 0.0
    max_age: float = 10.0
    min_hits: int = 3
    alpha: float = 0.5
    depth_max_gap: float = 0.05
    points_step: int = 1
    rotation: int = 0


class BagCamera:
    """Takes the messages of one camera in the order of recording.

    Args:
        name: used in the topics of the results.
        topic: topic of the images.
        depth: topic of the depth images, '' for none.
        segmenter, options: see there.

    Attributes:
        problem: why the first image that should have had depth had none; without_depth: how many such images there were.
    """

    def __init__(self, name: str, topic: str, depth: str, segmenter: Segmenter, options: BagOptions) -> None:
        self.name, self._segmenter, self._options = name, segmenter, options
        self._rectified = is_rectified(topic)
        self._depth = depth
        self._views, self._info, self._markers = DepthViews(), None, TrackMarkers()
        self._tracker = Tracker(segmenter.labels, options.max_age, options.min_hits)
        self._time = SteadyTime()
        self._used_at: float | None = None
        self._said = False
        self._ids: set[int] = set()
        self.problem, self.without_depth = "", 0

    @property
    def confirmed(self) -> int:
        """How many confirmed tracks there were."""
        return len(self._ids)

    def take_beside(self, entry: BagMessage) -> None:
        """Takes a depth image or a CameraInfo."""
        message = entry.message
        if isinstance(message, CameraInfo):
            self._info = message
        else:
            self._views.feed.offer(message, _stamp_of(entry))

    def is_ready(self, entry: BagMessage, now: int) -> bool:
        """Whether an image no longer needs to wait for its depth; `now` is when the newest message was recorded, in ns."""
        if not self._depth or now - entry.time > AHEAD:
            return True
        newest = self._views.feed.newest
        return newest is not None and newest >= _stamp_of(entry)

    def results(self, entry: BagMessage) -> Iterator[tuple[str, Any, bool]] | None:
        """The results of one image as (topic, message, latched); None if `max_rate` skips the image.

        Raises:
            ImageError: the message holds no readable image.
        """
        message, nanoseconds = entry.message, _stamp_of(entry)
        stamp, rate, before = nanoseconds / 1e9, self._options.max_rate, self._used_at
        time = self._time.of(stamp, entry.time / 1e9)
        if rate and before is not None and 0 <= time - before < 1 / rate - _SLACK:
            return None
        image = compressed_to_rgb(message) if hasattr(message, "format") else image_to_rgb(message)
        frame = self._segmenter.set_image(image, stamp=stamp, rotation=self._options.rotation)
        self._used_at = time
        view = self._view(nanoseconds, image.shape[:2])
        tracks = self._tracker.update(frame, time, None if view is None else view.depth)
        if not self._tracker.used:  # no newer than an earlier image: these tracks belong to that one
            return self._messages(message.header, image, frame.panoptic(), None, view, {})
        tracks, extents = located(tracks, view)
        self._ids.update(t.track_id for t in tracks if t.state == TrackState.CONFIRMED)
        return self._messages(message.header, image, with_track_ids(frame.panoptic(), tracks), tracks, view, extents)

    def _view(self, stamp: int, size: tuple[int, int]) -> DepthView | None:
        if not self._depth:
            return None
        try:
            return self._views.view(self._depth, stamp, size, self._info, self._rectified, self._options.depth_max_gap)[0]
        except DepthError as error:
            self.without_depth += 1
            self.problem = self.problem or str(error)
            return None

    def _messages(
        self, header, image: npt.NDArray[np.uint8], panoptic: PanopticResult, tracks: tuple[TrackedInstance, ...] | None,
        view: DepthView | None, extents: Mapping[int, Extent],
    ) -> Iterator[tuple[str, Any, bool]]:
        base, wanted, segmenter = f"/rmpsam/{self.name}", self._options.results, self._segmenter
        banner = "" if segmenter.trained else UNTRAINED_BANNER
        if "semantic" in wanted and vision_messages.AVAILABLE and not self._said:
            info = vision_messages.label_info_message(segmenter.labels, segmenter.score_threshold, header)
            yield f"{base}/semantic/label_info", info, True
            self._said = True
        for topic, message in frame_messages(lambda topic: topic.split("/")[-1] in wanted, panoptic, tracks, header, banner):
            yield f"{base}/{topic}", message, False
        if view is not None and tracks is not None:
            if "points" in wanted:
                yield f"{base}/points", cloud_message(view, image, panoptic, tracks, self._options.points_step, header), False
            if "markers" in wanted:
                yield f"{base}/markers", self._markers.message(tracks, extents, header), False
            if "detections_3d" in wanted and vision_messages.AVAILABLE:
                yield f"{base}/detections_3d", vision_messages.detections_3d_message(tracks, extents, header), False
        if "overlay" in wanted:
            drawn = cv2.cvtColor(draw_panoptic(image, panoptic, self._options.alpha, banner), cv2.COLOR_RGB2BGR)
            yield f"{base}/overlay/compressed", messages.jpeg_message(drawn, header), False


def _stamp_of(entry: BagMessage) -> int:
    """The timestamp in nanoseconds; the recording time for a camera that does not stamp its messages."""
    return messages.stamp_ns(entry.message.header.stamp) or entry.time
