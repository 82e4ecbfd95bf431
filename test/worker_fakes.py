"""Helpers for the tests of the inference thread: a worker with a fake segmenter and hooks, and its input messages and clicks."""
from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import FakeSegmenter

from rmpsam_ros.errors import ImageError
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.requests import Ask
from rmpsam_ros.ros.stats import CameraStats
from rmpsam_ros.ros.worker import InferenceWorker


class FakeHooks:
    """Fake hooks: everything is wanted unless set otherwise; messages carry their pixels in `.pixels`."""

    def __init__(self):
        self.listening: set[str] | None = None
        self.published: list[tuple[str, int]] = []
        self.reports: list[str] = []
        self.view = None
        self.place: tuple = (None, "")

    def wanted(self, camera):
        return self.listening is None or camera in self.listening

    def decode(self, received):
        if received.message.pixels is None:
            raise ImageError("no pixels")
        return received.message.pixels

    def depth(self, received, size):
        return self.view

    def position(self, processed, result):
        return self.place

    def publish(self, processed, image, view, extents):
        self.extents = extents
        self.published.append((processed.camera, processed.stamp))
        self.processed = processed

    def report(self, camera, sentence):
        self.reports.append(sentence)


def message(pixels=True):
    image = np.zeros((4, 6, 3), np.uint8)
    image[:, 3:] = 255
    return SimpleNamespace(header="header", pixels=image if pixels else None)


def until(condition, seconds: float = 5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.002)


def click(camera="camera", x=0.0, y=0.0, stamp=0, or_newest=False):
    return Ask(camera, [(x, y)], [1], [], stamp, or_newest)


def under_way(it, stamp):
    """Blocks the worker in the network, with a frame of this timestamp."""
    it.segmenter.gate.clear()
    it.worker.offer("camera", message(), stamp)
    until(lambda: not it.worker._feeds["camera"].waiting)


class FakeTracker:
    """A fake tracker with one track, 7, on segment 1; records its arguments."""

    def __init__(self, labels):
        self.labels, self.max_age, self.min_hits, self.stamps, self.error = labels, None, None, [], None
        self.used, self.next_id = True, 1
        self.tracks = (SimpleNamespace(track_id=7, segment_id=1),)
        self.depths = []

    def update(self, frame, stamp, depth):
        self.stamps.append(stamp)
        self.depths.append(depth)
        return self.tracks

    def follow(self, result, stamp, frame, past):
        assert frame is not None
        self.followed, self.past = stamp, past
        if self.error:
            raise self.error
        return 8

    def remove(self, track_id):
        return track_id == 7

    def reset(self):
        self.tracks = ()


@pytest.fixture
def make():
    """Makes an open, running worker; all are closed at the end."""
    workers = []

    def build(seconds=0.0, make_tracker=FakeTracker, rotations=None, **config):
        config = NodeConfig(**config)
        stats = {name: CameraStats() for name in config.cameras}
        segmenter, hooks = FakeSegmenter(seconds), FakeHooks()
        worker = InferenceWorker(lambda: segmenter, config, hooks, stats, make_tracker, {})
        workers.append(worker)
        assert worker.open() is segmenter
        worker.resume(rotations)
        return SimpleNamespace(worker=worker, segmenter=segmenter, hooks=hooks, stats=stats, config=config)

    yield build
    for worker in workers:
        worker.close()
