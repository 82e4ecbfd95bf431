"""Helpers for tests of the node: an image, and assertions on the bytes of messages."""
from __future__ import annotations

import numpy as np

from ros_harness import Client, until

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from sensor_msgs.msg import RegionOfInterest

from rmpsam_ros.msg import PanopticSegmentation, PointPrompt
from rmpsam_ros.srv import SegmentPoints


def scene(height: int, width: int) -> np.ndarray:
    """An image with some structure, (H, W, 3) uint8 RGB."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.dstack([x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x + y) % 256]).astype(np.uint8)
    cv2.circle(image, (width // 2, height // 2), min(height, width) // 4, (250, 40, 30), -1)
    return image


def check_panoptic(message: PanopticSegmentation, source) -> np.ndarray:
    """Asserts every documented property of the message; returns the map."""
    ids_message = message.segment_ids
    assert message.header == source.header and ids_message.header == source.header
    assert (ids_message.height, ids_message.width) == (source.height, source.width)
    assert ids_message.encoding == "mono16" and ids_message.step == 2 * source.width and not ids_message.is_bigendian
    ids = np.frombuffer(ids_message.data, "<u2").reshape(source.height, source.width)
    values, counts = np.unique(ids, return_counts=True)
    areas = {int(v): int(c) for v, c in zip(values, counts) if v}
    assert sorted(areas) == sorted(segment.id for segment in message.segments)
    for segment in message.segments:
        assert segment.area == areas[segment.id] and 0 <= segment.score <= 1 and segment.class_name
        rows, columns = np.nonzero(ids == segment.id)
        roi = segment.roi
        assert (roi.x_offset, roi.y_offset) == (columns.min(), rows.min())
        assert (roi.width, roi.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    return ids


def diagnostics(client: Client) -> list[DiagnosticStatus]:
    """The node's next diagnostics report."""
    collected = client.listen(DiagnosticArray, "/diagnostics")
    count = len(collected)

    def reports():  # another node in the same domain may publish diagnostics too
        return [m for m in collected[count:] if m.status and m.status[0].name == f"/{client.target}: inference"]

    return until(reports, "diagnostics")[-1].status


def camera_status(client: Client, name: str) -> dict[str, str]:
    """The values of a camera's status in the next report."""
    status = next(s for s in diagnostics(client) if s.name.endswith(f"camera {name}"))
    return {value.key: value.value for value in status.values}


def request(points=(), labels=None, boxes=(), camera="", stamp: int = 0, track=False) -> SegmentPoints.Request:
    message = SegmentPoints.Request(camera=camera, track=track)
    message.stamp.sec, message.stamp.nanosec = divmod(stamp, 1_000_000_000)
    labels = [PointPrompt.FOREGROUND] * len(points) if labels is None else labels
    message.points = [PointPrompt(x=float(x), y=float(y), label=label) for (x, y), label in zip(points, labels)]
    message.boxes = [RegionOfInterest(x_offset=x, y_offset=y, width=w, height=h) for x, y, w, h in boxes]
    return message


def segment(client: Client, **arguments) -> SegmentPoints.Response:
    return client.call(SegmentPoints, "~/segment", request(**arguments))


def check_answer(response: SegmentPoints.Response, source) -> np.ndarray:
    """Asserts every documented property of a response with a mask; returns the mask."""
    assert response.success, response.message
    assert response.header == source.header and response.mask.header == source.header
    mask = response.mask
    assert (mask.encoding, mask.height, mask.width, mask.step) == ("mono8", source.height, source.width, source.width)
    pixels = np.frombuffer(mask.data, np.uint8).reshape(mask.height, mask.width)
    assert set(np.unique(pixels)) <= {0, 255} and 0 <= response.score <= 1
    roi = response.roi
    if pixels.any():
        rows, columns = np.nonzero(pixels)
        assert (roi.x_offset, roi.y_offset) == (columns.min(), rows.min())
        assert (roi.width, roi.height) == (np.ptp(columns) + 1, np.ptp(rows) + 1)
    else:
        assert roi.width == roi.height == 0
    assert bool(response.class_name) == (response.class_id != 65535)
    return pixels


def check_refused(response, *parts: str) -> None:
    assert not response.success and "\n" not in response.message
    for part in parts:
        assert part in response.message, response.message
    assert response.message[0].isupper() and response.message.endswith((".", "…"))
