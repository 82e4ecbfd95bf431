"""Runs a model on images: panoptic maps and click masks from the same features. Needs neither ROS nor torch."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from rmpsam_ros import __version__
from rmpsam_ros.backends import Progress, PromptOutputs, create_backend
from rmpsam_ros.errors import BackendError, ImageError, RmpsamError
from rmpsam_ros.frame import Frame
from rmpsam_ros.label_groups import load_label_groups
from rmpsam_ros.model_folder import find_model, read_model_folder
from rmpsam_ros.placement import Placement, check_image, fit, place
from rmpsam_ros.prompting import Prompt
from rmpsam_ros.stamps import seconds


class _Checked:
    """A descriptor that validates on assignment: stores the value that `read` returns, or raises an error that says what it must be."""

    def __init__(self, read: Callable[[Any], Any], must_be: str) -> None:
        self._read, self._must_be = read, must_be

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return self if instance is None else instance.__dict__[self._name]

    def __set__(self, instance: object, value: object) -> None:
        try:
            instance.__dict__[self._name] = self._read(value)
        except (TypeError, ValueError, OverflowError):
            raise RmpsamError(f"{self._name} is {value!r}; it must be {self._must_be}.") from None


def _share(value: Any) -> float:
    if not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _count(value: Any) -> int:
    if int(value) != value or value < 1:
        raise ValueError
    return int(value)


def _flag(value: Any) -> bool:
    if value not in (True, False):
        raise ValueError
    return bool(value)


def _listed(given: Iterable, name: str) -> list:
    try:
        return list(given)
    except TypeError:
        raise ImageError(f"The {name} are {given!r}; give a sequence, one for each image.") from None


class Segmenter:
    """A loaded model. Use it in a `with` statement or call `close`. Calls from several threads are serialised by a lock.

    Args:
        model: `default`, the name of a bundled model, or a model folder.
        backend: `auto` (TensorRT, else OpenVINO, else torch), or the name of a backend.
        device: `auto`, `cpu`, `cuda` …
        precision: `auto`, `fp32`, `bf16`, `fp16`, `int8`.
        input_size: height and width of the network input, multiples of 32; None for the model's default.
        score_threshold: queries with this score or less are dropped; None for the model's default.
        overlap_threshold: share of its own mask that a query must win; None for the model's default.
        max_segments: maximum number of segments in a panoptic map; those with the highest scores are kept.
        threads: number of CPU threads; None for the runtime's default.
        progress: called during long steps of loading (TensorRT engine builds, torch compilation) with a description and the completed
            fraction (0 … 1) or None.
        batch: number of images per network run, see `set_images`.
        label_groups: a YAML file that merges the model's classes into groups (`rmpsam_ros.label_groups`); None for the model's classes.
        zoom: segment small clicked objects again in a zoom-in crop (`rmpsam_ros.zoom`). This costs one encoder run per crop, at most
            six per click, and a copy of each image. None for the model's default.

    Attributes:
        score_threshold, overlap_threshold, max_segments, zoom, class_filter: may be set between frames. `class_filter` is a
            sequence of class names that restricts panoptic maps and tracks, empty for all classes; clicks may return any class.
        labels (of the groups, if given), model_name, model_path, trained, backend_name, device_name, precision, input_size, batch: what was loaded.

    Raises:
        ModelError, BackendError: the model or backend cannot be loaded; the message says in one sentence what is missing or wrong.
    """

    score_threshold, overlap_threshold = _Checked(_share, "from 0 to 1"), _Checked(_share, "from 0 to 1")
    max_segments, zoom = _Checked(_count, "a whole number from 1 up"), _Checked(_flag, "true or false")

    def __init__(self, model: str | Path = "default", backend: str = "auto", device: str = "auto", precision: str = "auto",
                 input_size: tuple[int, int] | None = None, score_threshold: float | None = None,
                 overlap_threshold: float | None = None, max_segments: int = 100, threads: int | None = None,
                 progress: Progress | None = None, batch: int = 1,
                 zoom: bool | None = None, label_groups: str | Path | None = None) -> None:  # fmt: skip
        self.max_segments = max_segments
        for name, value in (("score_threshold", score_threshold), ("overlap_threshold", overlap_threshold), ("zoom", zoom)):
            if value is not None:  # validate before the slow loading
                setattr(self, name, value)
        folder = read_model_folder(find_model(model))
        self._groups = None if label_groups is None else load_label_groups(label_groups, folder.labels)
        self._backend = create_backend(folder, backend, device, precision, input_size, threads, progress, batch)
        self.model_name, self.trained, self._own_labels = folder.name, folder.trained, folder.labels
        self.labels = self._own_labels if self._groups is None else self._groups.labels
        self.model_path = folder.path
        self._connected, self._background_kind = folder.connected_prompts, folder.background_prompts
        self.backend_name, self.device_name = self._backend.name, self._backend.device
        self.precision, self.input_size = self._backend.precision, self._backend.input_size
        self.score_threshold = folder.score_threshold if score_threshold is None else score_threshold
        self.overlap_threshold = folder.overlap_threshold if overlap_threshold is None else overlap_threshold
        self.zoom = folder.zoom_prompts if zoom is None else zoom
        self._allowed: npt.NDArray[np.bool_] | None = None
        self.batch = self._backend.batch
        self._canvas = self._backend.make_canvas()  # (batch, H, W, 3)
        self.turn = threading.RLock()  # hold it to use the backend, which has one canvas and one set of buffers

    @property
    def class_filter(self) -> tuple[str, ...]:
        """Names of the classes in panoptic maps and tracks; () for all."""
        return () if self._allowed is None else tuple(c.name for c in self.labels.classes if self._allowed[c.id])

    @class_filter.setter
    def class_filter(self, names: Sequence[str]) -> None:
        if isinstance(names, str):
            raise RmpsamError(f"class_filter is {names!r}; it must be a sequence of class names, such as ({names!r},).")
        try:
            names = () if names is None else tuple(names)
        except TypeError:
            raise RmpsamError(f"class_filter is {names!r}; it must be a sequence of class names.") from None
        known = {label.name: label.id for label in self.labels.classes}
        unknown = [name for name in names if not isinstance(name, str) or name not in known]
        if unknown:
            raise RmpsamError(f"The class {unknown[0]!r} is not in the label set {self.labels.name}; "
                              f"its classes are {', '.join(list(known)[:8])} …")
        self._allowed = np.isin(np.arange(len(known)), [known[name] for name in names]) if names else None

    def set_image(self, image: npt.NDArray[np.uint8], stamp: float | None = None, rotation: int = 0) -> Frame:
        """Runs the network once on an image and returns a `Frame` that holds its features.

        Args:
            image: (H, W, 3) uint8 RGB, any size. Not kept, except for a copy if `zoom` is on.
            stamp: capture time in seconds; only passed through to the results. Non-finite values count as None.
            rotation: clockwise rotation in degrees, 0, 90, 180 or 270, that makes the image upright. The network sees the rotated
                image; results and prompts stay in pixels of the image as given.

        Raises:
            ImageError: wrong shape, dtype, stamp or rotation.
        """
        return self.set_images([image], None if stamp is None else [stamp], [rotation])[0]

    def set_images(self, images: Sequence[npt.NDArray[np.uint8]], stamps: Sequence[float] | None = None,
                   rotations: Sequence[int] | None = None) -> list[Frame]:  # fmt: skip
        """Runs the network once on up to `batch` images, for instance one per camera. Fewer images cost as much as `batch`.

        Raises:
            ImageError: `images` is not a sequence; an image has the wrong shape or dtype; a rotation is not supported; the number of stamps
                or rotations differs from the number of images; a stamp is not a number.
            BackendError: no image, or more than `batch`.
        """
        started, images = perf_counter(), _listed(images, "images")
        stamps = [None] * len(images) if stamps is None else _listed(stamps, "stamps")
        rotations = [0] * len(images) if rotations is None else _listed(rotations, "rotations")
        for name, given in (("stamps", stamps), ("rotations", rotations)):
            if len(given) != len(images):
                raise ImageError(f"There are {len(given)} {name} for {len(images)} images; each image needs its own.")
        placements = [place(check_image(image).shape[:2], self.input_size, turn) for image, turn in zip(images, rotations)]
        stamps = [seconds(stamp, ImageError) for stamp in stamps]
        with self.turn:
            for image, placement, canvas in zip(images, placements, self._canvas):
                fit(image, placement, canvas)
            fitted = perf_counter()
            outputs = self._backend.run_images(self._canvas[: len(placements)], [p.network_size for p in placements])
            outputs = [replace(o, mask_logits=p.turned_back(np.asarray(o.mask_logits))) if p.rotation else o for p, o in zip(placements, outputs)]
        timings = {"preprocess": 1e3 * (fitted - started), "network": 1e3 * (perf_counter() - fitted)}
        copies = [np.array(image) if self.zoom else None for image in images]
        return [Frame(self, p, o, stamp, dict(timings), i) for p, o, stamp, i in zip(placements, outputs, stamps, copies)]

    def features_of(self, image: npt.NDArray[np.uint8], rotation: int = 0) -> tuple[object, Placement]:
        """Encodes an (H, W, 3) uint8 RGB image for prompts: its features and its placement in the network input."""
        placement = place(image.shape[:2], self.input_size, rotation)
        with self.turn:
            fit(image, placement, self._canvas[0])
            if self._backend.encodes_alone:
                return self._backend.run_features(self._canvas[:1], [placement.network_size]), placement
            return self._backend.run_images(self._canvas[:1], [placement.network_size])[0].features, placement

    def _ask(self, features: object, prompt: Prompt, placement: Placement) -> PromptOutputs:
        """Runs the prompt graph on the features of an image or a crop; `placement` says where that lies in the network input."""
        encoded, kinds = prompt.encode(placement, self._background_kind)
        with self.turn:
            outputs = self._backend.run_prompts(features, placement.boxes_turned(encoded, len(prompt.points)), kinds, placement.network_size)
        return replace(outputs, mask_logits=placement.turned_back(outputs.mask_logits))

    def describe(self) -> dict[str, object]:
        """The software version, model, backend and settings in use, as plain values for a JSON file."""
        return {
            "software": f"rmpsam_ros {__version__}",
            "model": self.model_name,
            "trained": self.trained,
            "labels": self.labels.name,
            "backend": self.backend_name,
            "device": self.device_name,
            "precision": self.precision,
            "input_size": list(self.input_size),
        }

    def warm_up(self, runs: int = 2) -> None:
        """Runs the image and prompt graphs a few times, so that the first frame is as fast as later ones."""
        for _ in range(runs):
            frame = self.set_image(np.zeros((*self.input_size, 3), np.uint8))
            frame.panoptic()
            frame.prompt(points=[(0, 0)])
        if self.zoom:
            self.features_of(np.zeros((*self.input_size, 3), np.uint8))  # a click may need the encoder alone, which some backends compile

    def __getstate__(self) -> object:
        raise BackendError("A Segmenter cannot be pickled or copied, nor can what holds it (frames, a tracker): its model is loaded into this "
                           "process; create one in each process, and pass images and results between them.")  # fmt: skip

    def __enter__(self) -> Segmenter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the backend; existing frames can no longer be prompted."""
        with self.turn:
            self._backend.close()
            self._backend = _Closed()


class _Closed:
    """Placeholder for the backend of a closed segmenter; any use raises `BackendError`."""

    def close(self) -> None:
        pass

    def __getattr__(self, name: str) -> object:
        raise BackendError("The segmenter was closed; make a new one.")
