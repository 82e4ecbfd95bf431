"""Counters, rates and latencies of one camera, for diagnostics and the benchmark. No ROS."""
from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SILENT_TIMES = 3.0
"""A slow camera counts as silent after this many of its usual intervals, if that is longer than the general limit in seconds."""
WINDOW = 5.0
"""Window in seconds over which rates are computed."""


@dataclass(frozen=True)
class StageTimes:
    """The latency of one published frame by stage, in milliseconds.

    `wait`: in the slot, while there was a subscriber, until the worker was free. `decode`: message to pixels. `segment`: everything
    inside `Segmenter`. `publish`: making and publishing the messages. `total`: all of these.
    """

    wait: float
    decode: float
    segment: float
    publish: float
    total: float

    @classmethod
    def between(cls, since: float, started: float, decoded: float, segmented: float, done: float) -> StageTimes:
        """From the times, in seconds of one clock, at which the wait began and at which each stage ended."""
        spans = (started - since, decoded - started, segmented - decoded, done - segmented, done - since)
        return cls(*(1e3 * span for span in spans))

    @property
    def overhead(self) -> float:
        """The overhead of the node: everything except the segmenter and the wait for it."""
        return self.total - self.wait - self.segment


class CameraStats:
    """Counters of one camera; thread-safe.

    received: messages received. bad: unusable messages. replaced: messages that a newer one displaced from the slot while the worker
    was busy (frames skipped by `max_rate_hz` do not count). processed: frames inferred. published: frames whose results were
    published. stamp_jumps: frames whose timestamp was not after the previous one, or far ahead of the elapsed time. failures:
    consecutive frames without a result.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, window: int = 300):
        self.received = self.bad = self.replaced = self.processed = self.published = self.stamp_jumps = 0
        self.failures = 0
        self.last_error = ""
        self._clock = clock
        self._lock = threading.Lock()
        self._last_arrival: float | None = None
        self._arrivals: deque[float] = deque(maxlen=4096)
        self._departures: deque[float] = deque(maxlen=4096)
        self._stages: deque[StageTimes] = deque(maxlen=window)

    def begin(self) -> None:
        """Resets rates, latencies and failures at activation: earlier ones may come from another topic or model."""
        with self._lock:
            self.failures, self._last_arrival = 0, None
            for past in (self._arrivals, self._departures, self._stages):
                past.clear()

    def arrived(self) -> None:
        """A message arrived."""
        with self._lock:
            self.received += 1
            self._last_arrival = self._clock()
            self._arrivals.append(self._last_arrival)

    def was_bad(self, sentence: str) -> None:
        """A message could not be used."""
        with self._lock:
            self.bad += 1
            self.failures += 1
            self.last_error = sentence

    def failed(self, sentence: str) -> None:
        """Something else went wrong with a frame."""
        with self._lock:
            self.failures += 1
            self.last_error = sentence

    def was_replaced(self) -> None:
        """A newer message displaced a waiting one."""
        with self._lock:
            self.replaced += 1

    def was_not_replaced(self) -> None:
        """A message counted as replaced is inferred after all, because a click refers to it."""
        with self._lock:
            self.replaced -= 1

    def jumped(self, sentence: str) -> None:
        """A timestamp did not advance, or jumped ahead."""
        with self._lock:
            self.stamp_jumps += 1
            self.last_error = sentence

    def was_processed(self) -> None:
        """A frame went through the network."""
        with self._lock:
            self.processed += 1

    def was_good(self) -> None:
        """A frame was processed without publishing results, for a click."""
        with self._lock:
            self.failures = 0

    def was_published(self, stages: StageTimes) -> None:
        """The results of a frame were published."""
        with self._lock:
            self.published += 1
            self.failures = 0
            self._departures.append(self._clock())
            self._stages.append(stages)

    def rates(self) -> tuple[float, float]:
        """Frames per second in and out over the last `WINDOW` seconds."""
        with self._lock:
            now = self._clock()
            return self._rate(self._arrivals, now), self._rate(self._departures, now)

    def age(self) -> float | None:
        """Seconds since the last message arrived, None before the first."""
        with self._lock:
            return None if self._last_arrival is None else self._clock() - self._last_arrival

    def interval(self) -> float | None:
        """The usual interval between messages in seconds, None before the second."""
        with self._lock:
            last = list(self._arrivals)[-6:]
        return float(np.median(np.diff(last))) if len(last) > 1 else None

    def percentile(self, stage: str, share: float) -> float | None:
        """A percentile (`share` 0 to 100) of one field of `StageTimes` in ms over the last frames, None if none."""
        with self._lock:
            values = [getattr(stages, stage) for stages in self._stages]
        return float(np.percentile(values, share)) if values else None

    @staticmethod
    def _rate(times: deque[float], now: float) -> float:
        times = [time for time in times if now - time <= WINDOW]
        if len(times) < 2:
            return len(times) / WINDOW
        # Counted from the first message, so that the rate is right before the window has filled; silence lowers it.
        return (len(times) - 1) / max(times[-1] - times[0], now - times[-1], 1e-6)
