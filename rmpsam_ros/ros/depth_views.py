"""From depth messages and a calibration to the `DepthView` of one image. No ROS imports."""
from __future__ import annotations

from typing import Any

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.depth_feed import DepthFeed
from rmpsam_ros.ros.depth_images import depth_to_metres
from rmpsam_ros.ros.rays import CameraRays


class DepthViews:
    """One camera's; `feed` takes the messages. no_info: what is said of the calibration while there is none."""

    def __init__(self, no_info: str = "none has arrived") -> None:
        self.feed, self._no_info = DepthFeed(), no_info
        self._rays = CameraRays()

    def view(self, topic: str, stamp: int, size: tuple[int, int], info: Any, rectified: bool, gap: float) -> tuple[DepthView, str]:
        """What the depth camera saw when an image was taken, and the frame_id of that depth image.

        Args:
            topic: of the depth images, for what is said.
            stamp: the image's, in ns.
            size: (H, W) of the image.
            info: the `sensor_msgs/CameraInfo` of the image, None if there is none.
            rectified: whether the image is rectified.
            gap: seconds that the two may lie apart.

        Raises:
            DepthError: why there is none.
        """
        if info is None:
            raise DepthError(f"positions need the camera_info of the image, and {self._no_info}")
        rays = self._rays.of(info, size, rectified)
        message = self.feed.near(stamp, gap)
        if message is None:
            raise DepthError(
                f"no depth image on {topic} is within {gap:g} s of the image: synchronise the two, or allow a larger gap"
            )
        return DepthView(depth_to_metres(message, size), rays), message.header.frame_id
