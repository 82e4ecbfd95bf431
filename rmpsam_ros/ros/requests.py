"""Requests from other threads to the inference worker, and its answers. No ROS."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any

from rmpsam_ros.errors import RmpsamError
from rmpsam_ros.ros.feeds import Processed, Received
from rmpsam_ros.types import PromptResult


@dataclass(frozen=True)
class Answer:
    """The answer to a click: the frame that was used, the result on it, and the track ID.

    `track_id` is 0 if no track was requested or none could be made; in the latter case `problem` says why. `caution` says why a new
    track may not be updated. `position` (x, y, z) is in metres, in the frame of the image, for subscribers; `no_position` says
    why they get none.
    """

    processed: Processed
    result: PromptResult
    track_id: int = 0
    problem: str = ""
    caution: str = ""
    position: tuple[float, float, float] | None = None
    no_position: str = ""


@dataclass(eq=False)
class Ask:
    """A pending click.

    `points` are (x, y) and `boxes` (x1, y1, x2, y2) in source pixels, `labels` 1 or 0 for each point. `stamp` (ns) selects the
    frame, 0 the newest; with `or_newest`, the newest is used instead of one that is not in the cache. With `track`, the clicked
    object becomes a track. `target`, set by the worker, is the message that the click refers to, if it is still kept when the click
    arrives. `given_up`: the caller has been told that there is no answer, so the click must not have any effect.
    """

    camera: str
    points: Sequence[tuple[float, float]]
    labels: Sequence[int]
    boxes: Sequence[tuple[float, float, float, float]]
    stamp: int = 0
    or_newest: bool = False
    track: bool = False
    target: Received | None = None
    given_up: bool = False
    future: Future = field(default_factory=Future)


@dataclass(eq=False)
class Call:
    """Another action to run on the worker's thread, between frames."""

    action: Callable[[], Any]
    future: Future = field(default_factory=Future)


def do(call: Call) -> None:
    """Runs a call, unless it was cancelled; its result or exception goes to its future."""
    if not call.future.set_running_or_notify_cancel():
        return
    try:
        call.future.set_result(call.action())
    except Exception as error:
        call.future.set_exception(error)


def refuse(ask: Ask | Call, error: Exception) -> None:
    """Answers with an error."""
    try:
        ask.future.set_exception(error)
    except InvalidStateError:
        pass  # cancelled: nobody is waiting for it


def one_line(error: Exception) -> str:
    """Formats an exception as one line; with its type if it is not an `RmpsamError`."""
    text = " ".join(str(error).split()) or "no further details"
    return text if isinstance(error, RmpsamError) else f"{type(error).__name__}: {text}"


def unheard(camera: str) -> str:
    """The warning on a track of a camera without subscribers, whose images are not inferred."""
    return f"nothing updates the track until somebody subscribes to results of camera '{camera}', such as ~/{camera}/tracks"
