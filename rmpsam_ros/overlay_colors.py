"""Colours for segments: that of the track, else that of the class, varied so that neighbouring instances of a class differ."""
from __future__ import annotations

import colorsys
from functools import lru_cache
from typing import Sequence

from rmpsam_ros.types import LabelSet, Segment

Color = tuple[int, int, int]
"""RGB, 0 to 255."""

_GOLDEN = 0.6180339887498949  # its multiples modulo 1 are spread evenly, so that consecutive IDs get very different hues
_HUE_STEPS = (0.0, 0.09, -0.09, 0.18, -0.18, 0.28, -0.28, 0.40)  # offsets from the class's hue, as fractions of the colour circle


@lru_cache(maxsize=4096)
def track_color(track_id: int) -> Color:
    """The colour of a track, which depends only on its ID, so that it is the same in every frame and view."""
    hue = (track_id * _GOLDEN) % 1.0
    saturation = (0.80, 0.55, 0.95)[track_id % 3]
    value = (1.00, 0.85)[track_id % 2]
    return _rgb(hue, saturation, value)


@lru_cache(maxsize=4096)
def instance_color(class_color: Color, rank: int) -> Color:
    """The colour of the `rank`-th instance of a class; rank 0 has the class's own colour."""
    if rank == 0:
        return class_color
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255.0 for channel in class_color))
    hue = (hue + _HUE_STEPS[rank % len(_HUE_STEPS)]) % 1.0
    # Grey classes have no hue to shift and dark ones show none, so raise saturation and value; darken after each full cycle of hues.
    value = max(value, 0.75) * (1.0, 0.75, 0.55)[rank // len(_HUE_STEPS) % 3]
    return _rgb(hue, max(saturation, 0.55), value)


def segment_colors(segments: Sequence[Segment], labels: LabelSet) -> list[Color]:
    """One colour for each segment, in their order.

    A tracked segment has its track's colour. Instances of one class are ranked from left to right and not by their order in the
    result, which may change from frame to frame.
    """
    ranks: dict[int, int] = {}
    met: dict[int, int] = {}
    for segment in sorted(segments, key=lambda s: s.roi.x + s.roi.width / 2):
        if segment.is_thing and not segment.track_id:
            ranks[segment.id] = met.get(segment.class_id, 0)
            met[segment.class_id] = ranks[segment.id] + 1
    return [
        track_color(segment.track_id)
        if segment.track_id
        else instance_color(_class_color(segment.class_id, labels), ranks.get(segment.id, 0))
        for segment in segments
    ]


def _class_color(class_id: int, labels: LabelSet) -> Color:
    """The label set's colour; a generated one for classes that are not in the set, or black, which would be invisible."""
    color = tuple(labels[class_id].color) if 0 <= class_id < len(labels) else (0, 0, 0)
    return color if any(color) else track_color(class_id + 1)


def _rgb(hue: float, saturation: float, value: float) -> Color:
    red, green, blue = (round(channel * 255) for channel in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue
