"""Appearance model of the tracks: a few prototypes of each object's queries, and the weight of a query similarity.

How similar two queries of one object are, and how dissimilar those of two objects, depends on the model and on the scene:
eight identical bottles differ only in their positions. So no similarity threshold is tuned here. The tracker collects the
similarities of matched pairs and of pairs that are certainly two objects, and weighs a new similarity by the odds between
the two distributions. Where they cannot be separated the odds are even, and motion alone decides.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

PROTOTYPES = 6
"""Queries kept for each track: the last clean one in slot 0, distinct views of the object in the others."""
RECENT = 0.4
"""Seconds unseen up to which the last query counts as well; after that, only the long-term views do."""
LEARNING_RATE = 0.15
"""Minimum weight of a new query in its prototype; a young prototype is the plain mean of its queries."""
GAP_WIDENING = 0.3
"""Relative growth, per second unseen, of the spread of similarities of one object."""
SPOILED, SPOILED_WHEN_COVERED = 0.02, 0.2
"""Probability that a query says nothing about its object: unoccluded, and partly occluded by others."""
SMALL_PRODUCT = 250_000
"""Multiplications up to which OpenBLAS stays on one core. More would wake threads that compete with the network's."""


def unit(queries: FloatArray) -> FloatArray:
    """(n, D) float32 rows scaled to length 1; rows must not be all zero."""
    return queries / np.sqrt(np.einsum("nd,nd->n", queries, queries))[:, None]


def empty_bank(n: int, dims: int) -> tuple[FloatArray, FloatArray]:
    """Prototypes (n, PROTOTYPES, dims) and how many queries each stands for (n, PROTOTYPES), 0 = unused."""
    return np.zeros((n, PROTOTYPES, dims), np.float32), np.zeros((n, PROTOTYPES), np.float32)


def similarities(
    prototypes: FloatArray, counts: FloatArray, queries: FloatArray,
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.int64]]:
    """Cosine similarity of each track with each query.

    prototypes (m, B, D) unit or zero, counts (m, B), queries (n, D) unit. Returns (m, n) cosines with the track's last
    query or its nearest view, whichever is greater; (m, n) cosines with the nearest view; (m, n) slots of that view. A
    track without prototypes has cosine 0 with everything: see `known`.
    """
    m, b, d = prototypes.shape
    n = len(queries)
    used = max(2, int((counts > 0).sum(axis=1).max(initial=0)))  # slots fill from the first on
    if used < b:
        prototypes, counts, b = prototypes[:, :used], counts[:, :used], used
    flat, cosines = prototypes.reshape(m * b, d), np.empty((m * b, n), np.float32)
    rows = max(1, SMALL_PRODUCT // max(1, n * d))
    for start in range(0, m * b, rows):
        np.matmul(flat[start : start + rows], queries.T, out=cosines[start : start + rows])
    cosines = cosines.reshape(m, b, n)
    empty = counts == 0
    cosines[empty] = -2
    cosines[empty[:, 0]] = 0
    nearest = cosines[:, 1:].argmax(axis=1) + 1
    lasting = np.take_along_axis(cosines, nearest[:, None], axis=1)[:, 0]
    return np.maximum(lasting, cosines[:, 0]), lasting, nearest


def known(counts: FloatArray) -> npt.NDArray[np.bool_]:
    """(m,) bool: tracks with at least one prototype."""
    return counts[:, 0] > 0  # the first slot is always filled first and never emptied


def learn(
    prototypes: FloatArray, counts: FloatArray, rows: npt.NDArray, queries: FloatArray, nearest: npt.NDArray,
    lasting: FloatArray, novel_below: float,
) -> None:
    """Adds one clean query of each track in `rows` to its views, in place.

    A query similar to its nearest view updates that view. One less similar than `novel_below` is a new view and takes a
    free slot, or the slot that stands for the fewest queries. rows, nearest, lasting (k,); queries (k, D) unit.
    """
    if len(rows) == 0:
        return
    of_rows = counts[rows, 1:]
    novel = (lasting < novel_below) | (of_rows[:, 0] == 0)
    slots = np.where(novel, of_rows.argmin(axis=1) + 1, nearest)  # argmin: a free slot counts 0, the first one wins
    seen = np.where(novel, 0, of_rows[np.arange(len(rows)), slots - 1])
    rate = np.maximum(1 / (seen + 1), LEARNING_RATE)[:, None].astype(np.float32)
    prototypes[rows, slots] = unit((1 - rate) * prototypes[rows, slots] + rate * queries)
    counts *= np.float32(0.999)  # a view not seen for minutes frees its slot
    counts[rows, slots] = seen + 1


def remember_last(prototypes: FloatArray, counts: FloatArray, rows: npt.NDArray, queries: FloatArray) -> None:
    """Keeps the newest clean query (k, D) unit of each track in `rows` (k,), in place."""
    prototypes[rows, 0] = queries
    counts[rows, 0] = 1


class _Spread:
    """Running mean and variance of a stream of numbers, forgetting the oldest; starts from a prior worth `weight` numbers."""

    def __init__(self, mean: float, deviation: float, weight: float, memory: float) -> None:
        self.mean, self.variance, self.weight, self.memory = mean, deviation**2, weight, memory

    def add(self, values: FloatArray) -> None:
        if values.size == 0:
            return
        self.weight = min(self.weight, self.memory) + values.size
        share = values.size / self.weight
        offsets = values.ravel() - self.mean
        offset = float(np.add.reduce(offsets)) / values.size  # `mean` takes longer than the rest of this method
        self.mean += share * offset
        spread = float(offsets @ offsets) / values.size - share * (2 - share) * offset**2
        self.variance += share * (spread - self.variance)


class SimilarityOdds:
    """Learns, while tracking, how strongly a cosine of two queries indicates one object rather than two."""

    LIMIT = 5.0
    """Maximum magnitude of the evidence from appearance, in log odds."""

    def __init__(self) -> None:
        # Close to trained networks: 0.99 and 0.72 to 0.82 (rmpsam-lite0). Worth few pairs, so that each scene soon overrides them.
        self._same = _Spread(0.97, 0.04, weight=5, memory=3000)
        self._other = _Spread(0.70, 0.15, weight=5, memory=3000)

    def observe(self, same: FloatArray, other: FloatArray) -> None:
        """Cosines of pairs known to be one object, and of pairs known to be two."""
        self._same.add(same)
        self._other.add(other)

    @property
    def novel_below(self) -> float:
        """The cosine below which a query of a known object counts as a new view."""
        return self._same.mean - float(np.sqrt(self._same.variance))

    def log_odds(self, cosines: FloatArray, gaps: FloatArray, mixed: FloatArray | float = SPOILED) -> FloatArray:
        """(m, n) cosines and (m,) seconds unseen to (m, n) log odds of one object against two, within +-LIMIT.

        mixed: the probability, of a shape that broadcasts to (m, n), that the query says nothing about the object.
        """
        same = np.maximum(np.sqrt(self._same.variance), 0.005) * (1 + GAP_WIDENING * np.minimum(gaps, 10))[:, None]
        other = max(float(np.sqrt(self._other.variance)), 0.01)
        z_same = (np.minimum(cosines, self._same.mean) - self._same.mean) / same  # no similarity is too high
        z_other = (np.minimum(cosines, self._same.mean) - self._other.mean) / other
        odds = 0.5 * (np.maximum(z_other, 0) ** 2 - z_same**2) + np.log(other / same)
        odds = np.minimum(np.maximum(odds, -self.LIMIT), self.LIMIT)
        return np.log((1 - mixed) * np.exp(odds) + mixed).astype(np.float32)


class Likeness:
    """Similarity odds of two kinds: with the last query while an object is visible, with its long-term views afterwards."""

    def __init__(self) -> None:
        self.recent, self.lasting = SimilarityOdds(), SimilarityOdds()

    def log_odds(self, recent: FloatArray, lasting: FloatArray, gaps: FloatArray, mixed: FloatArray | float) -> FloatArray:
        """(m, n) cosines of both kinds and (m,) seconds unseen to (m, n) log odds."""
        odds, away = self.recent.log_odds(recent, np.zeros_like(gaps), mixed), gaps > RECENT
        return np.where(away[:, None], self.lasting.log_odds(lasting, gaps, mixed), odds) if away.any() else odds
