"""Tests export and conversion: graphs equal the network, weights are stored once, nothing is half-written."""
from __future__ import annotations

import os
import resource
import shutil
from dataclasses import replace

import numpy as np
import pytest
from models import needs_export, tiny_model

torch = pytest.importorskip("torch", reason="export needs torch")
onnx = pytest.importorskip("onnx", reason="export needs onnx")
from rmpsam_ros import convert, export  # noqa: E402
from rmpsam_ros.cli import main  # noqa: E402
from rmpsam_ros.data.label_map import load_label_map  # noqa: E402
from rmpsam_ros.errors import ModelError  # noqa: E402
from rmpsam_ros.export import export_graphs, verify  # noqa: E402
from rmpsam_ros.labels import OFFICIAL  # noqa: E402
from rmpsam_ros.model_folder import read_model_folder, write_model_yaml  # noqa: E402
from rmpsam_ros.network import build, load_checkpoint, load_model, load_official, save_weights  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(tiny_model(), tmp_path / "tiny")


def test_graphs__opset_17_named_outputs_open_sizes_no_deform_conv():
    for name, inputs, outputs in (
        ("image", ["image", "image_size"], ["class_ids", "scores", "iou", "queries", "mask_logits", "features"]),
        ("prompt", ["features", "boxes", "labels", "image_size"], ["mask_logits", "iou", "queries"]),
    ):
        graph = onnx.load(str(tiny_model() / f"{name}.onnx"), load_external_data=False)
        assert [o.version for o in graph.opset_import] == [17]
        assert [i.name for i in graph.graph.input] == inputs and [o.name for o in graph.graph.output] == outputs
        assert "DeformConv" not in {n.op_type for n in graph.graph.node}
        assert graph.graph.input[0].type.tensor_type.shape.dim[2].dim_param  # open


def test_graphs__weights_lie_on_the_disk_once():
    folder = tiny_model()
    weights = (folder / "weights.safetensors").stat().st_size
    for name in ("image", "prompt"):
        graph = onnx.load(str(folder / f"{name}.onnx"), load_external_data=False)
        inline = sum(len(t.raw_data) for t in graph.graph.initializer)
        assert inline < 0.1 * weights


def test_verify__notices_a_graph_of_other_weights(folder):
    net = load_model(folder)
    differences = verify(folder, net)
    assert all(d.passed for d in differences) and {d.graph for d in differences} == {"image", "prompt"}
    with torch.no_grad():
        net.panoptic_head.kernels.weight[0] += 0.5
    assert not all(d.passed for d in verify(folder, net))


def test_export__makes_missing_graphs_anew(folder, capsys):
    expected = (folder / "image.onnx").read_bytes()
    (folder / "image.onnx").unlink()
    assert main(["export", str(folder)]) == 0
    assert "all within their tolerances" in capsys.readouterr().out
    assert (folder / "image.onnx").read_bytes() == expected
    read_model_folder(folder)
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]  # no leftovers


def test_export__keeps_what_else_is_in_the_folder_and_links_to_it(folder, monkeypatch):
    (folder / "image.int8.onnx").write_bytes(b"of the same weights")
    (folder / "notes").mkdir()
    (folder / "notes/mine.txt").write_text("mine")
    link = folder.with_name("link")
    link.symlink_to(folder.name)
    (folder / "image.onnx").unlink()
    assert main(["export", str(link)]) == 0
    assert link.is_symlink() and (folder / "image.onnx").is_file() and (folder / "notes/mine.txt").read_text() == "mine"
    assert (folder / "image.int8.onnx").read_bytes() == b"of the same weights"
    assert sorted(path.name for path in folder.parent.iterdir()) == sorted(["link", folder.name])
    monkeypatch.chdir(folder)
    assert main(["export", "."]) == 0


def test_export__links_of_the_users_own_stay_links_even_where_they_lead_nowhere(folder):
    (folder / "gone").symlink_to("nowhere")
    (folder / "notes").mkdir()
    (folder / "notes/gone").symlink_to("nowhere")
    (folder / "up").symlink_to("..")
    (folder / "image.onnx").unlink()
    export_graphs(folder)
    assert (folder / "image.onnx").is_file()
    assert [os.readlink(folder / name) for name in ("gone", "notes/gone", "up")] == ["nowhere", "nowhere", ".."]


def test_export__onto_a_mount_point__keeps_what_else_is_in_it(folder, monkeypatch):
    (folder / "notes.txt").write_text("mine")
    (folder / "image.onnx").unlink()
    monkeypatch.setattr(os.path, "ismount", lambda path: os.fspath(path) == os.fspath(folder))
    export_graphs(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["image.onnx", "model.yaml", "notes.txt", "prompt.onnx", "weights.safetensors"]
    read_model_folder(folder)


def test_export__a_failure_leaves_the_folder_as_it_was(folder, monkeypatch):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    monkeypatch.setattr("rmpsam_ros.export.verify", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        export_graphs(folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in folder.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("kilobytes", [64, 500])  # the weights, or a graph, do not fit
def test_convert__disk_without_room__gets_one_line_and_makes_nothing(tmp_path, capsys, kilobytes):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, before[1]))  # the kernel's message differs, the path is the same
    try:
        code = main(["convert", "--untrained", "tiny", "--weights", "fp16", "--out", str(tmp_path / "new")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (code, capsys.readouterr().err.splitlines()) == (2, [f"rmpsam convert: {tmp_path / 'new'}: File too large"])
    assert list(tmp_path.iterdir()) == []


def test_save_weights__a_weight_beyond_float16__is_said(tmp_path):
    net = build("tiny", num_classes=6)
    name, weight = next(iter(net.named_parameters()))
    with torch.no_grad():
        weight.view(-1)[3] = 70000.0
    with pytest.raises(ModelError, match=f"weight {name} has the value 70000, which does not fit float16; use --weights fp32"):
        save_weights(net, tmp_path, half=True)
    save_weights(net, tmp_path, half=False)
    assert (tmp_path / "weights.safetensors").is_file()


def test_export__keeps_half_precision_weights_half(tmp_path):
    needs_export()
    from rmpsam_ros.convert import untrained
    from rmpsam_ros.export import make_model_folder

    labels = OFFICIAL["youtube-vis-2019"]
    net, model = untrained("tiny", replace(labels, classes=labels.classes[:6]))
    make_model_folder(net, tmp_path / "half", replace(model, name="half"), half=True)
    size = (tmp_path / "half" / "weights.safetensors").stat().st_size
    assert all(d.passed for d in export_graphs(tmp_path / "half"))
    assert (tmp_path / "half" / "weights.safetensors").stat().st_size == size
    assert size < 0.6 * (tiny_model() / "weights.safetensors").stat().st_size
    types = {t.data_type for t in onnx.load(str(tmp_path / "half" / "image.onnx"), load_external_data=False).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in types


@pytest.fixture(scope="module")
def checkpoint_files(tmp_path_factory):
    """A ResNet-18 checkpoint in the official layout, embeddings of two things and a stuff class, and their labels; read-only."""
    folder, net = tmp_path_factory.mktemp("official"), build("r18", num_classes=3)
    torch.save({"state_dict": net.state_dict()}, folder / "r18.pth")
    torch.save(torch.nn.functional.normalize(torch.randn(3, 2, 768), dim=-1), folder / "text.pth")
    (folder / "labels.yaml").write_text("name: own\nclasses: [{name: a, thing: true}, {name: b, thing: true}, {name: c, thing: false}]\n")
    return str(folder / "r18.pth"), str(folder / "text.pth"), str(folder / "labels.yaml")


@pytest.mark.parametrize("arguments, message", [
    (["{ckpt}", "--labels", "{labels}"], "give their file with --classifier"),
    (["{ckpt}", "--classifier", "{text}"], "has 133 classes; they must belong together"),
    (["{text}", "--classifier", "{text}", "--labels", "{labels}"], "must hold a state dict"),
    (["nowhere.pth", "--classifier", "{text}"], "no checkpoint nowhere.pth"),
    (["{ckpt}", "--classifier", "nowhere.pth", "--labels", "{labels}"], "no file nowhere.pth"),
    (["{ckpt}", "--untrained", "r18"], "either a checkpoint or --untrained"),
    (["--untrained", "r99"], "'r99' is not one of"),
    (["--untrained", "r18", "--input-size", "100x100"], "multiples of 32"),
    (["--untrained", "r18", "--labels", "nowhere"], "no label map 'nowhere'"),
    (["--untrained", "r18", "--classifier", "{text}"], "not with --untrained"),
    (["{model}/weights.safetensors", "--labels", "robot"], "which needs no conversion; `rmpsam export"),
])  # fmt: skip
def test_convert__bad_input_gets_one_line_and_makes_nothing(tmp_path, capsys, arguments, message, checkpoint_files):
    ckpt, text, labels = checkpoint_files
    arguments = [a.format(ckpt=ckpt, text=text, labels=labels, model=tiny_model()) for a in arguments]
    assert main(["convert", *arguments, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error and "\n" not in error
    assert not (tmp_path / "out").exists()


def test_convert__does_not_overwrite_what_is_no_model(tmp_path, capsys, checkpoint_files):
    (tmp_path / "precious.txt").write_text("keep")
    assert main(["convert", "--untrained", "tiny", "--labels", checkpoint_files[2], "--out", str(tmp_path)]) == 2
    assert "is not a model folder" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "keep"
    (tmp_path / "model.yaml").write_text("epochs: 3\n")  # owned by somebody else
    assert main(["convert", "--untrained", "tiny", "--labels", checkpoint_files[2], "--out", str(tmp_path)]) == 2
    assert "is not a model folder" in capsys.readouterr().err and (tmp_path / "model.yaml").read_text() == "epochs: 3\n"


def test_convert__into_a_model_folder__replaces_the_model_and_keeps_the_users_own_files(folder, capsys, checkpoint_files):
    (folder / "image.int8.onnx").write_bytes(b"of the old weights")
    (folder / "notes.txt").write_text("mine")
    (folder / "gone").symlink_to("nowhere")
    (folder / "model.yaml").write_text((folder / "model.yaml").read_text().replace("format: 1", "format: 0"))  # from an older version
    before = (folder / "weights.safetensors").read_bytes()
    labels = checkpoint_files[2]
    assert main(["convert", "--untrained", "tiny", "--labels", labels, "--out", str(folder), "--name", "new"]) == 0
    assert (folder / "notes.txt").read_text() == "mine" and not (folder / "image.int8.onnx").exists()
    model = read_model_folder(folder)
    assert model.name == "new" and len(model.labels) == 3 and (folder / "weights.safetensors").read_bytes() != before


def test_convert__state_dict_with_its_own_class_embeddings(tmp_path, capsys, checkpoint_files):
    needs_export()
    net = build("r18", num_classes=3, learned_classes=True)
    torch.save(net.state_dict(), tmp_path / "own.pth")
    labels = checkpoint_files[2]
    assert main(["convert", str(tmp_path / "own.pth"), "--labels", labels, "--out", str(tmp_path / "own"), "--input-size", "64x96"]) == 0
    assert main(["convert", "--untrained", "tiny", "--labels", labels, "--out", str(tmp_path / "own")]) == 2
    assert "holds a trained model" in capsys.readouterr().err
    made = load_model(tmp_path / "own")
    image = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        expected, found = (n.eval().decode_objects(n.features(image)) for n in (net, made))
    assert torch.allclose(expected.class_logits, found.class_logits, atol=1e-4) and torch.allclose(expected.mask_logits, found.mask_logits, atol=1e-2)
    model = read_model_folder(tmp_path / "own")
    assert model.trained and model.input_size == (64, 96) and model.name == "own"


@pytest.mark.parametrize("variant, size", [("r18", (800, 1344)), ("lite0", (480, 640))])
def test_from_checkpoint__input_is_as_large_as_the_variant_was_made_for(tmp_path, variant, size, checkpoint_files):
    torch.save(build(variant, num_classes=3, learned_classes=True).state_dict(), tmp_path / "own.pth")
    labels = load_label_map(checkpoint_files[2]).labels
    assert convert.from_checkpoint(tmp_path / "own.pth", None, labels)[1].input_size == size


def test_convert__weights_are_stored_as_asked(tmp_path, checkpoint_files):
    needs_export()
    labels = checkpoint_files[2]
    sizes = {}
    for words in ((), ("--weights", "fp32")):
        out = tmp_path / f"m{len(words)}"
        assert main(["convert", "--untrained", "tiny", "--labels", labels, "--out", str(out), *words]) == 0
        sizes[words] = (out / "weights.safetensors").stat().st_size
    assert 0.4 < sizes[()] / sizes["--weights", "fp32"] < 0.6


def test_export__graphs_that_differ_are_not_kept(folder, monkeypatch, capsys):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    honest = export.verify

    def one_fails(*arguments):
        return [replace(d, maximum=9.0) if d.output == "iou" else d for d in honest(*arguments)]

    monkeypatch.setattr(export, "verify", one_fails)
    assert main(["export", str(folder)]) == 2
    assert "differ from the network beyond the tolerances" in " ".join(capsys.readouterr().err.split())
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_export__images_without_int8_are_refused(folder, capsys):
    assert main(["export", str(folder), "--images", "/nowhere"]) == 2
    assert "give --int8 too" in capsys.readouterr().err


@pytest.mark.parametrize("name, content", [("a.pth", b"export A=1\nexport B=2\n"), ("a.pth", b"(lp0\n"), ("a.safetensors", b"\x09" + bytes(40))])
def test_convert__what_is_no_checkpoint_is_said_in_one_line(tmp_path, capsys, name, content, checkpoint_files):
    (tmp_path / name).write_bytes(content)
    ckpt, text, labels = checkpoint_files
    for words in ([str(tmp_path / name), "--classifier", text], [ckpt, "--classifier", str(tmp_path / name)]):
        assert main(["convert", *words, "--labels", labels, "--out", str(tmp_path / "out")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_convert__weights_that_are_not_finite_are_said(tmp_path, capsys, checkpoint_files):
    ckpt, text, labels = checkpoint_files
    state = torch.load(ckpt)["state_dict"]
    state["panoptic_head.kernels.weight"][3, 4] = torch.nan
    torch.save({"state_dict": state}, tmp_path / "broken.pth")
    assert main(["convert", str(tmp_path / "broken.pth"), "--classifier", text, "--labels", labels, "--out", str(tmp_path / "out")]) == 2
    assert "not finite in 1 of its tensors, the first panoptic_head.kernels.weight" in capsys.readouterr().err


@pytest.mark.parametrize("wrapped", [
    lambda state: {"model": state},
    lambda state: {f"module.{name}": value for name, value in state.items()},
    lambda state: {"state_dict": {**state, "data_preprocessor.mean": torch.zeros(3)}},
])
def test_load_official__from_what_frameworks_wrap_round_it(tmp_path, wrapped, checkpoint_files):
    ckpt, text, _ = checkpoint_files
    state = torch.load(ckpt)["state_dict"]
    torch.save(wrapped(state), tmp_path / "wrapped.pth")
    net = load_official(load_checkpoint(tmp_path / "wrapped.pth"), torch.load(text))
    assert net.variant == "r18" and torch.equal(net.state_dict()["panoptic_head.kernels.weight"], state["panoptic_head.kernels.weight"])


def test_load_model__gives_the_network_of_the_folder():
    net = load_model(tiny_model())
    assert net.variant == "tiny" and not net.training
    with torch.inference_mode():
        output = net.decode_objects(net.features(torch.zeros(1, 3, 64, 64)))
    assert output.class_logits.shape == (1, 12, 7) and np.isfinite(output.mask_logits.numpy()).all()


def test_load_model__weights_that_do_not_fit(folder):
    other = build("tiny", num_queries=5)
    from rmpsam_ros.network import save_weights

    save_weights(other, folder, half=False)
    import yaml

    content = yaml.safe_load((folder / "model.yaml").read_text())
    content["files"].pop("weights.safetensors")
    (folder / "model.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(ModelError, match="do not fit the network"):
        load_model(folder)


def test_share_weights__what_float16_would_round_stays_in_the_graph(tmp_path):
    from onnx.reference import ReferenceEvaluator
    from safetensors.numpy import save_file

    exact = np.linspace(-1, 1, 256, dtype=np.float16).astype(np.float32)
    rounded = exact * np.float32(1 + 1e-4)
    assert np.array_equal(rounded.astype(np.float16), exact)
    save_file({"w": exact.astype(np.float16)}, tmp_path / "weights.safetensors")
    for values, is_shared in ((exact, True), (rounded, False)):
        ends = [[onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [256])] for name in "xy"]
        graph = onnx.helper.make_graph([onnx.helper.make_node("Add", ["x", "w"], ["y"])], "g", *ends, [onnx.numpy_helper.from_array(values, "w")])
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
        export._share_weights(model, export._WeightsIndex(tmp_path / "weights.safetensors"))
        assert bool(model.graph.initializer[0].external_data) == is_shared
        onnx.save(model, tmp_path / "graph.onnx")
        (y,) = ReferenceEvaluator(onnx.load(str(tmp_path / "graph.onnx"))).run(None, {"x": np.zeros(256, np.float32)})
        assert np.array_equal(y, values)


def test_load_model__class_embeddings_kept_as_half__have_unit_norm_again(tmp_path):
    folder = read_model_folder(tiny_model(), graphs=False)
    save_weights(load_model(tiny_model()), tmp_path, half=True)
    write_model_yaml(tmp_path, replace(folder, path=tmp_path, files={}))
    norms = load_model(tmp_path).panoptic_head.text_classifier.embedding.norm(dim=-1)
    assert norms.tolist() == pytest.approx([1.0] * 6, abs=1e-6)
