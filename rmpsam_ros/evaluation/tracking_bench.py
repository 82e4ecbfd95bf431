"""The tracking benchmark: `python -m rmpsam_ros.evaluation.tracking_bench`.

Simulated sequences with known ids (`simulated`, `scenarios`), every tracker on the same detections in the same run.
ByteTrack and OC-SORT come from the package `trackers` and are skipped, with a message, if it is not installed.
"""
from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rmpsam_ros.evaluation.scenarios import BENCHMARK
from rmpsam_ros.evaluation.simulated import LABELS, Scenario, SimulatedFrame, cosines, simulate
from rmpsam_ros.evaluation.trackers import CONTESTANTS, available
from rmpsam_ros.evaluation.tracking_metrics import MatchedFrame, TrackingScores, mask_iou, returns, score
from rmpsam_ros.types import LabelSet

MAX_AGE = 10.0


Results = dict[str, tuple[list[list[MatchedFrame]], list[float]]]
"""For each tracker its matched frames, one list per sequence, and its milliseconds per frame."""


def run_scenario(scenario: Scenario, names: Sequence[str], seeds: Sequence[int]) -> Results:
    """Runs all trackers on the sequences of a scenario."""
    return run_sequences([simulate(scenario, seed) for seed in seeds], LABELS, scenario.rate, names)


def run_sequences(sequences: Iterable[Iterable[SimulatedFrame]], labels: LabelSet, rate: float, names: Sequence[str]) -> Results:
    """Runs all trackers on the same frames, one after the other."""
    results: Results = {name: ([], []) for name in names}
    for sequence in sequences:
        contestants = {name: CONTESTANTS[name](labels, MAX_AGE, rate) for name in names}
        for matched, _ in results.values():
            matched.append([])
        for frame in sequence:
            iou = mask_iou(frame.masks, frame.detections.masks)
            for name, contestant in contestants.items():
                start = time.perf_counter()
                ids = contestant.step(frame.detections, frame.stamp)
                results[name][1].append(1000 * (time.perf_counter() - start))
                given = ids > 0
                results[name][0][-1].append(MatchedFrame(frame.ids, ids[given], iou[:, given], frame.stamp))
    return results


def row(name: str, scores: TrackingScores, back: tuple[int, int], millis: Sequence[float]) -> str:
    """One row of the table."""
    known = f"{100 * back[1] / back[0]:4.0f} % of {back[0]:<4d}" if back[0] else "     -      "
    return (f"  {name:16s} {scores.switches_per_100:8.2f} {scores.fragments:6d} {100 * scores.idf1:6.1f} "
            f"{100 * scores.hota:6.1f} {100 * scores.assa:6.1f}  {known}  {np.median(millis):6.2f}")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.evaluation.tracking_bench", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="sequences of each scenario (default 3)")
    parser.add_argument("--only", default="", help="only scenarios whose name contains this")
    parser.add_argument("--trackers", nargs="*", default=list(CONTESTANTS), choices=list(CONTESTANTS))
    parser.add_argument("--hardness", type=float, default=1.0, help="factor on the noise of queries and on missed objects (default 1)")
    parser.add_argument("--cosines", action="store_true", help="also print how similar the simulated queries are")
    parser.add_argument("--pasted", nargs=2, type=Path, metavar=("FILE", "IMAGES"),
                        help="instead: real objects of a YouTube-VIS set (JSON and folder) on synthetic paths; needs torch")
    options = parser.parse_args(argv)
    names, left_out = available(options.trackers)
    if left_out:
        print(f"{' and '.join(left_out)} skipped: install the package 'trackers' to compare with them")
    totals: dict[str, tuple[list, list[int], list[float]]] = {name: ([], [0, 0], []) for name in names}
    print(f"  {'':16s} {'switches':>8s} {'frag-':>6s} {'IDF1':>6s} {'HOTA':>6s} {'AssA':>6s}  {'old id':12s}  {'ms a':>6s}\n"
          f"  {'':16s} {'per 100':>8s} {'ments':>6s} {'%':>6s} {'%':>6s} {'%':>6s}  {'after return':12s}  {'frame':>6s}")
    for title, absent, results in _pasted(options, names) if options.pasted else _simulated(options, names):
        print(title)
        for name, (sequences, millis) in results.items():
            back = np.sum([returns(frames, absent) for frames in sequences], axis=0)
            print(row(name, score(sequences), tuple(back), millis), flush=True)
            totals[name][0].extend(sequences)
            totals[name][1][:] = (np.array(totals[name][1]) + back).tolist()
            totals[name][2].extend(millis)
    print("all together")
    for name, (sequences, back, millis) in totals.items():
        print(row(name, score(sequences), tuple(back), millis))
    return 0


def _simulated(options: argparse.Namespace, names: Sequence[str]) -> Iterator[tuple[str, float, Results]]:
    """(title, seconds of absence that count as a return, results) of each scenario."""
    for scenario in (replace(s, hardness=options.hardness) for s in BENCHMARK if options.only in s.name):
        title = f"{scenario.name}: {options.seeds} x {scenario.seconds:.0f} s at {scenario.rate:.0f} Hz"
        if options.cosines:
            title += "\n  cosines: " + ", ".join(f"{key} {value:.2f}" for key, value in cosines(scenario).items())
        absent = 2.5 if "3 s" in scenario.name else 0.7 if "1 s" in scenario.name else 1.5
        yield title, absent, run_scenario(scenario, names, range(options.seeds))


def _pasted(options: argparse.Namespace, names: Sequence[str]) -> Iterator[tuple[str, float, Results]]:
    """The same for real objects, at two rates."""
    from rmpsam_ros.evaluation import pasted
    from rmpsam_ros.evaluation.video import read_videos

    videos, pool = read_videos(*options.pasted), pasted.Pooler()
    for rate, seconds in ((12, 20), (5, 30)):
        sequences = (pasted.paste(videos, pool, seed, rate, seconds) for seed in range(options.seeds))
        title = f"pasted objects of {options.pasted[0].name}: {options.seeds} x {seconds} s at {rate} Hz"
        yield title, 0.5, run_sequences(sequences, pasted.LABELS, rate, names)


if __name__ == "__main__":
    raise SystemExit(main())
