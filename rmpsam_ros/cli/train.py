"""`rmpsam train`: trains a network on your own classes."""
from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rmpsam_ros.cli import consoles

if TYPE_CHECKING:
    from rich.console import Console

    from rmpsam_ros.training.config import TrainingConfig

HELP = "train a network on labelled images, export and evaluate it (needs the [torch] extra)"
EXAMPLE = """
rmpsam train --config robot.yaml --check
rmpsam train --config robot.yaml
rmpsam train --config robot.yaml --resume --minutes 30
rmpsam train --config robot.yaml --plot
rmpsam train --config ablation.yaml --ablate --resume --minutes 60
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="training YAML")
    parser.add_argument("--check", action="store_true", help="read every image and mask and report problems; do not train")
    parser.add_argument("--plot", action="store_true",
                        help="plot the losses and the learning curve of a run to curve.png, even while it runs; do not train")
    parser.add_argument("--ablate", action="store_true", help="FILE describes an ablation: train and compare short runs that each change one thing")
    parser.add_argument("--resume", action="store_true", help="continue from the run's checkpoint, if there is one")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: that of the YAML)")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop after N minutes of training; --resume continues")
    parser.add_argument("--no-export", action="store_true", help="do not export and evaluate the model")


def run(args: argparse.Namespace) -> int:
    from rmpsam_ros.errors import DataError
    from rmpsam_ros.training.config import load_config

    if args.minutes is not None and not args.minutes > 0:
        raise DataError(f"--minutes is {args.minutes:g}; it must be above 0.")
    console = consoles.lines()
    if args.ablate:
        return _ablate(args, console)
    config = load_config(args.config)
    if args.out is not None:
        config = replace(config, out=str(args.out.resolve()))
    if args.check:
        return _check(config, console)
    if args.plot:
        return _plot(config.path(config.out), console)
    from rmpsam_ros.cli.model_options import need_torch

    need_torch("Training")
    from rmpsam_ros.training.run import TrainingRun

    training = TrainingRun(config, resume=args.resume)
    pictures = sum(len(source.indices) for source in training.mixture.sources)
    console.print(f"{config.variant}, {len(training.label_map.labels)} classes, {pictures} pictures or videos, on {training.device}, "
                  f"after {training.progress}")  # fmt: skip
    training.train(args.minutes, console.print)
    console.print(f"{training.out / 'checkpoint.pt'}: {training.progress}")
    if (training.out / "log.csv").is_file():
        _plot(training.out, console)
    if not args.no_export:
        _finish(training, console)
    return 0


def _ablate(args: argparse.Namespace, console: Console) -> int:
    from rmpsam_ros.cli.model_options import need_torch
    from rmpsam_ros.errors import DataError

    if args.check or args.plot or args.out is not None:
        raise DataError("--ablate goes with --resume and --minutes only; --check the base YAML, and --plot the runs in the folder that `out` names.")
    need_torch("Training")
    from rmpsam_ros.training.ablation import AblationRun

    runs = AblationRun(args.config)
    done = runs.train(args.resume, args.minutes, console.print)
    if runs.results():
        path = runs.write_table()
        console.print(path.read_text())
        console.print(f"{path}: {len(runs.results())} of {len(runs.parts)} runs")
    if not done:
        console.print("stopped after --minutes; --resume continues")
    return 0


def _plot(out: Path, console: Console) -> int:
    from rmpsam_ros.training.plot import plot_run

    plot_run(out, out / "curve.png")
    console.print(f"{out / 'curve.png'}: losses and curve")
    return 0


def _check(config: TrainingConfig, console: Console) -> int:
    from rich.progress import Progress

    from rmpsam_ros.data.checks import check_source
    from rmpsam_ros.data.label_map import load_label_map
    from rmpsam_ros.data.sources import Source, shared
    from rmpsam_ros.errors import RmpsamError

    label_map = load_label_map(config.labels_path)
    problems = _check_network(config, label_map, console)
    training, folder = list[Source](), config.data_folder  # a missing folder is one problem, not one of each set
    for number, description in enumerate((*config.train, *config.validation)):
        try:
            source = Source(description, label_map, folder)
        except RmpsamError as error:  # the others are still checked
            console.print(str(error))
            problems += 1
            continue
        with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task(description.annotations, total=len(source.indices))
            findings = check_source(source, partial(bar.advance, task))
        problems += len(findings.problems)
        for problem in findings.problems:
            console.print(problem)
        common = sorted(findings.classes.items(), key=lambda item: -item[1])
        console.print(f"{description.annotations}: {findings.pictures} pictures, {findings.objects} objects, {len(findings.problems)} problems; "
                      + ", ".join(f"{name} {count}" for name, count in common))  # fmt: skip
        if findings.crowds:
            advice = "" if description.kind == "panoptic" else "; if they are masks of CVAT's brush, which marks them so, set `crowds: objects`"
            console.print(f"{description.annotations}: {findings.crowds} annotations are crowds (`iscrowd: 1`), which are not trained on{advice}")
        if number < len(config.train):
            training.append(source)
        elif seen := shared(source, training):
            console.print(f"{seen} of {len(source.indices)} validation {'videos' if source.reader.is_video else 'pictures'} of {description.annotations} are "
                          "also trained on; hold them out with `skip: N` in training and `every: N` in validation")
    return 2 if problems else 0


def _check_network(config: TrainingConfig, label_map, console: Console) -> int:
    """Checks that the run's initial network can be built, if torch is installed; returns the number of problems, 0 or 1."""
    from importlib.util import find_spec

    from rmpsam_ros.errors import RmpsamError

    if find_spec("torch") is None:
        return 0
    from rmpsam_ros.training.optimizer import freeze
    from rmpsam_ros.training.run import device_of
    from rmpsam_ros.training.start import first_network

    try:
        freeze(first_network(config, label_map.labels), config.freeze_stages)
        device_of(config.device)
    except RmpsamError as error:
        console.print(str(error))
        return 1
    return 0


def _finish(training, console: Console) -> None:
    from rich.progress import Progress

    from rmpsam_ros.evaluation.reports import shown
    from rmpsam_ros.training.finish import evaluate, export_model

    config = training.config
    with console.status("exporting"):
        folder = export_model(training)
    console.print(f"{folder}: the model folder; try it with `rmpsam segment PHOTO --out OUT --model {folder}`")
    if not config.validation:
        return
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("evaluating", total=None)
        numbers = evaluate(folder, list(config.validation), training.label_map, config.data_folder, config.validation_images, lambda: bar.advance(task))
    for name, row in numbers.items():
        clicks = ", ".join(map(shown, row["click_miou"]))
        console.print(f"{name}: IoU of clicks {clicks} (one, two, three clicks)" + (f", PQ {shown(row['pq'])}" if "pq" in row else "")
                      + ("; no objects to click, see `--check`" if row["click_miou"][0] is None else ""))  # fmt: skip
