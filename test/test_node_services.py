"""Tests clicks and switches on the real node: responses, refusals with their reasons, and that the stream continues."""
from __future__ import annotations

import math
import signal
import time

import numpy as np
import pytest

from node_checks import camera_status, check_answer, check_panoptic, check_refused, request, scene, segment
from ros_harness import OFTEN, SMALL_INPUT, TIMEOUT, Client, NodeProcess, model, until

from std_srvs.srv import SetBool, Trigger

from rmpsam_ros.ros.messages import stamp_ns
from rmpsam_ros.msg import PanopticSegmentation, TrackedInstance, TrackedInstanceArray
from rmpsam_ros.srv import RemoveTrack, SegmentPoints

HISTORY = 3


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    process = NodeProcess(
        tmp_path_factory.mktemp("node") / "log", program=OFTEN, model=model(), cameras=["camera", "idle"], input_size=SMALL_INPUT,
        score_threshold=0.0, overlap_threshold=0.0, max_segments=8, prompt_history=HISTORY, prompt_timeout=5.0,
    )
    yield process
    assert process.stop(number=signal.SIGTERM) == 0, process.output[-3000:]


@pytest.fixture(scope="module")
def client(node):
    client = Client()
    until(lambda: client.state() == "active", "activation")
    yield client
    client.close()


def test_services__click_before_the_first_frame(client):
    check_refused(segment(client, points=[(1, 1)], camera="idle"), "No frame of camera 'idle' has arrived yet")


def test_services__click_without_any_subscriber(client):
    before = camera_status(client, "camera")
    source = client.image(scene(100, 140))
    client.publish("camera/image_raw", source)
    until(lambda: int(camera_status(client, "camera")["frames received"]) > int(before["frames received"]), "the frame")
    assert camera_status(client, "camera")["frames processed"] == before["frames processed"]
    response = segment(client, points=[(70, 50)])
    check_answer(response, source)
    assert response.latency_ms > 0 and response.message == "" and response.track_id == 0
    assert int(camera_status(client, "camera")["frames processed"]) == int(before["frames processed"]) + 1
    assert camera_status(client, "camera")["frames published"] == before["frames published"]


def test_services__points_boxes_and_background(client):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    source = client.image(scene(120, 160))
    client.publish("camera/image_raw", source)
    client.result_of(panoptic, source)
    check_answer(segment(client, camera="camera", boxes=[(40, 30, 80, 60)]), source)
    check_answer(segment(client, boxes=[(0, 0, 160, 120)], stamp=stamp_ns(source.header.stamp)), source)
    both = check_answer(segment(client, points=[(80, 60), (5, 5)], labels=[1, 0]), source)
    alone = check_answer(segment(client, points=[(80, 60)]), source)
    assert not (both.astype(bool) & ~alone.astype(bool)).any()  # background points only remove


def test_services__by_stamp_from_the_cache(client):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    sources = []
    for index in range(HISTORY + 2):
        sources.append(client.image(scene(60 + index, 80)))
        client.publish("camera/image_raw", sources[-1])
        client.result_of(panoptic, sources[-1])
    stamps = [stamp_ns(source.header.stamp) for source in sources]
    for source, stamp in list(zip(sources, stamps))[-HISTORY:]:
        check_answer(segment(client, points=[(20, 20)], stamp=stamp), source)
    response = segment(client, points=[(20, 20)], stamp=stamps[0])
    oldest, newest = (f"{s // 10**9}.{s % 10**9:09d}" for s in (stamps[-HISTORY], stamps[-1]))
    check_refused(response, "is not in the cache", f"holds {HISTORY} frames from {oldest} to {newest}")
    check_answer(segment(client, points=[(20, 20)]), sources[-1])


@pytest.mark.parametrize("arguments, parts", [
    ({"points": [(160, 20)]}, ["outside the image", "0 to 159", "0 to 119"]),
    ({"points": [(-1, 20)]}, ["outside the image"]),
    ({"points": [(math.nan, 20)]}, ["not finite"]),
    ({"points": [(math.inf, 20)]}, ["not finite"]),
    ({}, ["no foreground point and no box"]),
    ({"points": [(5, 5)], "labels": [0]}, ["no foreground point and no box"]),
    ({"points": [(5, 5)], "labels": [7]}, ["label 7"]),
    ({"boxes": [(150, 100, 20, 10)]}, ["outside the image"]),
    ({"boxes": [(10, 10, 0, 10)]}, ["empty"]),
    ({"points": [(5, 5)], "camera": "front"}, ["There is no camera 'front'", "camera, idle"]),
    ({"points": [(5, 5)], "stamp": 123_000_000_456}, ["123.000000456 is not in the cache"]),
])
def test_services__refused_with_a_reason(client, arguments, parts):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    source = client.image(scene(120, 160))
    client.publish("camera/image_raw", source)
    client.result_of(panoptic, source)
    response = segment(client, **arguments)
    check_refused(response, *parts)
    assert len(response.mask.data) == 0 and response.track_id == 0
    check_answer(segment(client, points=[(5, 5)]), source)


def test_services__fifty_clicks_at_once_and_the_stream_goes_on(client):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    source = client.image(scene(120, 160))
    client.publish("camera/image_raw", source)
    client.result_of(panoptic, source)
    stamp = stamp_ns(source.header.stamp)
    rng = np.random.default_rng(0)
    points = [(int(x), int(y)) for x, y in zip(rng.integers(0, 160, 50), rng.integers(0, 120, 50))]
    futures = [client.call_later(SegmentPoints, "~/segment", request(points=[p], stamp=stamp)) for p in points]
    later = client.image(scene(120, 160))
    client.publish("camera/image_raw", later)
    until(lambda: all(future.done() for future in futures), "fifty answers")
    masks = [check_answer(future.result(), source) for future in futures]
    for point, mask in list(zip(points, masks))[:3]:
        alone = check_answer(segment(client, points=[point], stamp=stamp), source)
        np.testing.assert_array_equal(mask, alone)  # no caller gets another caller's response
    check_panoptic(client.result_of(panoptic, later), later)


def test_services__enable_off_and_on(client):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    response = client.call(SetBool, "~/enable", SetBool.Request(data=False))
    assert response.success and response.message
    source = client.image(scene(50, 70))
    client.publish("camera/image_raw", source)
    check_refused(segment(client, points=[(5, 5)]), "Inference is switched off: call ~/enable with data: true")
    time.sleep(0.3)
    assert stamp_ns(source.header.stamp) not in [stamp_ns(m.header.stamp) for m in panoptic]
    assert client.state() == "active"
    assert client.call(SetBool, "~/enable", SetBool.Request(data=True)).success
    check_panoptic(client.result_of(panoptic, source), source)


def check_tracks(message, panoptic, source):
    """Asserts every documented property of the message, and that the panoptic map of the same frame has the same tracks."""
    assert message.header == source.header
    ids = [track.track_id for track in message.instances]
    assert len(set(ids)) == len(ids) and all(ids)
    for track in message.instances:
        mask = track.mask
        assert (mask.width, mask.height, mask.encoding) == (track.roi.width, track.roi.height, "mono8")
        assert len(mask.data) == mask.width * mask.height and set(mask.data) <= {0, 255}
        assert track.state in (TrackedInstance.TENTATIVE, TrackedInstance.CONFIRMED, TrackedInstance.LOST)
        assert 0 <= track.score <= 1 and not track.has_position
    named = {segment.track_id for segment in panoptic.segments if segment.track_id}
    assert named <= set(ids)
    assert all(segment.is_thing for segment in panoptic.segments if segment.track_id)
    return ids


def test_services__a_click_becomes_a_track_and_is_removed(client):
    panoptic = client.listen(PanopticSegmentation, "~/camera/panoptic")
    tracks = client.listen(TrackedInstanceArray, "~/camera/tracks")
    pixels, seen = scene(120, 160), []
    for _ in range(4):
        source = client.image(pixels)
        client.publish("camera/image_raw", source)
        result = client.result_of(panoptic, source)
        check_tracks(client.result_of(tracks, source), result, source)
        seen.append({segment.id: segment.track_id for segment in result.segments})
    assert any(seen[0].values()) and seen[-1] == seen[0]  # a static scene keeps its track IDs

    response = segment(client, points=[(80, 60)], track=True)
    check_answer(response, source)
    assert response.track_id > 0 and response.message == ""
    source = client.image(pixels)
    client.publish("camera/image_raw", source)
    message = client.result_of(tracks, source)
    followed = [track for track in message.instances if track.track_id == response.track_id]
    assert len(followed) == 1 and followed[0].prompted

    def remove(track_id, camera=""):
        return client.call(RemoveTrack, "~/remove_track", RemoveTrack.Request(camera=camera, track_id=track_id))

    assert remove(response.track_id).success
    check_refused(remove(response.track_id), f"Camera 'camera' has no track {response.track_id}; its tracks are:")
    check_refused(remove(1, camera="front"), "'front'")
    source = client.image(pixels)
    client.publish("camera/image_raw", source)
    message = client.result_of(tracks, source)
    assert response.track_id not in [track.track_id for track in message.instances]

    answer = client.call(Trigger, "~/reset_tracks", Trigger.Request())
    assert answer.success and "Removed" in answer.message
    source = client.image(pixels)
    client.publish("camera/image_raw", source)
    after = {track.track_id for track in client.result_of(tracks, source).instances}
    assert not after & ({track.track_id for track in message.instances} | {response.track_id})  # never reused


def test_services__prompt_timeout_is_kept(client):
    """A limit that no click can meet: the response still arrives, in time."""
    source = client.image(scene(1500, 2000))
    client.publish("camera/image_raw", source)
    assert client.set("prompt_timeout", 0.01) == ""
    started = time.monotonic()
    response = segment(client, points=[(5, 5)])
    assert time.monotonic() - started < TIMEOUT / 4
    if not response.success:
        check_refused(response, "No answer within prompt_timeout = 0.01 s")
    assert client.set("prompt_timeout", 5.0) == ""
    until(lambda: segment(client, points=[(5, 5)]).success, "answers afterwards")
