"""Validation of the timestamps that callers pass with a frame."""
from __future__ import annotations

import math

from rmpsam_ros.errors import RmpsamError


def seconds(stamp: object, error: type[RmpsamError]) -> float | None:
    """A caller's timestamp in seconds; None if it is None or not finite.

    Raises:
        error: the stamp is anything else, such as a string, or the time of a ROS message or of rclpy.
    """
    if stamp is None:
        return None
    try:
        value = float("text" if isinstance(stamp, str) else stamp)
    except (TypeError, ValueError, OverflowError):
        raise error(f"The stamp is {stamp!r}; it must be seconds, such as stamp.sec + 1e-9 * stamp.nanosec.") from None
    return value if math.isfinite(value) else None
