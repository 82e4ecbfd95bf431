"""Tests parameters as values: defaults, types, ranges, and the error message for each invalid value."""
from __future__ import annotations

import dataclasses
import math

import pytest

from rmpsam_ros.errors import ParameterError
from rmpsam_ros.ros.parameters import FROM_MODEL, SPEC_OF, SPECS, NodeConfig


def test_node_config__defaults_are_those_of_the_specs():
    config = NodeConfig()
    for spec in SPECS:
        expected = () if spec.name == "class_filter" else spec.default
        assert getattr(config, spec.name) == expected
    assert {spec.name for spec in SPECS} == {field.name for field in dataclasses.fields(NodeConfig)}


def test_specs__live_ones_are_those_of_the_interface():
    assert {spec.name for spec in SPECS if spec.live} == {
        "score_threshold", "overlap_threshold", "max_rate_hz", "prompt_timeout", "prompt_zoom", "track_max_age", "track_min_hits",
        "depth_max_gap", "points_step", "overlay_alpha", "class_filter",
    }


def test_specs__every_one_is_described():
    for spec in SPECS:
        assert len(spec.description) > 20 and (spec.low is None) == (spec.high is None)


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"score_threshold": 1.5}, "score_threshold is 1.5: it must lie within 0 to 1, or -1 for the model's own"),
        ({"score_threshold": -0.5}, "score_threshold is -0.5: it must lie within 0 to 1"),
        ({"overlay_alpha": math.nan}, "overlay_alpha is nan: it must lie within 0 to 1"),
        ({"overlay_alpha": math.inf}, "overlay_alpha is inf: it must lie within 0 to 1"),
        ({"overlay_alpha": "0.5"}, "overlay_alpha is '0.5': it must be a number"),
        ({"max_rate_hz": -1.0}, "max_rate_hz is -1: it must lie within 0 to 1000"),
        ({"prompt_timeout": 0.0}, "prompt_timeout is 0: it must lie within 0.01 to 60"),
        ({"max_segments": 0}, "max_segments is 0: it must lie within 1 to 1000"),
        ({"max_segments": 3.5}, "max_segments is 3.5: it must be a whole number"),
        ({"max_segments": True}, "max_segments is True: it must be a whole number"),
        ({"backend": "onnx"}, "backend is 'onnx': it must be one of auto, tensorrt, openvino, torch"),
        ({"image_transport": "theora"}, "image_transport is 'theora': it must be one of raw, compressed"),
        ({"model": 3}, "model is 3: it must be a text"),
        ({"model": " "}, "model is empty"),
        ({"device": ""}, "device is empty: it must be auto, or a device"),
        ({"autostart": 1}, "autostart is 1: it must be true or false"),
        ({"cameras": []}, "cameras is empty: it must name at least one camera"),
        ({"cameras": 3}, "cameras is 3: it must be a list of names"),
        ({"cameras": "camera"}, "cameras is 'camera': it must be a list of names"),
        ({"cameras": ["left", "left"]}, "cameras names 'left' twice"),
        ({"cameras": ["/left"]}, "the camera name '/left' cannot be part of a topic"),
        ({"cameras": ["left camera"]}, "the camera name 'left camera' cannot be part of a topic"),
        ({"input_size": [480]}, "input_size is [480]: it must be a height and a width"),
        ({"input_size": [480, 0]}, "input_size is [480, 0]"),
        ({"input_size": [300, 400]}, "input_size is [300, 400]: it must be a height and a width of 32 to 4096 pixels, multiples of 32"),
        ({"input_size": [480.0, 640.0]}, "it must be a list of whole numbers"),
    ],
)
def test_node_config__wrong_value(changes, sentence):
    with pytest.raises(ParameterError) as error:
        NodeConfig(**changes)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_node_config__values_that_look_odd_but_are_right():
    config = NodeConfig(
        cameras=["front/left", "rear_2"], input_size=[480, 640], max_rate_hz=10, score_threshold=FROM_MODEL,
        class_filter=["", "cup"], overlay_alpha=1,
    )
    assert config.cameras == ("front/left", "rear_2") and config.input_size == (480, 640)
    assert config.max_rate_hz == 10.0 and config.class_filter == ("cup",) and isinstance(config.overlay_alpha, float)


def test_replaced__checks_again_and_keeps_the_rest():
    config = NodeConfig(model="mine")
    assert config.replaced({"score_threshold": 0.25}) == NodeConfig(model="mine", score_threshold=0.25)
    with pytest.raises(ParameterError):
        config.replaced({"score_threshold": 2.0})


def test_segmenter_arguments__what_is_not_given_is_none_and_live_values_are_not_among_them():
    arguments = NodeConfig().segmenter_arguments()
    assert arguments["input_size"] is None and "score_threshold" not in arguments
    assert arguments["threads"] is None
    arguments = NodeConfig(input_size=(256, 320), threads=2, label_groups="mine.yaml").segmenter_arguments()
    assert arguments["label_groups"] == "mine.yaml" and NodeConfig().segmenter_arguments()["label_groups"] is None
    assert arguments["input_size"] == (256, 320) and arguments["threads"] == 2


def test_fixed__are_those_that_the_model_must_be_loaded_anew_for():
    assert NodeConfig(autostart=False, overlay_alpha=0.1).fixed() == NodeConfig().fixed() != NodeConfig(threads=2).fixed()


@pytest.mark.parametrize("name, value", [("cameras", ["a", "a"]), ("input_size", [100, 100]), ("model", "")])
def test_checked__finds_alone_what_is_wrong_with_one_parameter(name, value):
    with pytest.raises(ParameterError):
        SPEC_OF[name].checked(value)
