"""Makes the `DepthView` of an image from depth messages and a calibration. No ROS imports."""
from __future__ import annotations

from typing import Any

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.depth_feed import DepthFeed
from rmpsam_ros.ros.depth_images import depth_to_metres
from rmpsam_ros.ros.rays import CameraRays


class DepthViews:
    """The depth views of one camera; `feed` takes the messages.

    no_info: error text for a missing calibration. history: see `DepthFeed`.
    """

    def __init__(self, no_info: str = "none has arrived", history: int = 1) -> None:
        self.feed, self._no_info = DepthFeed(history=history), no_info
        self._rays = CameraRays()

    def view(self, topic: str, stamp: int, size: tuple[int, int], info: Any, rectified: bool, gap: float,
             counted: bool = True) -> tuple[DepthView, str]:  # fmt: skip
        """The depth at the time of an image, and the frame_id of that depth image.

        Args:
            topic: topic of the depth images, for error messages.
            stamp: timestamp of the image in ns.
            size: (H, W) of the image.
            info: the `sensor_msgs/CameraInfo` of the image, None if there is none.
            rectified: whether the image is rectified.
            gap: maximum time difference between the two in seconds.
            counted: whether the image counts among those with and without depth.

        Raises:
            DepthError: there is no usable depth; the message says why.
        """
        if info is None:
            raise DepthError(f"positions need the camera_info of the image, and {self._no_info}")
        rays = self._rays.of(info, size, rectified)
        message = self.feed.near(stamp, gap, counted)
        if message is None:
            raise DepthError(
                f"no depth image on {topic} is within {gap:g} s of the image: synchronise the two, or allow a larger gap"
            )
        return DepthView(depth_to_metres(message, size), rays), message.header.frame_id
