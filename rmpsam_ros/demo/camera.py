"""The demo's camera, a separate process: publishes `camera/image_raw` (rgb8, reliable) at a steady rate.

A camera with depth first publishes `camera/depth` (16UC1) and `camera/camera_info` with the same timestamp.

For each frame with a known object to click, `camera/subject` (geometry_msgs/PolygonStamped, the frame's timestamp) has four points
in pixels: on the object, next to it, and two corners of its box; z is 1 if the whole object is in view.
"""
from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

import rclpy
from geometry_msgs.msg import Point32, PolygonStamped
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from rmpsam_ros.demo.motion import View
from rmpsam_ros.demo.photos import Subject
from rmpsam_ros.demo.sources import Source
from rmpsam_ros.errors import RmpsamError
from rmpsam_ros.ros.messages import camera_info_message, image_message

IMAGE_TOPIC, SUBJECT_TOPIC = "camera/image_raw", "camera/subject"
DEPTH_TOPIC, INFO_TOPIC = "camera/depth", "camera/camera_info"
FRAME_ID = "camera_optical_frame"
CAMERA_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class CameraNode(Node):
    """Publishes views; `published` counts them."""

    def __init__(self) -> None:
        super().__init__("demo_camera")
        self.published = 0
        self._images = self.create_publisher(Image, IMAGE_TOPIC, CAMERA_QOS)
        self._subjects = self.create_publisher(PolygonStamped, SUBJECT_TOPIC, CAMERA_QOS)
        self._depth = self._info = None

    def publish(self, view: View) -> None:
        """Publishes one view with the current time as timestamp."""
        message = image_message(view.image, "rgb8", Image().header)
        message.header.frame_id = FRAME_ID
        message.header.stamp = self.get_clock().now().to_msg()
        if view.subject is not None:
            self._subjects.publish(_subject_message(view.subject, message.header))
        if view.depth is not None:
            self._publish_depth(view, message.header)
        self._images.publish(message)
        self.published += 1

    def _publish_depth(self, view: View, header) -> None:
        if self._depth is None:  # only with depth, so that nobody waits for it otherwise
            self._depth = self.create_publisher(Image, DEPTH_TOPIC, CAMERA_QOS)
            self._info = self.create_publisher(CameraInfo, INFO_TOPIC, CAMERA_QOS)
        self._info.publish(camera_info_message(view.depth.shape, view.matrix, header))
        self._depth.publish(image_message(view.depth, "16UC1", header))


def main(argv: Sequence[str] | None = None) -> int:
    """Publishes until it is told to stop or a device delivers no more frames."""
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.demo.camera", description=__doc__.splitlines()[0])
    parser.add_argument("--source", help="image, folder, video, device or simulated (default: the bundled photographs)")
    parser.add_argument("--rate", type=float, default=20.0, help="frame rate in Hz over photos; videos and devices have their own (default: 20)")
    args = parser.parse_args(argv)
    try:
        source = Source(args.source, args.rate)
    except RmpsamError as error:
        print(error, file=sys.stderr)
        return 2
    rclpy.init()
    node, failure = CameraNode(), ""
    try:
        _publish_all(node, source)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except RmpsamError as error:
        failure = str(error)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()
    print(failure or f"{node.published} frames published")  # the demo repeats the last line
    return 2 if failure else 0


def _publish_all(node: CameraNode, source: Source) -> None:
    """Publishes each frame when it is due; a late frame does not speed up the following ones."""
    due = time.monotonic()
    for view in source:
        if not rclpy.ok():
            return
        if not source.paced:
            due = max(due + 1.0 / source.rate, time.monotonic() - 1.0 / source.rate)
            time.sleep(max(0.0, due - time.monotonic()))
        if rclpy.ok():  # a signal may have come in the meantime
            node.publish(view)


def _subject_message(subject: Subject, header) -> PolygonStamped:
    message = PolygonStamped(header=header)
    for x, y in (subject.on, subject.beside, subject.box[:2], subject.box[2:]):
        message.polygon.points.append(Point32(x=float(x), y=float(y), z=float(subject.whole)))
    return message


if __name__ == "__main__":
    sys.exit(main())
