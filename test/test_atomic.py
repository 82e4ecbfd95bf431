"""Atomic files and folders in difficult cases: on a mount point, on a read-only disk."""
from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from rmpsam_ros.atomic import atomic_file, atomic_folder, unwritable


@pytest.fixture
def mount(tmp_path: Path, monkeypatch) -> Path:
    """A folder with a file in it that can be written to but not renamed, like a container volume."""
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


def test_atomic_folder__on_a_mount_point__what_cannot_be_put_back_is_not_removed(mount: Path, monkeypatch) -> None:
    (mount / "more.txt").write_text("more")
    move, full = os.replace, []

    def failing(source, target):
        if Path(target) == mount / "new.txt" or (full and Path(target) == mount / "old.txt"):
            full.append(source)
            raise OSError(28, "No space left on device")
        move(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OSError, match="No space"), atomic_folder(mount) as partial:
        (partial / "new.txt").write_text("new")
    assert {file.name: file.read_text() for file in mount.rglob("*.txt")} == {"old.txt": "old", "more.txt": "more"}


def test_unwritable__where_the_system_refuses_to_look__has_its_reason(tmp_path: Path, monkeypatch) -> None:
    stat = os.stat

    def closed(path, *more, **options):
        if str(path).startswith(f"{tmp_path}/home/"):  # as below another user's home
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *more, **options)

    def refused(dir):
        raise PermissionError(13, "Permission denied", str(dir)) if dir == tmp_path / "home" else AssertionError(dir)

    (tmp_path / "home").mkdir()
    monkeypatch.setattr(os, "stat", closed)
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    assert unwritable(tmp_path / "home/.cache/rmpsam/an.engine") == "Permission denied"


def test_atomic__on_a_read_only_disk__names_the_place_and_not_what_is_temporary(tmp_path: Path, monkeypatch) -> None:
    def refusing(self: Path, *_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(self))

    for name in ("mkdir", "unlink", "write_text"):  # Linux reports this even when removing a missing file
        monkeypatch.setattr(Path, name, refusing)
    monkeypatch.setattr("rmpsam_ros.atomic._folder_for", lambda path: nullcontext())
    for make in (atomic_file, atomic_folder):
        with pytest.raises(OSError) as caught, make(tmp_path / "place") as partial:
            partial.write_text("new")
        assert (caught.value.errno, caught.value.filename) == (30, str(tmp_path / "place"))
