"""Makes outlines and labels for Foxglove's image panel, if `foxglove_msgs` is installed (apt: ros-DISTRO-foxglove-msgs).

For slow links: a few kilobytes per frame, drawn over the unchanged image, where the overlay is a whole image.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
from std_msgs.msg import Header

from rmpsam_ros.overlay import tag_text
from rmpsam_ros.overlay_colors import Color, segment_colors, track_color
from rmpsam_ros.types import PanopticResult, Roi, TrackedInstance

try:
    from foxglove_msgs.msg import Color as RGBA
    from foxglove_msgs.msg import ImageAnnotations, Point2, PointsAnnotation, TextAnnotation
except ImportError:
    ImageAnnotations = None

AVAILABLE = ImageAnnotations is not None
"""Whether foxglove_msgs can be imported; nothing else in this module works without it."""

_TOLERANCE = 1 / 640
"""Maximum distance of an outline from the mask's edge, as a fraction of the image's shorter side: under a pixel at 640x480."""
_SPECK = 0.02
"""Regions of a mask below this fraction of its pixels are not outlined."""
_LETTERS = 1 / 32
"""Height of the letters, as a fraction of the image's shorter side."""
_LEAST_LETTERS = 11.0


def annotations_message(
    result: PanopticResult, tracks: Iterable[TrackedInstance] | None, header: Header, banner: str = ""
) -> ImageAnnotations:
    """The things of a frame: outlines in the colours of the overlay, each with class, track ID and score.

    Args:
        result: the frame's panoptic map, with track IDs.
        tracks: the frame's tracks, if any; a clicked object is drawn with the mask of its prompts, in a thicker line.
        header: header of the image.
        banner: a line in the upper left corner; '' for none.
    """
    height, width = result.segment_ids.shape
    letters = max(_LEAST_LETTERS, _LETTERS * min(height, width))
    clicked = [t for t in tracks or () if t.is_followed]
    own = {track.track_id for track in clicked}
    message = ImageAnnotations()
    if hasattr(message, "timestamp"):  # since foxglove_msgs 3.2.5; the annotations inside have always had one
        message.timestamp = header.stamp
    for segment, color in zip(result.segments, segment_colors(result.segments, result.labels)):
        if segment.is_thing and segment.track_id not in own:
            mask = result.segment_ids[segment.roi.slices] == segment.id
            _add(message, mask, segment.roi, color, 2.0, tag_text(segment), letters, min(height, width))
    for track in clicked:
        _add(message, track.mask, track.roi, track_color(track.track_id), 4.0, tag_text(track), letters, min(height, width))
    if banner:
        message.texts.append(_text(banner, 0.0, letters, (0, 0, 0), letters))
    for part in (*message.points, *message.texts):
        part.timestamp = header.stamp
    return message


def _add(
    message: ImageAnnotations, mask: npt.NDArray[np.bool_], roi: Roi, color: Color, thickness: float, text: str, letters: float,
    side: int,
) -> None:
    """One object: a loop around each of its regions, and its label above the ROI, or below the upper edge if the image ends there."""
    for points in _outlines(mask, max(1.0, _TOLERANCE * side)):
        # The message's origin is the image corner; here pixel centres are at integers.
        corners = [Point2(x=roi.x + x + 0.5, y=roi.y + y + 0.5) for x, y in points.tolist()]
        message.points.append(
            PointsAnnotation(type=PointsAnnotation.LINE_LOOP, points=corners, outline_color=_rgba(color), thickness=thickness)
        )
    bottom = float(roi.y) if roi.y >= letters else roi.y + letters
    message.texts.append(_text(text, float(roi.x), bottom, color, letters))


def _outlines(mask: npt.NDArray[np.bool_], tolerance: float) -> Iterator[npt.NDArray[np.float32]]:
    """(n, 2) x and y of the corners of each region's outline and holes, in mask pixels; the bounding box if there are fewer than 3."""
    contours, _ = cv2.findContours(np.ascontiguousarray(mask).view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    least = _SPECK * np.count_nonzero(mask)
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        if width * height < least:
            continue
        corners = cv2.approxPolyDP(contour, tolerance, closed=True)[:, 0].astype(np.float32)
        if len(corners) < 3:
            left, top, right, bottom = x - 0.5, y - 0.5, x + width - 0.5, y + height - 0.5
            corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        yield corners


def _text(text: str, left: float, bottom: float, color: Color, size: float) -> TextAnnotation:
    dark = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] < 128
    return TextAnnotation(
        position=Point2(x=left, y=bottom), text=text, font_size=size,
        text_color=_rgba((255, 255, 255) if dark else (0, 0, 0)), background_color=_rgba(color, 0.75),
    )  # fmt: skip


def _rgba(color: Color, alpha: float = 1.0) -> RGBA:
    red, green, blue = (channel / 255.0 for channel in color)
    return RGBA(r=red, g=green, b=blue, a=alpha)
