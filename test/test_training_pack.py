"""Tests a run packed into archives: unpacked elsewhere, it samples the same images."""
from __future__ import annotations

import tarfile

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="training needs torch")

from datasets import panoptic_set, video_set  # noqa: E402
from models import tiny_model  # noqa: E402

from rmpsam_ros.data.augment import Augmentation  # noqa: E402
from rmpsam_ros.data.label_map import load_label_map  # noqa: E402
from rmpsam_ros.data.sources import Mixture, Source  # noqa: E402
from rmpsam_ros.training import pack as module  # noqa: E402
from rmpsam_ros.training.config import load_config  # noqa: E402
from rmpsam_ros.training.example import write_example  # noqa: E402


@pytest.fixture
def run(tmp_path):
    """A run on photographs, a clip and panoptic maps, starting from the tiny model, with images in separate folders."""
    path = write_example(tmp_path / "shapes", count=8)
    said = yaml.safe_load(path.read_text())
    maps, maps_images = panoptic_set(tmp_path / "maps")
    videos, video_images = video_set(tmp_path / "clips")
    mapping = {"disc": None, "box": None, "grass": None}
    said["train"] += [{"kind": "panoptic", "annotations": str(maps), "images": str(maps_images), "skip": 2, "mapping": mapping},
                      {"kind": "videos", "annotations": str(videos), "images": str(video_images), "mapping": mapping}]  # fmt: skip
    said["start"] = str(tiny_model())
    path.write_text(yaml.safe_dump(said))
    return path


def packed(run, out, *options):
    assert module.main(["--config", str(run), "--out", str(out), *options]) == 0
    archives = sorted(out.iterdir())
    for archive in archives:
        with tarfile.open(archive) as file:
            file.extractall(out.parent / "there", filter="data")
    return load_config(out.parent / "there" / "training" / "config.yaml"), archives


def mixture(config):
    label_map = load_label_map(config.labels_path)
    return Mixture([Source(entry, label_map, config.data_folder) for entry in config.train], (48, 64), Augmentation())


def test_pack__unpacked_draws_the_same_and_starts_from_the_same_model(run, tmp_path, capsys):
    there, archives = packed(run, tmp_path / "packed", "--megabytes", "0.2")
    here = load_config(run)
    for seed in range(12):
        (ours, size), (theirs, same_size) = (mixture(config).image(np.random.default_rng(seed)) for config in (here, there))
        assert size == same_size and np.array_equal(ours.image, theirs.image) and np.array_equal(ours.masks, theirs.masks)
    assert (there.start_path / "weights.safetensors").read_bytes() == (here.start_path / "weights.safetensors").read_bytes()
    assert there.steps == here.steps and len(there.validation) == len(here.validation)
    assert [entry.annotations for entry in there.train] == ["shapes-panoptic-0.json", "maps-panoptic-2.json", "clips-videos-4.json"]
    assert len(archives) > 1 and f"{len(archives)} archives" in capsys.readouterr().out
    for archive in archives:
        with tarfile.open(archive) as file:
            sizes = [member.size for member in file]
        assert len(sizes) == 1 or sum(sizes) <= 200_000


def test_pack__leaves_out_what_takes_no_part(run, tmp_path):
    config, _ = packed(run, tmp_path / "packed", "--no-validation")
    assert not config.validation
    panoptic = next(entry for entry in config.train if entry.skip and entry.kind == "panoptic" and entry.mapping)
    assert len(list((config.base / panoptic.images).iterdir())) == 2  # of four, every second one


def test_pack__compresses_photographs_again_where_that_makes_them_smaller(run, tmp_path):
    entry = load_config(run).train[0]
    image = next(load_config(run).data_folder.joinpath(entry.images).iterdir())
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    fine, coarse = tmp_path / "fine.jpg", tmp_path / "coarse.jpg"
    cv2.imwrite(str(fine), noise, [cv2.IMWRITE_JPEG_QUALITY, 98])
    cv2.imwrite(str(coarse), noise, [cv2.IMWRITE_JPEG_QUALITY, 20])
    again = module._content(fine, 50)
    assert len(again) < fine.stat().st_size and cv2.imdecode(np.frombuffer(again, np.uint8), 1).shape == noise.shape
    assert module._content(coarse, 50) == coarse.read_bytes() and module._content(image, 0) == image.read_bytes()


@pytest.mark.parametrize(("options", "words"), [(("--megabytes", "0"), "must be above 0"), (("--quality", "101"), "from 0 to 100")])
def test_pack__refuses_in_one_sentence(run, tmp_path, capsys, options, words):
    assert module.main(["--config", str(run), "--out", str(tmp_path / "packed"), *options]) == 2
    said = capsys.readouterr().err.strip()
    assert words in said and "\n" not in said


def test_pack__writes_into_no_folder_that_has_something(run, tmp_path, capsys):
    assert module.main(["--config", str(run), "--out", str(run.parent)]) == 2
    assert "is not empty" in capsys.readouterr().err


def test_pack__says_which_picture_is_missing(run, tmp_path, capsys):
    config = load_config(run)
    entry = config.train[0]
    next(config.data_folder.joinpath(entry.images).iterdir()).unlink()
    assert module.main(["--config", str(run), "--out", str(tmp_path / "packed")]) == 2
    assert "cannot be read" in capsys.readouterr().err and not (tmp_path / "packed").exists()
