"""Converts results to messages. Pixels are copied as whole buffers, without loops over them.

`Image.data` accepts an `array.array` unchecked; a list or a numpy array would be checked element by element (28 to 494 ms
for an image instead of 1 ms), and Humble checks everything else that way too.
"""
from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import ColorRGBA, Header

from rmpsam_ros.msg import ClassLabel, LabelSet, PanopticSegmentation, Segment, TrackedInstanceArray
from rmpsam_ros.msg import TrackedInstance as TrackedInstanceMessage
from rmpsam_ros.types import LabelSet as Labels
from rmpsam_ros.types import PanopticResult, Roi, TrackedInstance

NO_CLASS = 65535
"""`class_id` of an answer that overlaps no segment: the largest uint16, as vision_msgs marks "unlabelled"."""

_JPEG_QUALITY = 85
_ENCODING_BYTES = {"mono8": 1, "bgr8": 3, "rgb8": 3, "mono16": 2, "16UC1": 2}


def byte_array(pixels: npt.NDArray) -> array:
    """The bytes of an array in C order."""
    data = array("B")
    data.frombytes(np.ascontiguousarray(pixels).reshape(-1).view(np.uint8))
    return data


def image_message(pixels: npt.NDArray, encoding: str, header: Header) -> Image:
    """An Image of (H, W) or (H, W, C) pixels, without row padding, in this machine's byte order."""
    height, width = pixels.shape[:2]
    return Image(
        header=header, height=height, width=width, encoding=encoding, is_bigendian=int(sys.byteorder == "big"),
        step=width * _ENCODING_BYTES[encoding], data=byte_array(pixels),
    )


def camera_info_message(size: tuple[int, int], matrix: npt.ArrayLike, header: Header) -> CameraInfo:
    """A CameraInfo of (height, width) images without distortion; `matrix` (3, 3) is K."""
    return CameraInfo(
        header=header, height=size[0], width=size[1], distortion_model="plumb_bob", d=[0.0] * 5,
        k=[float(value) for value in np.ravel(matrix)],
    )


def mask_message(mask: npt.NDArray[np.bool_], header: Header) -> Image:
    """A mono8 Image of a (H, W) bool mask: 255 inside, 0 outside."""
    return image_message(np.ascontiguousarray(mask).view(np.uint8) * np.uint8(255), "mono8", header)


def jpeg_message(bgr: npt.NDArray[np.uint8], header: Header) -> CompressedImage:
    """A CompressedImage of (H, W, 3) BGR pixels."""
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return CompressedImage(header=header, format="bgr8; jpeg compressed bgr8", data=byte_array(data))


def roi_message(roi: Roi) -> RegionOfInterest:
    """An ROI in whole pixels."""
    return RegionOfInterest(x_offset=roi.x, y_offset=roi.y, width=roi.width, height=roi.height)


def panoptic_message(result: PanopticResult, header: Header) -> PanopticSegmentation:
    """A panoptic map with one entry for each value in it."""
    segments = [
        Segment(
            id=segment.id, class_id=segment.class_id, class_name=segment.class_name, is_thing=segment.is_thing,
            score=float(segment.score), area=segment.area, roi=roi_message(segment.roi), track_id=segment.track_id,
        )
        for segment in result.segments
    ]
    return PanopticSegmentation(
        header=header, segment_ids=image_message(result.segment_ids, "mono16", header), segments=segments
    )


def tracks_message(tracks: Sequence[TrackedInstance], header: Header) -> TrackedInstanceArray:
    """All tracks of one camera after a frame, each with its mask inside its tight ROI."""
    instances = []
    for track in tracks:
        roi, mask = track.tight()
        instance = TrackedInstanceMessage(
            track_id=track.track_id, class_id=track.class_id if track.class_id >= 0 else NO_CLASS,
            class_name=track.class_name, score=float(track.score), state=int(track.state), age=track.age,
            frames_since_seen=track.frames_since_seen, prompted=track.prompted, roi=roi_message(roi),
            mask=mask_message(mask, header), has_position=track.position is not None,
        )
        if track.position is not None:
            instance.position.x, instance.position.y, instance.position.z = (float(v) for v in track.position)
        instances.append(instance)
    return TrackedInstanceArray(header=header, instances=instances)


def label_set_message(labels: Labels) -> LabelSet:
    """The classes that `class_id` refers to."""
    classes = [
        ClassLabel(id=label.id, name=label.name, is_thing=label.is_thing, color=_color(label.color))
        for label in labels.classes
    ]
    return LabelSet(name=labels.name, classes=classes)


def stamp_ns(stamp) -> int:
    """A `builtin_interfaces/Time` in nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def _color(rgb: tuple[int, int, int]) -> ColorRGBA:
    red, green, blue = (value / 255.0 for value in rgb)
    return ColorRGBA(r=red, g=green, b=blue, a=1.0)
