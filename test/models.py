"""Model folders for tests: a tiny random network, really exported. Made once per test run; needs torch and OpenVINO."""
from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

TINY_CLASSES = (["cup", "robot", "box"], ["floor", "wall", "sky"])
"""Things, then stuff."""


def needs_export() -> None:
    """Skips the test if model folders cannot be made: torch writes their graphs, and OpenVINO checks them."""
    for package in ("torch", "onnx", "onnxscript", "openvino"):
        pytest.importorskip(package, reason=f"making a model folder needs {package}")


@lru_cache(maxsize=1)
def tiny_model() -> Path:
    """A folder with the `tiny` variant: 96x128 input, seeded weights, masks smooth enough to form segments.

    Cached between runs in the system's temporary folder, under a name that changes with the code that it is made from.
    """
    needs_export()
    from rmpsam_ros.convert import untrained
    from rmpsam_ros.export import make_model_folder
    from rmpsam_ros.labels import make_label_set

    folder = Path(tempfile.gettempdir()) / f"rmpsam-test-{os.getuid()}-{_fingerprint()}" / "tiny"
    if not (folder / "model.yaml").is_file():
        net, model = untrained("tiny", make_label_set("tiny", *TINY_CLASSES))
        smooth(net)
        make_model_folder(net, folder, replace(model, name="tiny", input_size=(96, 128), score_threshold=0.2, overlap_threshold=0.3), half=False)
    return folder


def smooth(net) -> None:
    """Gives coordinates more weight than texture, so that a random network's masks are regions rather than noise."""
    import torch

    with torch.no_grad():
        net.neck.loc_conv.weight[:, :-2] *= 0.05
        net.neck.loc_conv.weight[:, -2:] *= 20


def _fingerprint() -> str:
    import hashlib

    package = Path(__file__).parent.parent / "rmpsam_ros"
    sources = [*sorted((package / "network").glob("*.py")), package / "export.py", package / "graphs.py",
               package / "convert.py", package / "labels.py", package / "model_folder.py", Path(__file__)]  # fmt: skip
    digest = hashlib.sha256(sys.version.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def cpu_has_bf16() -> bool:
    """Whether the CPU computes bfloat16 natively (AVX-512 BF16 or AMX), as OpenVINO sees it."""
    pytest.importorskip("openvino", reason="OpenVINO says it")
    from rmpsam_ros.backends.openvino_core import shared_core

    return "BF16" in shared_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
