"""From depth messages and a calibration to the `DepthView` of one image. No ROS imports."""
from __future__ import annotations

from typing import Any

from rmpsam_ros.depth_view import DepthView
from rmpsam_ros.errors import DepthError
from rmpsam_ros.ros.depth_feed import DepthFeed
from rmpsam_ros.ros.depth_images import depth_to_metres
from rmpsam_ros.ros.rays import CameraRays


class DepthViews:
    """One camera's; `feed` takes the messages."""

    def __init__(self) -> None:
        self.feed = DepthFeed()
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
            raise DepthError("positions need the camera_info of the image, and none has arrived")
        rays = self._rays.of(info, size, rectified)
        message = self.feed.near(stamp, gap)
        if message is None:
            raise DepthError(
                f"no depth image on {topic} is within {gap:g} s of the image: synchronise the two, or allow a larger gap"
            )
        return DepthView(depth_to_metres(message, size), rays), message.header.frame_id
