"""Handles clicks that arrive on topics: from rqt_image_view (`Point`) and RViz (`PointStamped`).

A topic has no response, so the result is shown: the overlay draws the mask, and the track for as long as it is followed, and the
log names the clicked object. If clicks arrive faster than they can be answered, the newest `MOST_WAITING` of each camera are kept.
"""
from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from geometry_msgs.msg import Point, PointStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.time import Time

from rmpsam_ros.errors import PromptError, RmpsamError
from rmpsam_ros.ros.cameras import CameraInput
from rmpsam_ros.ros.messages import stamp_ns
from rmpsam_ros.ros.node_parameters import CLICKED
from rmpsam_ros.ros.projection import image_size, moved, none_on, of_other_images, project
from rmpsam_ros.ros.repeats import Repeats
from rmpsam_ros.ros.requests import Answer, Ask
from rmpsam_ros.types import FOREGROUND

MOST_WAITING = 8
"""Maximum number of pending clicks per camera."""
QUIET = 1.0
"""Minimum seconds between log lines on clicks that fail for the same reason: people do not click faster, but programs may."""


class ClickTopics:
    """Subscribes to click topics until `destroy`.

    Args:
        node: the node.
        cameras: the camera inputs by name.
        click_topic: gives the rqt click topic for a camera's name. rqt_image_view derives its click topic from the image topic that
            it shows; clicks on a remapped image topic, on one set by a parameter, and on the overlay are accepted as well.
        clicked_point_topic: the topic of RViz clicks.
        ask: queues a click for the worker.
        show: called with the camera's name and the answer, on the worker's thread.
    """

    def __init__(
        self, node, cameras: dict[str, CameraInput], click_topic: Callable[[str], str], clicked_point_topic: str,
        ask: Callable[[Ask], Future], show: Callable[[str, Answer], None],
    ):
        self._node, self._cameras, self._ask, self._show = node, cameras, ask, show
        self._frames = Frames(node)
        self._waiting: dict[str, deque[Future]] = {}
        self._lock = threading.Lock()
        self._repeats = Repeats(first=QUIET, growth=1.0)
        self._subscriptions: list = []
        # A separate group: rclpy's groups keep a reference to every entity they held, and a transform lookup may block for a moment.
        group = ReentrantCallbackGroup()
        try:
            for name, camera in cameras.items():
                for topic in self._click_topics(name, click_topic(name), camera.topic):
                    self._subscriptions.append(node.create_subscription(Point, topic, self._pixel_callback(name), 10, callback_group=group))
            self._subscriptions.append(node.create_subscription(PointStamped, clicked_point_topic, self._take_point, 10, callback_group=group))
        except Exception:
            self.destroy()
            raise

    def destroy(self) -> None:
        """Ends the subscriptions."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._frames.destroy()

    def _click_topics(self, name: str, named: str, image_topic: str) -> set[str]:
        """Full names of the topics on which clicks on a camera's images may arrive."""
        shown = image_topic.removesuffix("/compressed")  # rqt_image_view separates the base topic from its transport
        overlay = self._node.resolve_topic_name(f"~/{name}/overlay")
        return {self._node.resolve_topic_name(named), f"{shown}{CLICKED}", f"{overlay}{CLICKED}"}

    def _pixel_callback(self, camera: str) -> Callable[[Point], None]:
        return lambda message: self._click(camera, message.x, message.y, 0)

    def _take_point(self, message: PointStamped) -> None:
        try:
            for camera, x, y in self._pixels(message):
                self._click(camera, x, y, stamp_ns(message.header.stamp))
        except PromptError as error:
            self._warn(f"clicked_point ignored: {error}")

    def _pixels(self, message: PointStamped) -> list[tuple[str, float, float]]:
        """The cameras and pixels that a click refers to: pixels of one camera, or a 3D point in every camera that sees it."""
        point, frame = message.point, message.header.frame_id
        own = [camera for camera in self._cameras.values() if frame and frame == camera.optical_frame]
        if own and point.z == 0:
            if len(own) > 1:
                names = " and ".join(f"'{camera.name}'" for camera in own)
                raise PromptError(f"the cameras {names} both have the frame '{frame}', so the click is ambiguous: give each driver its own "
                                  f"frame_id, or click on the image in rqt_image_view")
            return [(own[0].name, point.x, point.y)]
        found, reasons = [], []
        for camera in own or self._cameras.values():
            try:
                found.append((camera.name, *self._projected(camera, message)))
            except PromptError as error:
                reasons.append(f"camera '{camera.name}': {error}")
        if not found:
            raise PromptError("; ".join(reasons))
        return found

    def _projected(self, camera: CameraInput, message: PointStamped) -> tuple[float, float]:
        info, frame = camera.camera_info, message.header.frame_id
        if info is None:
            raise PromptError(f"a 3D click needs the camera_info, and {none_on(camera.info_topic)}")
        point = (message.point.x, message.point.y, message.point.z)
        target = camera.optical_frame or info.header.frame_id
        if not frame and target:
            raise PromptError(f"the point has no frame_id: it must be '{target}', or a frame that tf knows")
        if frame != target:
            point = moved(point, self._frames.transform(target, frame, _frame_time(camera, message)))
        x, y = project(point, info, rectified=camera.rectified)
        width, height = image_size(info)
        if camera.image_size is not None and (problem := of_other_images(info, camera.image_size)):
            raise PromptError(problem)
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
            raise PromptError(f"the point is at pixel ({x:.0f}, {y:.0f}), outside the {width}x{height} image")
        return x, y

    def _click(self, camera: str, x: float, y: float, stamp: int) -> None:
        with self._lock:
            waiting = self._waiting.setdefault(camera, deque())
            oldest = waiting.popleft() if len(waiting) >= MOST_WAITING else None
        if oldest is not None and oldest.cancel():
            self._warn(f"a click on camera '{camera}' was dropped for newer ones: clicks arrive faster than they can be answered")
        ask = Ask(camera, [(x, y)], [FOREGROUND], [], stamp, or_newest=True, track=True)
        try:
            future = self._ask(ask)
        except PromptError as error:
            self._warn(f"click on camera '{camera}' ignored: {error}")
            return
        with self._lock:
            waiting.append(future)
        future.add_done_callback(lambda done: self._answered(camera, x, y, done))

    def _answered(self, camera: str, x: float, y: float, future: Future) -> None:
        with self._lock, suppress(ValueError):  # an answer keeps its frame alive: drop it
            self._waiting[camera].remove(future)
        if future.cancelled():
            return
        logger = self._node.get_logger()
        try:
            answer = future.result()
            result = answer.result
            logger.info(
                f"click at ({x:.0f}, {y:.0f}) on camera '{camera}': {result.class_name or 'an unknown object'}, "
                f"predicted IoU {result.score:.2f}, {int(result.mask.sum())} pixels, "
                + ("at ({:.2f}, {:.2f}, {:.2f}) m, ".format(*answer.position) if answer.position else "")
                + (f"track {answer.track_id}" if answer.track_id else f"not followed: {answer.problem}")
                + (f"; {answer.caution}" if answer.caution else "")
            )
            self._show(camera, answer)
        except RmpsamError as error:
            self._warn(f"click on camera '{camera}' ignored: {error}")
        except Exception as error:
            logger.error(f"click on camera '{camera}' could not be shown: {error!r}")

    def _warn(self, sentence: str) -> None:
        if said := self._repeats.worded(sentence, counted=False):
            self._node.get_logger().warning(said)


class Frames:
    """Looks up transforms through tf2_ros, if installed; the listener is created at the first lookup.

    A listener costs a Python callback for every transform on the robot, so a node without 3D clicks has none. When the node's
    clock jumps back (a bag played in a loop), the buffer is dropped: its old transforms would take precedence over new ones.
    """

    WAIT = 1.0
    """Seconds to wait for a transform; the first lookup finds an empty buffer."""
    SHORT_WAIT = 0.1
    """Seconds to wait for the transform at a given time, before the latest one is used instead."""

    def __init__(self, node):
        self._node, self._buffer, self._listener, self._destroyed = node, None, None, False
        self._lock = threading.Lock()
        self._jumps = None

    def transform(self, target: str, source: str, stamp: int):
        """The `geometry_msgs/Transform` that takes points from `source` to `target`.

        Args:
            target, source: names of the frames.
            stamp: time of the transform in ns, on a moving robot that of the image; the latest transform is used if tf does not know
                that time, or for 0.

        Raises:
            PromptError: tf2_ros is missing, or the frames are not connected.
        """
        try:
            import tf2_ros
        except ImportError:
            raise PromptError(
                f"the point is in frame '{source}' and the camera in '{target}': tf2_ros, which is needed for the "
                f"transform, is not installed (apt: ros-DISTRO-tf2-ros)"
            ) from None
        with self._lock:
            if self._destroyed:
                raise PromptError("the node has been deactivated meanwhile")
            if self._jumps is None:  # `destroy` must unregister it: otherwise the clock would call a deleted handler
                back = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=False)
                self._jumps = self._node.get_clock().create_jump_callback(back, post_callback=lambda _: self._forget())
            if self._buffer is None:
                self._buffer = tf2_ros.Buffer()
                self._listener = tf2_ros.TransformListener(self._buffer, self._node)
            buffer = self._buffer
        if stamp:
            with suppress(tf2_ros.TransformException):
                return buffer.lookup_transform(target, source, Time(nanoseconds=stamp), Duration(seconds=self.SHORT_WAIT)).transform
        try:
            return buffer.lookup_transform(target, source, Time(), Duration(seconds=self.WAIT)).transform
        except tf2_ros.TransformException as error:
            raise PromptError(f"no transform from '{source}' to '{target}': {' '.join(str(error).split())}") from None

    def destroy(self) -> None:
        """Stops the listener."""
        with self._lock:
            self._destroyed = True
            jumps, self._jumps = self._jumps, None
        if jumps is not None:
            jumps.unregister()
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            if self._listener is not None:
                self._listener.unregister()
            self._buffer = self._listener = None


def _frame_time(camera: CameraInput, click: PointStamped) -> int:
    """The timestamp in ns of the image that a click is answered on: the one that it names, or the newest if it is later. 0 if unknown."""
    return min(stamp_ns(click.header.stamp) or camera.newest_stamp, camera.newest_stamp)
