"""The node's services: masks from clicks and boxes, removing tracks, and switching inference on and off.

Every request gets a response: one that cannot be served returns `success: false` and a sentence that says what was
wrong and what to do. No exception reaches the executor, and no request waits longer than `prompt_timeout`.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError

from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_srvs.srv import SetBool, Trigger

from rmpsam_ros.errors import PromptError, RmpsamError
from rmpsam_ros.ros.diagnostics import STEPS
from rmpsam_ros.ros.messages import NO_CLASS, mask_message, roi_message, stamp_ns
from rmpsam_ros.ros.requests import Ask
from rmpsam_ros.ros.worker import InferenceWorker
from rmpsam_ros.srv import RemoveTrack, SegmentPoints

SERVICE_QOS = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
"""Deep enough for a burst of clicks: the default depth of 10 would drop the rest without a response."""


OLD_SECONDS = 5.0
"""If the newest frame is older than this at the time of the request, the response says so: the scene may have changed."""


class Services:
    """Provides the services for the lifetime of the node, in every lifecycle state.

    Args:
        node: the node.
        group: a reentrant callback group: many clicks may wait at once.
        worker: returns the worker while the node is active, else None.
        state: returns the name of the lifecycle state.
        timeout: returns `prompt_timeout` in seconds.
    """

    def __init__(
        self, node, group, worker: Callable[[], InferenceWorker | None], state: Callable[[], str], timeout: Callable[[], float],
    ):
        self._node, self._worker, self._state = node, worker, state
        self._timeout = timeout
        for kind, name, callback in (
            (SegmentPoints, "~/segment", self._segment),
            (RemoveTrack, "~/remove_track", self._remove_track),
            (Trigger, "~/reset_tracks", self._reset_tracks),
            (SetBool, "~/enable", self._enable),
        ):
            node.create_service(kind, name, self._guarded(callback), qos_profile=SERVICE_QOS, callback_group=group)

    def _guarded(self, callback: Callable) -> Callable:
        """Wraps `callback` so that exceptions become the message of the response."""

        def answer(request, response):
            try:
                callback(request, response)
            except RmpsamError as error:
                refuse(response, sentence(error))
            except Exception as error:
                self._node.get_logger().error(f"a request failed: {error!r}")
                refuse(response, sentence(f"internal error: {error!r}"))
            return response

        return answer

    def _segment(self, request, response) -> None:
        arrived = time.monotonic()
        worker = self._active_worker()
        ask = ask_of_request(request, worker.cameras)
        try:
            answer = self._wait(worker.ask(ask))
        except PromptError:
            ask.given_up = True
            raise
        result, header = answer.result, answer.processed.header
        response.header, response.mask = header, mask_message(result.mask, header)
        response.score, response.roi = float(result.score), roi_message(result.roi)
        response.class_id = result.class_id if result.class_id >= 0 else NO_CLASS
        response.class_name = result.class_name
        response.success = True
        response.track_id = answer.track_id
        remarks = [f"The mask is returned, but the object is not followed: {sentence(answer.problem)}"] if answer.problem else []
        remarks += [sentence(answer.caution)] if answer.caution else []
        remarks += [f"The object has no position: {sentence(answer.no_position)}"] if answer.no_position else []
        if not ask.stamp and ask.target is not None and (age := arrived - ask.target.arrived) > OLD_SECONDS:
            remarks.append(f"The newest frame of camera '{ask.camera}' is {age:.0f} s old.")
        response.message = " ".join(remarks)
        response.latency_ms = (time.monotonic() - arrived) * 1e3

    def _remove_track(self, request, response) -> None:
        worker = self._active_worker()
        camera = camera_of_request(request.camera, worker.cameras)
        removed, others = self._wait(worker.remove_track(camera, request.track_id))
        if not removed:
            there = ", ".join(map(str, others)) or "none"
            raise PromptError(f"camera '{camera}' has no track {request.track_id}; its tracks are: {there}")
        response.success, response.message = True, f"Removed track {request.track_id} of camera '{camera}'."

    def _reset_tracks(self, request, response) -> None:
        count = self._wait(self._active_worker().reset_tracks())
        response.success, response.message = True, f"Removed {count} tracks; track IDs continue from the last one."

    def _wait(self, future):
        """The worker's answer; raises `PromptError` after `prompt_timeout`."""
        timeout = self._timeout()
        try:
            return future.result(timeout)
        except FutureTimeoutError:
            future.cancel()
            raise PromptError(
                f"no answer within prompt_timeout = {timeout:g} s: the node is busy; try again, or raise the parameter"
            ) from None

    def _enable(self, request, response) -> None:
        self._active_worker().enable(request.data)
        response.success = True
        response.message = "Inference is on." if request.data else "Inference is off; the model stays loaded."

    def _active_worker(self) -> InferenceWorker:
        worker = self._worker()
        if worker is None:
            name, state = self._node.get_fully_qualified_name(), self._state()
            raise PromptError(
                f"the node is {state}: activate it first (ros2 lifecycle set {name} {STEPS[state]})" if state in STEPS else
                f"the node is {state}: it only answers while active"
            )
        return worker


def refuse(response, message: str) -> None:
    """Marks a response as failed."""
    response.success, response.message = False, message
    if hasattr(response, "class_id"):
        response.class_id = NO_CLASS  # 0 is a class


def camera_of_request(name: str, cameras: Sequence[str]) -> str:
    """The camera that a request names; '' means the first.

    Raises:
        PromptError: there is no camera of that name.
    """
    if name and name not in cameras:
        raise PromptError(f"there is no camera '{name}': this node has {', '.join(cameras)}")
    return name or cameras[0]


def ask_of_request(request, cameras: Sequence[str]) -> Ask:
    """The click described by a `SegmentPoints` request.

    Raises:
        PromptError: unknown camera.
    """
    points = [(point.x, point.y) for point in request.points]
    labels = [int(point.label) for point in request.points]
    boxes = [(b.x_offset, b.y_offset, b.x_offset + b.width, b.y_offset + b.height) for b in request.boxes]
    return Ask(
        camera_of_request(request.camera, cameras), points, labels, boxes, stamp_ns(request.stamp), track=request.track
    )


def sentence(error: Exception | str) -> str:
    """Formats an error as a sentence with a capital letter and a full stop."""
    text = " ".join(str(error).split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "…", "!")) else ".")
