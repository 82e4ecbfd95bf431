"""Tests locks between processes, and the fallback if the file system has none."""
from __future__ import annotations

import errno
import fcntl
import os

import pytest

from rmpsam_ros.locks import held


def test_held__while_another_has_it__waits_and_says_so(tmp_path):
    path, waits = tmp_path / "lock", []
    other = os.open(path, os.O_CREAT | os.O_RDWR)
    fcntl.flock(other, fcntl.LOCK_EX)

    def waiting():
        waits.append(1)
        if len(waits) == 3:
            fcntl.flock(other, fcntl.LOCK_UN)

    with held(path, waiting, poll=0.001):
        assert len(waits) == 3
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released at the end
    os.close(other)


def test_held__what_waiting_raises__ends_the_wait(tmp_path):
    def give_up():
        raise TimeoutError("long enough")

    with (tmp_path / "lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError), held(tmp_path / "lock", give_up):
            raise AssertionError("it was not to be had")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_held__on_a_file_system_without_locks__goes_on_without(tmp_path, monkeypatch, number):
    def refuse(file, how):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    done = []
    with held(tmp_path / "lock", waiting=lambda: pytest.fail("nobody has it")):
        done.append(1)
    assert done == [1]


def test_held__a_folder_that_is_not_there__is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), held(tmp_path / "none" / "lock"):
        pass
