"""Tests clicked objects: how they are followed, and which mask is theirs."""
from __future__ import annotations

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from tracking_scenes import LABELS

from rmpsam_ros.errors import TrackError
from rmpsam_ros.tracking import Tracker
from rmpsam_ros.types import TrackState


def follow(frame: SceneFrame) -> Tracker:
    """A tracker that follows the frame's first thing, clicked at stamp 0."""
    tracker = Tracker(LABELS)
    tracker.update(frame, stamp=0.0)
    tracker.follow(frame.prompt(points=[(4 * frame.things[0].x, 4 * frame.things[0].y)]))
    return tracker


def test_follow__the_network_finds_a_group__keeps_the_mask_that_was_clicked():
    tracker = follow(SceneFrame([Thing(20, 20, found=0)]))
    for k in range(1, 6):  # the prompt's mask is the small thing, the network's object a large one around it
        frame = SceneFrame([Thing(20 + k, 20, found=0), Thing(22, 22, 0, side=26)])
        tracks = tracker.update(frame, stamp=0.1 * k)
        assert tracks[0].prompted and np.array_equal(tracks[0].mask, frame.mask(frame.things[0])[tracks[0].roi.slices])


def test_follow__comes_back_elsewhere__is_found_by_its_looks():
    tracker = follow(SceneFrame([Thing(12, 12, found=0), Thing(40, 30, 3, found=0)]))
    tracker.update(SceneFrame([Thing(13, 12, found=0), Thing(40, 30, 3, found=0)]), stamp=0.1)
    for k in range(2, 6):
        track, = tracker.update(SceneFrame([Thing(40, 30, 3, found=0)]), stamp=0.1 * k)
        assert track.state == TrackState.LOST
    track, = tracker.update(SceneFrame([Thing(50, 12, found=0), Thing(40, 30, 3, found=0)]), stamp=0.6)
    assert track.state == TrackState.CONFIRMED and abs(track.roi.x - 4 * 45) <= 4 and track.frames_since_seen == 0


def test_follow__two_clicked_objects__never_share_a_mask():
    tracker, frame = Tracker(LABELS), SceneFrame([Thing(20, 20, found=0), Thing(34, 20, found=0)])
    tracker.update(frame, stamp=0.0)
    for thing in frame.things:
        tracker.follow(frame.prompt(points=[(4 * thing.x, 4 * thing.y)]))
    both = tracker.update(SceneFrame([Thing(21, 20, found=0), Thing(33, 20, found=0)]), stamp=0.1)
    assert [track.state for track in both] == [TrackState.CONFIRMED] * 2
    both = tracker.update(SceneFrame([Thing(27, 20, found=0)]), stamp=0.2)  # two alike, of which one is left
    assert sorted(track.state for track in both) == [TrackState.CONFIRMED, TrackState.LOST]


def test_follow__more_than_one_run_can_ask_for__each_has_its_turn():
    things = [Thing(5 + 6 * (k % 10), 6 + 12 * (k // 10), k, side=4, found=0) for k in range(30)]
    tracker, frame = Tracker(LABELS), SceneFrame(things)
    tracker.update(frame, stamp=0.0)
    ids = [tracker.follow(frame.prompt(points=[(4 * thing.x, 4 * thing.y)]), frame=frame) for thing in things]
    longest = np.zeros(len(ids), int)
    for k in range(1, 40):
        tracks = {track.track_id: track for track in tracker.update(SceneFrame(things), stamp=k)}
        assert list(tracks) == ids and all(track.state == TrackState.CONFIRMED for track in tracks.values())
        longest = np.maximum(longest, [tracks[track_id].frames_since_seen for track_id in ids])
    assert longest.max() == 1  # twenty a frame: each at least in every second


@pytest.mark.parametrize("count, points, boxes", [(1, 5, 2), (8, 2, 2), (9, 3, 1), (20, 1, 1)])
def test_follow__up_to_twenty__all_are_asked_about_in_every_frame(count, points, boxes):
    things = [Thing(6 + 12 * (k % 5), 6 + 11 * (k // 5), k, side=8, found=0) for k in range(count)]
    tracker, frame = Tracker(LABELS), SceneFrame(things)
    tracker.update(frame, stamp=0.0)
    for thing in things:
        tracker.follow(frame.prompt(points=[(4 * thing.x, 4 * thing.y)]), frame=frame)
    still = SceneFrame(things)
    assert all(track.frames_since_seen == 0 for track in tracker.update(still, stamp=0.1))
    prompt, = still.asked
    assert (len(prompt.points), len(prompt.boxes)) == (count * points, count * boxes)


def test_follow__all_are_lost__no_more_is_asked_than_for_those_that_are_seen():
    things = [Thing(6 + 12 * (k % 5), 6 + 11 * (k // 5), k, side=8, found=0) for k in range(20)]
    tracker, frame = Tracker(LABELS), SceneFrame(things)
    tracker.update(frame, stamp=0.0)
    for thing in things:
        tracker.follow(frame.prompt(points=[(4 * thing.x, 4 * thing.y)]), frame=frame)
    for k in range(1, 5):
        bare = SceneFrame([Thing(60, 40, 0, side=8, found=0)], answers=False)
        assert all(track.state == TrackState.LOST for track in tracker.update(bare, stamp=0.1 * k))
        prompt, = bare.asked
        assert 0 < len(prompt.points) + len(prompt.boxes) <= 40


def test_follow__looks_quite_different_in_its_place__is_kept_where_elsewhere_it_would_not():
    def last(x: int) -> TrackState:
        """State of the track of a thing at x whose cells have changed halfway towards the floor's."""
        tracker = follow(SceneFrame([Thing(20, 20, side=14, found=0)]))
        tracker.update(SceneFrame([Thing(20, 20, side=14, found=0)]), stamp=0.1)
        changed = Faded([Thing(x, 20, side=14, found=0)])
        track, = tracker.update(changed, stamp=0.2)
        return track.state

    assert last(21) == TrackState.CONFIRMED and last(30) == TrackState.LOST


class Faded(SceneFrame):
    """A frame whose things barely differ from the floor."""

    @property
    def features(self):
        strong = super().features
        floor = SceneFrame([]).features
        return floor + 0.2 * (strong - floor)


def test_follow__the_camera_is_covered__is_lost():
    frame = SceneFrame([Thing(32, 24, side=30, found=0)])
    tracker = follow(frame)
    tracker.update(frame, stamp=0.1)
    covered = SceneFrame([Thing(32, 24, side=200, found=0)])  # every prompt returns the whole frame
    for k in range(2, 6):
        track, = tracker.update(covered, stamp=0.1 * k)
        assert track.state == TrackState.LOST and track.frames_since_seen == k - 1
    track, = tracker.update(frame, stamp=0.6)
    assert track.state == TrackState.CONFIRMED


def test_follow__long_after_the_newest_update__begins_when_it_was_clicked():
    thing = Thing(20, 20, found=0)
    tracker, frame = Tracker(LABELS, max_age=5.0), SceneFrame([thing])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]), stamp=60.0, frame=frame)
    track, = tracker.update(SceneFrame([thing]), stamp=60.1)
    assert track.track_id == track_id and track.state == TrackState.CONFIRMED


def test_follow__the_answer_is_changed_afterwards__the_track_is_as_it_was():
    tracker, frame = Tracker(LABELS), SceneFrame([Thing(20, 20)])
    tracker.update(frame, stamp=0.0)
    click = frame.prompt(points=[(80, 80)])
    tracker.follow(click, frame=frame)
    click.mask[:] = False
    assert tracker.tracks[0].mask.all()


@pytest.mark.parametrize("stamp", [float("nan"), float("inf")])
def test_follow__a_stamp_that_is_not_finite__is_none(stamp):
    tracker, frame = Tracker(LABELS, min_hits=1), SceneFrame([Thing(20, 20), Thing(45, 20, 1)])
    before = tracker.update(frame, stamp=5.0)
    assert tracker.follow(frame.prompt(points=[(80, 80)]), stamp=stamp, frame=frame) == 1
    assert [t.track_id for t in tracker.tracks] == [t.track_id for t in before] == [1, 2]


@pytest.mark.parametrize("stamp", [0.0, 1.7e9])
def test_follow__before_any_update__the_clicked_frame_itself_may_be_the_first(stamp):
    tracker, frame = Tracker(LABELS, min_hits=1), SceneFrame([Thing(20, 20), Thing(45, 20, 1)])
    clicked = tracker.follow(frame.prompt(points=[(80, 80)]), stamp=stamp, frame=frame)
    tracks = tracker.update(frame, stamp=stamp)
    assert tracker.used and [t.track_id for t in tracks if t.prompted] == [clicked] and len(tracks) == 2
    tracker.update(frame, stamp=stamp)
    assert not tracker.used


@pytest.mark.parametrize("stamp", ["now", SimpleNamespace(sec=1, nanosec=0), [1.0], np.array([1.0, 2.0])])
def test_stamps__that_are_no_seconds__are_one_clear_sentence(stamp):
    tracker, frame = Tracker(LABELS), SceneFrame([Thing(20, 20)])
    with pytest.raises(TrackError, match="it must be seconds"):
        tracker.update(frame, stamp=stamp)
    tracker.update(frame, stamp=0.0)
    with pytest.raises(TrackError, match="it must be seconds"):
        tracker.follow(frame.prompt(points=[(80, 80)]), stamp=stamp, frame=frame)


def test_tracks__pickled_and_copied__are_the_same_without_the_frame():
    tracker, frame = Tracker(LABELS, min_hits=1), SceneFrame([Thing(20, 20), Thing(45, 20, 1)])
    tracker.update(frame, stamp=0.0)
    tracker.follow(frame.prompt(points=[(80, 80)]), frame=frame)
    for tracks in (tracker.tracks, tracker.update(frame, stamp=0.1)):
        written = pickle.dumps(tracks)
        assert len(written) < 4000, "the whole map of the frame is in it"
        for other, track in zip(pickle.loads(written) + copy.deepcopy(tracks), tracks * 2):
            assert other == track and np.array_equal(other.mask, track.mask)


def test_follow__covered_in_the_very_next_frame__is_lost():
    frame = SceneFrame([Thing(20, 20, found=0)])
    tracker = Tracker(LABELS)
    tracker.update(frame, stamp=0.0)
    tracker.follow(frame.prompt(points=[(80, 80)]), frame=frame)

    class Dark(SceneFrame):  # the network answers as before, with barely a trace of the object in its features
        @property
        def features(self):
            bare = SceneFrame([]).features
            return bare + 0.04 * (super().features - bare)

    track, = tracker.update(Dark([Thing(20, 20, found=0)]), stamp=0.1)
    assert track.state == TrackState.LOST
    track, = tracker.update(frame, stamp=0.2)
    assert track.state == TrackState.CONFIRMED


def test_follow__the_frame_that_was_clicked__teaches_the_looks():
    old, new = SceneFrame([Thing(20, 20, found=0)]), SceneFrame([Thing(20, 20, 4, found=0)])
    tracker = Tracker(LABELS)
    tracker.update(new, stamp=0.0)  # another object is now at the click
    tracker.follow(old.prompt(points=[(80, 80)]), frame=old)
    track, = tracker.update(SceneFrame([Thing(20, 20, 4, found=0), Thing(30, 20, found=0)]), stamp=0.1)
    assert track.state == TrackState.CONFIRMED and abs(track.roi.x - 4 * 25) <= 4


def test_follow__at_once__has_the_mask_of_the_click():
    frame = SceneFrame([Thing(20, 20, found=0), Thing(50, 20, 1)])
    tracker = Tracker(LABELS)
    tracker.update(frame, stamp=0.0)
    for x, taken in ((80, False), (200, True)):  # an object that the network has not found, and an existing track
        click = frame.prompt(points=[(x, 80)])
        click.mask[80, x + 2 : x + 9] = False  # finer than any cell
        track_id = tracker.follow(click, frame=frame)
        track = next(t for t in tracker.tracks if t.track_id == track_id)
        assert np.array_equal(track.mask, click.mask[track.roi.slices]) and (track.segment_id > 0) == taken


def test_follow__an_object_of_the_network_that_comes_to_have_its_mask__is_one_with_it():
    part, whole = Thing(20, 20, found=0), Thing(21, 20, 1, side=15)
    tracker = Tracker(LABELS, min_hits=1)
    frame = SceneFrame([part, whole])  # the clicked mask is less than half of what the network finds
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]), frame=frame)
    assert [track.prompted for track in tracker.update(frame, stamp=0.1)] == [False, True]
    alone = SceneFrame([part, Thing(20, 20, 1, side=11)])  # and now it finds the same
    for stamp in (0.2, 0.3):
        track, = (t for t in tracker.update(alone, stamp=stamp) if not t.frames_since_seen)
        assert (track.track_id, track.prompted, track.segment_id) == (track_id, True, 1)
        assert tracker.assignment.tolist() == [track_id]


def test_follow__two_clicked_ids_that_come_to_one_object__one_is_lost(monkeypatch):
    tracker, frame = Tracker(LABELS, min_hits=1, max_age=1.0), SceneFrame([Thing(20, 20)])
    tracker.update(frame, stamp=0.0)
    first = tracker.follow(frame.prompt(points=[(80, 80)]), frame=frame)
    tracker.update(frame, stamp=0.1)
    for k in range(2, 5):
        tracker.update(SceneFrame([]), stamp=0.1 * k)
    there = SceneFrame([Thing(45, 30)])
    second = tracker.follow(there.prompt(points=[(180, 120)]), stamp=0.5, frame=there)  # the same object, clicked again elsewhere
    keeper = tracker._keeper
    keeper._memories[first].query = -keeper._memories[first].query  # prompts no longer find the first, but the network does
    monkeypatch.setattr(keeper, "barred", lambda seen, table: np.repeat((table.id == second)[:, None], len(seen), axis=1))
    for k in range(6, 11):
        tracks = {t.track_id: t for t in tracker.update(there, stamp=0.1 * k)}
        assert tracks[second].state == TrackState.CONFIRMED and tracks[second].segment_id == 1
        assert tracks[first].state == TrackState.LOST and tracks[first].frames_since_seen > 0
        assert tracker.assignment.tolist() == [second]
    assert [t.track_id for t in tracker.update(there, stamp=1.2)] == [second]  # and its age counts from its last own mask


def test_follow__all_tracks_of_a_frame__are_asked_for_in_one_run():
    frame = SceneFrame([Thing(8, 8, 0, found=0), Thing(30, 30, 1, found=0), Thing(50, 12, 2, found=0)])
    tracker = Tracker(LABELS)
    tracker.update(frame, stamp=0.0)
    for thing in frame.things:
        tracker.follow(frame.prompt(points=[(4 * thing.x, 4 * thing.y)]))
    later = SceneFrame([Thing(t.x + 1, t.y, t.name, found=0) for t in frame.things])
    tracks = tracker.update(later, stamp=0.1)
    assert len(later.asked) == 1 and len(later.asked[0].boxes) == 6
    for track, thing in zip(tracks, later.things):
        assert np.array_equal(track.mask, later.mask(thing)[track.roi.slices])
