"""The backend interface: a backend loads a model folder's two graphs and runs them. Everything else is common code."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends.limits import MAX_PROMPTS
from rmpsam_ros.errors import BackendError, ModelError
from rmpsam_ros.model_folder import ModelFolder
from rmpsam_ros.ownership import Extents
from rmpsam_ros.placement import Placement


class OwnershipElsewhere(Protocol):
    """The interface of `ownership.Ownership` with the map of owners on a device."""

    area: npt.NDArray[np.int64]
    inside: npt.NDArray[np.int64]

    def extents(self) -> Extents: ...

    def relabel(self, ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]: ...


class MasksElsewhere(Protocol):
    """(N, H/4, W/4) mask logits on a device: `np.asarray` copies them to the host, `assign` does the per-pixel part of fusion there."""

    def assign(self, kept: npt.NDArray[np.intp], scores: npt.NDArray[np.float32], placement: Placement) -> OwnershipElsewhere:
        """`ownership.assign` for the queries `kept` (K,) with their `scores` (K,)."""

    def __array__(self, dtype=None, copy=None) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class ImageOutputs:
    """The image graph's outputs for one image; see `rmpsam_ros.graphs`.

    `class_ids` (N,) int64, K for no object; `scores` (N,), `iou` (N,) raw, `queries` (N, D) and `mask_logits`
    (N, H/4, W/4) float32, or masks on a device. `features` is the input of the backend's prompt graph, of any type: it stays
    on the device where it was computed, and is valid as long as it is referenced.
    """

    class_ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    iou: npt.NDArray[np.float32]
    queries: npt.NDArray[np.float32]
    mask_logits: npt.NDArray[np.float32] | MasksElsewhere
    features: object


@dataclass(frozen=True)
class PromptOutputs:
    """The prompt graph's outputs: `mask_logits` (P, H/4, W/4), `iou` (P,) raw, `queries` (P, D); float32."""

    mask_logits: npt.NDArray[np.float32]
    iou: npt.NDArray[np.float32]
    queries: npt.NDArray[np.float32]


Sizes = Sequence["tuple[int, int]"]
"""(height, width) of each image in a batch, at the top left of the network input; the rest is padding."""


Progress = Callable[[str, float | None], None]
"""Called from any thread during long steps of creating a backend, with a description and the completed fraction (0 … 1) or None."""


class Backend(Protocol):
    """One loaded model on one device, created with the checked arguments of `create_backend`. Not thread-safe: callers must serialise calls.

    Attributes:
        name: a name in `BACKENDS`.
        device: description of the device.
        precision: the precision in use, `fp32`, `bf16`, `fp16` or `int8`.
        input_size: (height, width) of the padded input.
        batch: number of images per run. Smaller batches are filled up, and cost the same.
        encodes_alone: whether `run_features` is available and cheaper than `run_images`; in other backends it must be built first.
    """

    name: str
    device: str
    precision: str
    input_size: tuple[int, int]
    batch: int
    encodes_alone: bool

    def make_canvas(self) -> npt.NDArray[np.uint8]:
        """(batch, H, W, 3) zeros to write images into; `run_images` reads fastest from this buffer."""

    def run_images(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> list[ImageOutputs]:
        """Runs the image graph on (n, H, W, 3) uint8 RGB of the input size, n from 1 to `batch`."""

    def run_prompts(self, features: object, boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
                    image_size: tuple[int, int]) -> PromptOutputs:  # fmt: skip
        """Runs the prompt graph on one image's features, (P, 4) xyxy boxes in network pixels and (P,) labels."""

    def read_features(self, features: object) -> npt.NDArray[np.float32]:
        """Copies one image's features from wherever they are to (mid, H/4, W/4) float32."""

    def run_features(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> object:
        """Computes only the `features` of the first image: for zoom-in crops, and to time encoding and decoding separately."""

    def close(self) -> None:
        """Frees the device's memory; the backend cannot be used afterwards."""


def graph_path(model: ModelFolder, graph: str, precision: str, input_size: tuple[int, int], batch: int = 1) -> Path:
    """The ONNX file of the `image` or `prompt` graph in a precision; other names mean parts of the image graph.

    Raises:
        ModelError: it does not exist.
        BackendError: there is no int8 graph, or none for this size and batch.
    """
    path = model.prompt_graph if graph == "prompt" else model.image_graph
    if precision == "int8" and graph != "prompt":  # the prompt graph is small and not quantised
        path = model.int8_graph
        if not path.is_file():
            raise BackendError(f"The model folder {model.path} has no int8 graph; `rmpsam export {model.path} --int8` makes it, or use auto.")
        if input_size != model.input_size:
            raise BackendError(f"The int8 graph of {model.path} is for {model.input_size[0]}x{model.input_size[1]} only; use another precision.")
        if batch != 1:
            raise BackendError(f"The int8 graph of {model.path} takes one image at a time, not {batch}; use another precision.")
    if not path.is_file():
        raise ModelError(f"The model folder {model.path} has no {path.name}; `rmpsam export {model.path}` makes it.")
    return path


def filled(images: npt.NDArray[np.uint8], image_sizes: Sizes, batch: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Fills up n images and sizes to `batch` by repeating the last: (batch, H, W, 3) and (batch, 2) int64.

    Raises:
        BackendError: no image, or more than `batch`.
    """
    count = len(image_sizes)
    if not 1 <= count <= batch or len(images) != count:
        limit = "one image at a time" if batch == 1 else f"1 to {batch} images"
        raise BackendError(f"This backend was made for a batch of {batch}: it takes {limit}, not {count}.")
    sizes = np.array(image_sizes, np.int64).reshape(count, 2)
    if count == batch:
        return images, sizes
    rows = np.minimum(np.arange(batch), count - 1)
    return images[rows], sizes[rows]


def prompt_rows(count: int, buckets: Sequence[int]) -> npt.NDArray[np.intp]:
    """Index of the prompt for each row of a run padded to the next size in `buckets` (ascending, up to `MAX_PROMPTS`). The last prompt
    is repeated, which is harmless because prompts do not influence each other.

    Raises:
        BackendError: there are more prompts than a run takes.
    """
    bucket = next((b for b in buckets if b >= count), None)
    if bucket is None:
        raise BackendError(f"There are {count} prompts; one run takes up to {MAX_PROMPTS}.")
    return np.minimum(np.arange(bucket), count - 1)
