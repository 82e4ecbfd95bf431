"""Makes `visualization_msgs/Marker`s of 3D tracks: a box around each, with its name and distance above it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping

from builtin_interfaces.msg import Duration
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from rmpsam_ros.depth_view import Extent, boxed
from rmpsam_ros.overlay_colors import track_color
from rmpsam_ros.types import TrackedInstance

BOXES, NAMES = "boxes", "names"
"""The namespaces of the markers; a marker's ID is the track ID."""
_THINNEST = 0.005
"""Minimum side in metres; RViz does not draw a box without thickness."""
_OPACITY = 0.35
STAY = 3.0
"""Seconds after which boxes that no frame has confirmed are deleted; the markers' lifetime has the viewer do so if the node crashes."""
_TEXT = 0.035, 0.02, 0.4
"""Height of the letters: fraction of the distance, minimum and maximum in metres."""


class TrackMarkers:
    """Makes the marker message of each frame; remembers which tracks are shown, to delete those that are gone."""

    def __init__(self) -> None:
        self._shown: set[int] = set()
        self._fresh = True

    def message(self, tracks: Iterable[TrackedInstance], extents: Mapping[int, Extent], header: Header) -> MarkerArray:
        """The confirmed tracks that have an extent, by track ID. The first message deletes what an earlier run left."""
        markers = [Marker(header=header, action=Marker.DELETEALL)] if self._fresh else []
        shown = boxed(tracks, extents)
        ids = {track.track_id for track, _ in shown}
        for gone in sorted(self._shown - ids):
            markers += [Marker(header=header, ns=ns, id=gone, action=Marker.DELETE) for ns in (BOXES, NAMES)]
        for track, extent in shown:
            markers += [_box(track, extent, header), _name(track, extent, header)]
        self._shown, self._fresh = ids, False
        return MarkerArray(markers=markers)

    def clear(self, header: Header) -> MarkerArray | None:
        """The message that deletes all markers; None if none are shown."""
        if not self._shown:
            return None
        self._shown, self._fresh = set(), True
        return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])


def _box(track: TrackedInstance, extent: Extent, header: Header) -> Marker:
    box = _marker(track, header, BOXES, Marker.CUBE, _OPACITY)
    _place(box, extent.center)
    box.scale.x, box.scale.y, box.scale.z = (max(side, _THINNEST) for side in extent.size)
    return box


def _name(track: TrackedInstance, extent: Extent, header: Header) -> Marker:
    name = _marker(track, header, NAMES, Marker.TEXT_VIEW_FACING, 1.0)
    share, least, most = _TEXT
    letters = min(max(share * extent.position[2], least), most)
    x, y, z = extent.center
    _place(name, (x, y - extent.size[1] / 2 - letters, z))  # y is down
    name.scale.z = letters
    distance = sum(value * value for value in extent.position) ** 0.5
    name.text = f"{track.class_name or 'object'} {track.track_id}  {distance:.2f} m"
    return name


def _marker(track: TrackedInstance, header: Header, ns: str, kind: int, opacity: float) -> Marker:
    marker = Marker(header=header, ns=ns, id=track.track_id, type=kind, action=Marker.ADD, lifetime=Duration(sec=int(STAY)))
    marker.pose.orientation.w = 1.0
    red, green, blue = track_color(track.track_id)
    marker.color.r, marker.color.g, marker.color.b, marker.color.a = red / 255.0, green / 255.0, blue / 255.0, opacity
    return marker


def _place(marker: Marker, place: tuple[float, float, float]) -> None:
    marker.pose.position.x, marker.pose.position.y, marker.pose.position.z = place
