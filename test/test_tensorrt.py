"""Tests the TensorRT backend: what is selected, and the run-time path on a stand-in or a GPU."""
from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("torch", reason="the TensorRT backend needs torch")
pytest.importorskip("onnx", reason="typed graphs need onnx")

import torch
import trt_stand_in
from models import tiny_model

from rmpsam_ros.backends import choose_backend, create_backend, trt_flavour
from rmpsam_ros.backends.trt_provision import Target, engine_key
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


def test_choose_backend__auto_without_gpu__is_not_tensorrt(monkeypatch):
    monkeypatch.setattr(trt_flavour, "has_gpu_device", lambda: False)
    assert choose_backend("auto") != "tensorrt"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_create_backend__tensorrt_without_gpu__says_what_is_missing(monkeypatch):
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    with pytest.raises(BackendError, match="needs a GPU that torch sees"):
        create_backend(read_model_folder(tiny_model()), "tensorrt")


def test_create_backend__auto_where_tensorrt_fails__openvino_runs(monkeypatch, caplog):
    monkeypatch.setattr("rmpsam_ros.backends.choose_backend", lambda name, device: "tensorrt")
    monkeypatch.setattr("rmpsam_ros.backends.tensorrt.open_device", _no_gpu)
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

    monkeypatch.setattr("rmpsam_ros.backends.choose_backend", lambda name, device: "tensorrt")
    monkeypatch.setattr("rmpsam_ros.backends._load", load)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    create_backend(read_model_folder(tiny_model()), "auto")
    assert chosen == ["tensorrt", "torch"]


def test_choose_backend__auto_for_a_cpu__is_not_tensorrt_where_there_is_a_gpu_either(monkeypatch):
    monkeypatch.setattr(trt_flavour, "has_gpu_device", lambda: True)
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: True)
    assert choose_backend("auto") == choose_backend("auto", "cuda:1") == "tensorrt"
    assert choose_backend("auto", "CPU") == "openvino"


def test_choose_backend__auto_for_cuda_without_tensorrt__is_torch(monkeypatch):
    monkeypatch.setattr(trt_flavour, "has_gpu_device", lambda: True)
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: name != "tensorrt")
    assert choose_backend("auto", "cuda") == choose_backend("auto", "CUDA:1") == "torch"
    assert choose_backend("auto") == choose_backend("auto", "GPU") == "openvino"
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: name == "openvino")
    assert choose_backend("auto", "cuda") == "openvino"  # which reports what is missing


@pytest.mark.parametrize("gpu, installed, device, said", [
    (True, ("openvino", "torch"), "auto", True), (True, ("openvino",), "auto", False), (False, ("openvino", "torch"), "auto", False),
    (True, ("openvino", "torch"), "CPU", False),
])  # fmt: skip
def test_create_backend__auto_on_a_cpu_beside_a_gpu__says_how_to_use_it(monkeypatch, caplog, gpu, installed, device, said):
    monkeypatch.setattr(trt_flavour, "has_gpu_device", lambda: gpu)
    monkeypatch.setattr("rmpsam_ros.backends.is_installed", lambda name: name in installed)
    assert create_backend(read_model_folder(tiny_model()), "auto", device).name == "openvino"
    assert ("backend: torch uses the GPU" in caplog.text) == said


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
    for points in ([(50, 40)], [(50, 40), (3, 70), (90, 5)]):  # three are padded to four
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
    with cache.on_trial([cache.path(engine_key(model, "image", target, "fp16", (96, 128)))]):
        assert _tensorrt(model).precision == "fp16"


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
