"""Which reliability a subscription should ask for, and which publishers it cannot be matched with. No ROS imports.

The middleware never matches a best-effort publisher with a reliable subscription, nor two different types, and says
nothing that a user would see. Best effort matches everybody, but loses most large frames of a reliable publisher on a
default transport, so it is asked for only where a publisher offers no more.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

RELIABLE, BEST_EFFORT = "reliable", "best_effort"
_PANOPTIC = "rmpsam_ros/msg/PanopticSegmentation"


@dataclass(frozen=True)
class Publisher:
    """A publisher on a topic: its node's full name, its message type ('pkg/msg/Type') and whether it is reliable."""

    node: str
    type: str
    reliable: bool


def choose_reliability(wanted: str, publishers: Iterable[Publisher], message_type: str) -> str | None:
    """'reliable' or 'best_effort' for a subscription; `wanted` is the parameter `qos_reliability`.

    None where 'auto' cannot tell: nobody of the right type publishes, so whatever there is should stay.
    """
    if wanted != "auto":
        return wanted
    offers = [publisher.reliable for publisher in publishers if publisher.type == message_type]
    if not offers:
        return None
    return RELIABLE if all(offers) else BEST_EFFORT


def unmatched(topic: str, reliability: str, message_type: str, publishers: Sequence[Publisher]) -> tuple[str, ...]:
    """One sentence for each publisher that a subscription cannot be matched with, naming both sides."""
    sentences = []
    for publisher in publishers:
        if publisher.type != message_type:
            remedy = ""
            if publisher.type.endswith("/CompressedImage"):  # that transport listens to the topic with /compressed behind it
                remedy = "; set image_transport: compressed"
                if not topic.endswith("/compressed"):
                    remedy += f", and remap {topic}/compressed to {topic}"
            sentences.append(
                f"{publisher.node} publishes {publisher.type} on {topic}, where {message_type} is subscribed{remedy}"
            )
        elif reliability == RELIABLE and not publisher.reliable:
            sentences.append(
                f"{publisher.node} publishes {topic} best effort, but qos_reliability: reliable asks for reliable: "
                f"set it to auto or best_effort"
            )
    return tuple(sentences)


def mixed(topic: str, reliability: str, message_type: str, publishers: Iterable[Publisher]) -> str:
    """A sentence that names those whose images may come on one topic; '' where it is one publisher, or none."""
    heard = sorted(p.node for p in publishers if p.type == message_type and (p.reliable or reliability == BEST_EFFORT))
    return "" if len(heard) < 2 else (
        f"{len(heard)} publish on {topic} ({', '.join(heard)}): where more than one sends images, as a bag beside the camera does, "
        f"they are mixed; end or remap all but one"
    )


def reason_of_silence(topic: str, message_type: str, publishers: int, published: Mapping[str, Sequence[str]]) -> str:
    """Why no image may come on a topic, and what would help.

    Args:
        topic: the full name of what is subscribed.
        message_type: what is subscribed there.
        publishers: how many publish it.
        published: the types of every other topic that somebody publishes.
    """
    if publishers:
        return "it is published, so the camera sends nothing, or its messages are lost on the way (README: Fast DDS profiles)"
    if f"{topic}/compressed" in published:
        return f"nobody publishes it, but {topic}/compressed is there: set image_transport: compressed"
    if topic.endswith("/compressed") and topic.removesuffix("/compressed") in published:
        return f"nobody publishes it, but {topic.removesuffix('/compressed')} is there: set image_transport: raw"
    results = tuple(name.removesuffix("panoptic") for name, types in published.items() if _PANOPTIC in types)  # of other nodes like this one
    images = sorted(name for name, types in published.items() if message_type in types and not name.startswith(results))
    if not images:
        return "nobody publishes it, and there is no other topic of its type: does the camera run, in this ROS_DOMAIN_ID?"
    some = ", ".join(images[:4]) + (" …" if len(images) > 4 else "")
    return f"nobody publishes it; topics of its type are {some}: remap it, or set CAMERA.image_topic"
