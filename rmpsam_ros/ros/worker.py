"""The inference thread: creates, owns and closes the segmenter. No ROS.

Callbacks only hand over work: `offer` a message, `ask` a click. The agenda decides what the thread does next: clicks first, then
the newest message of each camera, round-robin. A failure on one frame or click is reported, and the thread continues with the next.
"""
from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from rmpsam_ros.depth_view import DepthView, Extent
from rmpsam_ros.errors import ImageError, PromptError, RmpsamError
from rmpsam_ros.ros.agenda import Agenda
from rmpsam_ros.ros.camera_tracks import CameraTracks
from rmpsam_ros.ros.feeds import Feed, Processed, Received
from rmpsam_ros.ros.hooks import Hooks
from rmpsam_ros.ros.live_values import LiveValues
from rmpsam_ros.ros.parameters import NodeConfig
from rmpsam_ros.ros.pulse import Pulse
from rmpsam_ros.ros.requests import Answer, Ask, Call, do, one_line, refuse, unheard
from rmpsam_ros.ros.stats import CameraStats, StageTimes
from rmpsam_ros.tracking.frames import with_track_ids
from rmpsam_ros.types import PromptResult


class InferenceWorker:
    """Runs a `Segmenter` on its own thread.

    Args:
        make: makes the segmenter; called on the thread, since a segmenter must stay on the thread that made it.
        config: cameras, history and rate; live values change with `apply`.
        hooks: the node's callbacks.
        stats: counters of each camera; they outlive the worker.
        make_tracker: makes a camera's tracker from the label set.
        track_ids: the next track ID of each camera, kept up to date so that no ID is reused after a change of model.

    Attributes:
        cameras: names of the cameras. pulse: whether the thread is alive and how long its current task takes.
    """

    def __init__(
        self, make: Callable[[], Any], config: NodeConfig, hooks: Hooks, stats: dict[str, CameraStats],
        make_tracker: Callable[[Any], Any], track_ids: dict[str, int],
    ):
        self._make, self._hooks, self._make_tracker = make, hooks, make_tracker
        self._config = config
        self.cameras = config.cameras
        self._track_ids = track_ids
        self._rotations: Mapping[str, int] = {}
        self._feeds = {name: Feed(name, config.prompt_history, stats.get(name)) for name in config.cameras}
        self._agenda = Agenda(self._feeds, hooks.wanted)
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._running = self._stopping = False
        self._enabled = True
        self._forgotten = 0
        """Messages up to this number arrived before the last pause."""
        self._segmenter = None
        self._live: LiveValues | None = None
        self._thread: threading.Thread | None = None
        self.pulse = Pulse()

    # From any thread

    def open(self) -> Any:
        """Starts the thread, waits until the model is loaded and warm, and returns the segmenter (to be read only).

        Raises:
            Whatever `make` or the warm-up raises; the thread has then ended.
        """
        ready: Future = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="rmpsam-inference", daemon=True)
        self._thread.start()
        return ready.result()

    def close(self, timeout: float = 10.0) -> bool:
        """Ends the thread after its current task; pending clicks are refused.

        Returns:
            Whether it has ended; a thread that has not ended within `timeout` seconds keeps its model until it does.
        """
        self.pause("the node is shutting down or being cleaned up")
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def resume(self, rotations: Mapping[str, int] | None = None) -> None:
        """Starts accepting frames and clicks.

        rotations: degrees clockwise by which each camera's images are rotated for the network; 0 for cameras not listed.
        """
        with self._changed:
            self._rotations = rotations or {}
            for feed in self._feeds.values():
                feed.stats.begin()
            self._running = True
            self._changed.notify_all()

    def pause(self, reason: str) -> None:
        """Stops accepting frames, drops those it has, and refuses pending clicks."""
        with self._changed:
            self._running, self._forgotten = False, next(self._numbers)
            waiting = self._forget()
        for task in waiting:
            refuse(task, PromptError(reason))

    @property
    def running(self) -> bool:
        """Whether frames and clicks are accepted: from `resume` to `pause`."""
        return self._running

    @property
    def enabled(self) -> bool:
        """False while inference is switched off; frames are still received then."""
        return self._enabled

    def enable(self, on: bool) -> None:
        """Switches inference on or off without unloading the model or dropping state; persists through `pause` and `resume`."""
        with self._changed:
            self._enabled = on
            self._changed.notify_all()

    def apply(self, config: NodeConfig) -> None:
        """Applies new live values from the next frame on."""
        with self._changed:
            self._config = config
            self._changed.notify_all()

    def offer(self, camera: str, message: Any, stamp: int) -> None:
        """Puts a message with its timestamp (ns) into the camera's slot, replacing an older one that still waits."""
        wanted = self._hooks.wanted(camera)
        with self._changed:
            if not self._running:
                return
            received = Received(camera, message, stamp, time.monotonic(), next(self._numbers))
            feed = self._feeds[camera]
            jump = feed.offer(received, wanted and self._enabled and feed.early(self._config.max_rate_hz) <= 0)
            self._changed.notify_all()
        if jump:
            self._hooks.report(camera, jump)

    def ask(self, ask: Ask) -> Future:
        """Queues a click; the future returns an `Answer` or raises `PromptError`. Cancel it to withdraw the click."""
        with self._changed:
            self._check_active()
            if not self._enabled:
                raise PromptError("inference is switched off: call ~/enable with data: true first")
            feed = self._feeds[ask.camera]
            if feed.newest is None:
                raise PromptError(f"no frame of camera '{ask.camera}' has arrived yet: ask again once there is one")
            ask.target = feed.meant(ask.stamp, ask.or_newest)
            self._agenda.add(ask)
            self._changed.notify_all()
        return ask.future

    def remove_track(self, camera: str, track_id: int) -> Future:
        """Removes one track; the future returns whether it existed, and the IDs of the remaining ones."""
        return self._call(lambda: self._feeds[camera].tracks.remove(track_id))

    def reset_tracks(self) -> Future:
        """Removes the tracks of all cameras; the future returns how many there were."""
        return self._call(lambda: sum(feed.tracks.reset() for feed in self._feeds.values()))

    def _forget(self) -> list[Ask | Call]:
        """Drops all frames; returns the pending clicks and calls, to be refused."""
        with self._changed:
            for feed in self._feeds.values():
                feed.clear()
            return self._agenda.clear()

    def _check_active(self) -> None:
        if self.pulse.ended:
            raise PromptError(self.pulse.ended)
        if not self._running:
            raise PromptError("the node is not active: activate it first")

    def _call(self, action: Callable[[], Any]) -> Future:
        call = Call(action)
        with self._changed:
            self._check_active()
            self._agenda.add(call)
            self._changed.notify_all()
        return call.future

    # On the thread

    def _run(self, ready: Future) -> None:
        try:
            self._segmenter = self._make()
            self._live = LiveValues(self._segmenter)
            for name, feed in self._feeds.items():
                feed.tracks = CameraTracks(self._make_tracker(self._segmenter.labels), name, self._track_ids)
            self._take_over_live_values()
            self._segmenter.warm_up()
        except BaseException as error:
            self._release()
            ready.set_exception(error)
            return
        ready.set_result(self._segmenter)
        task = None
        try:
            while (task := self._next()) is not None:
                started = time.monotonic()
                with self.pulse.busy():
                    if isinstance(task, Ask):
                        self._answer(task)
                    elif isinstance(task, Call):
                        do(task)
                    else:
                        self._process_safely(task)
                with self._changed:
                    self._agenda.took(task, time.monotonic() - started)
                task = None  # otherwise the frame would stay alive while the worker waits
        except BaseException as error:  # not an `Exception`, such as SystemExit: tasks handle `Exception` themselves
            self.pulse.ended = f"the inference thread has ended ({one_line(error)}): deactivate, clean up and configure the node again"
            self._hooks.report(next(iter(self._feeds)), self.pulse.ended)
            for left in (*self._forget(), task):
                if isinstance(left, (Ask, Call)):
                    refuse(left, PromptError(self.pulse.ended))
        finally:
            self._release()

    def _release(self) -> None:
        segmenter, self._segmenter = self._segmenter, None
        if segmenter is not None:
            segmenter.close()

    def _next(self) -> Ask | Call | Received | None:
        """Waits for the next task; None when the worker is to end."""
        with self._changed:
            while not self._stopping:
                task, wait = self._agenda.next(self._running and self._enabled, self._config.max_rate_hz)
                if task is not None:
                    return task
                self._changed.wait(wait)
            return None

    def _process_safely(self, received: Received) -> None:
        feed = self._feeds[received.camera]
        try:
            self._process(feed, received)
        except ImageError as error:
            feed.stats.was_bad(str(error))
            self._hooks.report(received.camera, str(error))
        except Exception as error:
            sentence = one_line(error)
            feed.stats.failed(sentence)
            self._hooks.report(received.camera, sentence)

    def _process(self, feed: Feed, received: Received, past: bool = False, quietly: bool = False) -> Processed:
        """Decodes a frame, computes its features, publishes its results; with `quietly` or `past` (out of order) only the features."""
        started, quietly = time.monotonic(), quietly or past
        if not quietly:
            feed.started = started
        self._take_over_live_values()
        image = self._hooks.decode(received)
        decoded = time.monotonic()
        wanted = not quietly and self._hooks.wanted(received.camera)
        with self._changed:
            before = feed.cached(received)  # already inferred for a click
            feed.begin_anew(received.number)
        if before is None:
            frame = self._segmenter.set_image(image, stamp=received.stamp / 1e9, rotation=self._rotations.get(received.camera, 0))
            stamp = received.stamp / 1e9 if received.stamp else None
            time_ = (feed.time.was if past else feed.time.of)(stamp, received.arrived)
        else:
            frame, time_ = before.frame, before.time
        panoptic, view, tracks, extents = self._results(feed, received, frame, time_) if wanted else (None, None, (), {})
        if not wanted:
            frame.panoptic()  # a click needs it: compute it now, not while the lock is held
        segmented = time.monotonic()
        processed = Processed(received.camera, received.message.header, received.stamp, received.number, frame,
                              time_, panoptic, tracks)  # fmt: skip
        with self._changed:
            if before is None:
                feed.stats.was_processed()
            current = received.number > self._forgotten  # False: the node has been deactivated since
            if self._running and current:
                feed.keep(processed)
        if wanted and current:
            self._hooks.publish(processed, image, view, extents)
            since = max(received.arrived, feed.unwanted)
            feed.stats.was_published(StageTimes.between(since, started, decoded, segmented, time.monotonic()))
        else:
            feed.stats.was_good()
        return processed

    def _results(self, feed: Feed, received: Received, frame: Any, time_: float) -> tuple[Any, DepthView | None, tuple | None, dict[int, Extent]]:
        """The panoptic map with track IDs, the depth, all tracks of the camera with their positions, and their extents."""
        panoptic = frame.panoptic()
        view = self._hooks.depth(received, frame.image_size)  # after the network: by now it has usually arrived
        tracks, extents = feed.tracks.update(frame, time_, view, self._config.class_filter)
        return panoptic if tracks is None else with_track_ids(panoptic, tracks), view, tracks, extents

    def _answer(self, ask: Ask) -> None:
        if not ask.future.set_running_or_notify_cancel():
            return
        try:
            processed = self._frame_for(ask)
            if processed.number <= self._forgotten:
                raise PromptError("the node has been deactivated meanwhile")
            result = processed.frame.prompt(points=ask.points, labels=ask.labels, boxes=ask.boxes)
            answer = Answer(processed, result)
            if not ask.given_up:
                position, reason = self._hooks.position(processed, result)
                answer = replace(self._follow(ask, processed, result) if ask.track else answer, position=position, no_position=reason)
            ask.future.set_result(answer)
        except RmpsamError as error:
            refuse(ask, error)
        except Exception as error:
            sentence = one_line(error)
            self._feeds[ask.camera].stats.failed(sentence)
            self._hooks.report(ask.camera, sentence)
            refuse(ask, PromptError(f"the click could not be answered: {sentence}"))

    def _follow(self, ask: Ask, processed: Processed, result: PromptResult) -> Answer:
        feed = self._feeds[ask.camera]
        with self._changed:
            past = (processed.tracks or ()) if feed.is_past(processed.number) else None
        answer = feed.tracks.follow(processed, result, past)
        return answer if self._hooks.wanted(ask.camera) or not answer.track_id else replace(answer, caution=unheard(ask.camera))

    def _frame_for(self, ask: Ask) -> Processed:
        """The frame that a click refers to: from the ring, else inferred now from the message.

        If a later frame has already been processed, it is inferred only for the click: results and tracks do not go back in time. The
        same applies if `max_rate_hz` does not yet allow its results.
        """
        feed = self._feeds[ask.camera]
        with self._changed:
            ask.target = ask.target or feed.message(ask.stamp)  # it may have arrived since
            processed = feed.processed(ask.stamp, ask.target)
            if processed is not None:
                return processed
            past, early = feed.is_past(ask.target.number), feed.early(self._config.max_rate_hz) > 0
            if not (early and ask.target is feed.newest):  # the newest keeps waiting until it is due
                feed.take_for_click(ask.target)
        return self._process(feed, ask.target, past, quietly=early)

    def _take_over_live_values(self) -> None:
        self._live.take_over(self._config, (feed.tracks.tracker for feed in self._feeds.values()))
