"""The TensorRT backend, for desktop GPUs and Jetsons. Engines are loaded from the cache, or built when the backend is created."""
from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends.base import ImageOutputs, Progress, PromptOutputs, Sizes, filled
from rmpsam_ros.backends.trt_flavour import load_flavour
from rmpsam_ros.backends.trt_provision import GRAPHS, Provided, Target, provide
from rmpsam_ros.engine_cache import EngineCache
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import ModelFolder

if TYPE_CHECKING:
    from rmpsam_ros.backends.cuda import CudaDevice

_LOG = logging.getLogger(__name__)
_SAY_EVERY = 5.0


class TensorRtBackend:
    """Runs both engines on one GPU; implements `Backend`. Masks and features stay on the device.

    Args:
        progress: called during engine builds, which take from seconds (TensorRT-RTX) to many minutes (full TensorRT on a Jetson); if
            None, progress is logged every few seconds.
        cache: the engine cache; the user's cache folder if None.
    """

    name, encodes_alone = "tensorrt", False

    def __init__(self, model: ModelFolder, device: str = "auto", precision: str = "auto", input_size: tuple[int, int] | None = None,
                 threads: int | None = None, batch: int = 1, progress: Progress | None = None, cache: EngineCache | None = None) -> None:  # fmt: skip
        self.input_size, self.batch, self._model = input_size or model.input_size, batch, model
        self._device = open_device(device)
        self.flavour = load_flavour(self._device.compute)
        self.device = f"{self._device.name}, {self.flavour.title}"
        self._cache = cache or EngineCache()
        self._target = Target(self.flavour, self._device.name, (self._device.compute,), use_device=self._device.use_on_this_thread)
        with self._device.active():
            self.precision, engines = self._provide(model, precision, progress or LogProgress())
            self._image, self._prompt = (self._engine(graph, engine) for graph, engine in zip(GRAPHS, engines))
            from rmpsam_ros.backends.cuda import Staging

            self._staging = Staging(self._device)
        self._encoder = None  # only for timing

    def make_canvas(self) -> npt.NDArray[np.uint8]:
        return self._staging.canvas((self.batch, *self.input_size, 3))

    def run_images(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> list[ImageOutputs]:
        from rmpsam_ros.backends.device_masks import DeviceMasks

        count = len(image_sizes)
        with self._device.active():
            outputs = self._image.run(self._image_inputs(images, image_sizes))
            # Clone what a frame keeps: the next run overwrites the engine's own buffers.
            masks, features = outputs["mask_logits"], outputs["features"]
            kept = [(DeviceMasks(masks[i].clone(), self._device, self._staging), features[i : i + 1].clone()) for i in range(count)]
            class_ids, scores, iou, queries = self._staging.to_host([outputs[n] for n in ("class_ids", "scores", "iou", "queries")])
        return [ImageOutputs(class_ids[i].astype(np.int64), scores[i], iou[i], queries[i], *kept[i]) for i in range(count)]

    def run_features(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> object:
        with self._device.active():
            if self._encoder is None:
                made = provide(self._model, "features", self._target, self.precision, self.input_size, self._cache, LogProgress(), batch=self.batch)
                self._encoder = self._engine("features", made)
            outputs = self._encoder.run(self._image_inputs(images, image_sizes))
            self._device.wait()
            return outputs["features"][:1]

    def read_features(self, features: object) -> npt.NDArray[np.float32]:
        with self._device.active():
            return self._staging.to_host([features[0].float()])[0]

    def run_prompts(self, features: object, boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
                    image_size: tuple[int, int]) -> PromptOutputs:  # fmt: skip
        from rmpsam_ros.backends.cuda import bucket_rows

        count, rows, send = len(boxes), bucket_rows(len(boxes)), self._staging.to_device
        with self._device.active():
            outputs = self._prompt.run({
                "features": features, "boxes": send(f"boxes{len(rows)}", boxes[None, rows]),
                "labels": send(f"labels{len(rows)}", labels[None, rows].astype(np.int32)),
                "image_size": send("size", np.array([image_size], np.int32)),
            })  # fmt: skip
            return PromptOutputs(*self._staging.to_host([outputs[n][0, :count] for n in ("mask_logits", "iou", "queries")]))

    def close(self) -> None:
        with self._device.active():
            for engine in (self._image, self._prompt, self._encoder):
                if engine is not None:
                    engine.close()
            self._staging.close()
            self._device.release()

    def _provide(self, model: ModelFolder, wanted: str, progress) -> tuple[str, list[Provided]]:
        """The chosen precision, and the engines of both graphs in it."""
        choices = {"auto": ("fp16", "fp32"), "fp16": ("fp16",), "fp32": ("fp32",), "int8": ("int8",)}.get(wanted)
        if choices is None:
            raise BackendError(f"The backend tensorrt has no {wanted} graphs; use auto, fp16, fp32 or int8.")
        refused = ""
        for precision in choices:
            engines = [provide(model, graph, self._target, precision, self.input_size, self._cache, progress, batch=self.batch) for graph in GRAPHS]
            refused = next((str(e.notes["refused"]) for e in engines if e.notes.get("refused")), "")
            if not refused:
                if any("parity" not in e.notes for e in engines):
                    _LOG.info("these engines have not been compared with their graphs; `rmpsam engine` does that")
                return precision, engines
            _LOG.warning("%s in %s was refused when it was compared with its graphs: %s", model.name, precision, refused)
        raise BackendError(f"{model.name} does not hold up in {wanted} on {self.device} ({refused}); use {'another backend' if wanted in ('auto', 'fp32') else 'fp32, or another backend'}.")

    def _engine(self, graph: str, provided: Provided):
        from rmpsam_ros.backends.trt_engine import TrtEngine

        kernels = provided.path.with_suffix(".kernels") if provided.path else None
        return TrtEngine(self.flavour, provided.engine, self._device, graph, kernels)

    def _image_inputs(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> dict[str, object]:
        images, sizes = filled(images, image_sizes, self.batch)
        return {"image": self._staging.to_device("image", images), "image_size": self._staging.to_device("sizes", sizes.astype(np.int32))}


class LogProgress:
    """Logs progress: the start of a build at once, then at most one line in five seconds."""

    def __init__(self, say=_LOG.info) -> None:
        self._say, self._started, self._next = say, time.monotonic(), 0.0

    def __call__(self, text: str, part: float | None) -> None:
        now = time.monotonic()
        if now < self._next and not text.startswith("building"):
            return
        self._next = now + _SAY_EVERY
        share = "" if part is None else f" {100 * part:.0f} %"
        self._say("TensorRT, %.0f s: %s%s", now - self._started, text, share)


def open_device(device: str) -> CudaDevice:
    """Opens a GPU by its name.

    Raises:
        BackendError: torch cannot be loaded, or sees no such GPU.
    """
    try:
        from rmpsam_ros.backends.cuda import CudaDevice
    except ImportError as error:
        raise BackendError(f"The backend tensorrt needs torch with CUDA, which cannot be loaded ({error}); "
                           "`pip install torch` on a desktop, NVIDIA's wheel for its JetPack on a Jetson.") from error
    return CudaDevice(device)
