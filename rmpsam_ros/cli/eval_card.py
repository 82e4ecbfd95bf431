"""`rmpsam eval card`: runs all evaluations of a model on the held-out sets of its training and writes a model card in Markdown."""
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from rmpsam_ros.cli import consoles

HELP = "write a model card: training data, and every metric on the validation sets of the training YAML, with its command"
EXAMPLE = "rmpsam eval card --config config/train_lite0.yaml --model rmpsam-lite0 --out card --into rmpsam_ros/models/README.md --note"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from rmpsam_ros.cli.model_options import whole_number

    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="training YAML, whose validation sets are used")
    parser.add_argument("--model", default="default", help="name or folder of the model (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder, for card.md and one JSON file per measurement")
    parser.add_argument("--into", type=Path, metavar="FILE", help="also insert the card into this Markdown file, between its two markers")
    parser.add_argument("--note", action="store_true", help="also write the main numbers to the model's model.yaml")
    parser.add_argument("--resume", action="store_true", help="reuse measurements of this model that are already in DIR")
    parser.add_argument("--precision", choices=("fp32", "bf16", "fp16", "int8"),
                        help="numerical precision (default: the fastest that the device supports)")
    parser.add_argument("--threads", type=whole_number, metavar="N", help="CPU threads of the network (default: chosen by the runtime)")


def run(args: argparse.Namespace) -> int:
    import json
    import os

    from rmpsam_ros import cli
    from rmpsam_ros.atomic import atomic_file
    from rmpsam_ros.cli.model_options import need_torch
    from rmpsam_ros.evaluation import card
    from rmpsam_ros.evaluation.reports import write_json
    from rmpsam_ros.model_folder import find_model, read_model_folder, write_model_yaml

    need_torch("The card")  # the training code checks the YAML
    from rmpsam_ros.data.label_map import load_label_map
    from rmpsam_ros.training.config import load_config

    console = consoles.lines(stderr=True)
    model, config = read_model_folder(find_model(args.model)), load_config(args.config)
    label_map = load_label_map(config.labels_path)
    text = args.into.read_text() if args.into else ""
    if args.into:
        card.insert(text, "", str(args.into))  # fails now rather than after an hour
    more = [word for name in ("precision", "threads") if getattr(args, name) for word in (f"--{name}", str(getattr(args, name)))]
    planned = card.measurements(config.validation, args.model, more, own_labels=isinstance(config.labels_path, Path))
    done, own = [], card.fingerprint(model)
    for number, measured in enumerate(planned, 1):
        path = args.out / f"{measured.task}-{measured.name.replace('/', '-')}.json"
        content = measured.result(path, own, args.precision) if args.resume else None
        if content is None:
            console.print(f"{number} of {len(planned)}: {measured.task} on {measured.name}")
            words = [os.path.expandvars(word) for word in measured.command(str(config.data_folder), str(config.labels_path))]
            code = cli.main([*words, "--json", str(path)])
            if code:
                return code
            content = json.loads(path.read_text())
            content["info"]["fingerprint"] = own
            write_json(path, content)
        done.append((measured, content))
    text_of_card = card.card(model, config, label_map, done)
    with atomic_file(args.out / "card.md") as part:
        part.write_text(text_of_card)
    if args.into:
        with atomic_file(args.into) as part:
            part.write_text(card.insert(text, text_of_card, str(args.into)))
    if args.note:
        write_model_yaml(model.path, replace(model, accuracy=card.accuracy(done)))
    console.print(f"{args.out / 'card.md'}: {len(done)} measurements of {model.name}")
    return 0
