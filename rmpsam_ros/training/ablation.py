"""Ablations: short training runs that each change one thing of a base configuration, and a table of their results.

An ablation YAML has a base training YAML (`config`), changes for all runs (`changes`: tables are merged, everything else is
replaced), and `runs`, each with a name, its own `changes`, and `without`: training sets to leave out, given by a part of their
annotations' path. All runs take the same number of steps from the same seeds. A finished run keeps its numbers and its log, not
its weights; an ablation that was stopped continues with the first unfinished run.
"""
from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.errors import DataError
from rmpsam_ros.evaluation.reports import write_json
from rmpsam_ros.labels import read_yaml_file
from rmpsam_ros.network import build
from rmpsam_ros.training.config import TrainingConfig, build_options, check_config
from rmpsam_ros.training.run import CHECKPOINT, TrainingRun
from rmpsam_ros.training.validation import Validation
from rmpsam_ros.user_folders import user_path

RESULT, TABLE = "result.json", "ablation"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """One run: its name in the table, its changes, and the training sets that it leaves out."""

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ablation:
    """The runs of an ablation, compared on `images` images of each validation set and up to `objects` objects in each."""

    out: str
    config: str
    runs: tuple[Trial, ...]
    changes: Mapping[str, object] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    images: int = 20
    objects: int = 10


class AblationRun:
    """All runs of an ablation YAML, checked before the first one starts.

    Raises:
        DataError: an error in the YAML or in one of its runs.
    """

    def __init__(self, path: Path) -> None:
        path = Path(path)
        self.plan = _read(path)
        self.base_file, self.out = path.parent / self.plan.config, path.parent / user_path(self.plan.out)
        self.base = _yaml(self.base_file)
        names = [_folder(trial.name) for trial in self.plan.runs]
        if not names or len(set(names)) < len(names):
            raise DataError(f"{path}: runs must list at least one run, each with a different name.")
        self.parts = [(trial, seed) for trial in self.plan.runs for seed in self.plan.seeds]
        self.texts: dict[tuple[str, int], str] = {}
        self.configs = {(trial.name, seed): self._config(trial, seed) for trial, seed in self.parts}

    def train(self, resume: bool = False, minutes: float | None = None, report: Report = lambda _: None) -> bool:
        """Trains and evaluates the runs that are not finished; returns True if all are finished.

        Args:
            resume: continue with the results that are already in the folder.
            minutes: stop after this time.
            report: called with a progress line now and then.
        """
        if self.out.is_dir() and any(self.out.glob(f"*/{CHECKPOINT}")) | any(self.out.glob(f"*/{RESULT}")) and not resume:
            raise DataError(f"{self.out} already holds an ablation; continue with --resume, or give another `out`.")
        end = None if minutes is None else time.monotonic() + 60 * minutes
        for number, (trial, seed) in enumerate(self.parts, 1):
            config = self.configs[trial.name, seed]
            folder = Path(config.out)
            if not (folder / RESULT).is_file():
                left = None if end is None else (end - time.monotonic()) / 60
                if left is not None and left <= 0:
                    return False
                report(f"run {number} of {len(self.parts)}: {trial.name}, seed {seed}")
                run = TrainingRun(config, resume=True)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "run.yaml").write_text(self.texts[trial.name, seed])
                run.train(left, report, every=30.0)
                if not run.finished:
                    return False
                numbers = Validation(config, run.label_map, self.plan.images, self.plan.objects).run(run.averaged.net)
                write_json(folder / RESULT, {"name": trial.name, "seed": seed, "steps": run.step, "seconds": run.seconds, "numbers": numbers})
                (folder / CHECKPOINT).unlink()
            self.write_table()
        return True

    def results(self) -> list[dict[str, Any]]:
        """Results of the finished runs, in the order of the YAML."""
        files = [Path(self.configs[trial.name, seed].out) / RESULT for trial, seed in self.parts]
        return [json.loads(file.read_text()) for file in files if file.is_file()]

    def write_table(self) -> Path:
        """Writes OUT/ablation.md and OUT/ablation.json for the finished runs; returns the first path."""
        results, plan = self.results(), self.plan
        write_json(self.out / f"{TABLE}.json", {"config": plan.config, "changes": dict(plan.changes), "runs": [
            {**result, "changes": dict(trial.changes), "without": list(trial.without)}
            for result in results for trial in plan.runs if trial.name == result["name"]]})  # fmt: skip
        steps = next(iter(self.configs.values())).steps
        note = (f"{steps} steps from {plan.config}, seeds {', '.join(map(str, plan.seeds))}; IoU of one click and PQ in percent, on up to "
                f"{plan.images} pictures of each validation set; ± is half the range over the seeds.")  # fmt: skip
        path = self.out / f"{TABLE}.md"
        with atomic_file(path) as partial:
            partial.write_text(f"{markdown(results)}\n{note}\n")
        return path

    def _config(self, trial: Trial, seed: int) -> TrainingConfig:
        """The run's configuration, checked like any other; its folder must not contain a run with a different one."""
        content = merge(merge(self.base, self.plan.changes), trial.changes)
        for part in trial.without:
            kept = [entry for entry in content.get("train", []) if part not in str(entry.get("annotations", ""))]
            if len(kept) == len(content.get("train", [])):
                raise DataError(f"The run {trial.name!r} leaves out {part!r}, but no training set of {self.plan.config} "
                                "has that in its annotations' path.")
            content["train"] = kept
        folder = self.out / (_folder(trial.name) + (f"-{seed}" if len(self.plan.seeds) > 1 else ""))
        content.update(seed=seed, curve_minutes=0.0, minutes=0.0)  # all runs take the same steps
        self.texts[trial.name, seed] = text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        used = (folder / CHECKPOINT).is_file() or (folder / RESULT).is_file()
        if used and (folder / "run.yaml").is_file() and (folder / "run.yaml").read_text() != text:
            raise DataError(f"{folder} holds a run of {trial.name!r} with other options than now; give another `out`, or delete that folder.")
        config = check_config(yaml.safe_load(text), folder / "run.yaml", self.base_file.parent)
        config = replace(config, out=str(folder.resolve()))
        _ = config.data_folder  # raises if it is missing, before the first run starts
        if not config.validation:
            raise DataError(f"{self.base_file} lists no validation set, so there is nothing to compare the runs by.")
        build(config.variant, **config.network)
        return config


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A table updated by another: nested tables are merged, everything else is replaced."""
    result = dict(base)
    for key, value in changes.items():
        old = result.get(key)
        result[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def markdown(results: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table with one row per run: means first, then each set; over several seeds, the mean ± half the range."""
    numbers: dict[str, list[Mapping[str, float]]] = {}
    for result in results:
        numbers.setdefault(result["name"], []).append(result["numbers"])
    columns = sorted({name for runs in numbers.values() for run in runs for name in run}, key=lambda name: (" " in name, name))
    titles = {"click1": "one click", "pq": "PQ"}
    lines = ["| run | " + " | ".join(titles.get(name, name) for name in columns) + " |", "|---|" + "---:|" * len(columns)]
    for name, runs in numbers.items():
        lines.append(f"| {name} | " + " | ".join(_cell([run[column] for run in runs if column in run]) for column in columns) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "–"
    spread = f" ± {np.ptp(values) / 2:.1f}" if len(values) > 1 else ""
    return f"{np.mean(values):.1f}{spread}"


def _read(path: Path) -> Ablation:
    plan = build_options(Ablation, _yaml(path), str(path))
    for name in ("images", "objects"):
        if getattr(plan, name) < 1:
            raise DataError(f"{path}: {name} is {getattr(plan, name)}; it must be at least 1.")
    if not plan.seeds:
        raise DataError(f"{path}: seeds lists no seed.")
    return plan


def _yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(f"There is no file {path}.")
    content = read_yaml_file(path, DataError)
    if not isinstance(content, dict):
        raise DataError(f"{path} must be a table of options.")
    return content


def _folder(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
