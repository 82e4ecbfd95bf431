"""The JSON files of a written set: COCO panoptic, cameras and, for clips, YouTube-VIS.

Entries are serialised to JSON text immediately: this takes a few kilobytes per image, a tenth of the Python objects, and files can
be rewritten without serialising any entry again.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.errors import DataError
from rmpsam_ros.simulation.classes import LABELS, STUFF

FILES = ("panoptic.json", "cameras.json", "videos.json")


class Picture(NamedTuple):
    """One image's entries in `images` and `annotations` of panoptic.json and in `images` of cameras.json; `stem` names its files."""

    stem: str
    image: str
    annotation: str
    camera: str


class Video(NamedTuple):
    """One clip's entries in `videos` and `annotations` of videos.json."""

    video: str
    tracks: tuple[str, ...]


class Listing:
    """The entries of all files so far; an image has either all of its entries or none."""

    def __init__(self) -> None:
        self.pictures: list[Picture] = []
        self.videos: list[Video] = []

    @property
    def tracks(self) -> int:
        """The number of tracks in all videos."""
        return sum(len(video.tracks) for video in self.videos)

    def cut(self, pictures: int, videos: int) -> None:
        """Keeps only the first `pictures` images and `videos` clips."""
        del self.pictures[pictures:], self.videos[videos:]

    def save(self, folder: Path, info: Mapping[str, Any], licences: Sequence[str]) -> list[Path]:
        """Writes each file atomically and returns the paths; videos.json only if there are clips.

        Raises:
            OSError: a file cannot be written.
        """
        licenses = json.dumps([{"id": number, "name": name} for number, name in enumerate(licences, 1)])
        categories = json.dumps([{"id": k + 1, "name": label, "supercategory": label, "isthing": int(label not in STUFF)}
                                 for k, label in enumerate(LABELS)])  # fmt: skip
        forms = {"frames": {"world": "z up, metres", "camera_optical": "x right, y down, z forward"},
                 "pose": "world from camera_optical, 4x4, row by row", "depth": "millimetres along camera_optical z",
                 "pixels": "centres at integers"}  # fmt: skip
        common = {"info": json.dumps(info), "licenses": licenses}
        files: dict[str, dict[str, str | Iterable[str]]] = {
            "panoptic.json": {**common, "images": (p.image for p in self.pictures), "annotations": (p.annotation for p in self.pictures),
                              "categories": categories},
            "cameras.json": {"info": json.dumps({**forms, **info}), "images": (p.camera for p in self.pictures)}}  # fmt: skip
        if self.videos:
            files["videos.json"] = {**common, "videos": (v.video for v in self.videos),
                                    "annotations": (track for v in self.videos for track in v.tracks), "categories": categories}  # fmt: skip
        for name, content in files.items():
            with atomic_file(folder / name) as path:
                _write(path, content)
        return [folder / name for name in files]


def read_listing(folder: Path, clips: bool) -> tuple[dict[str, Any], Listing]:
    """`info` of a set's panoptic.json, and the images and clips that all of its files list.

    Args:
        folder: with the files; if a run was killed between writing two of them, one lists more than the other.
        clips: whether its images are frames of clips.

    Raises:
        DataError: the files were not written by `Listing.save`.
    """
    try:
        panoptic, cameras, videos = (_read(folder / name) for name in FILES)
        listing, together = Listing(), zip(panoptic.get("images", ()), panoptic.get("annotations", ()), cameras.get("images", ()))
        for number, (image, annotation, camera) in enumerate(together, 1):
            if not image["id"] == annotation["image_id"] == camera["image_id"] == number:
                raise ValueError
            listing.pictures.append(Picture(Path(image["file_name"]).stem, *map(json.dumps, (image, annotation, camera))))
        tracks: dict[int, list[str]] = {}
        for track in videos.get("annotations", ()):
            tracks.setdefault(track["video_id"], []).append(json.dumps(track))
        for video in videos.get("videos", ()) if clips else ():
            listing.videos.append(Video(json.dumps(video), tuple(tracks.get(video["id"], ()))))
        return dict(panoptic["info"]), listing
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DataError(f"{folder} has no panoptic.json and cameras.json written by `rmpsam simulate` to resume from; give another folder.") from None


def json_object(texts: Mapping[str, str]) -> str:
    """A JSON object from values that are already JSON text."""
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in texts.items()) + "}"


def json_list(texts: Iterable[str]) -> str:
    """A JSON list from values that are already JSON text."""
    return "[" + ", ".join(texts) + "]"


def _write(path: Path, content: Mapping[str, str | Iterable[str]]) -> None:
    """Writes an object of texts and lists of texts, entry by entry, so that a large set is not copied in memory."""
    with path.open("w", encoding="utf-8") as file:
        for k, (name, value) in enumerate(content.items()):
            file.write(f"{', ' if k else '{'}{json.dumps(name)}: ")
            if isinstance(value, str):
                file.write(value)
                continue
            file.write("[")
            file.writelines(f", {entry}" if index else entry for index, entry in enumerate(value))
            file.write("]")
        file.write("}")


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
