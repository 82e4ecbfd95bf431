"""What other threads ask of the inference worker, and what it answers. No ROS."""
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
    """The answer to a click: the frame that was used, the result on it, and the id of its track.

    `track_id` is 0 where no track was asked for or none could be made; `problem` says why then. `caution` says why a track that was
    made may not go on.
    """

    processed: Processed
    result: PromptResult
    track_id: int = 0
    problem: str = ""
    caution: str = ""


@dataclass(eq=False)
class Ask:
    """A click on its way.

    `points` are (x, y) and `boxes` (x1, y1, x2, y2) in source pixels, `labels` one of 1 and 0 for each point. `stamp`
    (ns) names the frame, 0 the newest; with `or_newest`, the newest stands in for one that is not in the cache. With
    `track`, the clicked object becomes a track. `target`, set by the worker, is the message that the click means, if it is still
    there when the click comes. `given_up`: whoever asked has been told that there is no answer, so that nothing may come of it any more.
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
    """Something else to be done on the worker's thread, between frames."""

    action: Callable[[], Any]
    future: Future = field(default_factory=Future)


def do(call: Call) -> None:
    """Runs a call, unless it was cancelled; what it returns or raises goes to its future."""
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
        pass  # cancelled: nobody waits for it


def one_line(error: Exception) -> str:
    """An exception as one line; its type only where it is not one of ours."""
    text = " ".join(str(error).split()) or "no further details"
    return text if isinstance(error, RmpsamError) else f"{type(error).__name__}: {text}"


def unheard(camera: str) -> str:
    """What to say of a track in the images of a camera that nobody listens to: they are not inferred."""
    return f"nothing updates the track until somebody subscribes to results of camera '{camera}', such as ~/{camera}/tracks"
