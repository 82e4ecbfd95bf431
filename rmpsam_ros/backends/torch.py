"""PyTorch: the reference, on the CPU or a CUDA GPU."""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rmpsam_ros.backends.base import ImageOutputs, PromptOutputs
from rmpsam_ros.errors import BackendError
from rmpsam_ros.model_folder import ModelFolder


class TorchBackend:
    """Runs the graphs' modules eagerly; see `Backend` for the calls. Features stay on the device."""

    name = "torch"

    def __init__(self, model: ModelFolder, device: str = "auto", precision: str = "auto",
                 input_size: tuple[int, int] | None = None, threads: int | None = None) -> None:  # fmt: skip
        try:
            import torch
        except ImportError as error:
            raise BackendError(f"torch cannot be loaded ({error}): pip install 'rmpsam-ros[torch]'.") from error
        from rmpsam_ros.graphs import ImageGraph, PromptGraph
        from rmpsam_ros.network import load_model

        self._torch = torch
        if threads:
            torch.set_num_threads(threads)
        self.input_size = input_size or model.input_size
        try:
            self._device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device.lower())
        except RuntimeError as error:
            raise BackendError(f"torch has no device {device!r}; use auto, cpu or cuda.") from error
        if self._device.type == "cuda" and not torch.cuda.is_available():
            raise BackendError("torch sees no CUDA GPU here; use device cpu, or a CUDA build of torch.")
        self.device = torch.cuda.get_device_name(self._device) if self._device.type == "cuda" else "CPU"
        self.precision = self._choose(precision)
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[self.precision]
        net = load_model(model.path).to(self._device, dtype, memory_format=torch.channels_last).requires_grad_(False)
        self._image, self._prompt = ImageGraph(net).eval(), PromptGraph(net).eval()

    def run_image(self, image: npt.NDArray[np.uint8], image_size: tuple[int, int]) -> ImageOutputs:
        from rmpsam_ros.backends.device_masks import DeviceMasks

        torch = self._torch
        with torch.inference_mode():
            pixels = torch.from_numpy(image).to(self._device, non_blocking=True)[None]
            *small, masks, features = self._image(pixels, torch.tensor([image_size], device=self._device))
            class_ids, scores, iou, queries = (self._numpy(t) for t in small)
            # On a GPU fusion's per-pixel part runs there: the masks are larger than all else together.
            masks = DeviceMasks(masks[0]) if self._device.type == "cuda" else self._numpy(masks)
        return ImageOutputs(class_ids.astype(np.int64), scores, iou, queries, masks, features)

    def run_prompts(self, features: object, boxes: npt.NDArray[np.float32], labels: npt.NDArray[np.int64],
                    image_size: tuple[int, int]) -> PromptOutputs:  # fmt: skip
        torch = self._torch
        with torch.inference_mode():
            arguments = (torch.from_numpy(a).to(self._device)[None] for a in (boxes, labels))
            outputs = self._prompt(features, *arguments, torch.tensor([image_size], device=self._device))
            return PromptOutputs(*(self._numpy(t) for t in outputs))

    def run_features(self, image: npt.NDArray[np.uint8], image_size: tuple[int, int]) -> object:
        torch = self._torch
        with torch.inference_mode():
            pixels = torch.from_numpy(image).to(self._device, non_blocking=True)[None]
            features = self._image.encode(pixels, torch.tensor([image_size], device=self._device))
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            return features

    def close(self) -> None:
        self._image = self._prompt = None
        if self._device.type == "cuda":
            self._torch.cuda.empty_cache()

    def _numpy(self, tensor) -> npt.NDArray:
        tensor = tensor[0].float() if tensor.is_floating_point() else tensor[0]
        return tensor.cpu().numpy()

    def _choose(self, precision: str) -> str:
        on_gpu = self._device.type == "cuda"
        if precision == "auto":
            return "bf16" if on_gpu and self._torch.cuda.is_bf16_supported() else "fp32"  # on a CPU it is the reference
        if precision == "int8":
            raise BackendError("The torch backend has no int8; use auto, fp32 or bf16.")
        if precision == "fp16" and not on_gpu:
            raise BackendError("The torch backend has no fp16 on a CPU; use auto, fp32 or bf16.")
        return precision
