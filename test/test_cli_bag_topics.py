"""Tests which topics of a bag `rmpsam bag` reads and keeps."""
from __future__ import annotations

import pytest
from test_cli_bag import (
    NAMES, START, TOPIC, TYPES, Image, Segmenter, StoragePlugin, Stores, Writer, bag, calibration, depth, get_typestore, raw, read_bag, serialize_message,
)  # fmt: skip


def test_bag__kept_topic_of_a_type_that_nobody_knows__is_refused_before_the_first_image(tmp_path, capsys, monkeypatch):
    import sqlite3

    from rosbags.typesys import get_types_from_msg

    own = get_typestore(Stores.EMPTY)
    own.register(get_types_from_msg("uint8 level", "my_robot/msg/Battery"))
    with Writer(tmp_path / "drive", version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        writer.write(writer.add_connection(TOPIC, NAMES[Image], typestore=TYPES), START, serialize_message(raw(0)))
        battery = writer.add_connection("/battery", "my_robot/msg/Battery", typestore=own)
        writer.write(battery, START + 1_000_000_000, b"\x00\x01\x00\x00\x07")
    with sqlite3.connect(tmp_path / "drive" / "drive.db3") as file:
        file.execute("DELETE FROM message_definitions")  # as Humble writes them, without any
    monkeypatch.setattr(Segmenter, "set_image", lambda *_, **__: pytest.fail("work that is lost"))
    assert bag(tmp_path / "drive", "--out", str(tmp_path / "out"), "--keep", "all") == 2
    assert "/battery cannot be kept: its type my_robot/msg/Battery is defined neither" in " ".join(capsys.readouterr().err.split())
    assert [p.name for p in tmp_path.iterdir()] == ["drive"]


def test_bag__a_topic_that_is_named_or_recorded_twice_is_one(tmp_path, capsys):
    from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

    never = QosTime(0, 0)
    with Writer(tmp_path / "drive", version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        for number, reliability in enumerate((QosReliability.RELIABLE, QosReliability.BEST_EFFORT)):  # as of two drivers, one after the other
            qos = Qos(QosHistory.KEEP_LAST, 5, reliability, QosDurability.VOLATILE, never, never, QosLiveliness.AUTOMATIC, never, False)
            camera = writer.add_connection(TOPIC, NAMES[Image], typestore=TYPES, offered_qos_profiles=[qos])
            for index in range(2 * number, 2 * number + 2):
                writer.write(camera, START + index * 100_000_000, serialize_message(raw(index)))
        for topic, message in (("/front/depth", depth(0)), ("/front/camera_info", calibration())):
            writer.write(writer.add_connection(topic, NAMES[type(message)], typestore=TYPES), START, serialize_message(message))
    words = ("--topic", TOPIC, "--topic", TOPIC, "--depth", "/front/depth", "--results", "tracks")
    assert bag(tmp_path / "drive", "--out", str(tmp_path / "out"), *words) == 0
    assert "damaged" not in capsys.readouterr().err
    assert len(read_bag(tmp_path / "out")[0]["/rmpsam/front/tracks"]) == 4
