"""`rmpsam engine`: builds a model's TensorRT engines ahead of time and, on a GPU, compares them with the ONNX graphs."""
from __future__ import annotations

import argparse
import os
from pathlib import Path

from rmpsam_ros.cli import consoles
from rmpsam_ros.cli.model_options import network_size, photos_to_compare_on

HELP = "build, cache and check a model's TensorRT engines ahead of time"
EXAMPLE = """
rmpsam engine models/rapsam-r50 --precision fp16
rmpsam engine models/rapsam-r50 --batch 4
rmpsam engine models/rapsam-r50 --for sm_86,sm_89,sm_120 --cache engines
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="?", default="default", help="name or folder of the model (default: %(default)s)")
    parser.add_argument("--precision", default="auto", choices=("auto", "fp16", "fp32", "int8"),
                        help="precision of the engines (default: auto, fp16 where it passes the check)")
    parser.add_argument("--input-size", type=network_size, metavar="HxW", help="size of the network input, such as 480x640 (default: the model's)")
    parser.add_argument("--batch", type=int, default=1, help="images per run of the network, for several cameras (default: %(default)s)")
    parser.add_argument("--for", dest="targets", metavar="SM,…",
                        help="build for these compute capabilities, without a GPU; needs TensorRT-RTX (pip install tensorrt-rtx-cu13)")
    parser.add_argument("--device", default="auto", help="GPU to build for, such as cuda or cuda:1 (default: %(default)s)")
    parser.add_argument("--cache", metavar="DIR",
                        help="folder of the engine cache (default: $RMPSAM_ENGINES, else rmpsam/engines in the user's cache)")
    parser.add_argument("--workspace", type=int, metavar="MB",
                        help="workspace limit of a layer in megabytes, for small Jetsons (default: TensorRT's choice)")
    parser.add_argument("--rebuild", action="store_true", help="rebuild engines that are cached")
    parser.add_argument("--images", nargs="+", metavar="PATH", default=[], help="photos or folders to compare on (default: those of the demo)")
    parser.add_argument("--no-check", action="store_true", help="do not compare the engines with the graphs")


def run(args: argparse.Namespace) -> int:
    from rmpsam_ros.backends.limits import MAX_BATCH
    from rmpsam_ros.engine_cache import EngineCache
    from rmpsam_ros.errors import RmpsamError
    from rmpsam_ros.model_folder import find_model, read_model_folder

    model = read_model_folder(find_model(args.model))
    size = args.input_size or model.input_size
    if args.workspace is not None and args.workspace < 1:
        raise RmpsamError(f"--workspace is {args.workspace}; it must be at least 1 megabyte.")
    if not 1 <= args.batch <= MAX_BATCH:
        raise RmpsamError(f"--batch is {args.batch}; it must be from 1 to {MAX_BATCH} images.")
    console = consoles.lines()
    cache = EngineCache(args.cache)
    if args.cache is not None and cache.folder.exists() and not cache.folder.is_dir():
        raise RmpsamError(f"--cache {args.cache} is a file; give a folder.")
    if args.targets:
        return _ahead(args, model, size, cache, console)
    images = [] if args.no_check else photos_to_compare_on(args.images)
    precisions = ("fp16", "fp32") if args.precision == "auto" else (args.precision,)
    for precision in precisions:
        paths = _build_here(args, model, size, precision, cache, console)
        if args.no_check:
            return 0
        reason = _check(args, model, size, precision, cache, paths, images, console)
        if not reason:
            return 0
        console.print(f"{precision} fails the check: {reason}", style="red")
    other = "--precision fp32" if precisions[-1] != "fp32" else "the backend torch or openvino"
    raise RmpsamError(f"{model.name} fails the check in {args.precision} with this TensorRT and GPU: {reason}; use {other}.")


def _ahead(args, model, size, cache, console) -> int:
    """Builds for GPUs of other machines."""
    from rmpsam_ros.backends.trt_flavour import load_flavour
    from rmpsam_ros.backends.trt_provision import GRAPHS, Target, parse_targets
    from rmpsam_ros.errors import RmpsamError

    flavour = load_flavour(None)
    target = Target(flavour, "", parse_targets(args.targets, flavour), args.workspace)
    if reason := cache.unwritable():  # before minutes of building
        raise RmpsamError(f"Engines cannot be stored in {cache.folder} ({reason}); give a writable folder with --cache.")
    if len(_provide(args, model, size, "fp16" if args.precision == "auto" else args.precision, target, cache, console)) < len(GRAPHS):
        raise RmpsamError(f"Some engines could not be stored in {cache.folder} and are lost; give a folder with enough space with --cache.")
    console.print("Not compared with the graphs, which needs such a GPU: run `rmpsam engine` there with the same cache.")
    return 0


def _build_here(args, model, size, precision, cache, console) -> list[Path]:
    """Builds for the GPU of this machine; returns the engine files."""
    from rmpsam_ros.backends import tensorrt
    from rmpsam_ros.backends.trt_provision import Target
    from rmpsam_ros.errors import BackendError

    try:
        device = tensorrt.open_device(args.device)
    except BackendError as error:
        raise BackendError(f"{str(error).rstrip('.')}; with TensorRT-RTX, --for sm_86 builds for a GPU of another machine.") from error
    flavour = tensorrt.load_flavour(device.compute)
    target = Target(flavour, device.name, (device.compute,), args.workspace, device.use_on_this_thread)
    with device.active():
        return _provide(args, model, size, precision, target, cache, console)


def _provide(args, model, size, precision, target, cache, console) -> list[Path]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from rmpsam_ros.backends.trt_provision import GRAPHS, provide

    where = target.gpu or f"GPUs of {', '.join(target.computes)}"
    images = f", {args.batch} images per run" if args.batch > 1 else ""
    console.print(f"{model.name}, {size[0]}x{size[1]}{images}, {precision}, {target.flavour.title}, {where}")
    paths = []
    for graph in GRAPHS:
        with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True,
                      disable=not console.is_terminal) as bar:  # fmt: skip
            task = bar.add_task(graph, total=1.0)

            def progress(text: str, part: float | None, bar=bar, task=task) -> None:
                if text.startswith("building"):
                    console.print(text)
                bar.update(task, description=text[:60], completed=part or 0.0)

            provided = provide(model, graph, target, precision, size, cache, progress, args.rebuild, args.batch)
        how = "from the cache" if provided.seconds is None else f"built in {provided.seconds:.1f} s"
        stored = provided.path or "NOT STORED (see the warning)"
        console.print(f"{graph}: {how}, {len(provided.engine) / 1e6:.1f} MB, {stored}")
        paths += [provided.path] if provided.path else []
    return paths


def _check(args, model, size, precision, cache, paths: list[Path], images, console) -> str:
    """Compares engines and graphs, prints the result and stores it with the engines; returns why they are refused, or an empty string."""
    import numpy as np

    from rmpsam_ros.backends import is_installed
    from rmpsam_ros.parity import compare, refusal
    from rmpsam_ros.segmenter import Segmenter

    os.environ["RMPSAM_ENGINES"] = str(cache.folder)
    # The scores of a random network are low: with the default thresholds there would be nothing to compare.
    options = {"input_size": size} if model.trained else {"input_size": size, "score_threshold": 0.0, "overlap_threshold": 0.0}
    plain = "openvino" if is_installed("openvino") else "torch"
    with cache.on_trial(paths), Segmenter(model.path, backend=plain, precision="fp32", device="cpu", **options) as reference, \
            Segmenter(model.path, backend="tensorrt", precision=precision, device=args.device, batch=args.batch, **options) as ours:
        results = compare(ours, reference, images)
    for result in results:
        console.print(f"  {result}")
    reason = refusal(results)
    summary = {"panoptic": round(float(np.mean([r.panoptic for r in results])), 5), "images": len(results),
               "prompt_iou": round(float(np.mean([i for r in results for i in r.prompt_ious])), 5)}  # fmt: skip
    for path in paths:
        cache.note(path, parity=summary, refused=reason)
    if not reason:
        console.print(f"{precision} passes the check: panoptic agreement {100 * summary['panoptic']:.3f} %, click IoU {summary['prompt_iou']:.4f} "
                      f"against the ONNX graphs in float32 ({plain})")  # fmt: skip
    return reason
