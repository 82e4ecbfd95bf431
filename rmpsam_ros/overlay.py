"""Draws results over their image with numpy and OpenCV: RGB in, RGB out, the input is not changed.

The node's overlay topic, the command line and the demo all use these functions.
"""
from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from rmpsam_ros.errors import ImageError
from rmpsam_ros.overlay_colors import Color, segment_colors, track_color
from rmpsam_ros.overlay_tags import Box, TagLayer, paint_text, text_scale, text_size
from rmpsam_ros.types import FOREGROUND, PanopticResult, PromptResult, Roi, Segment, TrackedInstance

Image = npt.NDArray[np.uint8]

UNTRAINED_BANNER = "UNTRAINED MODEL: masks mean nothing"
"""Banner on every image drawn with an untrained model."""

MAX_TAGS = 24
_AMBER: Color = (255, 191, 0)
_CLICK: Color = (40, 150, 255)
_GREEN: Color = (40, 220, 90)
_RED: Color = (245, 60, 50)
_YELLOW: Color = (255, 220, 40)
_LEAST_THING, _LEAST_STUFF = 0.0008, 0.01  # share of the image: smaller segments are coloured but not labelled


def draw_panoptic(
    image: Image, result: PanopticResult, alpha: float = 0.5, banner: str = "", tags: bool = True
) -> Image:
    """Draws a panoptic map over its image.

    Args:
        image: (H, W, 3) uint8 RGB; not changed.
        result: the map of that image, of the same height and width.
        alpha: opacity of the colours, 0 (contours only) to 1.
        banner: text across the top, such as `UNTRAINED_BANNER`; '' for none.
        tags: whether to label segments with class, score and track ID.

    Returns:
        (H, W, 3) uint8 RGB, a new array. Unlabelled pixels keep the image's colour.

    Raises:
        ImageError: the image is not (H, W, 3) uint8, or the map has another size.
    """
    _check(image, result.segment_ids, "segment_ids")
    ids, table = _compact(result)
    palette = np.zeros((256, 1, 3), np.uint8)
    colors = segment_colors(result.segments, result.labels)
    for segment, color in zip(result.segments, colors):
        palette[table[segment.id]] = color
    canvas = np.empty(image.shape, np.uint8)
    # In strips that fit the CPU cache: 40 % faster at 1920x1080.
    rows = max(8, _STRIP_PIXELS // image.shape[1])
    for top in range(0, image.shape[0], rows):
        _paint_strip(canvas, image, ids, palette, alpha, top, top + rows)
    taken = [_paint_banner(canvas, banner)] if banner else []
    if tags:
        _tag_segments(canvas, ids, table, result.segments, colors, taken)
    return canvas


def draw_click(
    image: Image, click: PromptResult, alpha: float = 0.5, banner: str = "", caption: str | None = None
) -> Image:
    """Draws the answer to a click or box over its image: the mask, the prompts, and a caption next to them.

    Args:
        image: (H, W, 3) uint8 RGB; not changed.
        click: the answer, with a mask of the same height and width. Foreground points are drawn green, background points
            red, boxes yellow.
        alpha: opacity of the mask's colour, 0 to 1.
        banner: text across the top; '' for none.
        caption: text next to the prompt; None for the class and the predicted IoU, '' for nothing.

    Returns:
        (H, W, 3) uint8 RGB, a new array.

    Raises:
        ImageError: the image is not (H, W, 3) uint8, or the mask has another size.
    """
    _check(image, click.mask, "mask")
    mask = np.ascontiguousarray(click.mask).view(np.uint8)
    canvas = image.copy(order="C")
    thick = max(1, round(min(mask.shape) / 480))
    roi = Roi.of_mask(mask)
    if roi.width:
        canvas[roi.slices] = _blend(canvas[roi.slices], _filled(roi, _CLICK), mask[roi.slices], alpha)
        contours, _ = cv2.findContours(mask[roi.slices], cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(roi.x, roi.y))
        cv2.drawContours(canvas, contours, -1, (255, 255, 255), thick)
    for x1, y1, x2, y2 in click.boxes:
        cv2.rectangle(canvas, (round(x1), round(y1)), (round(x2), round(y2)), _YELLOW, thick + 1)
    for point in click.points:
        _paint_point(canvas, point.x, point.y, _GREEN if point.label == FOREGROUND else _RED)
    taken = [_paint_banner(canvas, banner)] if banner else []
    text = f"{click.class_name or 'object'}  IoU {click.score:.2f}" if caption is None else caption
    if text:
        TagLayer(canvas, taken).put(text, _CLICK, _below_prompt(click, canvas))
    return canvas


def draw_followed(canvas: Image, result: PanopticResult, tracks: Iterable[TrackedInstance], alpha: float = 0.5) -> Image:
    """Draws tracked clicked objects on an image from `draw_panoptic`, with thick contours in the colours of their tracks.

    Args:
        canvas: (H, W, 3) uint8 RGB; not changed.
        result: the map drawn on it.
        tracks: the tracks of the frame; only clicked, CONFIRMED ones are drawn. They need not have a segment in the map.
        alpha: opacity of mask pixels outside the track's own segment, 0 to 1.

    Returns:
        (H, W, 3) uint8 RGB, a new array if there is anything to draw.
    """
    followed = [t for t in tracks if t.is_followed and t.roi.width]
    if not followed:
        return canvas
    _check(canvas, result.segment_ids, "segment_ids")
    canvas, thick = canvas.copy(order="C"), max(2, round(min(canvas.shape[:2]) / 200))
    segment_of = {segment.track_id: segment.id for segment in result.segments if segment.track_id}
    layer = TagLayer(canvas, [])
    for track in followed:
        color, roi = track_color(track.track_id), track.roi
        mask = np.ascontiguousarray(track.mask).view(np.uint8)
        new = mask & (result.segment_ids[roi.slices] != segment_of.get(track.track_id, -1))
        canvas[roi.slices] = _blend(canvas[roi.slices], _filled(roi, color), new, alpha)
        contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(roi.x, roi.y))
        cv2.drawContours(canvas, contours, -1, color, thick)
        if track.track_id not in segment_of:
            layer.put(tag_text(track), color, (roi.x + roi.width // 2, roi.y + roi.height // 2))
    return canvas


def tag_text(shown: Segment | TrackedInstance) -> str:
    """Class, track ID and score, in the format used by all views of the results."""
    track = f" #{shown.track_id}" if shown.track_id else ""
    return f"{shown.class_name or 'object'}{track} {shown.score:.2f}"


_STRIP_PIXELS = 1 << 16
_NEIGHBOURS = np.ones((3, 3), np.uint8)


def _check(image: Image, other: npt.NDArray, what: str) -> None:
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        kind = f"{image.shape} {image.dtype}" if isinstance(image, np.ndarray) else type(image).__name__
        raise ImageError(f"An overlay is drawn on an (H, W, 3) uint8 RGB image; this is {kind}.")
    if 0 in image.shape:
        raise ImageError(f"An overlay is drawn on an image of at least one pixel; this one is {image.shape}.")
    if other.shape != image.shape[:2]:
        raise ImageError(f"{what} is {other.shape} but the image is {image.shape[:2]}; both need the same (H, W).")


def _compact(result: PanopticResult) -> tuple[Image, npt.NDArray[np.uint8]]:
    """The map with IDs reduced to bytes, for OpenCV's fast table look-ups, and the table from ID to byte.

    With more than 255 segments, bytes are reused cyclically; the contour is missing only between touching segments with the same byte.
    """
    segment_ids = result.segment_ids
    largest = max(int(segment_ids.max()), max((s.id for s in result.segments), default=0))
    table = np.zeros(max(largest + 1, 256), np.uint8)
    for index, segment in enumerate(result.segments):
        table[segment.id] = 1 + index % 255
    if largest < 256:  # the common case, five times as fast as the general one
        return cv2.LUT(cv2.convertScaleAbs(segment_ids), table), table
    return np.take(table, segment_ids, mode="clip"), table


def _paint_strip(
    canvas: Image, image: Image, ids: Image, palette: Image, alpha: float, top: int, bottom: int
) -> None:
    """Paints rows `top` (inclusive) to `bottom` (exclusive): colours over the image, and a contour around each segment."""
    strip = ids[top:bottom]
    painted = cv2.applyColorMap(strip, palette)
    blended = _blend(image[top:bottom], painted, strip, alpha)
    # Where a pixel's 3x3 neighbourhood contains two segments, both sides get the full colour: a sharp contour two pixels wide.
    above = 1 if top else 0
    edges = cv2.morphologyEx(ids[top - above : bottom + 1], cv2.MORPH_GRADIENT, _NEIGHBOURS)[above:][: strip.shape[0]]
    cv2.copyTo(painted, cv2.min(edges, strip), blended)
    canvas[top:bottom] = blended


def _blend(image: Image, painted: Image, mask: Image, alpha: float) -> Image:
    """A new image: `painted` over `image` with opacity `alpha` where the (H, W) uint8 mask is not 0."""
    alpha = min(max(float(alpha), 0.0), 1.0)
    canvas = image.copy(order="C")
    cv2.copyTo(cv2.addWeighted(canvas, 1.0 - alpha, painted, alpha, 0.0), mask, canvas)
    return canvas


def _filled(roi: Roi, color: Color) -> Image:
    """(height, width, 3) uint8 of one colour."""
    picture = np.empty((roi.height, roi.width, 3), np.uint8)
    cv2.rectangle(picture, (0, 0), (roi.width, roi.height), color, cv2.FILLED)
    return picture


def _tag_segments(
    canvas: Image,
    ids: Image,
    table: npt.NDArray[np.uint8],
    segments: tuple[Segment, ...],
    colors: list[Color],
    taken: list[Box],
) -> None:
    """Labels the segments, things first and large before small, each at a point deep inside it."""
    pixels = ids.size
    named = [
        (segment, color)
        for segment, color in zip(segments, colors)
        if segment.area >= pixels * (_LEAST_THING if segment.is_thing else _LEAST_STUFF)
    ]
    named.sort(key=lambda pair: (not pair[0].is_thing, -pair[0].area))
    # On a coarse map: a tag's position need not be exact, and a full-size distance transform costs more than everything else.
    step = max(1, max(ids.shape) // 160)
    first_row, first_column = (min(step // 2, side - 1) for side in ids.shape)  # a line scan has only one row
    coarse = np.ascontiguousarray(ids[first_row::step, first_column::step])
    inside = cv2.morphologyEx(coarse, cv2.MORPH_GRADIENT, _NEIGHBOURS) == 0
    framed = cv2.copyMakeBorder(inside.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1]
    layer = TagLayer(canvas, list(taken))
    for segment, color in named[:MAX_TAGS]:
        text = tag_text(segment)
        width, height = layer.size(text)
        roi = segment.roi
        if roi.width < width and roi.height < 3 * height:  # a tag on the segment would hide it
            anchor = (roi.x + roi.width // 2, roi.y - height // 2 - 1)
        else:
            anchor = _deepest(segment, int(table[segment.id]), coarse, depth, step)
        layer.put(text, color, anchor)


def _deepest(
    segment: Segment, value: int, coarse: Image, depth: npt.NDArray[np.float32], step: int
) -> tuple[int, int]:
    """(x, y) in pixels of the point nearest to the centre of the segment's box among those deep inside the segment.

    If the segment is too thin for the coarse map, the centre of its box.
    """
    roi = segment.roi
    middle = (roi.x + roi.width // 2, roi.y + roi.height // 2)
    top, left = roi.y // step, roi.x // step
    rows = slice(top, (roi.y + roi.height) // step + 1)
    columns = slice(left, (roi.x + roi.width) // step + 1)
    part = coarse[rows, columns]
    if part.size == 0:
        return middle
    inside = np.where(part == value, depth[rows, columns] + 1.0, 0.0)
    deepest = float(inside.max())
    if deepest == 0.0:
        return middle
    ys, xs = np.nonzero(inside >= 0.85 * deepest)
    xs, ys = (left + xs) * step + step // 2, (top + ys) * step + step // 2
    nearest = int(np.hypot(xs - middle[0], ys - middle[1]).argmin())
    return int(xs[nearest]), int(ys[nearest])


def _paint_point(canvas: Image, x: float, y: float, color: Color) -> None:
    radius = max(3, round(min(canvas.shape[:2]) / 90))
    at = (round(x), round(y))
    cv2.circle(canvas, at, radius + 2, (255, 255, 255), -1, cv2.LINE_AA)
    cv2.circle(canvas, at, radius, color, -1, cv2.LINE_AA)


def _below_prompt(click: PromptResult, canvas: Image) -> tuple[int, int]:
    """(x, y) for the caption: below the first foreground point, else at the upper edge of the box or mask."""
    below = round(min(canvas.shape[:2]) / 20)
    for point in click.points:
        if point.label == FOREGROUND:
            return round(point.x), round(point.y) + below
    if click.boxes:
        x1, y1, x2, _ = click.boxes[0]
        return round((x1 + x2) / 2), round(y1) + below // 2
    roi = Roi.of_mask(click.mask)
    return roi.x + roi.width // 2, roi.y + below // 2


def _paint_banner(canvas: Image, text: str) -> Box:
    """Paints a dark strip across the top with centred text, shrunk to fit; returns the area that it covers."""
    height, width = canvas.shape[:2]
    scale = round(text_scale(height, width) * 1.25, 3)
    while text_size(text, scale)[0] > width and scale > 0.2:
        scale = round(scale * 0.9, 3)
    text_width, strip = text_size(text, scale)
    strip = min(strip + 4, height)
    canvas[:strip] = cv2.convertScaleAbs(canvas[:strip], alpha=0.25, beta=6)
    paint_text(canvas, max((width - text_width) // 2, 0), 2, text, scale, _AMBER, shade=False)
    return 0, 0, width, strip
