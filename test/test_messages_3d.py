"""Tests point clouds and markers: their bytes as other programs read them."""
from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sensor_msgs.msg", reason="ROS 2 is not installed (pip install . brings it)")
pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from sensor_msgs.msg import PointField  # noqa: E402
from std_msgs.msg import Header  # noqa: E402
from visualization_msgs.msg import Marker  # noqa: E402

from rmpsam_ros.depth_view import DepthView, Extent, pinhole_rays  # noqa: E402
from rmpsam_ros.ros.clouds import cloud_message  # noqa: E402
from rmpsam_ros.ros.markers import TrackMarkers  # noqa: E402
from rmpsam_ros.types import (  # noqa: E402
    ClassLabel,
    LabelSet,
    PanopticResult,
    Roi,
    Segment,
    TrackedInstance,
    TrackState,
)

LABELS = LabelSet("two", (ClassLabel(0, "cup", True, (200, 0, 0)), ClassLabel(1, "table", False, (0, 200, 0))))
HEADER = Header(frame_id="optical")


def parts(height: int = 6, width: int = 9):
    """A depth view at 2 m, its image, and a map: nothing on the left, a table in the middle, a tracked cup on the right."""
    view = DepthView(np.full((height, width), 2.0, np.float32), pinhole_rays((height, width), [[10, 0, 4], [0, 10, 2], [0, 0, 1]]))
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    ids = np.zeros((height, width), np.uint16)
    ids[:, 3:6], ids[:, 6:] = 4, 9
    segments = (
        Segment(4, 1, "table", False, 0.9, 3 * height, Roi(3, 0, 3, height)),
        Segment(9, 0, "cup", True, 0.9, 3 * height, Roi(6, 0, 3, height), track_id=70_000),
    )
    return view, image, PanopticResult(ids, segments, LABELS)


def read(message) -> dict[str, np.ndarray]:
    """The fields of a cloud, read only from the message's own description, (height, width) each."""
    kinds = {PointField.FLOAT32: "f", PointField.UINT16: "H", PointField.UINT32: "I"}
    order = ">" if message.is_bigendian else "<"
    data, values = bytes(message.data), {field.name: [] for field in message.fields}
    for row in range(message.height):
        for column in range(message.width):
            start = row * message.row_step + column * message.point_step
            for field in message.fields:
                assert field.count == 1
                values[field.name] += struct.unpack_from(order + kinds[field.datatype], data, start + field.offset)
    return {name: np.array(column).reshape(message.height, message.width) for name, column in values.items()}


def track(mask: np.ndarray, **changes) -> TrackedInstance:
    roi = Roi.of_mask(mask)
    fields = dict(track_id=5, class_id=0, class_name="cup", score=0.9, state=TrackState.CONFIRMED, age=4, frames_since_seen=0,
                  prompted=True, roi=roi, mask=mask[roi.slices])
    return TrackedInstance(**{**fields, **changes})


def test_cloud__each_point_is_its_pixel():
    view, image, panoptic = parts()
    view.depth[1, 2] = np.nan
    message = cloud_message(view, image, panoptic, (), 1, HEADER)
    assert message.header == HEADER and (message.height, message.width) == (6, 9) and not message.is_dense
    assert len(message.data) == message.row_step * message.height == message.point_step * 54
    assert [field.name for field in message.fields] == ["x", "y", "z", "rgb", "class_id", "track_id"]
    cloud = read(message)
    assert np.isnan([cloud[axis][1, 2] for axis in "xyz"]).all()
    assert (cloud["x"][5, 8], cloud["y"][5, 8], cloud["z"][5, 8]) == pytest.approx((0.8, 0.6, 2.0))
    (packed,) = struct.unpack("<I", struct.pack("<f", cloud["rgb"][3, 4]))
    assert [packed >> 16 & 255, packed >> 8 & 255, packed & 255] == image[3, 4].tolist()
    assert cloud["class_id"][0].tolist() == [65535] * 3 + [1] * 3 + [0] * 3
    assert cloud["track_id"][0].tolist() == [0] * 6 + [70_000] * 3


def test_cloud__without_gaps_is_dense_and_empty_maps_have_no_classes():
    view, image, _ = parts()
    message = cloud_message(view, image, PanopticResult(np.zeros((6, 9), np.uint16), (), LABELS), (), 1, HEADER)
    assert message.is_dense and (read(message)["class_id"] == 65535).all()


@pytest.mark.parametrize("step", [2, 4])
def test_cloud__thinned(step):
    view, image, panoptic = parts()
    whole, thin = (read(cloud_message(view, image, panoptic, (), s, HEADER)) for s in (1, step))
    for name in whole:
        np.testing.assert_array_equal(thin[name], whole[name][::step, ::step])


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_cloud__a_clicked_track_that_the_map_lacks_lies_over_it(step):
    view, image, panoptic = parts()
    mask = np.zeros((6, 9), bool)
    mask[1:5, 2:7] = True
    mask[2, 3] = False
    cloud = read(cloud_message(view, image, panoptic, (track(mask), track(~mask, track_id=6, frames_since_seen=1)), step, HEADER))
    expected = np.where(mask, 5, np.where(panoptic.segment_ids == 9, 70_000, 0))[::step, ::step]
    np.testing.assert_array_equal(cloud["track_id"], expected)
    np.testing.assert_array_equal(cloud["class_id"][mask[::step, ::step]], 0)


EXTENT = Extent((0.1, 0.2, 1.5), (0.11, 0.21, 1.6), (0.3, 0.2, 0.0))


def test_markers__a_box_and_a_name():
    mask = np.ones((3, 3), bool)
    tracks = (track(mask), track(mask, track_id=6), track(mask, track_id=7, state=TrackState.TENTATIVE))
    makes = TrackMarkers()
    first, box, name = makes.message(tracks, {5: EXTENT, 7: EXTENT}, HEADER).markers
    assert first.action == Marker.DELETEALL
    assert (box.ns, box.id, box.type, box.action) == ("boxes", 5, Marker.CUBE, Marker.ADD)
    assert (name.ns, name.id, name.type, name.text) == ("names", 5, Marker.TEXT_VIEW_FACING, "cup 5  1.52 m")
    assert box.header == name.header == HEADER
    position, scale = box.pose.position, box.scale
    assert (position.x, position.y, position.z) == EXTENT.center and box.pose.orientation.w == 1.0
    assert (scale.x, scale.y) == (0.3, 0.2) and 0 < scale.z < 0.01
    assert name.pose.position.y < 0.21 - 0.1 and 0.02 <= name.scale.z <= 0.4  # above: y is down
    assert 0 < box.color.a < 1 == name.color.a


def test_markers__go_by_themselves_where_the_node_has_crashed():
    message = TrackMarkers().message([track(np.ones((3, 3), bool))], {5: EXTENT}, HEADER)
    assert [m.lifetime.sec for m in message.markers if m.action == Marker.ADD] == [3, 3]


def test_markers__what_is_gone_is_taken_down_once():
    mask = np.ones((3, 3), bool)
    makes, both = TrackMarkers(), (track(mask), track(mask, track_id=6, class_name=""))
    names = [marker.text for marker in makes.message(both, {5: EXTENT, 6: EXTENT}, HEADER).markers if marker.text]
    assert [name.split()[0] for name in names] == ["cup", "object"]
    lost = replace(both[0], state=TrackState.LOST)
    found = [(m.action, m.ns, m.id) for m in makes.message((lost, both[1]), {6: EXTENT}, HEADER).markers]
    assert found == [(Marker.DELETE, "boxes", 5), (Marker.DELETE, "names", 5), (Marker.ADD, "boxes", 6), (Marker.ADD, "names", 6)]
    assert [(m.action, m.id) for m in makes.message((), {}, HEADER).markers] == [(Marker.DELETE, 6)] * 2
    assert makes.message((), {}, HEADER).markers == [] and makes.clear(HEADER) is None
    makes.message(both, {5: EXTENT}, HEADER)
    assert [m.action for m in makes.clear(HEADER).markers] == [Marker.DELETEALL]
    assert makes.message((), {}, HEADER).markers[0].action == Marker.DELETEALL


def test_cloud__the_byte_above_the_colour_is_nought():
    view, image, panoptic = parts()
    words = np.frombuffer(bytes(cloud_message(view, image, panoptic, (), 1, HEADER).data), "<u4").reshape(-1, 6)
    assert not (words[:, 3] >> 24).any() and words[0, 3] == int.from_bytes(image[0, 0].tobytes(), "big")
