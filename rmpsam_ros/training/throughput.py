"""Measures the training throughput in images per second: of the workers, of the network, and of both together.

    python -m rmpsam_ros.training.throughput --config config/train_lite0.yaml

The network alone trains repeatedly on one batch that is already on the device, with complete steps: losses, optimizer and
averaging. Nothing is saved.
"""
from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

from rmpsam_ros.cli import guarded
from rmpsam_ros.errors import DataError
from rmpsam_ros.training.batches import PREFETCH, Batches, loader, worker_failures
from rmpsam_ros.training.config import TrainingConfig, load_config
from rmpsam_ros.training.optimizer import set_training_mode
from rmpsam_ros.training.run import TrainingRun


def throughput(config: TrainingConfig, batches: int = 20, repeats: int = 3) -> dict[str, float]:
    """Images per second of `loader`, `network` and `together`, each the median of `repeats` measurements of `batches` batches.

    Raises:
        DataError, ModelError: as for the start of a run.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = TrainingRun(replace(config, out=folder))
    set_training_mode(run.net, config.freeze_batchnorm, config.freeze_stages)
    made_ahead, drawn = max(1, config.workers * PREFETCH), 1 + repeats * batches
    number = 2 * (made_ahead + drawn)  # all are drawn, so that the workers exit by themselves
    stream = iter(loader(Batches(run.mixture, config.batch_size, number, config.prompts, 0.0, config.frames, config.seed), config.workers,
                         pinned=run.device.type == "cuda"))  # fmt: skip

    def rate(step: Callable[[], object]) -> float:
        step()
        rates = []
        for _ in range(repeats):
            _wait(run.device)
            begun = time.perf_counter()
            for _ in range(batches):
                step()
            _wait(run.device)
            rates.append(batches * config.batch_size / (time.perf_counter() - begun))
        return statistics.median(rates)

    batch = list(islice(stream, made_ahead))[-1].to(run.device)
    result = {"loader": rate(lambda: next(stream)), "network": rate(lambda: run.advance(batch))}
    for _ in islice(stream, made_ahead):  # discards the batches prefetched while the network ran alone, which would hide slow workers
        pass
    result["together"] = rate(lambda: run.advance(next(stream).to(run.device)))
    next(stream, None)  # the end of the stream, where the workers stop
    return result


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the throughput; returns the exit code."""
    return guarded("python -m rmpsam_ros.training.throughput", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.training.throughput", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="training YAML")
    parser.add_argument("--batches", type=int, default=20, metavar="N", help="batches in each of three measurements (default: %(default)s)")
    args = parser.parse_args(arguments)
    if args.batches < 1:
        raise DataError(f"--batches is {args.batches}; it must be at least 1.")
    config = load_config(args.config)
    with worker_failures():
        rates = throughput(config, args.batches)
    for name, value in rates.items():
        print(f"{name:9}{value:8.1f} images/s")
    print(f"{config.batch_size} images of {config.input_size[1]}x{config.input_size[0]} per batch, {config.workers} workers, "
          f"medians of 3 times {args.batches} batches; a step includes losses, gradients, optimizer and averaging")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
