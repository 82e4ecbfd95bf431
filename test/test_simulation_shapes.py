"""Tests the simulation's meshes, textures and object kinds: the parts that need no MuJoCo."""
from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from rmpsam_ros import simulation
from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.errors import DataError
from rmpsam_ros.simulation import textures
from rmpsam_ros.simulation.assets import draw_shape, package_kinds, package_surfaces, read_obj
from rmpsam_ros.simulation.camera import TABLE, CameraModel, draw_viewpoint, drift, limits, look_at
from rmpsam_ros.simulation.catalogue import HELD_OUT, open_catalogue
from rmpsam_ros.simulation.classes import LABELS, STUFF
from rmpsam_ros.simulation.layout import PLACES, make_layout
from rmpsam_ros.simulation.shapes import box, join, plate, rotation, rounded, sheet, tube, turned
from rmpsam_ros.simulation.things import KINDS, Materials, make_thing


@pytest.fixture(scope="module")
def catalogue():
    return open_catalogue()


def volume(mesh) -> float:
    """Signed volume: positive if faces are counter-clockwise seen from outside."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


@pytest.mark.parametrize(("mesh", "expected", "tolerance"), [
    (box((0.2, 0.3, 0.4)), 0.024, 1e-9),
    (box((0.2, 0.3, 0.4), divisions=5), 0.024, 1e-9),
    (rounded((0.2, 0.2, 0.2), 1.0, 48), np.pi * 0.2**3 / 6, 3e-5),
    (turned([(0, 0), (0.1, 0), (0.1, 0.3), (0, 0.3)], 64), np.pi * 0.003, 3e-5),
    (tube([(0, 0, 0.1), (0.2, 0, 0.1), (0.5, 0, 0.1)], 0.02, 40), np.pi * 0.0004 * 0.5, 4e-6),
    (tube([(0, 0, 0), (0, 0, 0.5)], 0.02, 40), np.pi * 0.0004 * 0.5, 4e-6),
    (plate([(0, 0), (0.3, 0), (0.3, 0.1), (0.1, 0.1), (0.1, 0.3), (0, 0.3)], 0.02), 0.05 * 0.02, 1e-9),
    (plate([(0, 0.3), (0.1, 0.3), (0.1, 0.1), (0.3, 0.1), (0.3, 0), (0, 0)], 0.02), 0.05 * 0.02, 1e-9),
    (join([box((0.1, 0.1, 0.1)), box((0.1, 0.1, 0.1)).moved((1, 0, 0), rotation("y", 30))]), 0.002, 1e-9),
])  # fmt: skip
def test_shape__faces_outwards_and_holds_its_volume(mesh, expected, tolerance):
    assert volume(mesh) == pytest.approx(expected, abs=tolerance)


def test_sheet__has_its_top_upwards():
    mesh = sheet(np.zeros((4, 5)), (0.2, 0.3), 0.01)
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    up = np.cross(b - a, c - a)[:, 2]
    on_top = a[:, 2] > 0.005
    assert (up[on_top] > 0).all() and (up[~on_top] < 0).all()


@pytest.mark.parametrize("axis", "xyz")
def test_rotation__turns_the_way_of_a_right_hand(axis):
    first = {"x": (0, 1, 0), "y": (0, 0, 1), "z": (1, 0, 0)}[axis]
    second = {"x": (0, 0, 1), "y": (1, 0, 0), "z": (0, 1, 0)}[axis]
    assert rotation(axis, 90) @ first == pytest.approx(np.array(second))


@pytest.mark.parametrize("kind", KINDS.kinds.values(), ids=KINDS.kinds)
def test_kind__makes_sound_objects_of_a_usual_size(kind):
    for seed in range(2):
        thing = make_thing(kind, np.random.default_rng(seed), Materials())
        low, high = thing.bounds()
        assert (high - low).max() < 2.5 and (high - low).max() > 0.01 and low[2] > -0.05
        assert any(part.walls is None or len(part.walls) for part in thing.parts), "nothing of it collides"
        for part in thing.parts:
            assert np.isfinite(part.mesh.vertices).all() and part.mesh.faces.max() < len(part.mesh.vertices) == len(part.mesh.uv)


@pytest.mark.parametrize("kind", ["mug", "tea_cup", "filled_bowl", "potted_plant", "floor_plant"])
def test_kind__what_fills_a_vessel_is_seen_from_above(kind):
    """OpenGL draws only the front of a triangle."""
    found = 0
    for seed in range(20):
        for part in make_thing(KINDS.kinds[kind], np.random.default_rng(seed), Materials()).parts:
            corners = part.mesh.vertices[part.mesh.faces]
            if np.ptp(part.mesh.vertices[:, 2]) < 1e-6:
                found += 1
                assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] >= 0).all()
    assert found


def test_functions__of_shapes_and_kinds_have_names_of_their_own():
    folder, places = Path(simulation.__file__).parent, defaultdict(set)
    for path in (folder / "shapes.py", *(folder / "kinds").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                places[node.name].add(path.name)
    assert len(places) > 350 and {name: files for name, files in places.items() if len(files) > 1} == {}


def test_labels__are_classes_of_the_robot_label_set():
    labels = {label.name: label.is_thing for label in load_label_map("robot").labels.classes}
    assert {kind.label for kind in open_catalogue().kinds} | STUFF == set(LABELS)
    assert all(labels[label] == (label not in STUFF) for label in LABELS)


@pytest.mark.parametrize("surface", textures.SURFACES.values(), ids=textures.SURFACES)
def test_surface__is_a_picture_that_follows_from_the_seed(surface):
    image = surface(np.random.default_rng(3))
    assert image.dtype == np.uint8 and image.shape[0] == image.shape[1] and image.shape[2] == 3
    assert (image == surface(np.random.default_rng(3))).all()


def test_noise__continues_over_the_border():
    field = textures.noise(np.random.default_rng(0), 64, 4, 2)
    inside = np.abs(np.diff(field, axis=1)).max()
    assert np.abs(field[:, 0] - field[:, -1]).max() < 1.5 * inside


@pytest.mark.parametrize("place", PLACES)
def test_layout__stands_things_on_their_support_and_follows_from_the_seed(place, catalogue):
    layout, again = (make_layout(np.random.default_rng(5), catalogue, place) for _ in range(2))
    falling = [p for p in layout.placed if not p.fixed]
    assert falling and [(p.thing.kind, *p.at) for p in layout.placed] == [(p.thing.kind, *p.at) for p in again.placed]
    heights = [s.middle[2] for s in layout.room.supports]
    for placed in falling:
        lowest = min((part.mesh.vertices @ placed.turn.T)[:, 2].min() for part in placed.thing.parts) + placed.at[2]
        assert lowest > min(heights)


def test_catalogue__of_seen_objects_lacks_those_held_out():
    seen, unseen = open_catalogue("seen"), open_catalogue("unseen")
    assert not {kind.name for kind in seen.kinds} & HELD_OUT
    names = {kind.name for kind in unseen.kinds}
    assert names & HELD_OUT == unseen.favoured & names and HELD_OUT - names <= {"robosuite_milk"}
    assert len(names & HELD_OUT) == pytest.approx(len(names) / 6, abs=2)


def test_catalogue__of_seen_and_unseen_share_no_photograph(tmp_path):
    for k in range(10):
        cv2.imwrite(str(tmp_path / f"{k}.png"), np.full((40, 50, 3), 20 * k, np.uint8))
    (tmp_path / "._0.png").write_bytes(b"what macOS leaves")
    shades = [{int(photo[0, 0, 0]) for photo in open_catalogue(objects, tmp_path).materials.photos} for objects in ("seen", "unseen", "all")]
    assert len(shades[0]) == 8 and len(shades[1]) == 2 and not shades[0] & shades[1] and shades[0] | shades[1] == shades[2]


def test_catalogue__photographs_that_are_too_small_are_left_out(tmp_path):
    cv2.imwrite(str(tmp_path / "icon.png"), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "panorama.png"), np.zeros((60, 4000, 3), np.uint8))
    with pytest.raises(DataError, match="No photograph of .* is large enough"):
        open_catalogue(photos=tmp_path)
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((90, 120, 3), np.uint8))
    assert [photo.shape[:2] for photo in open_catalogue(photos=tmp_path).materials.photos] == [(90, 120)]
    with pytest.raises(DataError, match="fewer than 5 photographs"):
        open_catalogue("unseen", tmp_path)


def test_catalogue__of_robosuite_takes_five_things_of_which_the_page_says_what_they_wear():
    things = {kind.name.removeprefix("robosuite_") for kind in package_kinds() if kind.name.startswith("robosuite_")}
    assert things <= {"bottle", "bread", "cereal", "lemon", "milk"}, "look at what is new, and say on the page whether it wears a brand"
    assert not {"can", "soda", "cereal", "bread"} & {path.stem for path in package_surfaces()}
    page = " ".join((Path(simulation.__file__).parent / "README.md").read_text().split())
    assert "**cereal box** has the printed front of a HyVee packet" in page and "no rendered picture is part of it" in page


def test_crop__of_the_thinnest_photograph_is_a_square():
    assert Materials(photos=[np.zeros((2, 90, 3), np.uint8)]).crop(np.random.default_rng(0), (0.1, 0.2), 16).shape == (16, 16, 3)


@pytest.mark.parametrize("place", PLACES)
def test_drift__stays_in_the_room_and_above_the_table(place, catalogue):
    for seed in range(12):
        rng = np.random.default_rng(seed)
        layout = make_layout(rng, catalogue, place, 3)
        start = draw_viewpoint(rng, layout, np.zeros((0, 3)))
        eyes = np.array([view.eye for view in drift(rng, start, 400, layout)])
        low, high = limits(layout)
        assert (eyes >= low - 1e-9).all() and (eyes <= high + 1e-9).all() and np.ptp(eyes, axis=0).max() > 0.01
        if place == "table":
            assert eyes[:, 2].min() >= min(layout.focus[2] + TABLE, start.eye[2]) - 1e-9


def test_catalogue__refuses_what_it_cannot_use(tmp_path):
    with pytest.raises(DataError, match="has no photograph"):
        open_catalogue(photos=tmp_path)
    with pytest.raises(DataError, match="no folder of photographs"):
        open_catalogue(photos=tmp_path / "none")
    with pytest.raises(DataError, match="all, seen, unseen"):
        open_catalogue("some")


def test_obj__with_polygons_and_without_texture_coordinates(tmp_path):
    (tmp_path / "square.obj").write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n")
    mesh = read_obj(tmp_path / "square.obj")
    assert len(mesh.faces) == 2 and mesh.bounds()[1] == pytest.approx([1, 1, 0])
    assert mesh.uv == pytest.approx(mesh.vertices[:, :2])


def test_shapes__with_corners_that_are_no_numbers_are_not_drawn(tmp_path):
    files = [tmp_path / "broken.obj", tmp_path / "whole.obj"]
    for file, corner in zip(files, ("nan nan nan", "1 1 0")):
        file.write_text(f"v 0 0 0\nv 1 0 0\nv {corner}\nf 1 2 3\n")
    rng = np.random.default_rng(0)
    assert all(np.isfinite(draw_shape(files, rng).vertices).all() for _ in range(8))


def test_camera__has_its_target_in_the_middle():
    camera, pose = CameraModel((480, 640), 500.0), look_at((1, -2, 1.5), (0.2, 0.1, 0.7))
    in_camera = np.linalg.inv(pose) @ (0.2, 0.1, 0.7, 1)
    u, v, w = camera.matrix @ in_camera[:3]
    assert (u / w, v / w) == pytest.approx((319.5, 239.5)) and w > 0
    above = np.linalg.inv(pose) @ (0.2, 0.1, 0.8, 1)
    assert above[1] < in_camera[1], "y must point down"
    assert np.linalg.det(pose[:3, :3]) == pytest.approx(1)
