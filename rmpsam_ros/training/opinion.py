"""Teaches a finished network's second opinion on classes anew, from all that the network finds; nothing else of it changes.

    python -m rmpsam_ros.training.opinion --config F --model MODEL --batches 400 --out DIR

The opinion (`network.opinion`) is a small head on maps that do not learn from it. Within a run it sees each picture once and
remains far from what those maps hold; here what it would see of each object is kept, and it goes over it thirty times, in
seconds. Linear probes on frozen features are made in the same way.
"""
from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.data.sources import Mixture, Source
from rmpsam_ros.errors import DataError, ModelError, RmpsamError
from rmpsam_ros.export import make_model_folder
from rmpsam_ros.model_folder import find_model, read_model_folder
from rmpsam_ros.network import RMPSAM, load_model
from rmpsam_ros.network.opinion import SecondOpinion
from rmpsam_ros.training.batches import Batch, Batches, loader
from rmpsam_ros.training.config import load_config
from rmpsam_ros.training.criterion import SAME, objects_under
from rmpsam_ros.training.forward import Forward, has_bfloat16

EPOCHS, BATCH = 30, 256
RATE, DECAY = 2e-3, 0.02
SMOOTHING = 0.05
"""Of the labels: the opinion's probabilities are multiplied with the decoder's, which a head that is sure of everything would outvote."""


@dataclass
class Seen:
    """What the opinion was shown of N objects: pooled maps (N, C) float16 and their classes (N,)."""

    pooled: Tensor
    class_ids: Tensor


@torch.no_grad()
def look(net: RMPSAM, batch: Batch, is_thing: Tensor, autocast: bool = False) -> Seen:
    """Every query of a batch that lies on a thing whose class is known, as the second opinion is asked about it.

    Args:
        net: a network with a second opinion, in evaluation mode.
        batch: pictures, no clips.
        is_thing: (K,) bool.
        autocast: compute in bfloat16.
    """
    asked: list[Tensor] = []
    hook = net.panoptic_head.opinion.register_forward_pre_hook(lambda _, arguments: asked.append(arguments[0]))
    try:
        with torch.autocast(batch.images.device.type, torch.bfloat16) if autocast else nullcontext():
            output = net.panoptic_head.decode_objects(Forward(net).features(batch))
    finally:
        hook.remove()
    first = net.config.stuff_queries  # those look for stuff
    pooled, class_ids = [], []
    for b in range(len(batch)):
        best, which = objects_under(output.mask_logits[b, first:].float(), batch.masks[b], batch.voids[b])
        names = batch.class_ids[b][which] if len(batch.class_ids[b]) else torch.full_like(which, -1)
        taken = (best >= SAME) & (names >= 0) & is_thing.to(names.device)[names.clamp(min=0)]
        pooled.append(asked[0][b, first:][taken].half().cpu())
        class_ids.append(names[taken].cpu())
    return Seen(torch.cat(pooled), torch.cat(class_ids))


def teach(opinion: SecondOpinion, seen: Seen, balance: float, epochs: int = EPOCHS, seed: int = 0) -> float:
    """Trains the head from fresh weights; rare classes count more.

    Args:
        opinion: is changed in place.
        seen: what it learns.
        balance: exponent of a class' rarity in its weight, as in a run's losses.
        epochs: how often it goes over all of it.
        seed: of everything random.

    Returns:
        The share of the objects that it names rightly in the end.

    Raises:
        DataError: nothing was seen.
    """
    if not len(seen.class_ids):
        raise DataError("The network found no thing whose class is known; take more batches, or data with classes.")
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    for layer in opinion.layers:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    classes = opinion.layers[-1].out_features
    counts = torch.bincount(seen.class_ids, minlength=classes).float()
    rarity = (counts[counts > 0].mean() / counts.clamp(min=1)).pow(balance).clamp(0.3, 4.0)
    steps = -(-len(seen.class_ids) // BATCH)
    optimizer = torch.optim.AdamW(opinion.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * steps)
    opinion.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(seen.class_ids), generator=generator).split(BATCH):
            loss = F.cross_entropy(opinion(seen.pooled[rows].float()), seen.class_ids[rows], rarity, label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    opinion.eval()
    with torch.no_grad():
        return (opinion(seen.pooled.float()).argmax(dim=1) == seen.class_ids).float().mean().item()


def gather(net: RMPSAM, batches: Batches, workers: int, is_thing: Tensor, autocast: bool, report: Callable[[str], None]) -> Seen:
    """`look` at many batches."""
    parts: list[Seen] = []
    said = time.monotonic()
    for number, batch in enumerate(loader(batches, workers), start=1):
        parts.append(look(net, batch, is_thing, autocast))
        if time.monotonic() - said > 10:
            said = time.monotonic()
            report(f"batch {number}/{len(batches)}  {sum(len(part.class_ids) for part in parts)} objects")
    return Seen(torch.cat([part.pooled for part in parts]), torch.cat([part.class_ids for part in parts]))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.training.opinion", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="a run's YAML: its data, augmentation and batches")
    parser.add_argument("--model", default="default", help="a model with a second opinion and the run's classes (default)")
    parser.add_argument("--batches", type=int, default=400, help="of the run's size, made anew (400)")
    parser.add_argument("--seed", type=int, default=1000, help="other than the run's, for other pictures (1000)")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to make")
    args = parser.parse_args(arguments)
    if args.batches < 1:
        parser.error(f"--batches is {args.batches}; it must be 1 or more.")
    try:
        config, model = load_config(args.config), read_model_folder(find_model(args.model), graphs=False)
        label_map = load_label_map(config.labels_path)
        if label_map.labels.classes != model.labels.classes:
            raise DataError(f"The model {model.name} has other classes than {config.labels}.")
        net = load_model(model.path).eval()
        if net.panoptic_head.opinion is None:
            raise ModelError(f"The model {model.name} has no second opinion.")
        sources = [Source(source, label_map, config.data_folder) for source in config.train]
        mixture = Mixture(sources, model.input_size, config.augmentation)
        is_thing = torch.as_tensor(label_map.labels.is_thing())
        batches = Batches(mixture, config.batch_size, args.batches, config.prompts, seed=args.seed)
        seen = gather(net, batches, config.workers, is_thing, config.bf16 and has_bfloat16(), print)
        share = teach(net.panoptic_head.opinion, seen, config.losses.balance, seed=args.seed)
        print(f"{len(seen.class_ids)} objects, of which it names {100 * share:.0f} % rightly now")
        said = f"; its second opinion taught anew on {args.batches * config.batch_size} pictures"
        make_model_folder(net, args.out, replace(model, provenance=model.provenance + said, accuracy={}), half=config.half, report=print)
    except RmpsamError as error:
        parser.exit(1, f"{error}\n")
    print(f"{args.out}: {model.name} with its second opinion taught anew")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
