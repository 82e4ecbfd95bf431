"""Averages the weights of several models into one (Wortsman et al., "Model soups", 2022).

    python -m rmpsam_ros.training.average MODEL MODEL … --shares 0.4 0.6 --out DIR

Models that were trained from each other lie in the same basin of the loss, and their average is often better than either, at no
cost at run time. Check the result with `rmpsam eval`.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rmpsam_ros.cli import guarded
from rmpsam_ros.errors import ModelError
from rmpsam_ros.export import make_model_folder
from rmpsam_ros.model_folder import ModelFolder, find_model, read_model_folder
from rmpsam_ros.network import RMPSAM, load_model


def average(models: Sequence[ModelFolder], shares: Sequence[float]) -> RMPSAM:
    """The network with the weighted average of the models' weights.

    Args:
        models: of the same variant, options and classes.
        shares: one per model, above 0; they need not add up to 1.

    Raises:
        ModelError: the models differ in more than weights, or the shares do not match them.
    """
    if len(models) < 2 or len(shares) != len(models) or not all(0 < share < float("inf") for share in shares):
        raise ModelError(f"An average needs at least two models and one share above 0 for each; given: {len(models)} models and {list(shares)}.")
    for other in models[1:]:
        if (other.variant, other.config) != (models[0].variant, models[0].config) or other.labels.classes != models[0].labels.classes:
            raise ModelError(f"{models[0].path} and {other.path} differ in network or classes and cannot be averaged.")
    networks = [load_model(model.path) for model in models]
    states = [net.state_dict() for net in networks]
    total = sum(shares)
    mean = {name: sum((share / total) * state[name].double() for share, state in zip(shares, states)).to(first.dtype)
            if first.is_floating_point() else first for name, first in states[0].items()}  # fmt: skip
    networks[0].load_state_dict(mean)
    return networks[0].eval()


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the average; returns the exit code."""
    return guarded("python -m rmpsam_ros.training.average", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.training.average", description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", help="names or folders of models that were trained from each other")
    parser.add_argument("--shares", nargs="+", type=float, help="share of each model (default: equal shares)")
    parser.add_argument("--out", type=Path, required=True, help="model folder to create; everything but the weights comes from the last model")
    args = parser.parse_args(arguments)
    models = [read_model_folder(find_model(name), graphs=False) for name in args.models]
    shares = args.shares or [1.0] * len(models)
    net = average(models, shares)
    said = " and ".join(f"{share / sum(shares):.2f} of {model.name} ({model.provenance})" for share, model in zip(shares, models))
    make_model_folder(net, args.out, replace(models[-1], provenance=f"mean of {said}", accuracy={}), half=True, report=print)
    print(f"{args.out}: the average of {len(models)} models")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
