"""Packs the images, annotations, start model and configuration of a run into archives of limited size, to copy it to a GPU machine.

    python -m rmpsam_ros.training.pack --config config/train_lite0.yaml --out packed --megabytes 60 --quality 75

On that machine, in any folder: `for part in packed/*.tar.gz; do tar xzf $part; done`, then `rmpsam train --config training/config.yaml`.
"""
from __future__ import annotations

import argparse
import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import yaml

from rmpsam_ros.atomic import atomic_folder
from rmpsam_ros.cli import guarded
from rmpsam_ros.data.annotations import file_in
from rmpsam_ros.data.coco import CocoPanoptic
from rmpsam_ros.data.label_map import load_label_map
from rmpsam_ros.data.sources import Source
from rmpsam_ros.errors import DataError
from rmpsam_ros.labels import read_yaml_file
from rmpsam_ros.media import read_image
from rmpsam_ros.training.config import TrainingConfig, load_config

ROOT = "training"
"""Top-level folder in the archives."""


class Archives:
    """Numbered archives; a new one is started when the next file would exceed the size limit.

    Args:
        folder: output folder.
        limit: bytes of files per archive; a larger file gets its own archive.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit, self._room = folder, limit, 0
        self._open: tarfile.TarFile | None = None
        self.paths: list[Path] = []

    def add(self, name: str, content: bytes) -> None:
        """Adds a file with this name under `ROOT`."""
        if self._open is None or len(content) > self._room:
            self.close()
            self.paths.append(self._folder / f"part{len(self.paths) + 1:02d}.tar.gz")
            self._open, self._room = tarfile.open(self.paths[-1], "w:gz", compresslevel=6), self._limit
        entry = tarfile.TarInfo(f"{ROOT}/{name}")
        entry.size = len(content)
        self._open.addfile(entry, io.BytesIO(content))
        self._room -= len(content)

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


def pack(config: TrainingConfig, said: dict, archives: Archives, quality: int, validation: bool = True) -> None:
    """Packs a run into archives.

    Args:
        config: the run; said: its parsed YAML, of which everything but the paths is kept.
        archives: to write to.
        quality: JPEG quality (1 … 100) for recompressing photographs where that makes them smaller; 0 = unchanged.
        validation: whether to include the validation sets of the finished model.

    Raises:
        DataError: `Source` reports an error, or an image cannot be read.
    """
    label_map, folders, packed = load_label_map(config.labels_path), dict[Path, str](), set[str]()
    said = {**said, "data_root": ".", "out": "out", "labels": "labels.yaml" if isinstance(config.labels_path, Path) else config.labels}
    if isinstance(config.labels_path, Path):
        archives.add("labels.yaml", config.labels_path.read_bytes())
    if config.start:
        said["start"] = "./start"
        for path in sorted(p for p in config.start_path.iterdir() if p.is_file()):
            archives.add(f"start/{path.name}", path.read_bytes())
    sets = {"train": config.train, **({"validation": config.validation} if validation else {})}
    for role, entries in sets.items():
        said[role] = [dict(entry) for entry in said[role]]
        for entry, of_entry in zip(said[role], entries):
            for name, content in _files(Source(of_entry, label_map, config.data_folder), entry, folders, packed, quality):
                archives.add(name, content)
    if not validation:
        said.pop("validation", None)
    archives.add("config.yaml", yaml.safe_dump(said, sort_keys=False).encode())
    archives.close()


def _files(source: Source, entry: dict, folders: dict[Path, str], packed: set[str], quality: int) -> Iterator[tuple[str, bytes]]:
    """The files of a set that are not packed yet, with their names in the archive, which are also written to `entry`."""
    reader = source.reader
    path = reader.path.resolve()
    named = f"{path.parent.name}-{path.stem}-"  # a run calls its validation sets by their annotations
    annotations, images = (folders.setdefault(path.resolve(), f"{name}{len(folders)}") for path, name in ((path, named), (reader.folder, "images")))
    entry["annotations"], entry["images"] = f"{annotations}.json", images
    wanted = [(f"{annotations}.json", reader.path)]
    wanted += [(f"{images}/{name}", file_in(reader.folder, name, reader.name(index))) for index in source.indices for name in reader.files(index)]
    if isinstance(reader, CocoPanoptic):
        maps = [str(reader.entry_of[reader.images[index]["id"]]["file_name"]) for index in source.indices]
        wanted += [(f"{annotations}/{name}", file_in(reader.maps, name, str(reader.path))) for name in maps]
    for name, path in wanted:
        if name not in packed:
            packed.add(name)
            yield name, _content(path, quality if path.suffix.lower() in (".jpg", ".jpeg") else 0)


def _content(path: Path, quality: int) -> bytes:
    """The content of a file; a photograph is recompressed if that makes it smaller."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); `rmpsam train --check` lists everything that is missing.") from error
    if not quality:
        return content
    again = cv2.imencode(".jpg", cv2.cvtColor(read_image(path), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    return min(content, again, key=len)


def main(arguments: Sequence[str] | None = None) -> int:
    """Packs a run; returns the exit code."""
    return guarded("python -m rmpsam_ros.training.pack", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.training.pack", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="training YAML")
    parser.add_argument("--out", type=Path, required=True, help="output folder of the archives")
    parser.add_argument("--megabytes", type=float, default=1000.0, help="maximum size of an archive (default: %(default)s)")
    parser.add_argument("--quality", type=int, default=0, help="recompress photographs as JPEG of this quality, 1 to 100 (default: unchanged)")
    parser.add_argument("--no-validation", dest="validation", action="store_false", help="leave out the validation sets")
    args = parser.parse_args(arguments)
    if not 0 < args.megabytes < float("inf") or not 0 <= args.quality <= 100:
        raise DataError(f"--megabytes is {args.megabytes:g} and --quality {args.quality}; they must be above 0, and from 0 to 100.")
    if args.out.is_dir() and any(args.out.iterdir()):
        raise DataError(f"{args.out} is not empty; give a new folder.")
    config = load_config(args.config)
    with atomic_folder(args.out) as part:
        archives = Archives(part, int(args.megabytes * 1e6))
        pack(config, read_yaml_file(args.config, DataError), archives, args.quality, args.validation)
        size = sum(path.stat().st_size for path in archives.paths) / 1e6
    print(f"{len(archives.paths)} archives of {size:.0f} MB in {args.out}; unpack all of them in one folder, then: rmpsam train --config {ROOT}/config.yaml")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
