"""The depth subscription of one camera; gives the `DepthView` of a colour image."""
from __future__ import annotations

import math
import time

import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.depth_feed import ALIVE_SECONDS, DepthFeed
from rmpsam_ros.ros.depth_images import COMPRESSED
from rmpsam_ros.ros.depth_views import DepthViews
from rmpsam_ros.ros.messages import stamp_ns
from rmpsam_ros.ros.projection import none_on
from rmpsam_ros.ros.subscriptions import MatchedSubscription


class DepthInput:
    """Subscribes to depth images until `destroy`; they are only stored until `view` asks for one.

    Args:
        node: the node.
        topic: before remapping; one that ends with `/compressedDepth` carries CompressedImage; '' for no depth at all.
        reliability: the parameter `qos_reliability`.
        info_topic: the full name of the image's CameraInfo topic, for messages.
        history: the number of images that clicks can refer to.
    """

    def __init__(self, node, topic: str, reliability: str, info_topic: str, history: int = 1):
        self._node = node
        self._views = DepthViews(none_on(info_topic), history)
        self._needed_since: float | None = None
        self._said_other_frame = False
        self._absence = ""  # why no depth images arrive
        self._problem, self._failed, self._succeeded = "", -math.inf, -math.inf  # the last problem with an image; times of both outcomes
        kind = CompressedImage if topic.endswith(COMPRESSED) else Image
        self._subscription = MatchedSubscription(node, kind, topic, self._take, reliability) if topic else None  # last: `_take` is called from now on

    @property
    def problem(self) -> str:
        """Why there is no depth, or was none for an image in the last `ALIVE_SECONDS`; '' if there is depth or nobody needs it."""
        lasts = self._failed >= self._succeeded or time.monotonic() - self._failed < ALIVE_SECONDS
        return self._absence or (self._problem if lasts else "")

    @property
    def consequence(self) -> str:
        """What `problem` means for subscribers."""
        some = not self._absence and time.monotonic() - self._succeeded < ALIVE_SECONDS
        return "some images have no positions and points" if some else "no positions and points"

    @property
    def feed(self) -> DepthFeed:
        """The buffered messages, and the counts of images with and without depth."""
        return self._views.feed

    @property
    def topic(self) -> str:
        """The full name of the topic, after remapping; '' for no depth."""
        return self._subscription.topic if self._subscription else ""

    def refresh(self, needed: bool) -> None:
        """Adapts to the current publishers; `needed`: whether any output that uses depth has a subscriber."""
        if self._subscription is None:
            self._absence = "depth_topic is empty" if needed else ""
            return
        self._subscription.refresh()
        if not needed:
            self._needed_since, self._absence, self._problem = None, "", ""
            return
        now = time.monotonic()
        self._needed_since = now if self._needed_since is None else self._needed_since
        if self.feed.alive:
            self._absence = ""
        elif self._subscription.unmatched:
            self._absence = self._subscription.unmatched[0]
        elif now - self._needed_since > ALIVE_SECONDS:
            self._absence = f"no depth image on {self.topic} in the last {ALIVE_SECONDS:g} s"

    def destroy(self) -> None:
        """Ends the subscription."""
        if self._subscription is not None:
            self._subscription.destroy()

    def view(
        self, stamp: int, frame_id: str, size: tuple[int, int], info: CameraInfo | None, rectified: bool, gap: float, click: bool = False,
    ) -> DepthView | None:
        """The depth at the time of an image; None if no depth arrives at all.

        Args:
            stamp: timestamp of the image in ns.
            frame_id: frame of the image.
            size: (H, W) of the image.
            info: the calibration of the image, if there is one.
            rectified: whether the image is rectified.
            gap: maximum time difference between the two in seconds.
            click: whether the depth is for a click, whose answer says what is wrong; `problem` and the counts are about frames.

        Raises:
            DepthError: there is no usable depth; the message says why.
        """
        if not self.feed.alive:
            return None
        try:
            view, other = self._views.view(self.topic, stamp, size, info, rectified, gap, counted=not click)
        except DepthError as error:
            if not click:
                self._problem, self._failed = str(error), time.monotonic()
            raise
        if click:
            return view
        if np.isnan(view.depth).all():  # no error: the cloud is published, for subscribers that expect one per image
            self._problem = f"the depth images on {self.topic} have no valid pixel: is the sensor covered, too close, or its emitter off?"
            self._failed = time.monotonic()
        else:
            self._succeeded = time.monotonic()
        if other != frame_id and not self._said_other_frame:
            self._said_other_frame = True
            self._node.get_logger().warning(
                f"the depth images on {self.topic} are in frame '{other}' and the images in '{frame_id}': the depth is "
                f"assumed to be registered to the images"
            )
        return view

    def _take(self, message: Image | CompressedImage) -> None:
        self.feed.offer(message, stamp_ns(message.header.stamp))
