"""The demo's viewer: a ROS node that subscribes to the segmentation node's topics and calls its service."""
from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Point, PointStamped, PolygonStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from sensor_msgs.msg import Image, PointCloud2, RegionOfInterest
from visualization_msgs.msg import Marker, MarkerArray

from rmpsam_ros.demo.camera import CAMERA_QOS, DEPTH_TOPIC, IMAGE_TOPIC, SUBJECT_TOPIC
from rmpsam_ros.demo.clicks import Prompt, find_subject, roi_of_box
from rmpsam_ros.demo.photos import Subject
from rmpsam_ros.demo.space import Box, draw_space
from rmpsam_ros.msg import PanopticSegmentation, PointPrompt, TrackedInstanceArray
from rmpsam_ros.ros.conversions import image_to_rgb
from rmpsam_ros.ros.messages import stamp_ns
from rmpsam_ros.srv import SegmentPoints
from rmpsam_ros.types import LabelSet as Labels
from rmpsam_ros.types import PanopticResult, PromptResult, Roi, Segment

KEPT_FRAMES = 24
"""Number of cached camera frames, to draw clicks on the frames that they were answered for."""


@dataclass(frozen=True)
class Answer:
    """An answered click: `image` (H, W, 3) RGB of its frame, latency `round_trip_ms` for the caller and `node_ms` in the node.

    `stamp` (ns): the frame's timestamp.
    """

    prompt: Prompt
    image: npt.NDArray[np.uint8]
    result: PromptResult
    round_trip_ms: float
    node_ms: float
    stamp: int


@dataclass
class Seen:
    """Everything received so far. Times are from the monotonic clock, latencies in ms from the camera's timestamp.

    `placed`: name and distance (metres) of each track that has a position, nearest first. `clicked`: distance of the last clicked
    object, by the timestamp (ns) of its frame.
    """

    camera_frames: int = 0
    results: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    segments: int = 0
    clouds: int = 0
    placed: tuple[tuple[str, float], ...] = ()
    clicked: dict[int, float] = field(default_factory=dict)
    node: dict[str, str] = field(default_factory=dict)
    camera: dict[str, str] = field(default_factory=dict)
    node_message: str = ""
    last_failure: str = ""

    def rate(self, window: float = 3.0) -> float:
        """Results per second in the last `window` seconds."""
        now = time.monotonic()
        recent = [t for t in self.results[-200:] if now - t < window]
        return (len(recent) - 1) / (recent[-1] - recent[0]) if len(recent) > 2 else 0.0

    @property
    def untrained(self) -> bool:
        return "UNTRAINED" in self.node.get("model", "")


class Viewer(Node):
    """Counts the received messages and passes overlays on.

    Args:
        node_name: name of the segmentation node.
        camera: name of the camera there.
        on_overlay: called with each overlay, (H, W, 3) uint8 RGB.
    """

    def __init__(self, node_name: str, camera: str, on_overlay: Callable[[npt.NDArray[np.uint8]], None]) -> None:
        super().__init__("demo_viewer")
        self.seen = Seen()
        self._on_overlay = on_overlay
        self._frames: OrderedDict[int, Image] = OrderedDict()
        self._subjects: OrderedDict[int, Subject] = OrderedDict()
        self._newest: PanopticSegmentation | None = None
        self._names = (f"{node_name}: inference", f"{node_name}: camera {camera}")
        reliable = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
        self.create_subscription(Image, IMAGE_TOPIC, self._take_frame, CAMERA_QOS)
        self.create_subscription(PolygonStamped, SUBJECT_TOPIC, self._take_subject, reliable)
        self.create_subscription(PanopticSegmentation, f"{node_name}/{camera}/panoptic", self._take_result, reliable)
        self.create_subscription(Image, f"{node_name}/{camera}/overlay", self._take_overlay, qos_profile_sensor_data)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._take_diagnostics, 10)
        self._client = self.create_client(SegmentPoints, f"{node_name}/segment")
        self._base = f"{node_name}/{camera}"
        self._looks_in_3d = False
        self._cloud: PointCloud2 | None = None
        self._boxes: OrderedDict[int, list[Box]] = OrderedDict()

    def draw_space(self) -> npt.NDArray[np.uint8] | None:
        """The newest cloud and its boxes, rendered; None without a camera with depth."""
        if self._cloud is None:
            return None
        words = np.frombuffer(self._cloud.data, "<u4").reshape(-1, self._cloud.point_step // 4)
        rgb = words[:, 3, None] >> np.array([16, 8, 0], "<u4") & 255
        boxes = self._boxes.get(stamp_ns(self._cloud.header.stamp), [])
        return draw_space(words[:, :3].copy().view("<f4"), rgb.astype(np.uint8), boxes)

    def ready_to_click(self, must_know_subject: bool, whole: bool = False) -> bool:
        """Whether there is a result whose camera frame is still cached and, if required, whose subject is known and wholly in view.

        A camera that never publishes subjects is not waited for.
        """
        must_know_subject = must_know_subject and bool(self._subjects)
        if self._newest is None or not self._client.service_is_ready():
            return False
        stamp = stamp_ns(self._newest.header.stamp)
        subject = self._subjects.get(stamp)
        return stamp in self._frames and (not must_know_subject or subject is not None and (subject.whole or not whole))

    def click(self, prompt_for: Callable[[Subject], Prompt], done: Callable[[Answer], None]) -> None:
        """Requests a mask on the newest frame with a result; call when `ready_to_click`.

        A failed request is recorded in `seen.last_failure`.
        """
        message = self._newest
        stamp = stamp_ns(message.header.stamp)
        frame = self._frames[stamp]
        prompt = prompt_for(self._subjects.get(stamp) or find_subject(_result_of(message)))
        request = SegmentPoints.Request(stamp=message.header.stamp)
        request.points = [PointPrompt(x=p.x, y=p.y, label=p.label) for p in prompt.points]
        for roi in map(roi_of_box, prompt.boxes):
            request.boxes.append(RegionOfInterest(x_offset=roi.x, y_offset=roi.y, width=roi.width, height=roi.height))
        asked = time.perf_counter()

        def answered(future) -> None:
            elapsed = (time.perf_counter() - asked) * 1e3
            response = future.result()
            if not response.success:
                self.seen.last_failure = response.message
                return
            mask = np.frombuffer(response.mask.data, np.uint8).reshape(response.mask.height, response.mask.width) > 0
            result = PromptResult(mask, response.score, _roi_of(response.roi), response.class_id, response.class_name,
                                  prompt.points, prompt.boxes)  # fmt: skip
            done(Answer(prompt, image_to_rgb(frame), result, elapsed, response.latency_ms, stamp))

        self._client.call_async(request).add_done_callback(answered)

    def _take_frame(self, message: Image) -> None:
        self.seen.camera_frames += 1
        _keep(self._frames, stamp_ns(message.header.stamp), message)

    def _take_subject(self, message: PolygonStamped) -> None:
        on, beside, first, second = ((p.x, p.y) for p in message.polygon.points)
        whole = message.polygon.points[-1].z > 0
        _keep(self._subjects, stamp_ns(message.header.stamp), Subject(on, beside, (*first, *second), whole))

    def _take_result(self, message: PanopticSegmentation) -> None:
        age = self.get_clock().now().nanoseconds - stamp_ns(message.header.stamp)
        self.seen.latencies.append(age / 1e6)
        self.seen.results.append(time.monotonic())
        self.seen.segments = len(message.segments)
        self._newest = message

    def _take_overlay(self, message: Image) -> None:
        self._on_overlay(image_to_rgb(message))

    def _take_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            if status.name.lstrip("/") == self._names[0]:
                self.seen.node, self.seen.node_message = values, status.message
            elif status.name.lstrip("/") == self._names[1]:
                self.seen.camera = values
        if not self._looks_in_3d and self.count_publishers(DEPTH_TOPIC):
            self._look_in_3d()

    def _look_in_3d(self) -> None:
        """Subscribes to the topics that need depth, once there is a camera with depth."""
        self._looks_in_3d = True
        reliable = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
        self.create_subscription(TrackedInstanceArray, f"{self._base}/tracks", self._take_tracks, reliable)
        self.create_subscription(PointCloud2, f"{self._base}/points", self._take_cloud, qos_profile_sensor_data)
        self.create_subscription(MarkerArray, f"{self._base}/markers", self._take_markers, reliable)
        self.create_subscription(PointStamped, f"{self._base}/clicked_position", self._take_clicked, reliable)

    def _take_tracks(self, message: TrackedInstanceArray) -> None:
        places = [(i.class_name or "object", i.position) for i in message.instances if i.has_position]
        distances = [(name, _distance(p)) for name, p in places]
        self.seen.placed = tuple(sorted(distances, key=lambda placed: placed[1]))

    def _take_clicked(self, message: PointStamped) -> None:
        self.seen.clicked[stamp_ns(message.header.stamp)] = _distance(message.point)

    def _take_cloud(self, message: PointCloud2) -> None:
        self.seen.clouds += 1
        self._cloud = message

    def _take_markers(self, message: MarkerArray) -> None:
        boxes, names = [], {m.id: m.text for m in message.markers if m.action == Marker.ADD and m.text}
        for m in message.markers:
            if m.action == Marker.ADD and not m.text:
                color = tuple(round(255 * value) for value in (m.color.r, m.color.g, m.color.b))
                place, size = m.pose.position, m.scale
                boxes.append(Box((place.x, place.y, place.z), (size.x, size.y, size.z), color, names.get(m.id, "")))
        if message.markers:
            _keep(self._boxes, stamp_ns(message.markers[0].header.stamp), boxes)


def _keep(store: OrderedDict, stamp: int, value: object) -> None:
    store[stamp] = value
    while len(store) > KEPT_FRAMES:
        store.popitem(last=False)


def _roi_of(message: RegionOfInterest) -> Roi:
    return Roi(message.x_offset, message.y_offset, message.width, message.height)


def _result_of(message: PanopticSegmentation) -> PanopticResult:
    """Converts a panoptic message to the dataclass used in the rest of the package."""
    ids = message.segment_ids
    pixels = np.frombuffer(ids.data, np.uint16).reshape(ids.height, ids.step // 2)[:, : ids.width]
    segments = tuple(
        Segment(s.id, s.class_id, s.class_name, s.is_thing, s.score, s.area, _roi_of(s.roi), s.track_id)
        for s in message.segments
    )
    return PanopticResult(pixels, segments, Labels("", ()))


def _distance(position: Point) -> float:
    return math.hypot(position.x, position.y, position.z)
