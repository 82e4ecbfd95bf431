"""Tests clicks on another frame than the newest: an earlier one, or one of another size."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
from scene_frames import SceneFrame, Thing
from tracking_scenes import IMAGE, LABELS, square

from rmpsam_ros.tracking import Tracker
from rmpsam_ros.tracking.detections import Detections
from rmpsam_ros.types import Roi, TrackState


def test_follow__on_an_earlier_frame__is_the_track_that_had_its_mask_there():
    tracker = Tracker(LABELS, min_hits=1)
    old = SceneFrame([Thing(15, 20), Thing(35, 20, 1)])
    past = tracker.update(old, stamp=0.0)
    for k in range(1, 6):  # a conveyor: the first thing comes to where the second was
        tracker.update(SceneFrame([Thing(15 + 4 * k, 20), Thing(35 + 4 * k, 20, 1)]), stamp=0.1 * k)
    was_second = next(t.track_id for t in past if t.roi.x > 100)
    click = old.prompt(points=[(140, 80)])
    where = {t.track_id: t.roi for t in tracker.tracks}
    assert tracker.follow(click, stamp=0.0, frame=old, past=past) == was_second
    assert {t.track_id: t.roi for t in tracker.tracks} == where  # it is not pulled back to the click
    track, = (t for t in tracker.update(SceneFrame([Thing(38, 20), Thing(57, 20, 1)]), stamp=0.6) if t.prompted)
    assert track.track_id == was_second and abs(track.roi.x - 4 * 52) <= 4 and track.state == TrackState.CONFIRMED


def test_follow__a_track_of_an_earlier_frame_that_is_still_tentative__is_confirmed():
    tracker, thing = Tracker(LABELS), Thing(20, 20)
    past = tracker.update(SceneFrame([thing]), stamp=0.0)
    tracker.update(SceneFrame([thing]), stamp=0.1)
    old = SceneFrame([thing])
    assert past[0].state == TrackState.TENTATIVE
    track_id = tracker.follow(old.prompt(points=[(80, 80)]), stamp=0.0, frame=old, past=past)
    track, = tracker.tracks
    assert track.track_id == track_id == past[0].track_id and track.state == TrackState.CONFIRMED and track.is_followed
    for k in range(2, 12):
        tracker.update(SceneFrame([], answers=False), stamp=0.1 * k)
    assert [(t.track_id, t.state) for t in tracker.tracks] == [(track_id, TrackState.LOST)]


def test_follow__tracks_of_a_frame_of_another_size__are_not_the_clicked_one():
    tracker, frame = Tracker(LABELS, min_hits=1), SceneFrame([Thing(20, 20)])
    past = tracker.update(frame, stamp=0.0)
    halved = tuple(replace(track, roi=Roi(35, 35, 20, 20), mask=np.ones((20, 20), bool)) for track in past)
    edge = tuple(replace(track, roi=Roi(IMAGE[1] - 4, 35, 20, 20), mask=np.ones((20, 20), bool)) for track in past)  # half of it is beyond this image
    assert tracker.follow(frame.prompt(points=[(80, 80)]), stamp=0.0, frame=frame, past=(*halved, *edge)) == 2


def test_follow__on_an_earlier_frame_of_unknown_tracks__is_a_track_of_its_own():
    tracker = Tracker(LABELS, min_hits=1)
    old = SceneFrame([Thing(20, 20)])
    tracker.update(SceneFrame([Thing(20, 20, 1)]), stamp=1.0)  # another object is now at the click
    assert tracker.follow(old.prompt(points=[(80, 80)]), stamp=0.5, frame=old, past=()) == 2


def test_follow__on_a_frame_of_another_size__learns_the_object_on_that_frames_grid():
    old = SceneFrame([Thing(50, 20, found=0)])
    tracker = Tracker(LABELS)
    tracker.update(old, stamp=0.0)
    tracker.update_detections(Detections(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, 16), np.float32),
                                         np.zeros((0, 40, 30), bool), image_size=(160, 120)), 0.1)  # fmt: skip
    track_id = tracker.follow(old.prompt(points=[(200, 80)]), stamp=0.0, frame=old)
    target, surroundings = tracker._keeper._memories[track_id].target, tracker._keeper._surroundings
    values = target.likeness(old.features, surroundings)
    assert values[square(50, 20)].mean() > 0.8 and values[~square(50, 20)].mean() < -0.8


def test_follow__a_click_of_another_size_than_the_newest_frame__learns_the_object_where_it_is_in_it():
    newest = SceneFrame([Thing(50, 20, found=0)])
    click = newest.prompt(points=[(200, 80)])
    doubled = replace(click, mask=click.mask.repeat(2, 0).repeat(2, 1))
    tracker = Tracker(LABELS)
    tracker.update(newest, stamp=0.0)
    track_id = tracker.follow(doubled, stamp=0.0)
    target, surroundings = tracker._keeper._memories[track_id].target, tracker._keeper._surroundings
    values = target.likeness(newest.features, surroundings)
    assert values[square(50, 20)].mean() > 0.8 and values[~square(50, 20)].mean() < -0.8


def test_follow__on_a_frame_of_a_time_that_is_over__is_forgotten_when_its_age_is_up():
    thing = Thing(20, 20, found=0)
    tracker, frame = Tracker(LABELS, max_age=1.0), SceneFrame([thing])
    tracker.update(frame, stamp=1000.0)
    tracker.update(frame, stamp=1.0)  # a bag that is replayed
    tracker.follow(frame.prompt(points=[(80, 80)]), stamp=1000.0, frame=frame)
    empty = SceneFrame([])
    for stamp in (1.1, 1.6, 2.0):
        track, = tracker.update(empty, stamp=stamp)
        assert track.state == TrackState.LOST and 0 <= track.score <= 1
    assert tracker.update(empty, stamp=2.2) == ()
