"""Tests the memory of one clicked object: which masks can be the object, and what is learnt from them."""
from __future__ import annotations

import numpy as np
import pytest
from scene_frames import SceneFrame, Thing
from tracking_scenes import GRID, LABELS, query, square

from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.tracking import Tracker
from rmpsam_ros.tracking.candidates import Agreement
from rmpsam_ros.tracking.memory import IN_PLACE, Memory, unit
from rmpsam_ros.tracking.prompted import PromptKeeper
from rmpsam_ros.types import TrackState

OWN = unit(query(1))
ACROSS = unit(query(2) - (query(2) @ OWN) * OWN)
"""Orthogonal to it."""


def fits(lost: bool = False, area: float = 0.1, known=OWN, mask=None, iou: float = 0.6, seen=OWN, place=0.5, margin=0.5, growth=0.0) -> bool:
    """Whether one mask fits a memory with a usual margin of 1 and a minimum predicted IoU of 0.5."""
    mask = square(30, 24) if mask is None else mask
    agreement = Agreement(*(np.array([value]) for value in (place, 0.5, 0.5, margin, growth)))
    outputs = PromptOutputs(np.zeros((1, *GRID), np.float32), np.array([iou], np.float32), np.array([seen], np.float32))
    return bool(Memory(known, 0.5, area, margin=1.0).fits(outputs, mask[None], agreement, lost)[0])


def turned(cosine: float) -> np.ndarray:
    """A query with this cosine to the known one."""
    return 3 * (cosine * OWN + np.sqrt(1 - cosine**2) * ACROSS)


@pytest.mark.parametrize("answer, expected", [
    ({}, True), ({"iou": 0.5}, True), ({"iou": 0.49}, False), ({"iou": np.nan}, False),
    ({"margin": 0.21}, True), ({"margin": 0.19}, False), ({"margin": 0.39, "lost": True}, False), ({"margin": 0.41, "lost": True}, True),
    ({"margin": 0.11, "place": IN_PLACE}, True), ({"margin": 0.11, "place": IN_PLACE, "lost": True}, True),
    ({"margin": 0.09, "place": IN_PLACE}, False), ({"margin": 0.19, "place": IN_PLACE - 0.01}, False),
    ({"growth": np.log(3.9)}, True), ({"growth": np.log(4.1)}, False), ({"growth": -np.log(3.9)}, True), ({"growth": -np.log(4.1)}, False),
    ({"growth": -np.inf}, False),
    ({"seen": turned(0.81)}, True), ({"seen": turned(0.79)}, False), ({"seen": -OWN}, False), ({"seen": -OWN, "known": None}, True),
    ({"seen": np.zeros(16)}, True), ({"seen": np.full(16, np.nan)}, True),  # a backend that gives none
])
def test_fits__an_answer__is_the_object_only_if_all_speaks_for_it(answer, expected):
    assert fits(**answer) is expected


def test_fits__without_a_usual_margin__an_answer_must_stand_out_all_the_same():
    def of(margin: float) -> bool:
        agreement = Agreement(*(np.array([value]) for value in (0.5, 0.5, 0.5, margin, 0.0)))
        outputs = PromptOutputs(np.zeros((1, *GRID), np.float32), np.ones(1, np.float32), OWN[None])
        return bool(Memory(OWN, 0.5, 0.1).fits(outputs, square(30, 24)[None], agreement, False)[0])

    assert of(0.01) and not of(0.0) and not of(-0.1)


@pytest.mark.parametrize("area, share, expected", [(0.5, 1.0, False), (0.5, 0.985, False), (0.5, 0.97, True), (0.95, 1.0, True), (0.89, 1.0, False)])
def test_fits__all_of_the_frame__is_no_answer_for_what_has_usually_had_less(area, share, expected):
    mask = (np.arange(GRID[0] * GRID[1]) < share * GRID[0] * GRID[1]).reshape(GRID)
    assert fits(area=area, mask=mask) is expected


def test_fits__each_answer_is_judged_for_itself():
    agreement = Agreement(*(np.array(values) for values in ([0.9, 0.5, 0.5], [0.5] * 3, [0.5] * 3, [0.1, 0.1, 0.5], [0.0] * 3)))
    outputs = PromptOutputs(np.zeros((3, *GRID), np.float32), np.ones(3, np.float32), np.array([OWN, OWN, -OWN]))
    masks = np.repeat(square(30, 24)[None], 3, axis=0)
    assert Memory(OWN, 0.5, 0.1, margin=1.0).fits(outputs, masks, agreement, False).tolist() == [True, False, False]


def test_learn__an_answer__moves_what_is_usual():
    memory, half = Memory(OWN, 0.5, 0.1), np.arange(GRID[0] * GRID[1]).reshape(GRID) % 2 == 0
    memory.learn(5 * ACROSS, half, 0.8)
    assert memory.query @ OWN == pytest.approx(memory.query @ ACROSS) and np.linalg.norm(memory.query) == pytest.approx(1)
    assert memory.area == pytest.approx(0.3) and memory.margin == pytest.approx(0.8)  # the first margin is the usual one
    memory.learn(OWN, half, 0.3)
    assert memory.query @ OWN > memory.query @ ACROSS > 0.3
    assert memory.area == pytest.approx(0.4) and memory.margin == pytest.approx(0.75)  # another object must not become the norm


@pytest.mark.parametrize("known, seen", [(OWN, np.full(16, np.nan)), (OWN, np.zeros(16)), (None, OWN)])
def test_learn__without_a_query__what_is_known_of_it_stays(known, seen):
    memory = Memory(known, 0.5, 0.1)
    memory.learn(seen.astype(np.float32), square(30, 24), 0.5)
    assert memory.query is known


# Tracks that are absorbed


def clicked_beside_another() -> tuple[Tracker, int, int]:
    """A clicked object, and a network track that has reached its mask in the last frame; their IDs."""
    part = Thing(20, 20, found=0)
    tracker, frame = Tracker(LABELS, min_hits=1), SceneFrame([part, Thing(21, 20, 1, side=15)])
    tracker.update(frame, stamp=0.0)
    track_id = tracker.follow(frame.prompt(points=[(80, 80)]), frame=frame)
    tracker.update(frame, stamp=0.1)
    return tracker, track_id, next(t.track_id for t in tracker.tracks if not t.prompted)


def test_absorb__a_track_with_the_clicked_mask__hands_over_its_segment_and_its_looks():
    tracker, clicked, other = clicked_beside_another()
    table = tracker._lives.table
    looks = table.prototypes[table.row_of(other)].copy()
    assert not table.counts[table.row_of(clicked)].any()  # the query of a prompt says nothing of that
    tracker.update(SceneFrame([Thing(20, 20, found=0), Thing(20, 20, 1, side=11)]), stamp=0.2)
    table = tracker._lives.table
    assert table.row_of(other) is None and tracker.assignment.tolist() == [clicked]
    assert [(t.track_id, t.segment_id) for t in tracker.tracks] == [(clicked, 1)]
    assert table.counts[table.row_of(clicked), 0] > 0 and np.allclose(table.prototypes[table.row_of(clicked), 0], looks[0], atol=1e-6)


def test_absorb__a_track_whose_mask_differs__stays():
    tracker, clicked, other = clicked_beside_another()
    tracker.update(SceneFrame([Thing(20, 20, found=0), Thing(21, 20, 1, side=15)]), stamp=0.2)
    assert {t.track_id: t.segment_id for t in tracker.tracks} == {clicked: 0, other: 1}


def test_absorb__what_it_has_learnt_before__is_kept():
    tracker, clicked, _ = clicked_beside_another()
    table = tracker._lives.table
    row = table.row_of(clicked)
    table.prototypes[row, :2], table.counts[row, :2] = unit(query(9)), 1
    tracker.update(SceneFrame([Thing(20, 20, found=0), Thing(20, 20, 1, side=11)]), stamp=0.2)
    table = tracker._lives.table
    assert np.allclose(table.prototypes[table.row_of(clicked), 0], unit(query(9)))


def test_absorb__the_clicked_object_is_not_there__takes_nobody_in():
    tracker, clicked, other = clicked_beside_another()
    tracker.update(SceneFrame([Thing(20, 20, 1, side=11)], answers=False), stamp=0.2)
    states = {t.track_id: t.state for t in tracker.tracks}
    assert states == {clicked: TrackState.LOST, other: TrackState.CONFIRMED} and tracker.assignment.tolist() == [other]


def test_absorb__an_answer_of_an_earlier_frame__is_no_mask_of_this_one(monkeypatch):
    tracker, clicked, other = clicked_beside_another()
    keeper, table = tracker._keeper, tracker._lives.table
    monkeypatch.setattr(keeper, "absorb", lambda table: {})
    tracker.update(SceneFrame([Thing(20, 20, found=0), Thing(20, 20, 1, side=11)]), stamp=0.2)
    memory, mask = keeper._memories[clicked], keeper._memories[clicked].mask
    for memory.asked_at, memory.missed, memory.mask in ((keeper._frames - 1, 0, mask), (keeper._frames, 1, None)):
        assert PromptKeeper.absorb(keeper, table) == {} and table.row_of(other) is not None
    memory.missed, memory.mask = 0, mask
    assert PromptKeeper.absorb(keeper, table) == {other: clicked} and table.row_of(other) is None
