"""The scenarios of the tracking benchmark, each for one typical cause of tracking errors."""
from __future__ import annotations

import numpy as np

from rmpsam_ros.evaluation.simulated import GRID, Body, Path, Scenario, body, pillar

HEIGHT, WIDTH = GRID


def wander(rng: np.random.Generator, seconds: float, speed: float = 22.0, margin: float = 8.0) -> Path:
    """A smooth random walk inside the image: a new waypoint every second, speed in cells per second, reflected at the borders."""
    knots = np.zeros((int(seconds) + 4, 2))
    knots[0] = rng.uniform(margin, (WIDTH - margin, HEIGHT - margin))
    heading = rng.uniform(0, 2 * np.pi)
    for k in range(1, len(knots)):
        heading += rng.normal() * 0.7
        step = rng.uniform(0.4, 1.2) * speed * np.array([np.cos(heading), np.sin(heading)])
        knots[k] = knots[k - 1] + step
        for axis, size in enumerate((WIDTH, HEIGHT)):
            if not margin < knots[k, axis] < size - margin:
                knots[k, axis] = np.clip(knots[k, axis], margin, size - margin)
                heading += np.pi * rng.uniform(0.6, 1.4)
    return _through(knots)


def _through(knots: np.ndarray) -> Path:
    """Catmull-Rom through one point per second."""
    def at(t: float) -> tuple[float, float]:
        k = int(np.clip(np.floor(t), 0, len(knots) - 2))
        u = t - k
        a, b, c, d = (knots[np.clip(k + o, 0, len(knots) - 1)] for o in (-1, 0, 1, 2))
        point = b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))
        return float(point[0]), float(point[1])
    return at


def _shuttle(start: float, end: float, y: float, period: float, phase: float) -> Path:
    """Back and forth between two columns at constant speed, once per period (seconds)."""
    def at(t: float) -> tuple[float, float]:
        u = ((t / period + phase) % 1.0) * 2
        u = u if u < 1 else 2 - u
        return start + (end - start) * u, y
    return at


def crossing(rng: np.random.Generator) -> list[Body]:
    """Eight objects of two kinds that shuttle through each other at several speeds."""
    return [
        body(rng, _shuttle(12, 148, 25 + 10 * i + rng.uniform(-3, 3), rng.uniform(6, 11), rng.random()),
             rng.uniform(6, 11), i % 2, float(i))
        for i in range(8)
    ]


def wandering(rng: np.random.Generator) -> list[Body]:
    """Ten objects of three kinds that move about in the image."""
    return [body(rng, wander(rng, 30), rng.uniform(5, 12), i % 3, float(i)) for i in range(10)]


def look_alikes(rng: np.random.Generator) -> list[Body]:
    """Eight moving objects of one kind; the individual part of their queries is half of the noise."""
    return [body(rng, wander(rng, 30, speed=16), rng.uniform(6, 9), 0, float(i), distinct=0.15) for i in range(8)]


def _behind_pillar(rng: np.random.Generator, hidden: float) -> list[Body]:
    """Six objects of three kinds that pass behind a pillar and are hidden for `hidden` seconds each time.

    Half of them move steadily, like a passer-by. The others stop behind it, and every second time on average they reappear on
    the side on which they went in, where no motion model expects them.
    """
    bodies: list[Body] = [pillar(80, 17)]
    for i in range(6):
        radius = rng.uniform(6, 9)
        covered = 2 * (17 - radius)  # length of the path on which the object is hidden
        y = 12 + 19 * i
        if i % 2 == 0:
            period = 2 * 130 * hidden / covered
            path = _shuttle(15, 145, y, period, rng.random())
        else:
            path = _hesitant(rng, y, covered, hidden)
        bodies.append(body(rng, path, radius, i % 3, float(i)))
    return bodies


def _hesitant(rng: np.random.Generator, y: float, covered: float, hidden: float) -> Path:
    """Moves behind the pillar, waits, reappears on either side, moves on for 1.6 s in the open and comes back."""
    speed = 26.0  # cells per second
    side, phase = rng.choice((-1, 1)), rng.uniform(0, 2)
    times, places = [0.0], [side * (covered / 2 + 2.0 * speed * 0.5 * (1 + phase / 2))]
    while times[-1] < 60:
        edge = covered / 2
        walk = (abs(places[-1]) - edge) / speed
        times.append(times[-1] + walk)
        places.append(side * edge)
        leave = side if rng.random() < 0.5 else -side
        times += [times[-1] + hidden / 2, times[-1] + hidden]
        places += [0.0, leave * edge]
        side = leave
        times.append(times[-1] + 1.6)
        places.append(side * (edge + 1.6 * speed))
    def at(t: float) -> tuple[float, float]:
        return 80 + float(np.interp(t, times, places)), y
    return at


def hidden_1s(rng: np.random.Generator) -> list[Body]:
    return _behind_pillar(rng, 1.0)


def hidden_3s(rng: np.random.Generator) -> list[Body]:
    return _behind_pillar(rng, 3.0)


def leaving(rng: np.random.Generator) -> list[Body]:
    """Six objects that leave the image for 2 to 4 seconds and come back in another row every time."""
    bodies = []
    for i in range(6):
        period, phase, rows = rng.uniform(8, 11), rng.random(), rng.uniform(15, HEIGHT - 15, 40)
        away = rng.uniform(2, 4) / period  # share of the period spent outside
        side = 1 if i % 2 else -1

        def at(t: float, period=period, phase=phase, rows=rows, away=away, side=side) -> tuple[float, float]:
            turn = t / period + phase
            u = turn % 1.0
            if u > 1 - away:
                return (-60.0, float(rows[int(turn) % 40]))
            inside = u / (1 - away)  # 0 … 1: in at one border, to the middle, out at the same border
            x = -12 + 110 * np.sin(np.pi * inside)
            return (float(x) if side < 0 else WIDTH - float(x)), float(rows[int(turn) % 40])
        bodies.append(body(rng, at, rng.uniform(6, 10), i % 3, float(i)))
    return bodies


def crowd(rng: np.random.Generator) -> list[Body]:
    """Thirty small objects of six kinds, as many as in `tracking.cost`."""
    return [body(rng, wander(rng, 30, speed=14, margin=5), rng.uniform(3, 7), i % 6, float(i)) for i in range(30)]


BENCHMARK: tuple[Scenario, ...] = (
    Scenario("crossing", crossing),
    Scenario("crossing, 5 Hz", crossing, rate=5, seconds=60),
    Scenario("hidden 1 s", hidden_1s, seconds=30),
    Scenario("hidden 3 s", hidden_3s, seconds=40),
    Scenario("hidden 3 s, 5 Hz", hidden_3s, seconds=60, rate=5),
    Scenario("leaving", leaving, seconds=40),
    Scenario("camera shake", wandering, shake=1.0),
    Scenario("look-alikes", look_alikes),
    Scenario("look-alikes, 5 Hz", look_alikes, rate=5),
    Scenario("dropped frames", wandering, drop=0.3),
    Scenario("crowd", crowd, seconds=10),
)
