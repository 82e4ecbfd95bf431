"""The interface through which the inference worker calls the node. No ROS."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rmpsam_ros.depth_view import DepthView, Extent
from rmpsam_ros.ros.feeds import Processed, Received
from rmpsam_ros.types import PromptResult


class Hooks(Protocol):
    """Callbacks that the node implements for the worker; called on the worker's thread."""

    def decode(self, received: Received) -> Any:
        """The pixels of a message, (H, W, 3) uint8 RGB; raises `ImageError` if they cannot be read."""

    def wanted(self, camera: str) -> bool:
        """Whether the results of this camera have a subscriber."""

    def depth(self, received: Received, size: tuple[int, int]) -> DepthView | None:
        """The depth of a message whose image is (H, W) `size`; None if no output needs it."""

    def position(self, processed: Processed, result: PromptResult) -> tuple[tuple[float, float, float] | None, str]:
        """Publishes the position (x, y, z) of a clicked object in metres, in the frame of its image, if somebody subscribes to it;
        returns it, or None and the reason, '' for no subscriber."""

    def publish(self, processed: Processed, image: Any, view: DepthView | None, extents: Mapping[int, Extent]) -> None:
        """Publishes the results of a frame, with its depth and the 3D extents of its tracks."""

    def report(self, camera: str, sentence: str) -> None:
        """Reports a problem."""
