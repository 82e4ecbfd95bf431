"""Tests the throttling of repeated log messages."""
from __future__ import annotations

from rmpsam_ros.ros import repeats
from rmpsam_ros.ros.repeats import Repeats


def test_worded__a_day_of_one_sentence__is_a_few_lines_that_count_it():
    now = [0.0]
    said = Repeats(lambda: now[0])
    lines = []
    for second in range(24 * 3600):
        now[0] = float(second)
        lines.append(said.worded(f"the stamp went back by 0.{second % 9} s"))
    spoken = [line for line in lines if line]
    assert lines[0] == "the stamp went back by 0.0 s" and lines[1] is None
    assert lines[10] == "the stamp went back by 0.1 s (10 times since last logged)"
    assert 20 < len(spoken) < 35
    assert sum(int(line.split("(")[1].split()[0]) for line in spoken[1:]) > 23 * 3600  # none is lost


def test_worded__what_was_heard_once_more__was_not_heard_times():
    now = [0.0]
    said = Repeats(lambda: now[0])
    assert said.worded("no depth") == "no depth"
    now[0] = repeats.FIRST
    assert said.worded("no depth") == "no depth (once since last logged)"


def test_worded__sizes_that_change_with_every_image__are_one_sentence():
    said = Repeats(lambda: 0.0)
    lines = [said.worded(f"the camera_info is for images of 640x480 pixels, but the image has {320 + k}x{240 + k}") for k in range(100)]
    assert lines[0] and not any(lines[1:])


def test_worded__others_are_said_at_once__and_so_is_what_was_not_heard_of_for_long():
    now = [0.0]
    said = Repeats(lambda: now[0])
    assert [said.worded(text) for text in ("a", "b", "a")] == ["a", "b", None]
    now[0] = repeats.LAST + 1
    assert said.worded("a") == "a"


def test_worded__of_another_camera_or_encoding__is_another():
    said = Repeats(lambda: 0.0)
    assert said.worded("the encoding 'mono16' cannot be read", "cam1") and said.worded("the encoding 'mono16' cannot be read", "cam2")
    assert said.worded("the encoding 'mono8' cannot be read", "cam1") and not said.worded("the encoding 'mono8' cannot be read", "cam1")


def test_worded__endless_variety__is_not_kept_for_ever():
    said = Repeats(lambda: 0.0)
    for k in range(1000):
        assert said.worded("x" * k + "y")
    assert len(said._said) == repeats.KEPT
