"""Clicks that are followed while nobody listens, so that no update comes between them."""
from __future__ import annotations

import numpy as np
import pytest
from tracking_scenes import LABELS

from rmpsam_ros.tracking import Tracker
from rmpsam_ros.types import PromptResult, Roi, TrackState


def click(x: int, y: int = 10, class_id: int = 0) -> PromptResult:
    mask = np.zeros((120, 160), bool)
    mask[y : y + 30, x : x + 30] = True
    return PromptResult(mask, 0.8, Roi.of_mask(mask), class_id, LABELS.classes[class_id].name)


@pytest.mark.parametrize("seconds, same", [(9.0, True), (11.0, False)])
def test_follow__the_same_place_after_some_time__is_the_same_object_while_it_is_remembered(seconds, same):
    tracker = Tracker(LABELS, max_age=10.0)
    first = tracker.follow(click(20), stamp=100.0)
    second = tracker.follow(click(20), stamp=100.0 + seconds)
    assert (first == second) is same
    assert [track.track_id for track in tracker.tracks] == [second]


def test_follow__clicked_again_and_again__is_remembered_from_the_last_click_on():
    tracker = Tracker(LABELS, max_age=10.0)
    ids = {tracker.follow(click(20), stamp=stamp) for stamp in (100.0, 108.0, 116.0, 124.0)}
    assert len(ids) == 1 and tracker.tracks[0].state is TrackState.CONFIRMED
    assert tracker.tracks[0].score == pytest.approx(0.8)


def test_follow__hundreds_of_clicks_in_hours__tracks_are_those_of_the_last_seconds():
    tracker = Tracker(LABELS, max_age=10.0)
    for k in range(200):
        tracker.follow(click(4 * k % 120, 17 * k % 80), stamp=100.0 + 6 * k)
    assert [track.track_id for track in tracker.tracks] == [199, 200]
    assert len(tracker._keeper._memories) == 2
