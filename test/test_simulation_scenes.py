"""Small scenes, simulated and rendered: their truth is consistent, and the project's own readers read it."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from rmpsam_ros import cli
from rmpsam_ros.data.checks import check_source
from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.data.sample import Coverage
from rmpsam_ros.data.sources import Source, SourceConfig
from rmpsam_ros.errors import BackendError
from rmpsam_ros.simulation.camera import CameraModel, look_at
from rmpsam_ros.simulation.catalogue import open_catalogue
from rmpsam_ros.simulation.layout import make_layout

SIZE = (120, 160)

if find_spec("mujoco") is None:  # found and not imported: the package says first which OpenGL MuJoCo takes
    pytest.skip("mujoco is not installed", allow_module_level=True)
try:
    from rmpsam_ros.simulation.stream import SceneStream, SimulatedFrame
    from rmpsam_ros.simulation.world import Item, World
    from rmpsam_ros.simulation.writer import SceneWriter

    next(SceneStream(1, (32, 32), count=1).scene(2))
except BackendError as error:
    pytest.skip(f"no off-screen OpenGL here: {error}", allow_module_level=True)


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
    """Points of one frame, carried into the next by depth and poses, land on the same segment where nothing covers them."""
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


def test_stream__gives_the_same_scene_again(clips):
    again = SceneStream(10, SIZE, frames=4, count=7).watch(1)
    for one, two in zip(clips[1], again, strict=True):
        assert (one.ids == two.ids).all() and (one.pose == two.pose).all() and (one.image == two.image).all()


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


def test_command__renders_and_refuses_to_mix_two_runs(tmp_path, capsys):
    words = ["simulate", "--scenes", "1", "--size", "48x64", "--place", "floor", "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    assert len(list((tmp_path / "out/images").iterdir())) == 1 and not (tmp_path / "out/videos.json").exists()
    licences = [entry["name"] for entry in json.loads((tmp_path / "out/panoptic.json").read_text())["licenses"]]
    assert licences[0] == "made in code: Apache-2.0" and not any("photographs" in name for name in licences)
    assert cli.main(words) == 2 and "holds scenes already" in capsys.readouterr().err


def test_command__each_view_frame_size_and_seed_counts(tmp_path):
    def pictures(seed):
        out = tmp_path / f"seed{seed}"
        words = ["simulate", "--scenes", "2", "--views", "2", "--frames", "2", "--size", "48x64,64x48", "--seed", str(seed), "--out", str(out)]
        assert cli.main(words) == 0
        content = json.loads((out / "panoptic.json").read_text())
        assert len(content["images"]) == len(content["annotations"]) == len(list((out / "images").iterdir())) == 8
        assert [(image["height"], image["width"]) for image in content["images"]] == [(48, 64)] * 4 + [(64, 48)] * 4
        videos = json.loads((out / "videos.json").read_text())["videos"]
        assert len(videos) == 4 and {name for video in videos for name in video["file_names"]} == {image["file_name"] for image in content["images"]}
        return {(out / "images" / image["file_name"]).read_bytes() for image in content["images"]}

    one, other = pictures(1), pictures(2)
    assert len(one) == len(other) == 8 and not one & other


def test_command__interrupted__keeps_what_is_whole_and_says_how_much(tmp_path, capsys, monkeypatch):
    scene = SceneStream.scene

    def interrupted(self, number):
        if number == 2:
            raise KeyboardInterrupt
        yield from scene(self, number)

    monkeypatch.setattr(SceneStream, "scene", interrupted)
    out = tmp_path / "out"
    assert cli.main(["simulate", "--scenes", "5", "--size", "48x64", "--out", str(out)]) == 130
    assert "2 of 5 scenes are whole" in " ".join(capsys.readouterr().err.split())
    content = json.loads((out / "panoptic.json").read_text())
    assert len(content["images"]) == 2 and content["info"]["description"].endswith("; ended after 2 of 5 scenes")


def test_writer__a_picture_that_was_broken_off_is_in_no_list(tmp_path, monkeypatch):
    writer = SceneWriter(tmp_path, least=1)
    writer.add([frame_by_hand()], "a")
    monkeypatch.setattr(cv2, "boundingRect", lambda mask: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        writer.add([frame_by_hand()], "b")
    writer.save()
    content, cameras = (json.loads((tmp_path / name).read_text()) for name in ("panoptic.json", "cameras.json"))
    assert len(content["images"]) == len(content["annotations"]) == len(cameras["images"]) == 1


@pytest.mark.parametrize("file", ["images/mine.jpg", "depth/1.png", "cameras.json", "videos.json"])
def test_command__into_a_folder_with_other_pictures__is_refused(file, tmp_path, capsys):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text("mine")
    assert cli.main(["simulate", "--scenes", "1", "--size", "32x32", "--out", str(tmp_path)]) == 2
    assert "or other pictures; give another folder" in " ".join(capsys.readouterr().err.split()) and (tmp_path / file).read_text() == "mine"


@pytest.mark.parametrize("choice", ["", "disabled", "glfw"])
def test_command__no_word_or_a_useless_one_for_opengl(choice, tmp_path):
    command = [sys.executable, "-m", "rmpsam_ros", "simulate", "--check", "--size", "32x32", "--out", str(tmp_path / "out")]
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(command, env={**environment, "MUJOCO_GL": choice}, capture_output=True, text=True)
    if choice == "":
        assert done.returncode == 0, done.stderr  # as without the variable
    else:
        said = [line for line in done.stderr.splitlines() if "GLFWError" not in line and "warnings.warn" not in line]
        assert done.returncode == 2 and len(said) == 1 and f"MUJOCO_GL={choice} finds no" in said[0]


def test_command__without_opengl__says_what_would_help(tmp_path):
    command = [sys.executable, "-m", "rmpsam_ros", "simulate", "--check", "--size", "32x32", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "MUJOCO_GL": "osmesa", "PYOPENGL_PLATFORM": "", "LD_LIBRARY_PATH": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        pytest.skip("libOSMesa is installed here")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "MUJOCO_GL" in done.stderr


@pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed (torch for CPUs alone comes without)")
def test_rendering__then_triton__both_llvms_live_in_one_process():
    program = ("from rmpsam_ros.simulation.stream import SceneStream\nnext(SceneStream(1, (32, 32), count=1).scene(2))\n"
               "import triton, torch._inductor.config\nprint('lives')")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and "lives" in done.stdout, done.stderr[-300:]


def frame_by_hand(**changes) -> SimulatedFrame:
    ids = np.ones((6, 8), np.int64)
    ids[:2, :2], ids[4:, 2:] = 2, 3
    items = {k: Item(k, name, name, k > 1) for k, name in ((1, "floor"), (2, "cup"), (3, "box"))}
    values = dict(image=np.full((6, 8, 3), (200, 90, 10), np.uint8), ids=ids, depth=np.ones((6, 8), np.float32), camera=CameraModel((6, 8), 10.0),
                  pose=np.eye(4), segments=items, place="floor", stamp=0.0)  # fmt: skip
    return SimulatedFrame(**{**values, **changes})


def test_frame__depth_that_16_bits_cannot_hold_is_none():
    depth = np.array([[0.5, 65.0, 65.6, 70.0, np.inf]], np.float32)
    assert frame_by_hand(depth=depth).millimetres().tolist() == [[500, 65000, 0, 0, 0]]


def test_camera__centre_is_that_of_pixels_whose_centres_are_at_integers():
    assert CameraModel((480, 640), 500.0).matrix.tolist() == [[500, 0, 319.5], [0, 500, 239.5], [0, 0, 1]]


def test_writer__specks_are_left_unlabelled_and_colours_are_rgb(tmp_path):
    writer = SceneWriter(tmp_path, least=8)
    writer.add([frame_by_hand()], "a")
    content = json.loads(writer.save()[0].read_text())
    assert [(s["id"], s["area"]) for s in content["annotations"][0]["segments_info"]] == [(1, 32), (3, 12)]
    assert not (cv2.imread(str(tmp_path / "panoptic" / "a.png"))[:2, :2] != 0).any()
    assert np.abs(cv2.imread(str(tmp_path / "images" / "a.jpg"))[3, 4].astype(int) - (10, 90, 200)).max() < 12
