"""`rmpsam convert`: converts an official or trained checkpoint to a model folder, or makes an untrained model."""
from __future__ import annotations

import argparse
from pathlib import Path

from rmpsam_ros.cli import consoles
from rmpsam_ros.cli.model_options import need_torch, network_size
from rmpsam_ros.errors import ModelError, RmpsamError

HELP = "convert a checkpoint to a model folder (needs the [torch] extra)"
EXAMPLE = """
rmpsam convert rapsam_r50_12e.pth --classifier convnext_large_d_320_CocoPanopticOVDataset.pth --labels coco-panoptic --out models/rapsam-r50
rmpsam convert build/my_run/checkpoint.pt --out models/my_run
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", nargs="?", type=Path, help="state dict (.pth, .pt or .safetensors), or checkpoint of rmpsam train")
    parser.add_argument("--classifier", type=Path, help="official text embeddings, one tensor (classes, synonyms, 768)")
    parser.add_argument("--labels",
                        help="label set: coco-panoptic, youtube-vis-2019, robot or a YAML file (default: coco-panoptic; a checkpoint of "
                             "rmpsam train has its own)")
    parser.add_argument("--out", type=Path, required=True, help="model folder to create")
    parser.add_argument("--name", help="name of the model (default: the folder's)")
    parser.add_argument("--input-size", type=network_size, metavar="HxW",
                        help="size of the network input, multiples of 32 (default: 800x1344; 480x640 for lite0 and untrained models; that of the "
                             "run for a checkpoint of rmpsam train)")
    parser.add_argument("--weights", choices=("fp32", "fp16"), default="",
                        help="storage format of the weights (default: fp32, exact; fp16 for untrained models and those of rmpsam train)")
    parser.add_argument("--untrained", metavar="VARIANT",
                        help="make a model without a checkpoint, with a seeded head: lite0 (with its ImageNet backbone), r18 or r50")


def run(args: argparse.Namespace) -> int:
    if (args.checkpoint is None) == (args.untrained is None):
        raise RmpsamError("Give either a checkpoint or --untrained VARIANT.")
    need_torch("Converting")
    from rmpsam_ros.convert import from_checkpoint, untrained
    from rmpsam_ros.data.label_map import load_label_map
    from rmpsam_ros.export import make_model_folder
    from rmpsam_ros.training.checkpoint import is_checkpoint
    from rmpsam_ros.training.description import model_of

    own = args.untrained is None and is_checkpoint(args.checkpoint)
    if args.classifier and (own or args.untrained):
        raise RmpsamError(f"--classifier goes with an official checkpoint, not with {'one of rmpsam train' if own else '--untrained'}.")
    if own and args.labels:
        raise RmpsamError(f"{args.checkpoint} has its own classes; leave --labels out.")
    if own:
        net, model = model_of(args.checkpoint)
    else:
        labels = load_label_map(args.labels or "coco-panoptic").labels
        net, model = untrained(args.untrained, labels) if args.untrained else from_checkpoint(args.checkpoint, args.classifier, labels)
    if not model.trained and _holds_trained(args.out):
        raise RmpsamError(f"--out {args.out} holds a trained model, which would be replaced by an untrained one; give another folder.")
    changes: dict[str, object] = {"name": args.name or args.out.resolve().name}
    if args.input_size:
        changes["input_size"] = args.input_size
    from dataclasses import replace

    model = replace(model, **changes)
    console = consoles.lines()
    with console.status("converting"):
        make_model_folder(net, args.out, model, half=(args.weights or ("fp16" if args.untrained or own else "fp32")) == "fp16",
                          report=console.print)  # fmt: skip
    size = sum(f.stat().st_size for f in args.out.iterdir() if f.is_file()) / 1e6
    console.print(f"{args.out}: {model.variant}, {len(model.labels)} classes, {model.input_size[0]}x{model.input_size[1]}, {size:.1f} MB"
                  + ("" if model.trained else ", UNTRAINED: its masks mean nothing"))  # fmt: skip
    return 0


def _holds_trained(folder: Path) -> bool:
    from rmpsam_ros.model_folder import is_model_folder, read_model_folder

    try:
        return is_model_folder(folder) and read_model_folder(folder, graphs=False).trained
    except ModelError:  # broken, or of another version: may be replaced
        return False
