"""Tests `rmpsam bag` on damaged bags, and its error messages."""
from __future__ import annotations

import pytest
from test_cli_bag import COUNT, NAMES, START, TOPIC, TYPES, Image, StoragePlugin, Writer, bag, calibration, depth, raw, read_bag, serialize_message, write_bag


def test_bag__that_ends_before_its_end__is_read_so_far_and_said(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(i)) for i in range(COUNT)])
    part = write_bag(tmp_path / "part" / "drive", [(TOPIC, raw(i)) for i in range(4)])
    (source / "drive.mcap").write_bytes((part / "drive.mcap").read_bytes())  # as left by `mcap recover`, next to the incomplete recording
    assert bag(source, "--out", str(tmp_path / "out"), "--results", "panoptic") == 0
    assert f"{source} ends after 4 of {COUNT} images; it may be damaged" in capsys.readouterr().err
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/panoptic"]) == 4


def test_bag__that_is_whole__is_not_called_damaged(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0)), (TOPIC, raw(1, encoding="rgb9")), (TOPIC, raw(2))])
    assert bag(source, "--out", str(tmp_path / "out"), "--results", "panoptic", "--max-rate", "1") == 0
    assert "damaged" not in capsys.readouterr().err


@pytest.mark.parametrize("with_depth", [False, True])
def test_bag__whose_sqlite3_file_is_broken__is_one_line_and_makes_nothing(tmp_path, capsys, with_depth):
    beside = [("/front/depth", depth(0)), ("/front/camera_info", calibration())]
    images = [(TOPIC, raw(i)) for i in range(COUNT)]
    source = write_bag(tmp_path / "drive", [*images[:3], *beside, *images[3:]], "sqlite3")
    file = source / "drive.db3"
    data = bytearray(file.read_bytes())
    late = len(data) * 3 // 4 // 4096 * 4096
    data[late : late + 5 * 4096] = bytes(5 * 4096)  # pages of an image: the file can be opened and read up to there
    file.write_bytes(data)
    assert bag(source, "--topic", TOPIC, "--out", str(tmp_path / "out"), *(["--depth", "/front/depth"] if with_depth else [])) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"rmpsam bag: {source} cannot be read to its end (") and "Traceback" not in line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drive"]


@pytest.mark.parametrize("file, data, remedy", [
    ("metadata.yaml", b"rosbag2_bagfile_information: \xdf", "not a readable rosbag2"),
    ("metadata.yaml", b"", "`ros2 bag reindex"),
    ("drive.db3.zstd", None, "copy it again"),
])
def test_bag__that_cannot_be_opened__is_one_line_whatever_is_damaged(tmp_path, capsys, file, data, remedy):
    from rosbags.rosbag2 import CompressionFormat, CompressionMode

    source = tmp_path / "drive"
    writer = Writer(source, version=8, storage_plugin=StoragePlugin.SQLITE3)
    writer.set_compression(CompressionMode.FILE, CompressionFormat.ZSTD)
    with writer:
        writer.write(writer.add_connection(TOPIC, NAMES[Image], typestore=TYPES), START, serialize_message(raw(0)))
    path = source / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2] if data is None else data)
    assert bag(source, "--out", str(tmp_path / "out")) == 2
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rmpsam bag: {source} is not a readable rosbag2") and remedy in line
    assert sorted(p.name for p in tmp_path.iterdir()) == ["drive"]


def test_bag__of_ros_1__says_how_it_becomes_one_of_ros_2(tmp_path, capsys):
    (tmp_path / "drive.bag").write_bytes(b"#ROSBAG V2.0\n")
    assert bag(tmp_path / "drive.bag", "--out", str(tmp_path / "out")) == 2
    assert f"`rosbags-convert --src {tmp_path / 'drive.bag'} --dst {tmp_path / 'drive'}`" in capsys.readouterr().err


def test_bag__square_brackets_in_a_path_are_printed(tmp_path, capsys):
    source = write_bag(tmp_path / "drive", [(TOPIC, raw(0))])
    assert bag(source, "--out", str(tmp_path / "run[red]1"), "--results", "panoptic") == 0
    assert capsys.readouterr().err.splitlines()[-1].endswith("run[red]1")
