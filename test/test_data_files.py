"""Tests what annotation files and the pictures they name may look like: kinds of file, names, sizes, rotation."""
from __future__ import annotations

import json
import struct
import weakref
import zlib

import cv2
import numpy as np
import pytest
from datasets import PLAIN, instance_set, panoptic_set, video_set

from rmpsam_ros.data.coco import CocoInstances, CocoPanoptic
from rmpsam_ros.data.youtube_vis import YoutubeVis
from rmpsam_ros.errors import DataError


def test_read_json__readers_of_one_file_share_what_it_holds_and_no_longer_than_they_are_there(tmp_path):
    path, images = instance_set(tmp_path, count=1)
    first, second = (CocoInstances(path, images, PLAIN) for _ in range(2))
    assert first.content is second.content
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "annotations": []}))
    assert not CocoInstances(path, images, PLAIN).content["annotations"] and first.content["annotations"]
    held = weakref.ref(first.content)
    del first, second
    assert held() is None


def test_panoptic__a_file_of_instances_is_told_what_it_is(tmp_path):
    with pytest.raises(DataError, match="is a file of instances, but a panoptic file is needed"):
        CocoPanoptic(*instance_set(tmp_path), PLAIN)


def test_instances__a_file_of_panoptic_maps_is_told_what_it_is(tmp_path):
    with pytest.raises(DataError, match="is a panoptic file .*, but a file of instances is needed"):
        CocoInstances(*panoptic_set(tmp_path), PLAIN)


@pytest.mark.parametrize("name", ["images\\0.png", "https://example.com/upload/0.png", "/data/upload/1/0.png"])
def test_reader__a_file_name_with_a_folder_too_many__says_where_the_picture_is(tmp_path, name):
    path, images = instance_set(tmp_path, count=1)
    content = json.loads(path.read_text())
    content["images"][0]["file_name"] = name
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=f"there is no picture .*, but {images}/0.png is there: the file names in the annotations must be relative to"):
        CocoInstances(path, images, PLAIN).read(0)


def test_reader__backslashes_of_windows_part_folders(tmp_path):
    path, images = instance_set(tmp_path / "a", count=1)
    content = json.loads(path.read_text())
    content["images"][0]["file_name"] = "images\\0.png"
    path.write_text(json.dumps(content))
    reader = CocoInstances(path, images.parent, PLAIN)
    assert len(reader.read(0))
    path, images = video_set(tmp_path / "b")
    path.write_text(path.read_text().replace("clip/", "clip\\\\"))
    reader = YoutubeVis(path, images, PLAIN)
    assert reader.read(0, 1).image.shape == (48, 64, 3)


@pytest.mark.parametrize("orientation, advice", [(6, True), (1, False)])
def test_reader__annotations_of_a_photograph_before_its_exif_turns_it__say_so(tmp_path, orientation, advice):
    path, images = instance_set(tmp_path, count=1)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0\0\0\0\0"
    jpeg = cv2.imencode(".jpg", np.zeros((48, 64, 3) if advice else (64, 48, 3), np.uint8))[1].tobytes()
    (images / "0.png").write_bytes(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
    with pytest.raises(DataError, match="the picture is 48x64, the annotations say 64x48") as said:
        CocoInstances(path, images, PLAIN).read(0)
    assert ("EXIF" in str(said.value)) == advice


@pytest.mark.parametrize("kind, dataset", [(CocoPanoptic, panoptic_set), (CocoInstances, instance_set)])
def test_reader__a_size_that_is_null__is_none(tmp_path, kind, dataset):
    path, images = dataset(tmp_path, count=1)
    content = json.loads(path.read_text())
    content["images"][0]["height"] = None
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="image 100 has no `height`"):
        kind(path, images, PLAIN).read(0)


def test_videos__a_size_that_is_null__is_that_of_the_pictures(tmp_path):
    path, images = video_set(tmp_path)
    content = json.loads(path.read_text())
    content["videos"][0]["height"] = None
    path.write_text(json.dumps(content))
    assert YoutubeVis(path, images, PLAIN).read(0, 1).masks.any()


@pytest.mark.parametrize("kind", ["grey", "palette", "jpeg"])
def test_panoptic__a_map_that_is_no_rgb_png__is_told_what_it_must_be(tmp_path, kind):
    path, images = panoptic_set(tmp_path, count=1)
    file = tmp_path / "panoptic" / "0.png"
    ids = cv2.imread(str(file))[..., 2]
    if kind == "palette":  # OpenCV writes none
        rows = b"".join(b"\0" + row.tobytes() for row in ids)
        chunks = (b"IHDR", struct.pack(">IIBBBBB", *ids.shape[::-1], 8, 3, 0, 0, 0)), (b"PLTE", bytes(range(3, 60))), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks))
    else:
        file.write_bytes(cv2.imencode(".png" if kind == "grey" else ".jpg", ids * 9)[1].tobytes())
    with pytest.raises(DataError, match="must be an RGB PNG, in which an id is R [+] 256 G [+] 65536 B"):
        CocoPanoptic(path, images, PLAIN).read(0)


@pytest.mark.parametrize("said, there", [("K\u00fcche.png", "Ku\u0308che.png"), ("a.jpg", "a.JPG")])
def test_reader__a_file_name_in_other_capitals_or_accents__says_what_is_there(tmp_path, said, there):
    path, images = instance_set(tmp_path, count=1)
    (images / "0.png").rename(images / there)
    content = json.loads(path.read_text())
    content["images"][0]["file_name"] = said
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=f"{said}, but {images / there} is there: the names differ in capitals, or in how accents are coded"):
        CocoInstances(path, images, PLAIN).read(0)
