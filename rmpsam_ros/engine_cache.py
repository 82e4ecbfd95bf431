"""Cache of built TensorRT engines on disk, each with a readable sidecar file that says what it is valid for.

An engine is valid for one graph, one TensorRT version, one GPU, one precision and one set of shapes. All of these are part of
its key, and a cache miss says which of them changed. The folder is not trusted: an engine is loaded only if its sidecar
matches the full key and its bytes are those that were written. The folder is not required either: if it is not writable,
engines are built at each start, and the log says so.
"""
from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from rmpsam_ros.atomic import atomic_file, unwritable
from rmpsam_ros.locks import held
from rmpsam_ros.user_folders import cache_folder, user_path

FORMAT = 1
"""Version of the sidecars; others are not read."""

_ON_TRIAL: set[Path] = set()
"""Refused engines that this process loads for a trial. Kept in memory only: however a trial ends, they stay refused on disk."""
_LOG = logging.getLogger(__name__)
_LABELS = {"source": "the graph or its weights", "flavour": "TensorRT's flavour", "version": "TensorRT's version", "gpu": "the GPU",
           "compute": "the compute capability", "precision": "the precision", "shapes": "the input shape"}  # fmt: skip


@dataclass(frozen=True)
class EngineKey:
    """Everything that an engine depends on.

    Attributes:
        model: name of the model folder, for readers.
        graph: `image` or `prompt`.
        source: hash of the graph, its weights and the assignment of types.
        flavour, version: the TensorRT that built it; the flavour is `tensorrt` or `tensorrt_rtx`.
        gpu: name of the GPU; empty for an engine built ahead of time for any GPU of `compute`.
        compute: compute capability such as `sm_89`, or several separated by commas.
        precision: `fp16`, `fp32`, `int8`.
        shapes: the input shapes as text.
    """

    model: str
    graph: str
    source: str
    flavour: str
    version: str
    gpu: str
    compute: str
    precision: str
    shapes: str

    def __str__(self) -> str:
        return f"{self.model} {self.graph}, {self.precision}, {self.shapes}, {self.flavour} {self.version}, {self.gpu or 'any GPU'} ({self.compute})"

    @property
    def stem(self) -> str:
        """A readable file name that is unique to this key."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:12]
        readable = "-".join((self.model, self.graph, self.precision, self.compute.replace(",", "+")))
        return "".join(c if c.isalnum() or c in "-_.+" else "_" for c in readable)[:100] + f"-{digest}"

    def serves(self, wanted: EngineKey) -> bool:
        """Whether an engine with this key can be used for `wanted`: an equal key, or built ahead of time for its compute capability."""
        differing = {f.name for f in fields(self) if getattr(self, f.name) != getattr(wanted, f.name)} - {"model"}
        same = differing <= {"gpu", "compute"}
        if not differing:
            return True
        return same and not self.gpu and set(wanted.compute.split(",")) <= set(self.compute.split(","))


@dataclass(frozen=True)
class Found:
    """An intact engine that serves the key. `notes` holds the sidecar's entries other than the key."""

    path: Path
    engine: bytes
    notes: Mapping[str, object]


@dataclass(frozen=True)
class Miss:
    """No engine; `reason` says why in one sentence."""

    reason: str


def default_folder() -> Path:
    """`$RMPSAM_ENGINES`, else `$XDG_CACHE_HOME/rmpsam/engines`, else `~/.cache/rmpsam/engines`."""
    if os.environ.get("RMPSAM_ENGINES"):
        return user_path(os.environ["RMPSAM_ENGINES"])
    return cache_folder() / "engines"


class EngineCache:
    """A folder of engines, created when the first engine is stored.

    Args:
        folder: None for the user's cache folder.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = user_path(str(folder)) if folder else default_folder()

    def path(self, key: EngineKey) -> Path:
        """Path at which the engine with this key is stored."""
        return self.folder / f"{key.stem}.engine"

    def find(self, key: EngineKey) -> Found | Miss:
        """The engine for a key, or the reason why there is none."""
        others: list[EngineKey] = []
        damaged = ""
        own = self.path(key).with_suffix(".json")  # first: an engine built here takes precedence over one built for several GPUs
        there = os.path.isdir(self.folder)  # pathlib's is_dir raises where a parent folder may not be searched
        for sidecar in sorted(self.folder.glob("*.json"), key=lambda file: (file != own, file.name)) if there else ():
            content = _read_sidecar(sidecar)
            if isinstance(content, str):
                damaged = content if sidecar.stem == key.stem else damaged
                continue
            stored, notes = content
            if not stored.serves(key):
                others.append(stored)
                continue
            path = sidecar.with_suffix(".engine")
            engine = _read_engine(path, notes)
            if isinstance(engine, bytes):
                return Found(path, engine, {**notes, "refused": ""} if path.resolve() in _ON_TRIAL else notes)
            damaged = engine
        if damaged:
            return Miss(damaged)
        orphan = self.path(key)
        if os.path.isfile(orphan):
            return Miss(f"{orphan} has no sidecar that says what it is; it is not loaded, and will be replaced")
        return Miss(_difference(key, others, self.folder))

    def store(self, key: EngineKey, engine: bytes, **notes: object) -> Path | None:
        """Writes an engine and its sidecar atomically; on failure logs the reason and returns None."""
        path = self.path(key)
        content = {"format": FORMAT, "key": asdict(key), "sha256": hashlib.sha256(engine).hexdigest(), "bytes": len(engine),
                   "built": time.strftime("%Y-%m-%dT%H:%M:%S%z"), **notes}  # fmt: skip
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # The engine first, so that a sidecar never describes a missing engine; an old sidecar does not match the new bytes.
            write_atomically(path, engine)
            write_atomically(path.with_suffix(".json"), (json.dumps(content, indent=2) + "\n").encode())
        except OSError as error:
            _LOG.warning("The engine is not cached, each start will build it again: %s cannot be written (%s).", self.folder, error.strerror or error)
            return None
        return path

    def unwritable(self) -> str:
        """The system's reason why nothing can be stored; empty if it can."""
        return unwritable(self.folder / "an.engine")

    def note(self, path: Path, **notes: object) -> bool:
        """Adds entries to an engine's sidecar, for instance the result of a comparison; False if it cannot be written."""
        sidecar = path.with_suffix(".json")
        try:
            content = json.loads(sidecar.read_text())
            write_atomically(sidecar, (json.dumps({**content, **notes}, indent=2) + "\n").encode())
        except (OSError, ValueError, TypeError, RecursionError) as error:
            _LOG.warning("%s cannot be updated (%s).", sidecar, error)
            return False
        return True

    @contextmanager
    def on_trial(self, paths: Sequence[Path]) -> Iterator[None]:
        """Lets this process load engines that an earlier comparison refused; the caller records the new result with `note`."""
        added = {path.resolve() for path in paths} - _ON_TRIAL
        _ON_TRIAL.update(added)
        try:
            yield
        finally:
            _ON_TRIAL.difference_update(added)

    @contextmanager
    def building(self, key: EngineKey, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Holds a lock so that only one process builds a key's engine; `waiting` is called about every second while another does.

        Call `find` again once inside. The lock is released when its process ends, even after a crash. If the folder is not writable,
        there is nothing to share and no lock.
        """
        with ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                # Even without a lock, atomic writes keep the stored files intact.
                stack.enter_context(held(self.folder / f"{key.stem}.lock", waiting, poll=1.0))
            except OSError:
                pass
            yield


def file_hash(*paths: Path) -> str:
    """Hash of the contents of the files."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file so that readers see either the old or the new one, even after a power cut."""
    with atomic_file(path, sync=True) as partial:
        partial.write_bytes(content)


def _read_sidecar(path: Path) -> tuple[EngineKey, dict] | str:
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            return f"{path} is a sidecar of format {content['format']}, this version reads {FORMAT}"
        key = EngineKey(**content.pop("key"))
        if not all(isinstance(part, str) for part in asdict(key).values()):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"{path} is not a readable sidecar ({type(error).__name__}); its engine is not loaded"
    return key, content


def _read_engine(path: Path, notes: Mapping[str, object]) -> bytes | str:
    try:
        engine = path.read_bytes()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if len(engine) != notes.get("bytes"):
        return f"{path} is truncated or foreign: it has {len(engine)} bytes, its sidecar says {notes.get('bytes')}; it is not loaded, and will be replaced"
    if hashlib.sha256(engine).hexdigest() != notes.get("sha256"):
        return f"{path} is damaged or foreign: its bytes are not those that were stored; it is not loaded, and will be replaced"
    return engine


def _difference(key: EngineKey, others: list[EngineKey], folder: Path) -> str:
    """A sentence that says how the key differs from the closest stored engine."""
    related = [other for other in others if (other.model, other.graph) == (key.model, key.graph)]
    if not related:
        return f"{folder} has no engine of {key.model}'s {key.graph} graph yet"
    differing = [[f.name for f in fields(key) if getattr(other, f.name) != getattr(key, f.name)] for other in related]
    best = min(range(len(related)), key=lambda i: len(differing[i]))
    changed = [name for name in differing[best] if name != "gpu" or related[best].gpu]  # an engine for any GPU was not built for another GPU
    changes = [f"{_LABELS[name]} was {getattr(related[best], name)} and is {getattr(key, name) or 'any'}" for name in changed]
    return f"of the stored engines of {key.model}'s {key.graph} graph the closest differs: {', '.join(changes)}"
