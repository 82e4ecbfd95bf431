"""The TensorRT backend: real engines of real graphs with NVIDIA's builder, and the run-time path on a stand-in or a GPU."""
from __future__ import annotations

import re
from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("torch", reason="the TensorRT backend needs torch")
pytest.importorskip("onnx", reason="typed graphs need onnx")

import torch
from models import tiny_model

import trt_stand_in
from rmpsam_ros.backends import choose_backend, create_backend, trt_flavour
from rmpsam_ros.backends.trt_build import build_engine
from rmpsam_ros.backends.trt_provision import GRAPHS, Target, engine_key, parse_targets, provide
from rmpsam_ros.engine_cache import EngineCache
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import read_model_folder
from rmpsam_ros.segmenter import Segmenter

needs_rtx = pytest.mark.skipif(find_spec("tensorrt_rtx") is None, reason="tensorrt-rtx-cu13 is not installed")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available() or not any(find_spec(m) for m in trt_flavour.MODULES),
                               reason="no GPU that torch sees, or no TensorRT")  # fmt: skip


@pytest.fixture
def photo() -> np.ndarray:
    rows, columns = np.mgrid[0:75, 0:100]
    return np.stack((rows * 3, columns * 2, (rows + columns) % 256), axis=-1).astype(np.uint8)


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
    assert any(part is not None for _, part in said)  # TensorRT tells how far it is


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

    from rmpsam_ros.export import _export  # the graphs alone; what they compute is test_export's matter
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


def test_choose_backend__auto_without_gpu__is_not_tensorrt(monkeypatch):
    monkeypatch.setattr(trt_flavour, "has_gpu_device", lambda: False)
    assert choose_backend("auto") != "tensorrt"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_create_backend__tensorrt_without_gpu__says_what_is_missing(monkeypatch):
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    with pytest.raises(BackendError, match="needs a GPU that torch sees"):
        create_backend(read_model_folder(tiny_model()), "tensorrt")


def test_create_backend__auto_where_tensorrt_fails__openvino_runs(monkeypatch, caplog):
    monkeypatch.setattr("rmpsam_ros.backends.choose_backend", lambda name: "tensorrt")
    monkeypatch.setattr("rmpsam_ros.backends.tensorrt._open_device", _no_gpu)
    assert create_backend(read_model_folder(tiny_model()), "auto").name == "openvino"
    assert "no GPU today" in caplog.text


def test_create_backend__auto_where_tensorrt_fails_on_a_gpu__torch_runs_there(monkeypatch):
    chosen = []

    class Other:
        def __init__(self, model, **options):
            pass

    def load(name):
        chosen.append(name)
        return Other if name != "tensorrt" else _no_gpu_class

    monkeypatch.setattr("rmpsam_ros.backends.choose_backend", lambda name: "tensorrt")
    monkeypatch.setattr("rmpsam_ros.backends._load", load)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    create_backend(read_model_folder(tiny_model()), "auto")
    assert chosen == ["tensorrt", "torch"]


def _no_gpu_class(model, **options):
    _no_gpu(None)


def _no_gpu(device):
    raise BackendError("no GPU today.")


def test_load_flavour__none_installed__says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(trt_flavour, "find_spec", lambda name: None)
    with pytest.raises(BackendError, match="TensorRT is not installed: .*(pip install tensorrt-rtx-cu13|apt|openvino)"):
        trt_flavour.load_flavour("sm_89")


@pytest.mark.parametrize("version, layer_norm, typed", [("8.5.2.2", False, False), ("8.6.1", True, False), ("10.3.0", True, True), ("11.0.0", True, True)])
def test_flavour__version__decides_what_it_can(version, layer_norm, typed):
    flavour = trt_stand_in.flavour(version)
    assert (flavour.has_layer_norm, flavour.strongly_typed) == (layer_norm, typed)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_backend__on_stand_in__answers_as_openvino_does(monkeypatch, tmp_path, photo, precision):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    device = trt_stand_in.install(monkeypatch)
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    ours = Segmenter(tiny_model(), backend="tensorrt", precision=precision)
    theirs = Segmenter(tiny_model(), backend="openvino", precision="fp32")
    assert (ours.backend_name, ours.precision) == ("tensorrt", precision)
    frame, expected = ours.set_image(photo), theirs.set_image(photo)
    close = {"atol": 0.02, "rtol": 0.02} if precision == "fp16" else {"atol": 2e-3, "rtol": 1e-3}
    np.testing.assert_allclose(frame.objects.mask_logits, expected.objects.mask_logits, **close)
    np.testing.assert_allclose(frame.objects.queries, expected.objects.queries, **close)
    assert np.mean(frame.panoptic().segment_ids != expected.panoptic().segment_ids) < 0.01
    for points in ([(50, 40)], [(50, 40), (3, 70), (90, 5)]):  # three are filled up to four
        a, b = frame.prompt(points=points), expected.prompt(points=points)
        assert np.mean(a.mask != b.mask) < 0.01 and abs(a.score - b.score) < 0.02
    assert device.captured == 3  # the image's shape, one prompt, four prompts
    ours.close()


def test_backend__on_stand_in_in_batches__each_frame_as_if_alone(monkeypatch, tmp_path, photo):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    photos = [np.roll(photo, shift, axis=1)[: 75 - shift] for shift in (0, 10, 30)]
    theirs = Segmenter(tiny_model(), backend="openvino", precision="fp32")
    for frame, image in zip(Segmenter(tiny_model(), backend="tensorrt", batch=4).set_images(photos), photos, strict=True):
        expected = theirs.set_image(image)
        assert np.mean(frame.panoptic().segment_ids != expected.panoptic().segment_ids) < 0.01
        assert np.mean(frame.prompt(points=[(50, 20)]).mask != expected.prompt(points=[(50, 20)]).mask) < 0.01


def test_backend__on_stand_in__keeps_a_frame_while_others_follow(monkeypatch, tmp_path, photo):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    segmenter = Segmenter(tiny_model(), backend="tensorrt")
    first = segmenter.set_image(photo)
    mask = first.prompt(points=[(50, 40)]).mask
    queries = first.objects.queries.copy()
    for shift in (40, 90):
        segmenter.set_image(np.roll(photo, shift, axis=1)).prompt(points=[(1, 1)])
    again = segmenter.set_image(photo)
    np.testing.assert_array_equal(first.prompt(points=[(50, 40)]).mask, mask)
    np.testing.assert_array_equal(first.objects.queries, queries)
    np.testing.assert_array_equal(first.objects.mask_logits, again.objects.mask_logits)
    np.testing.assert_array_equal(first.panoptic().segment_ids, again.panoptic().segment_ids)


def test_backend__engine_is_cached__second_start_builds_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    model, said = read_model_folder(tiny_model()), []
    create = lambda: _tensorrt(model, progress=lambda text, part: said.append(text))  # noqa: E731
    create()
    assert [text for text in said if text.startswith("building")]
    said.clear()
    create()
    assert not said


def test_backend__damaged_engine__is_said_and_built_again(monkeypatch, tmp_path):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    model, said = read_model_folder(tiny_model()), []
    _tensorrt(model)
    engine = next(tmp_path.glob("tiny-image*.engine"))
    engine.write_bytes(engine.read_bytes()[:-100])
    _tensorrt(model, progress=lambda text, part: said.append(text))
    assert any("is truncated or foreign" in text for text in said)
    said.clear()
    _tensorrt(model, progress=lambda text, part: said.append(text))
    assert not said


def test_backend__refused_precision__auto_takes_fp32(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    model = read_model_folder(tiny_model())
    backend = _tensorrt(model)
    cache, target = EngineCache(), Target(backend.flavour, "Stand-in GPU", ("sm_89",))
    cache.note(cache.path(engine_key(model, "image", target, "fp16", (96, 128))), refused="masks differ")
    assert _tensorrt(model).precision == "fp32"
    with pytest.raises(BackendError, match="does not hold up in fp16.*masks differ.*use fp32"):
        _tensorrt(model, precision="fp16")


def test_backend__features_alone__are_those_of_the_whole_graph(monkeypatch, tmp_path, photo):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    backend, canvas = _tensorrt(read_model_folder(tiny_model())), np.zeros((96, 128, 3), np.uint8)
    canvas[:75, :100] = photo
    whole = backend.run_images(canvas[None], [(75, 100)])[0].features
    np.testing.assert_array_equal(backend.run_features(canvas[None], [(75, 100)]).numpy(), whole.numpy())
    values = backend.read_features(whole)
    assert values.dtype == np.float32 and np.array_equal(values, whole[0].float().numpy())
    backend.close()


def test_backend__graph_cannot_be_captured__runs_without_and_says_so(monkeypatch, tmp_path, caplog, photo):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    usual, odd = trt_stand_in.HostDevice(), trt_stand_in.HostDevice()
    odd.capture = lambda run: (_ for _ in ()).throw(RuntimeError("operation not permitted when stream is capturing"))
    trt_stand_in.install(monkeypatch, usual)
    expected = Segmenter(tiny_model(), backend="tensorrt").set_image(photo).panoptic()
    trt_stand_in.install(monkeypatch, odd)
    result = Segmenter(tiny_model(), backend="tensorrt").set_image(photo).panoptic()
    np.testing.assert_array_equal(result.segment_ids, expected.segment_ids)
    assert "runs without a CUDA graph" in caplog.text


def test_backend__unwritable_cache__builds_at_each_start_and_says_so(monkeypatch, tmp_path, caplog, photo):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path / "file" / "engines"))
    trt_stand_in.install(monkeypatch)
    assert _tensorrt(read_model_folder(tiny_model())).precision == "fp16"
    assert "each start will build it again" in caplog.text


def test_backend__builds__says_so_in_the_log_that_the_node_shows(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    trt_stand_in.install(monkeypatch)
    with caplog.at_level("INFO", logger="rmpsam_ros"):
        Segmenter(tiny_model(), backend="tensorrt")
    said = [r.getMessage() for r in caplog.records if r.name.startswith("rmpsam_ros")]
    assert [t for t in said if t.startswith("TensorRT, 0 s: building the image engine: ") and "has no engine" in t]


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


@pytest.mark.parametrize("precision, said", [("bf16", "no bf16 graphs.*fp16"), ("int8", "no int8 graph; `rmpsam export .* --int8` makes it")])
def test_backend__precision_without_graphs__is_refused(monkeypatch, tmp_path, precision, said):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    trt_stand_in.install(monkeypatch)
    with pytest.raises(BackendError, match=said):
        _tensorrt(read_model_folder(tiny_model()), precision=precision)


def _tensorrt(model, **options):
    from rmpsam_ros.backends.tensorrt import TensorRtBackend

    return TensorRtBackend(model, **options)


@needs_gpu
def test_backend__on_a_gpu__answers_as_the_network_does(tmp_path, monkeypatch, photo):
    monkeypatch.setenv("RMPSAM_ENGINES", str(tmp_path))
    for precision in ("fp32", "fp16"):
        ours, theirs = Segmenter(tiny_model(), backend="tensorrt", precision=precision), Segmenter(tiny_model(), backend="torch", precision="fp32")
        frame, expected = ours.set_image(photo), theirs.set_image(photo)
        assert np.mean(frame.panoptic().segment_ids != expected.panoptic().segment_ids) < 0.02
        assert np.mean(frame.prompt(points=[(50, 40)]).mask != expected.prompt(points=[(50, 40)]).mask) < 0.02
        ours.close()
