"""Tests a node during transitions: while it builds an engine it serves requests, reports progress and accepts parameters; if it
is already subscribed while rclpy still finishes its activation, it answers clicks."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from node_checks import check_answer, diagnostics, segment
from ros_harness import SMALL_INPUT, Client, NodeProcess, model, until

from rmpsam_ros.msg import TrackedInstanceArray
from rmpsam_ros.ros.messages import stamp_ns

SEGMENT_LOCK = re.compile(r"/dev/shm/fastrtps_[0-9a-f]{16}_el")


@contextmanager
def running(program: str, log: Path) -> Iterator[NodeProcess]:
    process = NodeProcess(log, program=(str(Path(__file__).with_name(program)),), model=model(), input_size=SMALL_INPUT)
    yield process
    if process.process.poll() is None:
        process.stop()


@pytest.fixture
def node(tmp_path):
    with running("node_that_builds.py", tmp_path / "log") as process:
        yield process


@pytest.fixture
def early(tmp_path):
    with running("node_that_activates.py", tmp_path / "log") as process:
        yield process


@pytest.fixture
def client():
    client = Client()
    yield client
    client.close()


def test_building__node_answers_says_so_and_takes_live_values_over(node, client, tmp_path):
    until(lambda: "building the image engine" in node.output, "the build", 90)
    assert client.state() == "configuring"
    assert client.set("overlay_alpha", 0.25) == ""
    assert "range" in client.set("overlay_alpha", 7.0)
    assert "model '" not in node.output.split("building")[1]  # all of this happened while it was building
    status = until(lambda: next((s for s in diagnostics(client) if "Timing tactics" in s.message), None), "progress in the diagnostics")
    assert re.fullmatch(r"configuring: TensorRT, \d+ s: image: Timing tactics \d+ %", status.message)
    until(lambda: len(re.findall(r"TensorRT, (\d+) s: ", node.output)) >= 3, "progress in the log")
    assert "TensorRT's version was 10.3.0 and is 10.7.0" in node.output
    (tmp_path / "built").touch()
    until(lambda: client.state() == "active", "activation", 90)
    assert client.get("overlay_alpha").double_value == 0.25
    assert node.stop() == 0


def test_building__a_class_that_the_model_lacks_is_refused_once_it_is_loaded(node, client, tmp_path):
    until(lambda: "building the image engine" in node.output, "the build", 90)
    assert client.set("class_filter", ["spoon"]) == ""  # the model's classes are not known yet
    (tmp_path / "built").touch()
    until(lambda: "configuring failed: class_filter names 'spoon'" in node.output, "the reason", 90)
    until(lambda: client.state() == "unconfigured", "the state")
    assert client.set("class_filter", ["cup"]) == ""
    assert client.change("configure") and client.change("activate")
    assert node.stop() == 0


@pytest.mark.parametrize("signals", [1, 2])
def test_building__is_told_to_end__ends_at_once(node, signals):
    until(lambda: "building the image engine" in node.output, "the build", 90)
    locks = [lock for lock in map(os.path.realpath, Path(f"/proc/{node.process.pid}/fd").iterdir()) if SEGMENT_LOCK.fullmatch(lock)]
    segments = [Path(lock.removesuffix("_el")) for lock in locks]
    assert segments and all(segment.is_file() for segment in segments)  # shared memory that no other process would remove
    assert node.stop(signals) == 0
    assert not any(segment.exists() for segment in segments)
    assert "ended before the model was loaded" in node.output and "active: listening" not in node.output


def test_activating__a_click_on_an_image_that_had_a_result_is_answered(early, client):
    tracks, sent = client.listen(TrackedInstanceArray, "~/camera/tracks"), {}

    def answered():
        image = client.image(np.full((96, 128, 3), 90, np.uint8))
        sent[stamp_ns(image.header.stamp)] = image
        client.publish("camera/image_raw", image)
        return tracks

    stamp = stamp_ns(until(answered, "a result", 60)[0].header.stamp)
    check_answer(segment(client, points=[(64, 48)], stamp=stamp), sent[stamp])
    assert client.state() == "activating"
    assert early.stop() == 0
