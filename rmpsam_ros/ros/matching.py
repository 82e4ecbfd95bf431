"""Chooses the reliability that a subscription requests, and finds publishers that it cannot be matched with. No ROS imports.

The middleware never matches a best-effort publisher with a reliable subscription, nor two different types, and shows the
user no message about it. A best-effort subscription matches every publisher, but loses most large frames of a reliable one on a
default transport, so it is requested only if a publisher offers no more.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

RELIABLE, BEST_EFFORT = "reliable", "best_effort"
_PANOPTIC = "rmpsam_ros/msg/PanopticSegmentation"


@dataclass(frozen=True)
class Publisher:
    """A publisher on a topic: full name of its node, message type ('pkg/msg/Type'), and whether it is reliable."""

    node: str
    type: str
    reliable: bool


def choose_reliability(wanted: str, publishers: Iterable[Publisher], message_type: str) -> str | None:
    """'reliable' or 'best_effort' for a subscription; `wanted` is the parameter `qos_reliability`.

    None if 'auto' cannot decide, because there is no publisher of the right type: keep the current reliability.
    """
    if wanted != "auto":
        return wanted
    offers = [publisher.reliable for publisher in publishers if publisher.type == message_type]
    if not offers:
        return None
    return RELIABLE if all(offers) else BEST_EFFORT


def unmatched(topic: str, reliability: str, message_type: str, publishers: Sequence[Publisher]) -> tuple[str, ...]:
    """One sentence, naming both sides, for each publisher that a subscription cannot be matched with."""
    sentences = []
    for publisher in publishers:
        if publisher.type != message_type:
            remedy = ""
            if publisher.type.endswith("/CompressedImage"):  # this transport subscribes to the topic with /compressed appended
                remedy = "; set image_transport: compressed"
                if not topic.endswith("/compressed"):
                    remedy += f", and remap {topic}/compressed to {topic}"
            sentences.append(
                f"{publisher.node} publishes {publisher.type} on {topic}, but the subscription is to {message_type}{remedy}"
            )
        elif reliability == RELIABLE and not publisher.reliable:
            sentences.append(
                f"{publisher.node} publishes {topic} best effort, but qos_reliability is reliable: "
                f"set it to auto or best_effort"
            )
    return tuple(sentences)


def mixed(topic: str, reliability: str, message_type: str, publishers: Iterable[Publisher]) -> str:
    """A sentence naming the publishers if more than one may send images on a topic; '' otherwise."""
    heard = sorted(p.node for p in publishers if p.type == message_type and (p.reliable or reliability == BEST_EFFORT))
    return "" if len(heard) < 2 else (
        f"{len(heard)} publishers on {topic} ({', '.join(heard)}): if more than one sends images, such as a bag and the camera, "
        f"the images are mixed; stop or remap all but one"
    )


def reason_of_silence(topic: str, message_type: str, publishers: int, published: Mapping[str, Sequence[str]]) -> str:
    """The likely reason why no image arrives on a topic, and a remedy.

    Args:
        topic: full name of the subscribed topic.
        message_type: type of the subscription.
        publishers: number of publishers on the topic.
        published: the types of every other topic that has a publisher.
    """
    if publishers:
        return "it has a publisher, so either the camera sends nothing or its messages are lost in transit (README: Fast DDS profiles)"
    if f"{topic}/compressed" in published:
        return f"it has no publisher, but {topic}/compressed has one: set image_transport: compressed"
    if topic.endswith("/compressed") and topic.removesuffix("/compressed") in published:
        return f"it has no publisher, but {topic.removesuffix('/compressed')} has one: set image_transport: raw"
    results = tuple(name.removesuffix("panoptic") for name, types in published.items() if _PANOPTIC in types)  # of other rmpsam nodes
    images = sorted(name for name, types in published.items() if message_type in types and not name.startswith(results))
    if not images:
        return "it has no publisher, and no other topic has its type: is the camera driver running, in this ROS_DOMAIN_ID?"
    some = ", ".join(images[:4]) + (" …" if len(images) > 4 else "")
    return f"it has no publisher; topics of its type are {some}: remap it, or set CAMERA.image_topic"
