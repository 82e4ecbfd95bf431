"""Tests what `make` does and leaves behind, with a stand-in for the environment's Python: nothing is installed here."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

if shutil.which("make") is None:
    pytest.skip("make is not installed", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[1]
PYTHON = """#!/bin/sh
echo "$@" >> calls
case "$*" in
  "-m pip --version") test -e has_pip ;;
  "-m ensurepip") test "$ENSUREPIP" = fails || touch has_pip ;;
  "-m pip install "*) mkdir busy || echo "pip ran twice at once" >> calls; sleep 0.2; rmdir busy ;;
esac
"""
"""Records its arguments."""


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of the files that `make` reads, with an environment whose Python is the stand-in."""
    for name in ("msg", "srv", "packaging"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "CMakeLists.txt", "package.xml", "pyproject.toml", "setup.py", "rmpsam_ros/models/rmpsam-lite0/model.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("test", "launch", ".venv/bin"):
        (tmp_path / name).mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / "has_pip").touch()
    return tmp_path


def make(tree: Path, *words: str, ensurepip: str = "works") -> subprocess.CompletedProcess:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *words], cwd=tree, env={**environ, "ENSUREPIP": ensurepip}, capture_output=True, text=True)


def calls(tree: Path) -> list[str]:
    return (tree / "calls").read_text().splitlines()


def test_install__once_done__is_done_until_a_message_or_build_file_changes(tree):
    assert make(tree, "install").returncode == 0 and make(tree, "--question", "install").returncode == 0
    later = time.time() + 10
    (tree / "packaging/__pycache__").mkdir()  # from a test that imports what exists
    os.utime(tree / "packaging/__pycache__", (later, later))
    assert make(tree, "--question", "install").returncode == 0
    os.utime(tree / "msg/Segment.msg", (later, later))
    assert make(tree, "--question", "install").returncode == 1


@pytest.mark.parametrize("has_pip, before", [(True, []), (False, ["-m ensurepip", "-m pip --version"])])
def test_install__an_environment_without_pip__gets_it_first(tree, has_pip, before):
    if not has_pip:
        (tree / "has_pip").unlink()
    assert make(tree, "install").returncode == 0
    assert calls(tree) == ["-m pip --version", *before, "-m pip install --constraint packaging/constraints.txt .[demo]", "packaging/run_from_here.py"]


def test_install__an_environment_that_cannot_get_pip__is_to_be_cleaned(tree):
    (tree / "has_pip").unlink()
    done = make(tree, "install", ensurepip="fails")
    assert done.returncode == 2 and ".venv has no pip: make clean removes it" in done.stderr
    assert not [call for call in calls(tree) if "pip install" in call]


def test_test__with_several_jobs__runs_one_pip_at_a_time(tree):
    assert make(tree, "-j4", "test").returncode == 0
    assert len([call for call in calls(tree) if "pip install" in call]) == 3 and "pip ran twice at once" not in calls(tree)


def test_clean__leaves_what_was_there(tree):
    shutil.rmtree(tree / ".venv")
    before = set(tree.rglob("*"))
    for place in (".", "packaging", "test", "launch", "rmpsam_ros/models"):
        (tree / place / "__pycache__").mkdir()
    assert make(tree, "clean").returncode == 0
    assert set(tree.rglob("*")) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_step__interrupted__leaves_neither_files_nor_processes(tmp_path, number):
    (tmp_path / "temporary").mkdir()
    work = 'touch "$TMPDIR/large"; sh -c \'echo $$; exec sleep 60\'; echo went on'
    process = subprocess.Popen(
        [ROOT / "packaging/step", tmp_path / "log", "Working", "sh", "-c", work], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path / "temporary")}, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))  # fmt: skip
    end = time.monotonic() + 20
    while not ((tmp_path / "log").is_file() and (tmp_path / "log").read_text().endswith("\n")):
        assert time.monotonic() < end
        time.sleep(0.02)
    sleeper = int((tmp_path / "log").read_text())
    assert len(list((tmp_path / "temporary").glob("*/large"))) == 1
    process.send_signal(number)
    assert process.wait(10) == 130
    process.stdout.close()
    assert list((tmp_path / "temporary").iterdir()) == [] and (tmp_path / "log").read_text() == f"{sleeper}\n"
    while Path(f"/proc/{sleeper}/cmdline").is_file() and Path(f"/proc/{sleeper}/cmdline").read_bytes():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("code, said", [(0, "Working … done in"), (3, "Working … failed (exit code 3)")])
def test_step__says_how_it_ended__and_leaves_the_log_alone(tmp_path, code, said):
    (tmp_path / "temporary").mkdir()
    words = [ROOT / "packaging/step", tmp_path / "log", "Working", "sh", "-c", f'touch "$TMPDIR/large"; echo done; exit {code}']
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path / "temporary")})
    assert done.returncode == code and said in done.stdout + done.stderr
    assert (tmp_path / "log").read_text() == "done\n" and list((tmp_path / "temporary").iterdir()) == []
