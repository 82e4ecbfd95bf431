"""The PyTorch backend, the reference implementation: on the CPU or a CUDA GPU, eager or compiled with `torch.compile`."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends.base import ImageOutputs, Progress, PromptOutputs, Sizes, filled
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import ModelFolder


class TorchBackend:
    """Runs the graphs' torch modules; implements `Backend`. On a GPU, features and masks stay there, and each set of shapes
    is a captured CUDA graph on one stream, fed from pinned memory.

    bf16 and fp16 apply to backbone and neck (`mixed_network`). The memory format is channels-last, for convolutions on tensor cores.

    Args:
        progress: called during compilation with a description, and None as the completed fraction.
    """

    name = "torch"
    compiles = False

    def __init__(self, model: ModelFolder, device: str = "auto", precision: str = "auto", input_size: tuple[int, int] | None = None,
                 threads: int | None = None, batch: int = 1, progress: Progress | None = None) -> None:  # fmt: skip
        try:
            import torch
        except ImportError as error:
            raise BackendError(f"torch cannot be loaded ({error}): pip install torch safetensors.") from error
        from rmpsam_ros.backends.mixed_network import MixedNetwork
        from rmpsam_ros.graphs import ImageGraph, PromptGraph
        from rmpsam_ros.network import load_model

        self._torch, self.batch = torch, batch
        self.input_size = input_size or model.input_size
        self._gpu = open_gpu(device, self.name)
        self.device = self._gpu.name if self._gpu else "CPU"
        self.encodes_alone = self._gpu is None
        self.precision = self._choose(precision)
        self._exact = self.precision == "fp32"
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]
        where = self._gpu.device if self._gpu else torch.device("cpu")
        with self._active():
            net = MixedNetwork(load_model(model.path), where, dtype)
            image, prompt = ImageGraph(net).eval(), PromptGraph(net).eval()
            self._stages = {"image": self._stage(image, "image"), "prompt": self._stage(prompt, "prompt", compiles=False)}
            # A click is one prompt; several at once are rare, and not worth a compilation for each number.
            self._stages["click"] = self._stage(prompt, "prompt") if self.compiles else self._stages["prompt"]
        self._make_encoder = lambda: self._stage(lambda *inputs: (image.encode(*inputs),), "features")
        if self._gpu:
            from rmpsam_ros.backends.cuda import Staging

            self._staging = Staging(self._gpu)
        # The number of threads is process-wide: `close` restores it.
        self._threads_before = torch.get_num_threads()
        if threads:
            torch.set_num_threads(threads)
        if self.compiles:
            self._compile_now(progress or (lambda text, part: None))

    def make_canvas(self) -> npt.NDArray[np.uint8]:
        shape = (self.batch, *self.input_size, 3)
        return self._staging.canvas(shape) if self._gpu else np.zeros(shape, np.uint8)

    def run_images(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> list[ImageOutputs]:
        from rmpsam_ros.backends.device_masks import DeviceMasks

        count = len(image_sizes)
        with self._active():
            *small, masks, features = self._stages["image"](*self._image_inputs(images, image_sizes))
            kept = [(masks[i], features[i : i + 1]) for i in range(count)]
            if self._gpu:  # clone: the next run overwrites these outputs; the per-pixel part of fusion runs on the GPU
                kept = [(DeviceMasks(m.clone(), self._gpu, self._staging), f.clone()) for m, f in kept]
                small = self._staging.to_host(small)
            else:
                kept, small = [(m.numpy(), f) for m, f in kept], [t.numpy() for t in small]
        class_ids, scores, iou, queries = small
        return [ImageOutputs(class_ids[i], scores[i], iou[i], queries[i], *kept[i]) for i in range(count)]

    def run_prompts(self, features: object, boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
                    image_size: tuple[int, int]) -> PromptOutputs:  # fmt: skip
        torch, count = self._torch, len(boxes)
        size = np.array([image_size], np.int64)
        with self._active():
            if not self._gpu:
                inputs = (torch.from_numpy(a) for a in (boxes[None], labels[None], size))
                outputs = self._stages["click" if count == 1 else "prompt"](features, *inputs)
                return PromptOutputs(*(t[0].numpy() for t in outputs))
            from rmpsam_ros.backends.cuda import bucket_rows

            rows = bucket_rows(count)
            boxes, labels, stage = boxes[None, rows], labels[None, rows], self._stages["click" if len(rows) == 1 else "prompt"]
            inputs = (self._staging.to_device(f"{n}{len(rows)}", a) for n, a in (("boxes", boxes), ("labels", labels), ("size", size)))
            return PromptOutputs(*self._staging.to_host([t[0, :count] for t in stage(features, *inputs)]))

    def read_features(self, features: object) -> npt.NDArray[np.float32]:
        with self._active():
            values = features[0].float()
            return self._staging.to_host([values])[0] if self._gpu else values.numpy()

    def run_features(self, images: npt.NDArray[np.uint8], image_sizes: Sizes) -> object:
        with self._active():
            if "features" not in self._stages:
                self._stages["features"] = self._make_encoder()
            (features,) = self._stages["features"](*self._image_inputs(images, image_sizes))
            if self._gpu:
                self._gpu.wait()
            return features[:1]

    def close(self) -> None:
        self._stages.clear()
        self._torch.set_num_threads(self._threads_before)
        if self._gpu:
            self._staging.close()
            self._gpu.release()

    def _active(self):
        if self._gpu is None:
            return self._torch.inference_mode()
        return self._gpu.active(exact=self._exact)

    def _stage(self, module, title: str, compiles: bool = True):
        """The module as it runs on this device: compiled if requested, and captured on a GPU."""
        if self.compiles and compiles:
            # Freezing folds normalisations into convolutions; shapes never change. CUDA graphs are captured below, as for eager torch.
            module = self._torch.compile(module, fullgraph=True, dynamic=False, options={"freezing": True})
        if self._gpu is None:
            return module
        from rmpsam_ros.backends.static_run import StaticRun

        return StaticRun(module, self._gpu, f"torch, {title} graph")

    def _image_inputs(self, images: npt.NDArray[np.uint8], image_sizes: Sizes):
        images, sizes = filled(images, image_sizes, self.batch)
        if self._gpu:
            return self._staging.to_device("image", images), self._staging.to_device("sizes", sizes)
        return self._torch.from_numpy(images), self._torch.from_numpy(sizes)

    def _compile_now(self, progress: Progress) -> None:
        """Compiles by running once when the backend is created, so that no frame or click has to wait for it."""
        try:
            progress("torch.compile: compiling the image graph (about a minute on a CPU)", None)
            features = self.run_images(self.make_canvas(), [self.input_size] * self.batch)[0].features
            progress("torch.compile: compiling the prompt graph", None)
            self.run_prompts(features, np.array([[0, 0, 6, 6]], np.float32), np.ones(1, np.int64), self.input_size)
        except Exception as error:  # from torch, Triton or the compiler, of many types
            self.close()
            reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
            needs = "a C++ compiler and Python's headers" + (", and Triton for the GPU" if self._gpu else "")
            raise BackendError(f"torch.compile does not work here ({reason}); it needs {needs}, or use the backend torch.") from error

    def _choose(self, precision: str) -> str:
        if precision == "auto":
            return "bf16" if self._gpu and self._gpu.computes_bf16 else "fp32"  # on a CPU, torch is the reference
        if precision == "int8":
            raise BackendError("The torch backend has no int8; use auto, fp32 or bf16.")
        if precision == "fp16" and not self._gpu:
            raise BackendError("The torch backend has no fp16 on a CPU; use auto, fp32 or bf16.")
        return precision


class TorchCompileBackend(TorchBackend):
    """`TorchBackend` with `torch.compile`: fewer and larger kernels, for about a minute of compilation at creation."""

    name = "torch-compile"
    compiles = True


def open_gpu(device: str, backend: str):
    """Opens the GPU; returns None for the CPU.

    Raises:
        BackendError: there is no such device.
    """
    import torch

    name = device.lower()
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return None
    from rmpsam_ros.backends.cuda import CudaDevice

    return CudaDevice(device, backend, or_cpu=True)
