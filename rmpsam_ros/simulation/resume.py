"""Resumption of an interrupted set of scenes: complete scenes are kept, the rest is made again."""
from __future__ import annotations

from pathlib import Path

from rmpsam_ros.errors import DataError
from rmpsam_ros.simulation.listing import Listing, read_listing
from rmpsam_ros.simulation.recipe import difference
from rmpsam_ros.simulation.writer import FOLDERS, SceneWriter


def take_over(writer: SceneWriter, views: int, frames: int) -> int:
    """Makes a writer continue after the last complete scene of its folder, and removes the remains of later ones.

    Args:
        writer: for a folder that holds scenes, with the recipe that these must have.
        views: clips of each scene.
        frames: of each clip.

    Returns:
        The number of complete scenes: 0 if a run was killed in its first.

    Raises:
        DataError: the folder was made with another recipe, or not by `rmpsam simulate`.
    """
    info, listing = read_listing(writer.folder, frames > 1)
    try:
        other = difference(info, writer.recipe)
    except (AttributeError, KeyError, TypeError):
        raise DataError(f"{writer.folder}/panoptic.json does not record how it was made, so it cannot be resumed; "
                        "give another folder.") from None  # fmt: skip
    if other:
        raise DataError(f"{writer.folder} was made with {other}; give the same, or another folder.")
    scenes = _whole_pictures(writer.folder, listing) // (views * frames)
    if frames > 1:
        scenes = min(scenes, len(listing.videos) // views)
    listing.cut(scenes * views * frames, scenes * views)
    writer.listing = listing
    writer.remove_unlisted()
    return scenes


def _whole_pictures(folder: Path, listing: Listing) -> int:
    """The number of listed images, from the first on, whose files exist: the newest may be lost after a power failure."""
    for number, picture in enumerate(listing.pictures):
        for name in FOLDERS:
            path = folder / name / (picture.stem + (".jpg" if name == "images" else ".png"))
            if not path.is_file() or not path.stat().st_size:
                return number
    return len(listing.pictures)
