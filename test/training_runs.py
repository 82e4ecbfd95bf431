"""The example of training as fixtures, for the tests that make runs of it."""
from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from rmpsam_ros.training.config import load_config
from rmpsam_ros.training.example import write_example


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # maps this small gain nothing, and waiting threads are slow where the machine is busy
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return write_example(tmp_path_factory.mktemp("shapes"), count=36)


def short(example, **changes):
    return replace(load_config(example), **changes)
