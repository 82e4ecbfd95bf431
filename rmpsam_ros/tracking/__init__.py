"""Multi-object tracking with track ids that persist across frames. Plain numpy and scipy: no torch, no ROS."""
from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.tracking.frames import with_track_ids
from rmpsam_ros.tracking.tracker import Tracker

__all__ = ["Detections", "Tracker", "with_track_ids"]
