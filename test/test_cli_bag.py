"""Tests `rmpsam bag`: bags of both storages in, the node's messages out, and an error message for an unusable bag."""
from __future__ import annotations

import cv2
import numpy as np
import pytest
import yaml
from models import tiny_model

pytest.importorskip("rosbags", reason="bags are read and written by rosbags")
pytest.importorskip("rclpy", reason="the node's messages need ROS 2")
pytest.importorskip("openvino", reason="the pipeline needs a backend")

from builtin_interfaces.msg import Time  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from rosbags.rosbag2 import Reader, StoragePlugin, Writer  # noqa: E402
from rosbags.typesys import Stores, get_typestore  # noqa: E402
from sensor_msgs.msg import CameraInfo, CompressedImage, Image  # noqa: E402
from std_msgs.msg import Header, String  # noqa: E402

from rmpsam_ros import Segmenter, cli  # noqa: E402
from rmpsam_ros.cli.bag import camera_names  # noqa: E402
from rmpsam_ros.msg import LabelSet, PanopticSegmentation, TrackedInstanceArray  # noqa: E402

TOPIC, COUNT, START = "/front/image_raw", 6, 1_700_000_000_000_000_000
TYPES = get_typestore(Stores.ROS2_JAZZY)
NAMES = {Image: "sensor_msgs/msg/Image", CompressedImage: "sensor_msgs/msg/CompressedImage", String: "std_msgs/msg/String",
         CameraInfo: "sensor_msgs/msg/CameraInfo"}


def picture(index: int) -> np.ndarray:
    """(96, 128, 3) uint8 RGB: a block moving over a gradient."""
    image = np.full((96, 128, 3), 60, np.uint8)
    image[:, :, 1] = np.arange(128)
    image[30:60, 10 + 8 * index : 50 + 8 * index] = (220, 40, 40)
    return image


def header(index: int) -> Header:
    return Header(stamp=Time(sec=1000 + index // 10, nanosec=index % 10 * 100_000_000), frame_id="front_optical")


def raw(index: int, **changes) -> Image:
    fields = {"height": 96, "width": 128, "encoding": "rgb8", "step": 384, "data": picture(index).tobytes(), **changes}
    return Image(header=header(index), **fields)


def write_bag(path, messages, storage: str = "mcap"):
    """Writes a bag of (topic, message), a tenth of a second apart."""
    plugin = StoragePlugin.MCAP if storage == "mcap" else StoragePlugin.SQLITE3
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connections = {}
        for index, (topic, message) in enumerate(messages):
            if topic not in connections:
                connections[topic] = writer.add_connection(topic, NAMES[type(message)], typestore=TYPES)
            writer.write(connections[topic], START + index * 100_000_000, serialize_message(message))
    return path


def read_bag(path):
    """Topic to a list of (time, raw), and topic to its connection."""
    found, connections = {}, {}
    with Reader(path) as reader:
        for connection, time, data in reader.messages(reader.connections):
            found.setdefault(connection.topic, []).append((time, bytes(data)))
            connections[connection.topic] = connection
    return found, connections


def bag(path, *words: str) -> int:
    return cli.main(["bag", str(path), "--model", str(tiny_model()), "--threads", "1", *words])


@pytest.mark.parametrize(("storage", "rotation"), [("mcap", 0), ("sqlite3", 180)])
def test_bag__results_are_the_messages_of_the_node_under_the_images_headers_and_times(tmp_path, capsys, storage, rotation):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(i)) for i in range(COUNT)], storage)
    words = ("--topic", TOPIC, "--out", str(tmp_path / "results"), "--min-hits", "1", "--rotation", str(rotation))
    assert bag(source, *words) == 0
    assert f"{COUNT} images" in capsys.readouterr().err
    found, connections = read_bag(tmp_path / "results")
    assert {"/rmpsam/labels", "/rmpsam/front/panoptic", "/rmpsam/front/tracks", "/rmpsam/front/semantic",
            "/rmpsam/front/overlay/compressed"} <= found.keys()  # fmt: skip
    assert sorted(p.suffix for p in (tmp_path / "results").iterdir()) == sorted([".yaml", ".mcap" if storage == "mcap" else ".db3"])
    assert connections["/rmpsam/front/panoptic"].msgtype == "rmpsam_ros/msg/PanopticSegmentation"
    assert connections["/rmpsam/labels"].ext.offered_qos_profiles[0].durability.name == "TRANSIENT_LOCAL"
    labels = deserialize_message(found["/rmpsam/labels"][0][1], LabelSet)
    assert [label.name for label in labels.classes] == ["cup", "robot", "box", "floor", "wall", "sky"]
    segmenter = Segmenter(tiny_model(), threads=1)
    for index, (time, data) in enumerate(found["/rmpsam/front/panoptic"]):
        message, expected = deserialize_message(data, PanopticSegmentation), segmenter.set_image(picture(index), rotation=rotation).panoptic()
        assert time == START + index * 100_000_000 and message.header == header(index)
        ids = np.frombuffer(message.segment_ids.data, np.uint16).reshape(96, 128)
        assert np.array_equal(ids, expected.segment_ids) and len(message.segments) == len(expected.segments) > 0
    tracks = [deserialize_message(data, TrackedInstanceArray) for _, data in found["/rmpsam/front/tracks"]]
    assert len(tracks) == COUNT and any(t.instances for t in tracks)
    of_map = {s.track_id for _, data in found["/rmpsam/front/panoptic"] for s in deserialize_message(data, PanopticSegmentation).segments} - {0}
    assert of_map and of_map <= {i.track_id for t in tracks for i in t.instances}
    overlay = deserialize_message(found["/rmpsam/front/overlay/compressed"][0][1], CompressedImage)
    assert cv2.imdecode(np.frombuffer(overlay.data, np.uint8), cv2.IMREAD_COLOR).shape == (96, 128, 3)
    segmenter.close()


def test_bag__qos_is_written_as_humble_reads_it(tmp_path):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0))])
    assert bag(source, "--out", str(tmp_path / "out"), "--results", "panoptic", "--keep", TOPIC) == 0
    topics = yaml.safe_load((tmp_path / "out" / "metadata.yaml").read_text())["rosbag2_bagfile_information"]["topics_with_message_count"]
    profiles = {t["topic_metadata"]["name"]: t["topic_metadata"]["offered_qos_profiles"] for t in topics}
    assert all(isinstance(text, str) for text in profiles.values())  # Humble expects a string, with numbers in it
    assert yaml.safe_load(profiles["/rmpsam/labels"])[0]["durability"] == 1 and TOPIC in profiles


def test_bag__types_in_the_file_are_read_by_rosbags_alone(tmp_path):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0))])
    assert bag(source, "--out", str(tmp_path / "out"), "--results", "panoptic", "tracks") == 0
    from rosbags.highlevel import AnyReader

    with AnyReader([tmp_path / "out"]) as reader:  # it knows rmpsam_ros types only from the file
        values = {c.topic: reader.deserialize(data, c.msgtype) for c, _, data in reader.messages()}
    message = values["/rmpsam/front/panoptic"]
    assert message.header.frame_id == "front_optical" and message.segment_ids.width == 128 and message.segments[0].class_name
    assert values.keys() == {"/rmpsam/labels", "/rmpsam/front/panoptic", "/rmpsam/front/tracks"}


def test_bag__keep_copies_messages_bit_by_bit_and_compressed_images_are_read(tmp_path):
    jpeg = cv2.imencode(".jpg", picture(0)[..., ::-1])[1]
    images = [(f"{TOPIC}/compressed", CompressedImage(header=header(i), format="jpeg", data=jpeg.tobytes())) for i in range(3)]
    source = write_bag(tmp_path / "drive", [*images, ("/note", String(data="hello")), ("/other", String(data="not this"))])
    assert bag(source, "--out", str(tmp_path / "out"), "--storage", "sqlite3", "--keep", "/note", f"{TOPIC}/compressed") == 0
    before, after = read_bag(source)[0], read_bag(tmp_path / "out")[0]
    assert after["/note"] == before["/note"] and after[f"{TOPIC}/compressed"] == before[f"{TOPIC}/compressed"]
    assert "/other" not in after and len(after["/rmpsam/front/panoptic"]) == 3
    assert bag(source, "--out", str(tmp_path / "all"), "--keep", "all", "--results", "tracks") == 0
    assert before.items() <= read_bag(tmp_path / "all")[0].items()


def test_bag__max_rate_goes_by_stamps_and_two_topics_have_a_name_each(tmp_path):
    pairs = [(topic, raw(i)) for i in range(COUNT) for topic in (TOPIC, "/rear/image_raw")]
    source = write_bag(tmp_path / "drive", pairs)
    assert bag(source, "--topic", TOPIC, "--topic", "/rear/image_raw", "--out", str(tmp_path / "out"), "--max-rate", "5", "--results", "panoptic") == 0
    found = read_bag(tmp_path / "out")[0]
    assert len(found["/rmpsam/front/panoptic"]) == len(found["/rmpsam/rear/panoptic"]) == COUNT // 2


def depth(index: int, metres: float = 2.0) -> Image:
    values = np.full((96, 128), round(metres * 1000), "<u2")
    return Image(header=header(index), height=96, width=128, encoding="16UC1", step=256, data=values.tobytes())


def calibration() -> CameraInfo:
    return CameraInfo(header=header(0), width=128, height=96, distortion_model="plumb_bob", d=[0.0] * 5,
                      k=[100.0, 0.0, 64.0, 0.0, 100.0, 48.0, 0.0, 0.0, 1.0])


def test_bag__what_is_kept_is_described_as_the_bag_describes_it(tmp_path):
    from rosbags.highlevel import AnyReader

    humble = get_typestore(Stores.ROS2_HUMBLE)  # whose Range has a field less than Jazzy's
    kind = humble.types["sensor_msgs/msg/Range"]
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0))])
    older = tmp_path / "older"
    with Reader(source) as reader, Writer(older, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        image = writer.add_connection(TOPIC, NAMES[Image], typestore=TYPES)
        for _, time, data in reader.messages():
            writer.write(image, time, data)
        stamp = humble.types["std_msgs/msg/Header"](humble.types["builtin_interfaces/msg/Time"](1, 2), "sonar")
        message = kind(header=stamp, radiation_type=0, field_of_view=0.5, min_range=0.1, max_range=4.0, range=1.5)
        writer.write(writer.add_connection("/range", kind.__msgtype__, typestore=humble), START, humble.serialize_cdr(message, kind.__msgtype__))
    assert bag(older, "--out", str(tmp_path / "out"), "--keep", "/range", "--results", "tracks") == 0
    with AnyReader([tmp_path / "out"]) as reader:
        kept = [reader.deserialize(data, c.msgtype) for c, _, data in reader.messages() if c.topic == "/range"]
    assert [k.range for k in kept] == [1.5]


def test_bag__an_image_that_cannot_be_read_is_left_out_and_said(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0)), (TOPIC, raw(1, encoding="rgb9")), (TOPIC, raw(2))])
    assert bag(source, "--out", str(tmp_path / "out")) == 0
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/panoptic"]) == 2
    said = capsys.readouterr().err
    assert "1 of 3 images were left out" in said and "rgb9" in said


def test_bag__without_one_good_image__makes_nothing(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0, step=3))])
    assert bag(source, "--out", str(tmp_path / "out")) == 2
    assert "no image that can be used" in capsys.readouterr().err and [p.name for p in tmp_path.iterdir()] == ["drive"]


def test_bag__alpha__is_the_opacity_of_the_overlay(tmp_path):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0))])
    far = []
    for alpha in ("0", "1"):
        assert bag(source, "--out", str(tmp_path / alpha), "--results", "overlay", "--alpha", alpha) == 0
        message = deserialize_message(read_bag(tmp_path / alpha)[0]["/rmpsam/front/overlay/compressed"][0][1], CompressedImage)
        drawn = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        far.append(np.median(np.abs(drawn.astype(int) - picture(0)).sum(axis=2)))
    assert 4 * far[0] < far[1]


@pytest.mark.parametrize("words, part", [
    (["--topic", "/nothing"], f"There is no topic /nothing in .*its image topics are {TOPIC}, /rear/image_raw"),
    (["--topic", "/note"], "/note carries std_msgs/msg/String; a sensor_msgs/msg/Image or CompressedImage is needed"),
    ([], "has 2 image topics; choose with --topic"),
    (["--topic", TOPIC, "--keep", "/nothing"], "There is no topic /nothing"),
    (["--topic", TOPIC, "--max-rate", "-1"], "--max-rate is -1"),
    (["--topic", TOPIC, "--results", "depth"], "invalid choice"),
    (["--topic", TOPIC, "--results", "tracks", "points"], "--results points needs --depth"),
])  # fmt: skip
def test_bag__says_what_is_wrong_with_the_request(tmp_path, capsys, words, part):
    import re

    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0)), ("/rear/image_raw", raw(0)), ("/note", String(data="hello"))])
    assert bag(source, "--out", str(tmp_path / "out"), *words) == 2
    error = capsys.readouterr().err
    assert re.search(part, error) and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_bag__results_that_need_a_missing_package__are_refused_by_name_and_else_left_out(tmp_path, capsys, monkeypatch):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0))])
    for module in ("foxglove_messages", "vision_messages"):
        monkeypatch.setattr(f"rmpsam_ros.ros.{module}.AVAILABLE", False)
    for name, package in (("annotations", "foxglove_msgs"), ("detections", "vision_msgs"), ("detections_3d", "vision_msgs")):
        assert bag(source, "--out", str(tmp_path / "out"), "--results", name) == 2
        assert f"--results {name} needs the ROS package {package}" in capsys.readouterr().err
    assert bag(source, "--out", str(tmp_path / "out")) == 0


def test_bag__a_message_that_is_none_is_left_out(tmp_path, capsys):
    def junk(path, count: int):
        with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
            connection = writer.add_connection(TOPIC, NAMES[Image], typestore=TYPES)
            writer.write(connection, START, b"\x00\x01\x00\x00no image")
            for index in range(count):
                writer.write(connection, START + (1 + index) * 100_000_000, serialize_message(raw(index)))
        return path

    assert bag(junk(tmp_path / "drive", 3), "--out", str(tmp_path / "out"), "--results", "panoptic") == 0
    said = capsys.readouterr().err
    assert "1 of 4 images were left out" in said and "a message on /front/image_raw is not a valid sensor_msgs/msg/Image" in said
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/panoptic"]) == 3
    assert bag(junk(tmp_path / "worse", 0), "--out", str(tmp_path / "none")) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "no image that can be used" in line and not (tmp_path / "none").exists()


def test_bag__results_of_an_earlier_run_are_not_mixed_with_the_new_ones(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(i)) for i in range(2)])
    assert bag(source, "--out", str(tmp_path / "once"), "--keep", "all", "--results", "panoptic") == 0
    capsys.readouterr()
    assert bag(tmp_path / "once", "--topic", TOPIC, "--out", str(tmp_path / "twice"), "--keep", "all", "--results", "panoptic") == 0
    assert "/rmpsam/front/panoptic, /rmpsam/labels are left out" in " ".join(capsys.readouterr().err.split())
    found = read_bag(tmp_path / "twice")[0]
    assert len(found["/rmpsam/front/panoptic"]) == 2 and len(found["/rmpsam/labels"]) == 1 and len(found[TOPIC]) == 2


def test_bag__images_of_one_stamp_are_tracked_all_the_same(tmp_path):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0)) for _ in range(3)])
    assert bag(source, "--out", str(tmp_path / "out"), "--results", "tracks") == 0
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/tracks"]) == 3


def test_bag__says_what_is_wrong_with_the_files(tmp_path, capsys):
    assert bag(tmp_path / "none", "--out", str(tmp_path / "out")) == 2
    assert "there is no file or folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert bag(tmp_path / "empty", "--out", str(tmp_path / "out")) == 2
    assert "not a readable rosbag2" in capsys.readouterr().err
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(i)) for i in range(3)])
    file = source / "drive.mcap"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])  # as after a power failure
    assert bag(source, "--out", str(tmp_path / "out")) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "drive" in error and f"`mcap recover {file}" in error
    (source / "metadata.yaml").unlink()
    assert bag(source, "--out", str(tmp_path / "out")) == 2
    assert f"`ros2 bag reindex {source}`" in capsys.readouterr().err
    assert bag(source, "--out", str(tmp_path / "drive")) == 2
    assert "already exists" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert bag(write_bag(tmp_path / "talk", [("/note", String(data="x"))]), "--out", str(tmp_path / "out")) == 2
    assert "talk has no image topic, raw or compressed; its topics are /note." in capsys.readouterr().err


def test_bag__stopped_on_the_way__leaves_nothing(tmp_path, monkeypatch):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(i)) for i in range(3)])
    calls, real = [], Segmenter.set_image

    def stop(self, *args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *args, **options)

    monkeypatch.setattr(Segmenter, "set_image", stop)
    assert bag(source, "--out", str(tmp_path / "out")) == 130
    assert [p.name for p in tmp_path.iterdir()] == ["drive"]


def test_camera_names__are_the_namespaces_of_the_topics_or_all_of_them_where_two_agree():
    assert camera_names(["/front/image_raw", "/arm/wrist/image_raw/compressed", "/image"]) == {
        "/front/image_raw": "front", "/arm/wrist/image_raw/compressed": "arm/wrist", "/image": "image"}  # fmt: skip
    assert camera_names(["/cam/left", "/cam/right"]) == {"/cam/left": "cam/left", "/cam/right": "cam/right"}


@pytest.mark.parametrize("topics", [("/cam/image_raw", "/cam/image_raw/compressed"), ("/a/b", "/a/c/x", "/a/c"), ("/x", "/x/compressed", "/x/y"), ("/m/p", "/m/k", "/m/p/q", "/m/p/q/r")])
def test_camera_names__no_two_are_alike(topics):
    names = camera_names(topics)
    assert list(names) == list(topics) and len(set(names.values())) == len(topics)
