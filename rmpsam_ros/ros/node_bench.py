"""Measures the overhead of the node: `python -m rmpsam_ros.ros.node_bench`, and `measure_node` for other tools.

The node runs in its own process; this process publishes images and receives the results. Three times are measured:

- round trip: from the call that publishes an image to the arrival of its result in this process;
- segmenter: the time spent in `Segmenter`, as measured by the node;
- overhead: the rest: transport and conversion in both directions, in the publisher, the node and the subscriber.
"""
from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rmpsam_ros.benchmark.memory import process_memory
from rmpsam_ros.cli.model_options import image_size
from rmpsam_ros.errors import RmpsamError

READY = "active: listening to"
START_LIMIT = 60.0
OUTPUTS = ("panoptic", "tracks", "semantic", "overlay", "points", "markers")
NEED_DEPTH = {"points", "markers"}


@dataclass(frozen=True)
class NodeMeasurement:
    """The result of one run: times in milliseconds, except `ready` in seconds; memory in MB (10^6 bytes)."""

    size: tuple[int, int]
    outputs: tuple[str, ...]
    frames: int
    answered: int
    ready: float
    round_trip_p50: float
    round_trip_p99: float
    segmenter_p50: float
    inside_p50: float
    rss: float

    @property
    def overhead_p50(self) -> float:
        """The round trip without the segmenter."""
        return self.round_trip_p50 - self.segmenter_p50


def measure_node(
    size: tuple[int, int] = (480, 640), frames: int = 100, rate: float = 8.0, outputs: Sequence[str] = ("panoptic",),
    model: str = "default",
) -> NodeMeasurement:
    """Starts the node, sends it `frames` images of `size` (height, width) at `rate` Hz, and stops it.

    Args:
        outputs: outputs to subscribe to, from `OUTPUTS`; the first one is timed. If points or markers are among them, a depth image
            and a calibration are sent a few milliseconds before each image.

    Raises:
        RmpsamError: the node does not become ready, or answers no image.
    """
    environ = {
        "ROS_DOMAIN_ID": str(51 + os.getpid() % 50), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    os.environ.update(environ)
    from rmpsam_ros.ros.dds import use_shipped_profile

    use_shipped_profile(loopback=True)
    node = _Process(model)
    try:
        ready = node.wait_until_ready()
        sent, got, stages = _exchange(_picture(size), frames, rate, tuple(outputs))
        rss = node.rss()
    finally:
        node.stop()
    trips = [1e3 * (got[stamp] - sent[stamp]) for stamp in got if stamp in sent]
    if not trips or not stages.get("segmenter p50 (ms)"):
        raise RmpsamError(f"The node answered none of {frames} images; its output ends with: {node.tail()}")
    return NodeMeasurement(
        size=size, outputs=tuple(outputs), frames=frames, answered=len(trips), ready=ready,
        round_trip_p50=float(np.percentile(trips, 50)), round_trip_p99=float(np.percentile(trips, 99)),
        segmenter_p50=float(stages["segmenter p50 (ms)"]), inside_p50=float(stages["node overhead p50 (ms)"]), rss=rss,
    )


class _Process:
    """The node's process; its output is read line by line."""

    def __init__(self, model: str):
        self._lines: list[str] = []
        self._ready = threading.Event()
        self._started = time.monotonic()
        self._ready_after = 0.0
        command = [sys.executable, "-m", "rmpsam_ros.node", "--ros-args", "-p", f"model:='{model}'"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.append(line.rstrip())
            if READY in line:
                self._ready_after = time.monotonic() - self._started
                self._ready.set()

    def wait_until_ready(self) -> float:
        """Waits until the node is active; returns the seconds since the process started."""
        end = time.monotonic() + START_LIMIT
        while not self._ready.wait(0.1):
            if self._process.poll() is not None or time.monotonic() > end or "not started" in self.tail():
                raise RmpsamError(f"The node did not become ready; its output ends with: {self.tail()}")
        return self._ready_after

    def rss(self) -> float:
        """Current resident memory in MB."""
        return process_memory("VmRSS", self._process.pid)

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reader.join(5)

    def tail(self) -> str:
        return " | ".join(self._lines[-3:])


def _picture(size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 RGB: noise over a gradient."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(0).integers(0, 32, (height, width, 3))
    return (np.dstack([x * 223 // width, y * 223 // height, (x + y) % 224]) + noise).astype(np.uint8)


def _exchange(image: np.ndarray, frames: int, rate: float, outputs: tuple[str, ...]):
    """Sends images and collects results; returns (stamp -> time sent, stamp -> time received, the figures from the node's diagnostics)."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    from rmpsam_ros.ros.buffers import keep_image_buffers

    keep_image_buffers()
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("rmpsam_bench", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    results = _Results(node, outputs)
    camera = _Camera(node, image, with_depth=bool(NEED_DEPTH & set(outputs)))
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.1)

    spinner = threading.Thread(target=spin, daemon=True)
    spinner.start()
    sent: dict[int, float] = {}
    try:
        _wait(lambda: camera.is_received() and node.count_publishers(f"/rmpsam/camera/{outputs[0]}"))
        warm_up = 5
        for index in range(frames + warm_up):
            stamp = 1_000_000_000_000 + index * 1_000_000
            started = camera.send(stamp)
            if index >= warm_up:
                sent[stamp] = started
            time.sleep(max(0.0, started + 1 / rate - time.monotonic()))
        time.sleep(1.5)  # for the last results and one more diagnostics report
    finally:
        stop.set()
        spinner.join(5)
        executor.shutdown(timeout_sec=2)
        node.destroy_node()
        context.try_shutdown()
    return sent, results.got, results.stages


class _Results:
    """What the node publishes: when the first of the outputs came for each stamp (`got`), and the latest figures of its diagnostics (`stages`)."""

    def __init__(self, node, outputs: tuple[str, ...]):
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.qos import QoSProfile, qos_profile_sensor_data
        from sensor_msgs.msg import Image, PointCloud2
        from visualization_msgs.msg import MarkerArray

        from rmpsam_ros.msg import PanopticSegmentation, TrackedInstanceArray

        self.got: dict[int, float] = {}
        self.stages: dict[str, str] = {}
        kinds = {"panoptic": (PanopticSegmentation, QoSProfile(depth=5)), "semantic": (Image, qos_profile_sensor_data),
                 "overlay": (Image, qos_profile_sensor_data), "tracks": (TrackedInstanceArray, QoSProfile(depth=5)),
                 "points": (PointCloud2, qos_profile_sensor_data), "markers": (MarkerArray, QoSProfile(depth=5))}
        for index, name in enumerate(outputs):
            kind, qos = kinds[name]
            node.create_subscription(kind, f"/rmpsam/camera/{name}", self._take_result if index == 0 else lambda _: None, qos)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._take_report, 10)

    def _take_result(self, message) -> None:
        from rmpsam_ros.ros.messages import stamp_ns

        if hasattr(message, "markers"):
            if not message.markers:  # no track to show or delete
                return
            message = message.markers[-1]
        self.got.setdefault(stamp_ns(message.header.stamp), time.monotonic())

    def _take_report(self, message) -> None:
        for status in message.status:
            if status.name.endswith("camera camera"):
                self.stages.update({value.key: value.value for value in status.values})


class _Camera:
    """Publishes one image again and again, with depth and a calibration before each if wanted."""

    def __init__(self, node, image: np.ndarray, with_depth: bool):
        from rclpy.qos import QoSProfile
        from sensor_msgs.msg import CameraInfo, Image

        from rmpsam_ros.ros.messages import camera_info_message, image_message

        self._image = node.create_publisher(Image, "/camera/image_raw", QoSProfile(depth=5)), image_message(image, "rgb8", Image().header)
        self._depth, self._others = None, []
        if with_depth:
            height, width = size = image.shape[:2]
            self._depth = image_message(_slope(size), "16UC1", Image().header)
            info = camera_info_message(size, [[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]], Image().header)
            self._others = [(node.create_publisher(CameraInfo, "/camera/camera_info", QoSProfile(depth=5)), info),
                            (node.create_publisher(Image, "/camera/depth", QoSProfile(depth=5)), self._depth)]

    def is_received(self) -> bool:
        return all(publisher.get_subscription_count() for publisher, _ in (self._image, *self._others))

    def send(self, stamp: int) -> float:
        """Publishes the messages of a stamp in nanoseconds; returns the time just before that of the image."""
        publisher, message = self._image
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
        if self._depth is not None:
            self._depth.header.stamp = message.header.stamp
            for other, content in self._others:
                other.publish(content)
            time.sleep(0.005)
        started = time.monotonic()
        publisher.publish(message)
        return started


def _slope(size: tuple[int, int]) -> np.ndarray:
    """(H, W) uint16 millimetres: a plane from 1 m on the left to 3 m on the right."""
    return np.broadcast_to(np.linspace(1000, 3000, size[1]).astype(np.uint16), size)


def _wait(condition) -> None:
    end = time.monotonic() + 15
    while not condition():
        if time.monotonic() > end:
            raise RmpsamError("The node's topics were not found within 15 s.")
        time.sleep(0.01)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one row per image size."""
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.ros.node_bench", description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--rate", type=float, default=8.0, help="Hz; low enough that no frame waits (default: 8)")
    parser.add_argument("--size", nargs="+", type=image_size, default=[(480, 640), (1080, 1920)], metavar="HxW")
    parser.add_argument("--outputs", nargs="+", default=["panoptic"], choices=OUTPUTS)
    args = parser.parse_args(argv)
    print("size       answered  ready  round trip p50   p99  segmenter  overhead  inside the node  RSS")
    for height, width in args.size:
        m = measure_node((height, width), args.frames, args.rate, args.outputs, args.model)
        print(
            f"{f'{height}x{width}':10} {m.answered:4}/{m.frames:<4} {m.ready:5.2f}s {m.round_trip_p50:11.1f} ms "
            f"{m.round_trip_p99:6.1f} {m.segmenter_p50:7.1f} ms {m.overhead_p50:6.1f} ms {m.inside_p50:11.1f} ms "
            f"{m.rss:7.0f} MB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
