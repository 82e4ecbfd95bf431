"""Tests the Segmenter on a tiny exported model: its arguments and settings, images, backends and threads."""
from __future__ import annotations

import copy
import pickle
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from models import cpu_has_bf16
from segmenters import model, picture, segmenter  # noqa: F401
from test_fusion import assert_consistent

from rmpsam_ros import Segmenter, Tracker
from rmpsam_ros.backends import PromptOutputs
from rmpsam_ros.errors import BackendError, ImageError, ModelError, RmpsamError, TrackError
from rmpsam_ros.model_folder import read_model_folder, write_model_yaml
from rmpsam_ros.prompting import Prompt
from rmpsam_ros.types import PointPrompt


def test_live_settings__change_the_next_frame(segmenter):
    image = picture(480, 640)
    whole = segmenter.set_image(image)
    keep = sorted({s.class_name for s in whole.panoptic().segments})[0]
    expected = [(s.class_name, s.area, s.roi) for s in whole.panoptic().segments if s.class_name == keep]
    clicked = whole.prompt(points=[(320, 240)])
    threshold = segmenter.score_threshold
    try:
        segmenter.class_filter = (keep,)
        assert segmenter.class_filter == (keep,)
        frame = segmenter.set_image(image)
        # Filtered segments have still claimed their pixels, and a click on one still gets its class name.
        assert [(s.class_name, s.area, s.roi) for s in frame.panoptic().segments] == expected
        assert frame.prompt(points=[(320, 240)]).class_name == clicked.class_name
        segmenter.class_filter = ()
        segmenter.score_threshold = 1.0
        assert segmenter.set_image(image).panoptic().segments == ()
        with pytest.raises(RmpsamError, match="'unicorn' is not in the label set"):
            segmenter.class_filter = ("unicorn",)
    finally:
        segmenter.class_filter, segmenter.score_threshold = (), threshold


def test_backends__agree_in_float32(model, segmenter):
    other = Segmenter(model, backend="torch", device="cpu", precision="fp32")
    image = picture(75, 100)
    ours, theirs = segmenter.set_image(image), other.set_image(image)
    assert (ours.panoptic().segment_ids != theirs.panoptic().segment_ids).mean() < 1e-3
    np.testing.assert_allclose(ours.objects.queries, theirs.objects.queries, atol=1e-2)
    assert (ours.prompt([(50, 40)]).mask != theirs.prompt([(50, 40)]).mask).mean() < 1e-3


def test_bf16__agrees_with_float32_on_most_pixels(model, segmenter):
    if not cpu_has_bf16():
        with pytest.raises(BackendError, match="does not compute bf16"):
            Segmenter(model, precision="bf16")
        return
    fast = Segmenter(model, precision="bf16")
    assert fast.precision == "bf16" == Segmenter(model).precision
    image = picture(75, 100)
    same = fast.set_image(image).panoptic().semantic() == segmenter.set_image(image).panoptic().semantic()
    assert same.mean() > 0.9


def test_input_size__another_than_the_models_own(model):
    square = Segmenter(model, input_size=(64, 64), precision="fp32")
    assert square.input_size == (64, 64)
    assert_consistent(square.set_image(picture(120, 90)).panoptic())


@pytest.mark.parametrize("arguments, error, message", [
    ({"backend": "cuda"}, BackendError, "not one of auto"),
    ({"backend": "tensorrt"}, BackendError, "not installed|needs a GPU|cannot"),
    ({"backend": ["openvino"]}, BackendError, "not one of auto"),
    ({"precision": "fp8"}, BackendError, "not one of auto"),
    ({"input_size": (100, 128)}, BackendError, "multiples of 32"),
    ({"input_size": 64}, BackendError, "must be height and width"),
    ({"device": "npu9"}, BackendError, "no device"),
    ({"score_threshold": 5}, RmpsamError, "score_threshold is 5; it must be from 0 to 1"),
    ({"overlap_threshold": -0.1}, RmpsamError, "overlap_threshold is -0.1"),
    ({"max_segments": 0}, RmpsamError, "max_segments is 0; it must be a whole number from 1 up"),
    ({"max_segments": 2.5}, RmpsamError, "max_segments is 2.5; it must be a whole number from 1 up"),
    ({"threads": -1}, BackendError, "number of threads is -1; it must be a whole number from 1 to"),
    ({"threads": 1.5}, BackendError, "number of threads is 1.5"),
    ({"batch": 1.5}, BackendError, "batch is 1.5"),
    ({"batch": True}, BackendError, "batch is True"),
    ({"device": "cpu.1"}, BackendError, "no device 'cpu.1'"),
    ({"device": None}, BackendError, "device is None; it must be a name"),
    ({"model": "nowhere"}, ModelError, "no model 'nowhere'"),
])  # fmt: skip
def test_segmenter__bad_arguments_get_one_sentence(model, arguments, error, message):
    with pytest.raises(error, match=message):
        Segmenter(**({"model": model, "backend": "openvino"} | arguments))


@pytest.mark.parametrize("apart", [False, True])
def test_openvino__reads_a_model_whose_files_are_links(model, tmp_path, apart):
    linked, image = tmp_path / "linked", picture(96, 128)
    linked.mkdir()
    for number, file in enumerate(Path(model).iterdir()):
        real = tmp_path / (f"blobs{number}" if apart else "blobs") / (f"{number}a7f3" if apart else file.name)
        real.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, real)
        (linked / file.name).symlink_to(real)
    expected = Segmenter(model, backend="openvino", precision="fp32").set_image(image).panoptic()
    assert np.array_equal(Segmenter(linked, backend="openvino", precision="fp32").set_image(image).panoptic().segment_ids, expected.segment_ids)


def test_segmenter__closed__says_so(model):
    segmenter = Segmenter(model, threads=1)
    frame = segmenter.set_image(picture(96, 128))
    expected = frame.panoptic()
    segmenter.close()
    segmenter.close()
    for ask in (lambda: segmenter.set_image(picture(96, 128)), lambda: frame.prompt(points=[(3, 3)])):
        with pytest.raises(BackendError, match="was closed; make a new one"):
            ask()
    assert frame.panoptic() is expected


def test_set_image__refuses_what_is_no_image(segmenter):
    with pytest.raises(ImageError, match="must be uint8"):
        segmenter.set_image(np.zeros((4, 4, 3), np.float64))


def test_segmenter__neither_torch_nor_ros_is_imported(model):
    code = (f"import sys; from rmpsam_ros import Segmenter; import numpy as np; s = Segmenter({str(model)!r}, backend='openvino');"
            "s.set_image(np.zeros((9, 9, 3), np.uint8)).panoptic(); print(sorted({'torch', 'rclpy', 'onnx'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_segmenter__official_weights_give_the_official_panoptic_map(tmp_path):
    """End to end: the fixtures' checkpoint, converted, run by OpenVINO in float32, against the official map."""
    import reference

    torch = pytest.importorskip("torch", reason="converting needs torch")
    fixture = reference.arrays("fixtures_r18.npz")
    det = reference.weights_module()
    torch.save({"state_dict": det.make_weights(det.load_spec(reference.path("state_dict_keys_r18.json")))}, tmp_path / "r18.pth")
    torch.save(det.make_text_embedding("coco133", 133, 3, 768), tmp_path / "text.pth")
    from test_fusion import disagreement, official_ids

    from rmpsam_ros.cli import main

    out = tmp_path / "r18"
    assert main(["convert", str(tmp_path / "r18.pth"), "--classifier", str(tmp_path / "text.pth"), "--out", str(out), "--input-size", "480x640"]) == 0
    exact = Segmenter(out, backend="openvino", precision="fp32")
    assert exact.score_threshold == exact.overlap_threshold == 0.8
    resized = Segmenter(out, backend="openvino", precision="fp32", input_size=(352, 448))  # img_b is 375x500
    for loaded, image, name in ((exact, "img_a", "pan_a"), (resized, "img_b", "pan_c")):
        for thresholds, suffix in (((0.8, 0.8), "panseg"), ((0.3, 0.1), "panseg_v1")):
            loaded.score_threshold, loaded.overlap_threshold = thresholds
            ours = official_ids(loaded.set_image(fixture[image]).panoptic())
            expected = fixture[f"{name}_{suffix}"]
            assert disagreement(ours, expected) < 1e-4 * expected.size
    prompts = exact.set_image(fixture["img_a"])
    masks = np.unpackbits(fixture["prm_a_masks_packbits"], axis=1)[:, : 480 * 640].reshape(-1, 480, 640).astype(bool)
    for box, kind, mask in zip(fixture["prm_a_boxes"], fixture["prm_a_pb_labels"], masks):
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if kind == 1 and box[2] - box[0] == 6 and 0 <= x <= 639 and 0 <= y <= 479:
            assert (prompts.prompt(points=[(x, y)]).mask != mask).mean() < 1e-4


def test_segmenter__thresholds_of_nought_are_not_taken_for_the_models_own(model):
    segmenter = Segmenter(model, backend="openvino", precision="fp32", score_threshold=0.0, overlap_threshold=0.0)
    assert (segmenter.score_threshold, segmenter.overlap_threshold) == (0.0, 0.0)


def test_segmenter__clicks_go_by_the_models_own_choices(model, tmp_path):
    shutil.copytree(model, tmp_path / "choosy")
    described = tmp_path / "choosy" / "model.yaml"
    described.write_text(re.sub("(connected|zoom)_prompts: false", r"\1_prompts: true", described.read_text()))
    segmenter = Segmenter(tmp_path / "choosy", backend="openvino", precision="fp32")
    assert segmenter.zoom
    frame = segmenter.set_image(picture(96, 128))
    logits = np.full((1, 24, 32), -5.0, np.float32)
    logits[0, :6, :6] = logits[0, 15:, 20:] = 5.0  # two regions
    said = PromptOutputs(logits, np.ones(1, np.float32), np.zeros((1, 32), np.float32))
    mask, *_ = frame.answer(said, Prompt((PointPrompt(5.0, 5.0),), ()))
    assert mask[5, 5] and not mask[80, 110]


def test_segmenter__attributes_are_checked_when_they_are_set(segmenter):
    for name, value, said in (("score_threshold", 7, "score_threshold is 7; it must be from 0 to 1"),
                              ("overlap_threshold", -1, "overlap_threshold is -1"),
                              ("score_threshold", "high", "score_threshold is 'high'; it must be from 0 to 1"),
                              ("max_segments", -1, "max_segments is -1; it must be a whole number from 1 up"),
                              ("max_segments", 2.5, "max_segments is 2.5"), ("max_segments", float("inf"), "max_segments is inf"),
                              ("zoom", "yes", "zoom is 'yes'; it must be true or false"),
                              ("class_filter", 5, "class_filter is 5; it must be a sequence of class names"),
                              ("class_filter", [["cup"]], r"The class \['cup'\] is not in the label set"),
                              ("class_filter", "cup", r"it must be a sequence of class names, such as \('cup',\)")):  # fmt: skip
        before = getattr(segmenter, name)
        with pytest.raises(RmpsamError, match=said):
            setattr(segmenter, name, value)
        assert getattr(segmenter, name) == before
    segmenter.class_filter = None
    assert segmenter.class_filter == ()


def test_set_images__from_a_generator(segmenter):
    (frame,) = segmenter.set_images(picture(96, 128) for _ in range(1))
    assert np.array_equal(frame.panoptic().segment_ids, segmenter.set_image(picture(96, 128)).panoptic().segment_ids)


@pytest.mark.parametrize("stamp", ["now", "12.5", SimpleNamespace(sec=12, nanosec=5), 10**400])
def test_set_image__a_stamp_that_is_no_number__is_said_as_a_tracker_says_it(segmenter, stamp):
    with pytest.raises(ImageError, match="The stamp is .*; it must be seconds, such as stamp.sec") as ours:
        segmenter.set_image(picture(96, 128), stamp=stamp)
    with pytest.raises(TrackError) as theirs:
        Tracker(segmenter.labels).update(segmenter.set_image(picture(96, 128)), stamp=stamp)
    assert str(ours.value) == str(theirs.value)


def test_set_image__a_stamp_that_is_not_finite__is_none(segmenter):
    assert segmenter.set_image(picture(96, 128), stamp=float("nan")).stamp is None


def test_segmenter__ends_with_its_block(model):
    with Segmenter(model, backend="openvino") as segmenter:
        frame = segmenter.set_image(picture(96, 128))
    with pytest.raises(BackendError, match="was closed"):
        frame.prompt(points=[(10, 10)])


def test_segmenter__numbers_of_numpy_are_taken(model):
    with Segmenter(model, backend="openvino", precision="fp32", batch=np.int64(2), threads=np.int64(1)) as segmenter:
        assert type(segmenter.batch) is int and len(segmenter.set_images([picture(96, 128)] * 2)) == 2


def test_openvino__a_graph_that_is_another__is_said(model, tmp_path):
    folder = Path(shutil.copytree(model, tmp_path / "mixed"))
    shutil.copyfile(folder / "prompt.onnx", folder / "image.onnx")
    read = read_model_folder(model)
    write_model_yaml(folder, replace(read, path=folder))
    with pytest.raises(ModelError, match="image.onnx is not the expected rmpsam_ros graph .*`rmpsam export .*` creates it again"):
        Segmenter(folder, backend="openvino")


@pytest.mark.parametrize("arguments", [{"images": None}, {"stamps": 1.0}, {"rotations": 90}])
def test_set_images__what_is_no_sequence_gets_one_sentence(segmenter, arguments):
    with pytest.raises(ImageError, match="give a sequence, one for each image"):
        segmenter.set_images(**{"images": [picture(96, 128)]} | arguments)


def test_set_images__each_frame_has_timings_and_a_stamp_of_its_own(model):
    segmenter = Segmenter(model, backend="openvino", precision="fp32", batch=2)
    one, two = segmenter.set_images([picture(96, 128), picture(48, 64)], stamps=[3.0, 5.0])
    assert (one.stamp, two.stamp) == (3.0, 5.0)
    one.panoptic()
    assert "fusion" in one.timings and "fusion" not in two.timings


def test_set_image__masks_of_a_turned_picture_are_fetched_while_no_other_thread_uses_the_backend(model, monkeypatch):
    with Segmenter(model, backend="openvino", precision="fp32") as segmenter:
        free, run = [], segmenter._backend.run_images

        class OnDevice:
            def __init__(self, logits):
                self.logits = logits

            def __array__(self, dtype=None, copy=None):
                other = threading.Thread(target=lambda: free.append(segmenter.turn.acquire(blocking=False)))
                other.start()
                other.join()
                return self.logits

        monkeypatch.setattr(segmenter._backend, "run_images", lambda *a: [replace(o, mask_logits=OnDevice(o.mask_logits)) for o in run(*a)])
        segmenter.set_image(picture(96, 128), rotation=90)
    assert free == [False]


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy, copy.copy])
def test_segmenter__is_not_pickled__and_says_what_to_do(segmenter, write):
    frame = segmenter.set_image(picture(48, 64))
    for thing in (segmenter, frame) if write is not copy.copy else (segmenter,):
        with pytest.raises(BackendError, match="cannot be pickled or copied.* create one in each process"):
            write(thing)
    assert pickle.loads(pickle.dumps(frame.panoptic())).labels == segmenter.labels
