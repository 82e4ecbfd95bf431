"""What callers may give as the time of a frame."""
from __future__ import annotations

import math

from rmpsam_ros.errors import RmpsamError


def seconds(stamp: object, error: type[RmpsamError]) -> float | None:
    """A caller's stamp: seconds, or None where it is None or not finite.

    Raises:
        error: it is anything else, such as a text, or a message's or rclpy's time.
    """
    if stamp is None:
        return None
    try:
        value = float("text" if isinstance(stamp, str) else stamp)
    except (TypeError, ValueError):
        raise error(f"The stamp is {stamp!r}; it must be seconds, such as stamp.sec + 1e-9 * stamp.nanosec.") from None
    return value if math.isfinite(value) else None
