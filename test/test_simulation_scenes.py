"""Tests small simulated and rendered scenes: their ground truth is consistent, and the project's own readers read it."""
from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

import rendering  # noqa: F401  first: skips where nothing can be rendered

from rmpsam_ros.data.checks import check_source
from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.data.sample import Coverage
from rmpsam_ros.data.sources import Source, SourceConfig
from rmpsam_ros.errors import DataError
from rmpsam_ros.simulation.camera import CameraModel, look_at
from rmpsam_ros.simulation.catalogue import open_catalogue
from rmpsam_ros.simulation.layout import make_layout
from rmpsam_ros.simulation.stream import SceneStream
from rmpsam_ros.simulation.world import World
from rmpsam_ros.simulation.writer import SceneWriter

SIZE = (120, 160)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(4)
    return World(make_layout(rng, open_catalogue(), "table", 6), rng)


@pytest.fixture(scope="module")
def clips():
    """Clips of a table and a shelf."""
    stream = SceneStream(10, SIZE, frames=4, count=7)
    return [clip for number in range(2) for clip in stream.scene(number)]


@pytest.fixture(scope="module")
def folder(clips, tmp_path_factory):
    path = tmp_path_factory.mktemp("scenes")
    writer = SceneWriter(path)
    for number, clip in enumerate(clips):
        writer.add(clip, f"{number:03d}")
    writer.save()
    return path


def test_world__comes_to_rest_on_the_table(world):
    import mujoco

    before = {item: world.position(item) for item in world.resting()}
    assert len(before) >= 3
    for _ in range(50):
        mujoco.mj_step(world.model, world.data)
    assert max(np.linalg.norm(world.position(item) - at) for item, at in before.items()) < 0.02


def test_world__glances_at_what_is_rendered(world):
    from rmpsam_ros.simulation.renderer import WorldRenderer

    side, rays = 160, 32  # cells of five pixels, so that rays go through the middle of pixels
    camera, pose = CameraModel((side, side), 140.0), look_at(world.layout.focus + (0.3, -0.5, 0.5), world.layout.focus)
    ids, distances = world.glance(camera, pose, rays)
    with WorldRenderer(world, (side, side)) as renderer:
        renderer.look(camera, pose)
        rendered, depth = renderer.ids()[2::5, 2::5].reshape(-1), renderer.depth()[2::5, 2::5]
    middles = (np.arange(rays) + 0.5) * side / rays - side / 2
    along = np.sqrt(1 + (middles / 140) ** 2 + (middles[:, None] / 140) ** 2)
    assert (ids == rendered).mean() > 0.99, "the pinhole of the truth is not the one that was drawn through"
    assert np.median(np.abs(distances - (depth * along).reshape(-1))) < 0.005


def test_frame__is_whole(clips):
    for clip in clips:
        for frame in clip:
            assert frame.image.shape == (*SIZE, 3) and frame.image.dtype == np.uint8 and frame.image.std() > 5
            assert frame.depth.dtype == np.float32 and 0.02 < frame.depth.min() and frame.depth.max() < 15
            assert set(np.unique(frame.ids)) <= set(frame.segments), "every pixel belongs to something"
            assert any(frame.segments[i].is_thing for i in np.unique(frame.ids))


def test_clip__shows_the_same_ids_where_depth_and_poses_say(clips):
    """Points of one frame, transformed into the next by depth and poses, fall on the same segment unless occluded."""
    shares = []
    for clip in clips:
        for one, two in zip(clip[:-1], clip[1:]):
            v, u = (a.reshape(-1) for a in np.mgrid[1 : SIZE[0] : 3, 1 : SIZE[1] : 3])
            z = one.depth[v, u]
            points = np.linalg.inv(one.camera.matrix) @ np.stack((u * z, v * z, z))
            there = (np.linalg.inv(two.pose) @ one.pose @ np.vstack((points, np.ones(len(z)))))[:3]
            projected = two.camera.matrix @ there
            u2, v2 = np.rint(projected[:2] / projected[2]).astype(int)
            inside = (u2 >= 0) & (v2 >= 0) & (u2 < SIZE[1]) & (v2 < SIZE[0])
            u, v, u2, v2, there = u[inside], v[inside], u2[inside], v2[inside], there[:, inside]
            seen = np.abs(two.depth[v2, u2] - there[2]) < 0.004 + 0.01 * there[2]
            assert seen.mean() > 0.5
            shares.append((one.ids[v, u] == two.ids[v2, u2])[seen].mean())
    assert np.mean(shares) > 0.98 and min(shares) > 0.93, shares


def test_clip__has_a_moving_camera(clips):
    for clip in clips:
        steps = [np.linalg.norm(a.pose[:3, 3] - b.pose[:3, 3]) for a, b in zip(clip[:-1], clip[1:])]
        assert 0 < max(steps) < 0.2


def test_world__carries_a_thing_and_nothing_else_far():
    rng = np.random.default_rng(6)
    world = World(make_layout(rng, open_catalogue(), "floor", 5), rng)
    item = world.resting()[0]
    before = {other: world.position(other) for other in world.movable}
    path = np.linspace((0, 0, 0), (0.0, 0.0, 0.2), 4)
    lifts = [world.position(item)[2] - before[item][2] for _ in world.carry(item, path, 0.1)]
    assert lifts == pytest.approx(path[:, 2], abs=1e-6)


@pytest.mark.parametrize("interval", [0.1, 1 / 30])
def test_clip__between_two_frames_as_much_time_goes_by_as_their_stamps_say(interval):
    stream = SceneStream(3, SIZE, frames=90, count=4, interval=interval)
    world, rng = stream._world(2)
    times = np.array([world.data.time for _ in stream._moves(world, rng)])
    steps = np.diff(times)
    assert steps == pytest.approx(np.full(89, interval), abs=0.0041) and times[-1] - times[0] == pytest.approx(89 * interval, abs=0.005)


def test_clip__in_half_of_them_a_thing_is_carried():
    class Told:
        carried = 0

        def resting(self):
            return [7]

        def wait(self, frames, seconds, at_once=True):
            yield from [None] * frames

        def carry(self, item, path, seconds):
            self.carried += 1
            assert item == 7 and len(path) >= 5 and 0.05 < np.abs(path[-1, :2]).max() < 0.2001 or len(path) < 20
            yield from path

    stream = SceneStream(3, SIZE, frames=5, count=1)
    told = [Told() for _ in range(200)]
    frames = [len(list(stream._moves(world, np.random.default_rng(k)))) for k, world in enumerate(told)]
    assert set(frames) == {5} and 70 < sum(world.carried for world in told) < 130


@pytest.mark.parametrize(("options", "message"), [
    ({"place": "kitchen"}, "The place is 'kitchen'; it must be table, shelf, floor"),
    ({"size": (480, 20_000)}, "The size 480x20000 is out of range; give 32x32 to 2160x3840"),
    ({"seed": -1}, "seed is -1; it must be 0 or more"),
    ({"frames": 0}, "frames is 0; it must be 1 or more"),
    ({"interval": -0.1}, "interval is -0.1; it must be 0 or more"),
])  # fmt: skip
def test_stream__of_bad_options__says_what_would_be_right(options, message):
    with pytest.raises(DataError, match=message):
        SceneStream(**{"seed": 1, **options})


def test_stream__gives_the_same_scene_again(clips):
    again = SceneStream(10, SIZE, frames=4, count=7).watch(1)
    for one, two in zip(clips[1], again, strict=True):
        assert (one.ids == two.ids).all() and (one.pose == two.pose).all() and (one.image == two.image).all()


def test_stream__frame_by_frame__gives_the_same_views_even_if_one_is_left_half_read():
    stream = SceneStream(5, (48, 64), frames=3, views=2, count=3)
    first, second = stream.scene(0)
    for view, clip in enumerate(stream.clips(0)):
        if view == 0:
            assert (next(clip).image == first[0].image).all()
        else:
            assert all((one.image == two.image).all() for one, two in zip(clip, second, strict=True))
    assert view == 1


@pytest.mark.parametrize(("kind", "file"), [("panoptic", "panoptic.json"), ("videos", "videos.json")])
def test_written_scenes__are_read_without_a_problem(folder, kind, file):
    config = SourceConfig(kind, str(folder / file), str(folder / "images"), coverage="all")
    findings = check_source(Source(config, load_label_map("robot")))
    assert findings.problems == [] and findings.pictures == 8 and findings.objects > 16
    assert "(no class)" not in findings.classes


def test_written_panoptic__is_the_truth(folder, clips):
    reader = Source(SourceConfig("panoptic", str(folder / "panoptic.json"), str(folder / "images")), load_label_map("robot")).reader
    sample, frame = reader.sample(0), clips[0][0]
    assert sample.coverage == Coverage.ALL and sample.void.mean() < 0.01
    names = [label.name for label in reader.label_map.labels.classes]
    for mask, class_id in zip(sample.masks, sample.class_ids):
        ids = np.unique(frame.ids[mask])
        assert len(ids) == 1 and frame.segments[int(ids[0])].label == names[class_id]
    assert np.abs(sample.image.astype(int) - frame.image).mean() < 8, "JPEG of the same picture"


def test_written_tracks__are_rows_of_the_same_thing(folder, clips):
    reader = Source(SourceConfig("videos", str(folder / "videos.json"), str(folder / "images"), coverage="all"), load_label_map("robot")).reader
    tracks = [{int(i) for t, frame in enumerate(clips[0]) for i in np.unique(frame.ids[reader.frame(0, t).masks[row]])}
              for row in range(len(reader.frame(0, 0)))]  # fmt: skip
    assert all(len(ids) == 1 for ids in tracks) and len(set.union(*tracks)) == len(tracks)


def test_written_depth_and_cameras__are_those_of_the_frames(folder, clips):
    cameras = json.loads((folder / "cameras.json").read_text())["images"]
    depth = cv2.imread(str(folder / "depth" / cameras[2]["depth"]), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16 and np.abs(depth / 1000 - clips[0][2].depth).max() < 0.0006
    assert np.array(cameras[2]["pose"]) == pytest.approx(clips[0][2].pose) and np.array(cameras[2]["K"]) == pytest.approx(clips[0][2].camera.matrix)


def test_camera__centre_is_that_of_pixels_whose_centres_are_at_integers():
    assert CameraModel((480, 640), 500.0).matrix.tolist() == [[500, 0, 319.5], [0, 500, 239.5], [0, 0, 1]]
