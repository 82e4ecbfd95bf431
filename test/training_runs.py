"""Fixtures with the training example, for tests that run it."""
from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from rmpsam_ros.model_folder import write_model_yaml
from rmpsam_ros.network import save_weights
from rmpsam_ros.training.config import load_config
from rmpsam_ros.training.example import write_example


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # no gain for feature maps this small, and waiting threads are slow on a busy machine
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return write_example(tmp_path_factory.mktemp("shapes"), count=36)


def short(example, **changes):
    return replace(load_config(example), **changes)


def start_folder(run, folder):
    """Writes a run's averaged network as a model folder to start from: description and weights, without graphs."""
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(run.averaged.net, folder, half=False)
    write_model_yaml(folder, run.description(folder))
    return folder
