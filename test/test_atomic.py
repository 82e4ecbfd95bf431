"""Folders that are whole or not there, where a folder cannot be replaced: on a mount point."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from rmpsam_ros.atomic import atomic_folder


@pytest.fixture
def mount(tmp_path: Path, monkeypatch) -> Path:
    """A folder with a file of its own that can be written into but not renamed, as a volume of a container."""
    path, replace = tmp_path / "volume", os.replace
    path.mkdir()
    (path / "old.txt").write_text("old")

    def refusing(source, target):
        if path in (Path(source), Path(target)):
            raise OSError(16, "Device or resource busy", str(path))
        replace(source, target)

    monkeypatch.setattr(os, "replace", refusing)
    monkeypatch.setattr(os.path, "ismount", lambda folder: Path(folder) == path)
    return path


def test_atomic_folder__on_a_mount_point__takes_the_place_of_what_is_in_it(mount: Path) -> None:
    (mount / "both").mkdir()
    with atomic_folder(mount) as partial:
        (partial / "new.txt").write_text("new")
        (partial / "both").write_text("a file now")
        assert (mount / "old.txt").is_file()
    assert {file.name: file.read_text() for file in mount.iterdir()} == {"new.txt": "new", "both": "a file now"}
    assert [file.name for file in mount.parent.iterdir()] == ["volume"]


def test_atomic_folder__on_a_mount_point__an_error_leaves_what_was_there(mount: Path, monkeypatch) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(mount) as partial:
        (partial / "new.txt").write_text("new")
        raise KeyboardInterrupt
    assert [file.name for file in mount.iterdir()] == ["old.txt"]
    move = os.replace

    def full(source, target):
        if Path(target) == mount / "new.txt":
            raise OSError(28, "No space left on device")
        move(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"), atomic_folder(mount) as partial:
        (partial / "a.txt").write_text("a")
        (partial / "new.txt").write_text("new")
    assert {file.name: file.read_text() for file in mount.iterdir()} == {"old.txt": "old"}
