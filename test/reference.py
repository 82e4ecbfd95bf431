"""Reference values: fixtures measured on the official code, in a folder next to the project, if it exists."""
from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest

_ROOT = Path(os.environ.get("RMPSAM_REFERENCE") or Path(__file__).resolve().parents[2] / "shared" / "fixtures")


def path(name: str) -> Path:
    """The path of a fixture; skips the test if the folder is absent."""
    file = _ROOT / name
    if not file.is_file():
        pytest.skip(f"the reference's {name} is not here (set RMPSAM_REFERENCE to its folder)")
    return file


def arrays(name: str) -> dict[str, np.ndarray]:
    return dict(np.load(path(name)))


def stats(name: str) -> dict:
    return json.loads(path(name).read_text())


def weights_module():
    """The module that generates the deterministic weights of the fixtures."""
    spec = importlib.util.spec_from_file_location("det_weights", path("det_weights.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def official_net(variant: str):
    """A network with the fixtures' weights and 133 classes."""
    from rmpsam_ros.network import build

    det = weights_module()
    net = build(variant)
    state = det.make_weights(det.load_spec(path(f"state_dict_keys_{variant}.json")))
    net.load_official(state, det.make_text_embedding("coco133", 133, 3, 768))
    return net
