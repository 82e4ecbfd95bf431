"""A depth camera for tests of a module's `node`, and the results of its images."""
from __future__ import annotations

import copy
import itertools
import time

import numpy as np
import pytest

from node_checks import camera_status, scene
from ros_harness import Client, until

from sensor_msgs.msg import CameraInfo, Image

from rmpsam_ros.ros.messages import byte_array, stamp_ns

SIZE = (96, 128)
FOCAL = 100.0
ROUNDS = itertools.count(1)


class DepthCamera:
    """Publishes images with depth: a slope from 1 m on the left to 2 m on the right."""

    def __init__(self, client: Client, name: str = "camera"):
        self.client, self.name = client, name
        self.image = scene(*SIZE)
        self.depth = np.broadcast_to(np.linspace(1.0, 2.0, SIZE[1], dtype=np.float32), SIZE).copy()

        self.calibrate()
        client.skip(100.0 * next(ROUNDS))  # the node outlives a client: no two tests have the same stamps

    def calibrate(self, width: int = SIZE[1], height: int = SIZE[0]) -> None:
        """Publishes a calibration for images of that size."""
        self.info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5,
                               k=[FOCAL, 0.0, SIZE[1] / 2, 0.0, FOCAL, SIZE[0] / 2, 0.0, 0.0, 1.0])
        self.info.header.frame_id = "optical"

    def image_message(self) -> Image:
        return self.client.image(self.image)

    def depth_message(self, like: Image, metres: np.ndarray | None = None, millimetres: bool = False) -> Image:
        metres = self.depth if metres is None else metres
        values = np.rint(metres * 1000).astype("<u2") if millimetres else metres.astype("<f4")
        return Image(header=copy.deepcopy(like.header), height=values.shape[0], width=values.shape[1], step=values.strides[0],
                     encoding="16UC1" if millimetres else "32FC1", data=byte_array(values))

    def shoot(self, millimetres: bool = False, metres: np.ndarray | None = None) -> Image:
        """Publishes the calibration and the depth of a new image, then the image."""
        self.client.publish(f"{self.name}/camera_info", self.info)
        message = self.image_message()
        self.client.publish(f"{self.name}/depth", self.depth_message(message, metres, millimetres))
        time.sleep(0.02)
        self.client.publish(f"{self.name}/image_raw", message)
        return message


def latest(collected: list, source, seconds: float = 20.0):
    """The message for that image."""
    stamp = stamp_ns(source.header.stamp)

    def found():
        for message in list(collected):
            header = message.header if hasattr(message, "header") else message.markers[0].header if message.markers else None
            if header is not None and stamp_ns(header.stamp) == stamp:
                return message
        return None

    return until(found, "a result", seconds)


def shot(camera: DepthCamera, collected: list, usable=lambda message: True, **how):
    """Publishes images until one has a usable result; the first few may arrive before the calibration."""
    for _ in range(40):
        source = camera.shoot(**how)
        try:
            message = latest(collected, source, 0.7)
        except AssertionError:
            continue
        if usable(message):
            return source, message
    raise AssertionError(f"no usable result: {camera_status(camera.client, camera.name)}")


def position_under(mask: np.ndarray, depth: np.ndarray) -> tuple[float, float, float]:
    """The median place of what a mask shows."""
    rows, columns = np.nonzero(mask)
    z = depth[rows, columns]
    return tuple(float(np.median(v)) for v in ((columns - SIZE[1] / 2) / FOCAL * z, (rows - SIZE[0] / 2) / FOCAL * z, z))


@pytest.fixture
def client(node):
    client = Client()
    yield client
    client.close()


@pytest.fixture
def camera(client):
    return DepthCamera(client)
