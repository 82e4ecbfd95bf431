"""What the worker asks of the node. No ROS."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rmpsam_ros.depth_view import DepthView, Extent
from rmpsam_ros.ros.feeds import Processed, Received


class Hooks(Protocol):
    """What the node does for the worker, on the worker's thread."""

    def decode(self, received: Received) -> Any:
        """The pixels of a message, (H, W, 3) uint8 RGB; `ImageError` if it has none."""

    def wanted(self, camera: str) -> bool:
        """Whether anybody listens to results of this camera."""

    def depth(self, received: Received, size: tuple[int, int]) -> DepthView | None:
        """What the camera's depth images say of a message whose pixels are (H, W) `size`; None where nobody needs it."""

    def publish(self, processed: Processed, image: Any, view: DepthView | None, extents: Mapping[int, Extent]) -> None:
        """Sends the results of a frame out, with what depth says of the frame and of its tracks."""

    def report(self, camera: str, sentence: str) -> None:
        """Says what went wrong."""
