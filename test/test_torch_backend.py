"""Tests the torch backend: batches, precisions, compilation, and its GPU path, on a stand-in if there is no GPU."""
from __future__ import annotations

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the torch backend needs torch")

import trt_stand_in
from models import cpu_has_bf16, needs_export, tiny_model

from rmpsam_ros.backends import create_backend
from rmpsam_ros.backends import torch as torch_backend
from rmpsam_ros.backends.static_run import StaticRun
from rmpsam_ros.errors import BackendError, ImageError
from rmpsam_ros.model_folder import find_model, read_model_folder
from rmpsam_ros.segmenter import Segmenter

slow = pytest.mark.skipif(not os.environ.get("RMPSAM_SLOW_TESTS"), reason="a minute of compiling; RMPSAM_SLOW_TESTS=1 runs it")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch sees")


@pytest.fixture
def photos() -> list[np.ndarray]:
    rows, columns = np.mgrid[0:75, 0:100]
    photo = np.stack((rows * 3, columns * 2, (rows + columns) % 256), axis=-1).astype(np.uint8)
    return [np.roll(photo, shift, axis=1)[: 75 - shift] for shift in (0, 10, 30)]


@pytest.fixture
def expected(photos) -> list:
    segmenter = Segmenter(tiny_model(), "openvino", precision="fp32")
    return [segmenter.set_image(photo) for photo in photos]


@pytest.fixture
def stand_in(monkeypatch) -> trt_stand_in.HostDevice:
    device = trt_stand_in.HostDevice()
    monkeypatch.setattr(torch_backend, "open_gpu", lambda name, backend: device)
    return device


def same(frame, expected, unequal: float = 0.01) -> None:
    """The same map, and the same masks of one click and of three."""
    assert frame.panoptic().segments and np.mean(frame.panoptic().segment_ids != expected.panoptic().segment_ids) <= unequal
    for points in ([(50, 20)], [(50, 20), (3, 40), (90, 5)]):
        a, b = frame.prompt(points=points), expected.prompt(points=points)
        assert np.mean(a.mask != b.mask) <= unequal and abs(a.score - b.score) < 0.02


@pytest.mark.parametrize("backend, precision", [("openvino", "fp32"), ("torch", "fp32"), ("torch", "bf16")])
def test_set_images__three_in_a_batch_of_four__each_as_if_alone(photos, expected, backend, precision):
    segmenter = Segmenter(tiny_model(), backend, precision=precision, batch=4)
    frames = segmenter.set_images(photos, stamps=[1.0, 2.0, 3.0])
    assert [frame.stamp for frame in frames] == [1.0, 2.0, 3.0]
    segmenter.set_images(photos[::-1])  # frames keep their own copies
    for frame, one in zip(frames, expected, strict=True):
        same(frame, one, 0.03 if precision == "bf16" else 0.01)


@pytest.mark.parametrize("count", [0, 3])
def test_set_images__more_or_fewer_than_fit__one_sentence(photos, count):
    with pytest.raises(BackendError, match="takes 1 to 2 images, not"):
        Segmenter(tiny_model(), "torch", batch=2).set_images(photos[:count])


@pytest.mark.parametrize("given", [{"stamps": [1.0]}, {"rotations": [0, 90, 180]}], ids=["stamps", "rotations"])
def test_set_images__not_one_for_each__one_sentence(photos, given):
    with pytest.raises(ImageError, match=rf"There are \d {next(iter(given))} for 2 images; each image needs its own"):
        Segmenter(tiny_model(), "torch", batch=2).set_images(photos[:2], **given)


@pytest.mark.parametrize("batch", [0, 65])
def test_create_backend__batch_out_of_range__one_sentence(batch):
    with pytest.raises(BackendError, match=f"The batch is {batch}; it must be from 1 to 64 images"):
        create_backend(read_model_folder(tiny_model()), "torch", batch=batch)


def test_bf16__decoder_and_clicks_stay_float32():
    backend = create_backend(read_model_folder(tiny_model()), "torch", precision="bf16")
    out = backend.run_images(backend.make_canvas(), [(96, 128)])[0]
    assert out.features.dtype == torch.bfloat16
    assert {out.mask_logits.dtype, out.queries.dtype, out.scores.dtype} == {np.dtype(np.float32)}
    # If the decoder rounded to bfloat16, every value would be representable in bfloat16.
    assert np.mean(out.mask_logits == torch.from_numpy(out.mask_logits).bfloat16().float().numpy()) < 0.1


@pytest.fixture(scope="module")
def anchored(tmp_path_factory):
    """The folder of a network whose masks are small ellipses."""
    from dataclasses import replace

    needs_export()
    from rmpsam_ros.export import make_model_folder
    from rmpsam_ros.network import build

    net = build("tiny", anchors=True, mean_pooling=True, stuff_queries=2)
    with torch.no_grad():
        net.panoptic_head.anchors.weight[:, 2:] = torch.tensor([0.1, 0.1, 4.0]).log()
    folder = tmp_path_factory.mktemp("models") / "anchored"
    model = replace(read_model_folder(tiny_model()), name="anchored", config=net.config_dict(), score_threshold=0.0, overlap_threshold=0.0)
    make_model_folder(net, folder, model, half=False)
    return folder


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_bf16__network_with_anchors__masks_are_as_in_float32(anchored, photos, backend):
    if backend == "openvino" and not cpu_has_bf16():
        pytest.skip("this CPU does not compute bf16")
    ours, theirs = (Segmenter(anchored, b, precision=p, input_size=(480, 640), batch=2) for b, p in ((backend, "bf16"), ("torch", "fp32")))
    for frame, expected in zip(ours.set_images(photos[:2]), theirs.set_images(photos[:2])):
        a, b = frame.objects.mask_logits > 0, expected.objects.mask_logits > 0
        assert b.any() and np.count_nonzero(a & b) / np.count_nonzero(a | b) > 0.99
        assert np.mean(frame.prompt([(50, 20)]).mask != expected.prompt([(50, 20)]).mask) < 0.01


# --- compiled ----------------------------------------------------------------------------------------------------------


def test_torch_compile__graphs_are_whole_and_captured_without_a_break(monkeypatch, photos, expected):
    real, asked = torch.compile, []

    def compile(module, **options):  # traces for real; only the code generation is left out, which takes a minute
        asked.append(options)
        return real(module, backend="eager", fullgraph=options["fullgraph"], dynamic=options["dynamic"])

    monkeypatch.setattr(torch, "compile", compile)
    said = []
    backend = create_backend(read_model_folder(tiny_model()), "torch-compile", progress=lambda text, part: said.append(text))
    assert backend.name == "torch-compile" and len(asked) == 2 and all(o["fullgraph"] and o["dynamic"] is False for o in asked)
    assert [text for text in said if "compiling the image graph" in text]
    segmenter = Segmenter(tiny_model(), "torch-compile")
    for photo, one in zip(photos, expected):
        same(segmenter.set_image(photo), one)


def test_torch_compile__no_compiler__one_sentence_with_the_way_out(monkeypatch):
    def broken(module, **options):
        def run(*inputs):
            raise RuntimeError("InvalidCxxCompiler: No working C++ compiler found")

        return run

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(BackendError, match=r"does not work here \(.*No working C\+\+ compiler found\).*C\+\+ compiler.*use the backend torch\.$"):
        create_backend(read_model_folder(tiny_model()), "torch-compile")


@slow
def test_torch_compile__on_this_cpu__computes_the_same(photos, expected):
    segmenter = Segmenter(tiny_model(), "torch-compile", device="cpu")
    for photo, one in zip(photos, expected):
        same(segmenter.set_image(photo), one)


# --- on a GPU: its buffers, graphs and copies on a stand-in --------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 4])
def test_on_stand_in__as_on_the_cpu_and_one_graph_for_each_shape(stand_in, photos, expected, batch):
    segmenter = Segmenter(tiny_model(), "torch", batch=batch)
    frames = [frame for start in range(0, 3, batch) for frame in segmenter.set_images(photos[start : start + batch])]
    for frame, one in zip(frames, expected, strict=True):
        same(frame, one)
    assert stand_in.captured == 3  # the image's shape, one prompt, four prompts
    assert segmenter.device_name == "Stand-in GPU"
    segmenter.close()


def test_on_stand_in__canvas_is_read_where_it_lies(stand_in, photos):
    backend = create_backend(read_model_folder(tiny_model()), "torch")
    canvas = backend.make_canvas()
    assert not canvas.any()
    assert backend._staging.to_device("image", canvas).data_ptr() == canvas.ctypes.data
    other = canvas.copy()
    assert backend._staging.to_device("image", other).data_ptr() not in (canvas.ctypes.data, other.ctypes.data)
    with pytest.raises(BackendError, match="There are 65 prompts; one run takes up to 64"):
        features = backend.run_images(canvas, [(96, 128)])[0].features
        backend.run_prompts(features, np.zeros((65, 4), np.float32), np.ones(65, np.int64), (96, 128))


def test_on_stand_in__whole_frame__is_waited_for_three_times(stand_in, photos):
    segmenter = Segmenter(tiny_model(), "torch")
    segmenter.warm_up()
    before = stand_in.waits
    frame = segmenter.set_image(photos[0])
    assert stand_in.waits == before + 1  # for the scores, which select what to fuse
    frame.panoptic()
    assert stand_in.waits == before + 3  # for the numbers that decide, and for the map


def test_static_run__capture_is_refused__runs_without_and_says_so(caplog):
    device = trt_stand_in.HostDevice()
    device.capture = lambda run: (_ for _ in ()).throw(RuntimeError("operation not permitted when stream is capturing"))
    run = StaticRun(lambda x: (x + 1,), device, "torch, image graph")
    assert [run(torch.full((2,), float(k)))[0].tolist() for k in (1, 2)] == [[2.0, 2.0], [3.0, 3.0]]
    assert "torch, image graph runs without a CUDA graph" in caplog.text


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device, said", [("cuda", "The backend torch needs a GPU that torch sees.*or use device cpu"),
                                          ("gpu0", "The backend torch has no device 'gpu0'; use auto, cpu, cuda")])  # fmt: skip
def test_device_that_is_not_there__one_sentence(device, said):
    with pytest.raises(BackendError, match=said):
        create_backend(read_model_folder(tiny_model()), "torch", device=device)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_precision_that_a_cpu_lacks__one_sentence(precision):
    with pytest.raises(BackendError, match=f"The torch backend has no {precision}"):
        create_backend(read_model_folder(tiny_model()), "torch", device="cpu", precision=precision)


@needs_gpu
@pytest.mark.parametrize("backend", ["torch", "torch-compile"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_on_a_gpu__answers_as_openvino_does(photos, expected, backend, precision, caplog):
    segmenter = Segmenter(tiny_model(), backend, device="cuda", precision=precision)
    for photo, one in zip(photos, expected):
        same(segmenter.set_image(photo), one, 0.03)
    assert "without a CUDA graph" not in caplog.text


def test_prompt_graph__makes_no_tensor_from_numbers_of_the_host(monkeypatch):
    """Copying them cannot be captured in a CUDA graph: seen on an H100, where prompts ran without one."""
    from rmpsam_ros.graphs import PromptGraph
    from rmpsam_ros.network import build

    def refused(*args, **kwargs):
        raise AssertionError("a tensor made on the host")

    config = {k: v for k, v in read_model_folder(find_model("rmpsam-lite0"), graphs=False).config.items() if k != "backbone"}
    net = build("lite0", **config)
    prompt, features = PromptGraph(net).eval(), net.encode(torch.zeros(1, 3, 96, 128))[0]
    monkeypatch.setattr(torch, "as_tensor", refused)
    monkeypatch.setattr(torch, "tensor", refused)
    with torch.inference_mode():
        masks, *_ = prompt(features, torch.ones(1, 4, 4), torch.ones(1, 4, dtype=torch.int64), torch.full((1, 2), 96))
    assert masks.shape == (1, 4, 24, 32)


def test_threads__are_what_they_were_once_the_backend_is_closed():
    before = torch.get_num_threads()
    with Segmenter(tiny_model(), "torch", device="cpu", threads=before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
