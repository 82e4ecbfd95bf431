"""Runs the node in a separate process, with a client in this one. Import this before anything starts ROS.

Tests poll with generous time limits instead of sleeping: discovery alone may take seconds on a busy machine.
"""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from models import tiny_model

ROOT = Path(__file__).resolve().parents[1]

os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 50)  # demo and node_bench, which other test processes may run, use 51 to 100
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not installed (pip install . brings it)")
pytest.importorskip("rmpsam_ros.msg", reason="the messages are not built (pip install . builds them)")

from rcl_interfaces.msg import Parameter as ParameterMessage  # noqa: E402
from rcl_interfaces.msg import ParameterType, ParameterValue  # noqa: E402
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters  # noqa: E402
from lifecycle_msgs.msg import Transition  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402

from rmpsam_ros.ros.dds import use_shipped_profile  # noqa: E402
from rmpsam_ros.ros.messages import byte_array, image_message, stamp_ns  # noqa: E402
from rmpsam_ros.model_folder import available_models  # noqa: E402

use_shipped_profile(loopback=True)

TIMEOUT = 20.0
OFTEN = (str(Path(__file__).with_name("node_that_reports_often.py")),)
"""The program of a node that publishes diagnostics often."""
PATIENCE = 3.0
"""Seconds after which a request that may have been lost is repeated."""

RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
LATCHED = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SMALL_INPUT = [96, 128]
"""Network input size of the tests: the node is under test, and this size keeps a frame at a few milliseconds."""

TRANSITIONS = {
    "configure": Transition.TRANSITION_CONFIGURE, "cleanup": Transition.TRANSITION_CLEANUP,
    "activate": Transition.TRANSITION_ACTIVATE, "deactivate": Transition.TRANSITION_DEACTIVATE,
}


def model() -> str:
    """A tiny random model if torch can make one, else the bundled one; skips if there is neither."""
    if find_spec("torch") and find_spec("onnx") and find_spec("safetensors"):
        return str(tiny_model())
    if not available_models():
        pytest.skip("no model folder is there; `make model` makes one")
    return "default"


def until(condition, what: str = "what was waited for", seconds: float = TIMEOUT):
    """Polls until `condition()` is truthy; returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.01)


class NodeProcess:
    """A process of `python -m rmpsam_ros.node`, or of another program that runs it, with parameters; its output goes to a file."""

    of_late: list[NodeProcess] = []
    """The running nodes and those of this test: their output is printed if it fails (conftest.py)."""

    def __init__(self, log: Path, namespace: str = "", program: tuple[str, ...] = ("-m", "rmpsam_ros.node"), **parameters):
        arguments = [sys.executable, *program, "--ros-args", "-r", f"__ns:=/{namespace}"]
        for key, value in parameters.items():
            arguments += ["-p", f"{key.replace('__', '.')}:={_yaml(value)}"]
        self._log = log
        environ = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        environ["ROS_PYTHON_CHECK_FIELDS"] = "1"  # checks field types of messages as strictly as Humble always does
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                arguments, stdout=out, stderr=subprocess.STDOUT, env=environ, cwd=log.parent
            )
        self.of_late.append(self)

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def stop(self, signals: int = 1, number: int = signal.SIGINT) -> int:
        """Sends a signal one or more times, as launch does; returns the exit code."""
        for index in range(signals):
            if self.process.poll() is None:
                self.process.send_signal(number)
                time.sleep(0.05 if index + 1 < signals else 0)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the node did not end within 15 s:\n{self.output[-3000:]}") from None


def _yaml(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    return f"'{value}'" if isinstance(value, str) else str(value)


class Client:
    """A ROS node in this process that publishes images, collects results and calls services."""

    def __init__(self, target: str = "rmpsam"):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node(f"client_{os.getpid()}", context=self.context)
        self.target = target
        self.received: dict[str, list] = {}
        self._publishers: dict[str, object] = {}
        self._clients: dict[str, object] = {}
        self._is_met = False
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()
        self._stamp = 1_000_000_000_000

    def _spin(self) -> None:
        while not self._stop.is_set() and self.context.ok():
            self._executor.spin_once(timeout_sec=0.1)

    def close(self) -> None:
        self._stop.set()
        self._executor.wake()
        self._thread.join(5)
        self._executor.shutdown(timeout_sec=2)
        self.node.destroy_node()
        self.context.try_shutdown()

    def listen(self, kind, topic: str, qos=RELIABLE) -> list:
        """Collects the messages of a topic; private names start with '~/'."""
        topic = topic.replace("~", f"/{self.target}")
        if topic not in self.received:
            collected = self.received[topic] = []
            self.node.create_subscription(kind, topic, collected.append, qos)
            until(lambda: self.node.count_publishers(topic), f"a publisher of {topic}")
        return self.received[topic]

    def publish(self, topic: str, message, qos=RELIABLE) -> None:
        """Publishes once there is a subscriber."""
        key = f"{topic} {qos.reliability}"
        if key not in self._publishers:
            self._publishers[key] = self.node.create_publisher(type(message), topic, qos)
        until(self._publishers[key].get_subscription_count, f"a subscriber of {topic}")
        self._publishers[key].publish(message)

    def forget(self, topic: str) -> None:
        """Destroys the publishers of a topic."""
        for key in [key for key in self._publishers if key.split()[0] == topic]:
            self.node.destroy_publisher(self._publishers.pop(key))

    def image(self, pixels: np.ndarray, encoding: str = "rgb8", padding: int = 0, frame_id: str = "optical") -> Image:
        """An Image with a new timestamp; (H, W, 3) uint8 pixels in one of the simple encodings, or raw rows."""
        if encoding in ("rgb8", "bgr8", "mono8", "mono16") and not padding:
            message = image_message(pixels, encoding, Image().header)
        else:
            rows = np.ascontiguousarray(pixels).view(np.uint8).reshape(pixels.shape[0], -1)
            rows = np.pad(rows, ((0, 0), (0, padding)))
            message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding, step=rows.shape[1],
                            data=byte_array(rows))
        self.stamp(message, frame_id)
        return message

    def stamp(self, message, frame_id: str = "optical", stamp: int | None = None) -> int:
        """Gives a message the next timestamp (ns), or the given one."""
        self._stamp += 33_333_333
        stamp = self._stamp if stamp is None else stamp
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
        message.header.frame_id = frame_id
        return stamp

    def skip(self, seconds: float) -> None:
        """Advances the time of the timestamps."""
        self._stamp += int(seconds * 1e9)

    def result_of(self, collected: list, message, seconds: float = TIMEOUT):
        """The collected message with the header of `message`."""
        stamp = stamp_ns(message.header.stamp)

        def matching():
            return [m for m in list(collected) if stamp_ns(m.header.stamp) == stamp]

        found = until(matching, f"a result of {stamp}", seconds)
        assert found[0].header == message.header
        return found[0]

    def call_later(self, kind, name: str, request):
        """Sends a request; returns the future of its response."""
        self._meet()
        return self._send(kind, name, request)

    def _meet(self) -> None:
        """Requests the node's state until it responds, before any other request.

        While two processes discover each other, a node may receive a request before it knows where to respond; the middleware
        then waits for 0.1 s and drops the response ("client will not receive response"), which happens on a busy machine.
        """
        if self._is_met:
            return
        answers = []

        def is_answered():
            if not answers or time.monotonic() > answers[-1][0] + PATIENCE:
                answers.append((time.monotonic(), self._send(GetState, "~/get_state", GetState.Request())))
            return any(answer.done() for _, answer in answers)

        until(is_answered, f"an answer of {self.target}", 3 * TIMEOUT)
        self._is_met = True

    def _send(self, kind, name: str, request):
        name = name.replace("~", f"/{self.target}")
        if name not in self._clients:
            # Deep enough for a burst of requests: the default depth of 10 would drop responses on the client's side.
            self._clients[name] = self.node.create_client(kind, name, qos_profile=QoSProfile(depth=200))
        client = self._clients[name]
        until(client.service_is_ready, f"the service {name}")
        return client.call_async(request)

    def call(self, kind, name: str, request):
        """Sends a request and waits for its response."""
        future = self.call_later(kind, name, request)
        return until(lambda: future.done() and future.result(), f"an answer of {name}")

    # Lifecycle and parameters

    def state(self) -> str:
        return self.call(GetState, "~/get_state", GetState.Request()).current_state.label

    def change(self, transition: str) -> bool:
        request = ChangeState.Request(transition=Transition(id=TRANSITIONS[transition]))
        return self.call(ChangeState, "~/change_state", request).success

    def set(self, name: str, value) -> str:
        """Sets a parameter; returns the reason if refused, else ''."""
        message = ParameterMessage(name=name, value=_parameter_value(value))
        result = self.call(SetParameters, "~/set_parameters", SetParameters.Request(parameters=[message])).results[0]
        assert bool(result.reason) != result.successful
        return result.reason

    def get(self, name: str) -> ParameterValue:
        return self.call(GetParameters, "~/get_parameters", GetParameters.Request(names=[name])).values[0]

    def describe(self, name: str):
        request = DescribeParameters.Request(names=[name])
        return self.call(DescribeParameters, "~/describe_parameters", request).descriptors[0]


def _parameter_value(value) -> ParameterValue:
    if isinstance(value, bool):
        return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
    if isinstance(value, int):
        return ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value)
    if isinstance(value, float):
        return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    if isinstance(value, str):
        return ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
    if value and isinstance(value[0], int):
        return ParameterValue(type=ParameterType.PARAMETER_INTEGER_ARRAY, integer_array_value=value)
    return ParameterValue(type=ParameterType.PARAMETER_STRING_ARRAY, string_array_value=list(value))
