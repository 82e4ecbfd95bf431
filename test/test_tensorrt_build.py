"""Tests building TensorRT engines: real engines from real graphs with NVIDIA's builder, and the progress messages."""
from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

pytest.importorskip("torch", reason="the TensorRT backend needs torch")
pytest.importorskip("onnx", reason="typed graphs need onnx")

from models import tiny_model

from rmpsam_ros.backends import trt_flavour
from rmpsam_ros.backends.trt_build import build_engine
from rmpsam_ros.backends.trt_provision import (
    GRAPHS,
    Target,
    engine_key,
    parse_targets,
    provide,
)
from rmpsam_ros.engine_cache import EngineCache
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import read_model_folder

needs_rtx = pytest.mark.skipif(find_spec("tensorrt_rtx") is None, reason="tensorrt-rtx-cu13 is not installed")


@needs_rtx
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_engines__of_the_tiny_graphs__are_built_for_named_gpus(tmp_path, precision):
    model, cache, said = read_model_folder(tiny_model()), EngineCache(tmp_path), []
    flavour = trt_flavour.load_flavour(None)
    target = Target(flavour, "", parse_targets("sm_120, sm_86", flavour))
    for graph in GRAPHS:
        provided = provide(model, graph, target, precision, (96, 128), cache, lambda text, part: said.append((text, part)))
        assert provided.seconds is not None and len(provided.engine) > 10_000 and provided.path.is_file()
        again = provide(model, graph, target, precision, (96, 128), cache)
        assert again.seconds is None and again.engine == provided.engine
        assert provide(model, graph, Target(flavour, "RTX 3060", ("sm_86",)), precision, (96, 128), cache).seconds is None
    assert any("has no engine of tiny's image graph yet" in text for text, _ in said)
    assert any(part is not None for _, part in said)  # TensorRT reports its progress


@needs_rtx
def test_parse_targets__unknown_capability__names_the_known_ones():
    flavour = trt_flavour.load_flavour(None)
    with pytest.raises(BackendError, match="sm_99.*sm_86"):
        parse_targets("sm_86,sm_99", flavour)


@needs_rtx
@pytest.mark.skipif(find_spec("tensorrt") is not None, reason="the full TensorRT is here, and runs on every GPU")
@pytest.mark.parametrize("compute", ["sm_90", "sm_87"])  # H200, Orin
def test_load_flavour__rtx_alone_and_a_gpu_it_has_nothing_for__says_what_to_use(compute):
    with pytest.raises(BackendError, match=f"has no engines for this GPU .{compute}., only for .*sm_86.*full TensorRT, or use the backend torch"):
        trt_flavour.load_flavour(compute)
    assert trt_flavour.load_flavour("sm_89").is_rtx


@needs_rtx
def test_build_engine__graph_it_cannot_read__says_why():
    with pytest.raises(BackendError, match="cannot read the graph"):
        build_engine(trt_flavour.load_flavour(None), b"no graph", {}, "fp16", True, ("sm_86",))


@needs_rtx
def test_build_engine__progress_raises__build_ends(tmp_path):
    def stop(text, part):
        if part is not None:
            raise KeyboardInterrupt

    flavour, cache = trt_flavour.load_flavour(None), EngineCache(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        provide(read_model_folder(tiny_model()), "image", Target(flavour, "", ("sm_86",)), "fp16", (96, 128), cache, stop)
    assert not list(tmp_path.glob("*.engine"))


@needs_rtx
def test_engines__of_a_batch__are_built_and_share_the_prompts(tmp_path):
    model, cache, flavour = read_model_folder(tiny_model()), EngineCache(tmp_path), trt_flavour.load_flavour(None)
    target = Target(flavour, "", ("sm_86",))
    for batch in (1, 4):
        image = provide(model, "image", target, "fp16", (96, 128), cache, batch=batch)
        prompt = provide(model, "prompt", target, "fp16", (96, 128), cache, batch=batch)
        assert image.seconds is not None and (prompt.seconds is None) == (batch == 4)
    miss = cache.find(engine_key(model, "image", target, "fp16", (96, 128), 2))
    assert re.search("the input shape was batch [14], 96x128 and is batch 2, 96x128", miss.reason)


@needs_rtx
@pytest.mark.parametrize("variant", ["lite0", "r18", "r50"])
def test_engines__of_the_real_graphs__are_built(tmp_path, variant):
    from dataclasses import replace

    from rmpsam_ros.export import (
        _export,  # only the graphs; test_export covers what they compute
    )
    from rmpsam_ros.labels import load_label_set
    from rmpsam_ros.model_folder import write_model_yaml
    from rmpsam_ros.network import build, save_weights

    labels = load_label_set("coco-panoptic")
    net = build(variant, num_classes=len(labels))
    folder = replace(read_model_folder(tiny_model()), path=tmp_path, name=variant, variant=variant, config=net.config_dict(),
                     labels=labels, input_size=(480, 640), files={})  # fmt: skip
    save_weights(net, tmp_path, half=True)
    write_model_yaml(tmp_path, folder)
    _export(tmp_path, lambda line: None)
    flavour, cache = trt_flavour.load_flavour(None), EngineCache(tmp_path / "engines")
    for graph in GRAPHS:
        provided = provide(read_model_folder(tmp_path), graph, Target(flavour, "", ("sm_86",)), "fp16", (480, 640), cache)
        assert len(provided.engine) > 1e6


def test_log_progress__steps_come_fast__log_gets_a_line_in_five_seconds(monkeypatch):
    from rmpsam_ros.backends import tensorrt

    now, lines = [100.0], []
    monkeypatch.setattr(tensorrt.time, "monotonic", lambda: now[0])
    progress = tensorrt.LogProgress(lambda text, *values: lines.append(text % values))
    progress("building the image engine: there is none", None)
    for step in range(130):
        now[0] += 0.1
        progress("image: Timing tactics", step / 130)
    assert len(lines) == 3 and lines[0].startswith("TensorRT, 0 s: building the image engine")
    assert lines[1].startswith("TensorRT, 5 s: image: Timing tactics 3")


def test_build__tensorrt_is_silent__is_said_again_and_again(monkeypatch):
    import time

    from rmpsam_ros.backends import trt_build

    class Builder:
        def build_serialized_network(self, network, config):
            time.sleep(0.3)
            return b"engine"

    said, used = [], []
    monkeypatch.setattr(trt_build, "_REPEAT_SECONDS", 0.05)
    say = trt_build._Repeated(lambda text, part: said.append(text))
    say("building", None)
    assert trt_build._build_in_thread(Builder(), None, None, lambda: used.append(True), None, say) == b"engine"
    assert len(said) >= 4 and set(said) == {"building"} and used == [True]
