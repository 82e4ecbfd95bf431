"""Tests the reliability that a subscription requests, and the publishers that it cannot be matched with."""
from __future__ import annotations

import pytest

from rmpsam_ros.ros.matching import Publisher, choose_reliability, mixed, reason_of_silence, unmatched

IMAGE, JPEG = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
GOOD, POOR, OTHER = Publisher("/a", IMAGE, True), Publisher("/b", IMAGE, False), Publisher("/c", JPEG, False)


@pytest.mark.parametrize(
    "wanted, publishers, expected",
    [
        ("auto", [], None),
        ("auto", [OTHER], None),
        ("auto", [GOOD], "reliable"),
        ("auto", [GOOD, OTHER], "reliable"),
        ("auto", [POOR], "best_effort"),
        ("auto", [GOOD, POOR], "best_effort"),
        ("reliable", [POOR], "reliable"),
        ("best_effort", [GOOD], "best_effort"),
        ("best_effort", [], "best_effort"),
    ],
)
def test_choose_reliability(wanted, publishers, expected):
    assert choose_reliability(wanted, publishers, IMAGE) == expected


def test_unmatched__names_both_sides():
    assert unmatched("/t", "best_effort", IMAGE, [GOOD, POOR]) == ()
    assert unmatched("/t", "reliable", IMAGE, [GOOD]) == ()
    (sentence,) = unmatched("/t", "reliable", IMAGE, [GOOD, POOR])
    assert sentence.startswith("/b publishes /t best effort, but qos_reliability is reliable")
    (sentence,) = unmatched("/t", "reliable", IMAGE, [OTHER])
    assert sentence == f"/c publishes {JPEG} on /t, but the subscription is to {IMAGE}; set image_transport: compressed, and remap /t/compressed to /t"


@pytest.mark.parametrize("reliability, publishers, heard", [
    ("best_effort", [], ""), ("best_effort", [GOOD, OTHER], ""), ("reliable", [GOOD, POOR], ""),
    ("best_effort", [POOR, GOOD], "2 publishers on /t (/a, /b)"), ("reliable", [GOOD, GOOD], "2 publishers on /t (/a, /a)"),
])
def test_mixed__names_those_that_are_heard(reliability, publishers, heard):
    sentence = mixed("/t", reliability, IMAGE, publishers)
    assert sentence.startswith(heard) and bool(sentence) == bool(heard)


@pytest.mark.parametrize(
    "topic, kind, publishers, published, expected",
    [
        ("/c/image", IMAGE, 1, {"/d/image": [IMAGE]}, "it has a publisher, so either the camera sends nothing"),
        ("/c/image", IMAGE, 0, {"/c/image/compressed": [JPEG]}, "/c/image/compressed has one: set image_transport: compressed"),
        ("/c/image/compressed", JPEG, 0, {"/c/image": [IMAGE]}, "/c/image has one: set image_transport: raw"),
        ("/c/image", IMAGE, 0, {"/scan": ["sensor_msgs/msg/LaserScan"]}, "no other topic has its type"),
        ("/c/image", IMAGE, 0, {f"/{k}/image": [IMAGE] for k in "edabf"}, "are /a/image, /b/image, /d/image, /e/image …: remap it"),
        ("/c/image", IMAGE, 0, {"/a/rmpsam/c/panoptic": ["rmpsam_ros/msg/PanopticSegmentation"], "/a/rmpsam/c/overlay": [IMAGE],
                                "/a/rmpsam/c/semantic/confidence": [IMAGE], "/d/image": [IMAGE]}, "topics of its type are /d/image: remap it"),
    ],
)
def test_reason_of_silence__names_what_would_help(topic, kind, publishers, published, expected):
    assert expected in reason_of_silence(topic, kind, publishers, published)
