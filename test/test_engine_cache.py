"""Tests the engine cache: what it serves, what it refuses, and its messages."""
from __future__ import annotations

import errno
import json
import multiprocessing
import os
import time
from dataclasses import replace

import pytest

from rmpsam_ros import engine_cache
from rmpsam_ros.engine_cache import EngineCache, EngineKey, Found, Miss, default_folder

KEY = EngineKey(model="r18", graph="image", source="abc", flavour="tensorrt", version="10.3.0", gpu="Orin", compute="sm_87",
                precision="fp16", shapes="batch 1, 480x640")  # fmt: skip
AHEAD = replace(KEY, flavour="tensorrt_rtx", gpu="", compute="sm_86,sm_120")
ENGINE = bytes(range(256)) * 40


@pytest.fixture
def cache(tmp_path) -> EngineCache:
    return EngineCache(tmp_path / "engines")


def test_find__empty_cache__says_that_there_is_none_yet(cache):
    assert cache.find(KEY) == Miss(f"{cache.folder} has no engine of r18's image graph yet")
    assert not cache.folder.exists()


def test_store__then_find__gives_the_same_bytes_and_notes(cache):
    path = cache.store(KEY, ENGINE, seconds=3.5)
    found = cache.find(KEY)
    assert isinstance(found, Found) and found.engine == ENGINE and found.path == path and found.notes["seconds"] == 3.5
    assert json.loads(path.with_suffix(".json").read_text())["key"]["version"] == "10.3.0"
    assert sorted(p.suffix for p in cache.folder.iterdir()) == [".engine", ".json"]  # no temporary files are left


@pytest.mark.parametrize("change, said", [
    ({"source": "abd"}, "the graph or its weights was abc and is abd"),
    ({"flavour": "tensorrt_rtx"}, "TensorRT's flavour was tensorrt and is tensorrt_rtx"),
    ({"version": "10.7.0"}, "TensorRT's version was 10.3.0 and is 10.7.0"),
    ({"gpu": "H200", "compute": "sm_90"}, "the GPU was Orin and is H200, the compute capability was sm_87 and is sm_90"),
    ({"precision": "fp32"}, "the precision was fp16 and is fp32"),
    ({"shapes": "batch 1, 800x1344"}, "the input shape was batch 1, 480x640 and is batch 1, 800x1344"),
])  # fmt: skip
def test_find__one_part_of_the_key_changed__miss_names_it(cache, change, said):
    cache.store(KEY, ENGINE)
    cache.store(replace(KEY, version="8.6.1", precision="int8", source="old"), ENGINE)  # farther away
    miss = cache.find(replace(KEY, **change))
    assert isinstance(miss, Miss) and miss.reason.endswith(f"the closest differs: {said}")


def test_find__other_graph_of_the_same_model__is_not_taken(cache):
    cache.store(replace(KEY, graph="prompt"), ENGINE)
    assert "no engine of r18's image graph yet" in cache.find(KEY).reason


def test_find__same_content_under_another_name__is_served(cache):
    cache.store(KEY, ENGINE)
    assert isinstance(cache.find(replace(KEY, model="renamed")), Found)


@pytest.mark.parametrize("compute, served", [("sm_86", True), ("sm_120", True), ("sm_89", False), ("sm_8", False)])
def test_find__engine_built_ahead_of_time__serves_its_capabilities_only(cache, compute, served):
    cache.store(AHEAD, ENGINE)
    found = cache.find(replace(AHEAD, gpu="RTX", compute=compute))
    assert isinstance(found, Found) is served
    if not served:
        assert found.reason.endswith(f"the compute capability was sm_86,sm_120 and is {compute}")


@pytest.mark.parametrize("computes, served", [("sm_86", True), ("sm_120,sm_86", True), ("sm_86,sm_89", False), ("sm_86,sm_89,sm_120", False)])
def test_find__ahead_of_time_for_some_of_the_capabilities_of_an_engine__takes_it(cache, computes, served):
    cache.store(replace(AHEAD, compute="sm_75,sm_86,sm_120"), b"engine")
    assert isinstance(cache.find(replace(AHEAD, compute=computes)), Found) is served


def test_find__engine_of_one_gpu__does_not_serve_another_of_its_capability(cache):
    cache.store(KEY, ENGINE)
    assert "the GPU was Orin and is Orin NX" in cache.find(replace(KEY, gpu="Orin NX")).reason


def retype(path, **changes):
    sidecar = path.with_suffix(".json")
    content = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**content, "key": {**content["key"], **changes}}))


@pytest.mark.parametrize("damage, said", [
    (lambda path: path.write_bytes(ENGINE[:-1]), "is truncated or foreign: it has 10239 bytes, its sidecar says 10240"),
    (lambda path: path.write_bytes(b""), "is truncated or foreign: it has 0 bytes"),
    (lambda path: path.write_bytes(ENGINE[:-1] + b"x"), "is damaged or foreign"),
    (lambda path: path.unlink(), "cannot be read"),
    (lambda path: path.with_suffix(".json").unlink(), "has no sidecar"),
    (lambda path: path.with_suffix(".json").write_text('{"format": 1, "key"'), "is not a readable sidecar"),
    (lambda path: path.with_suffix(".json").write_text("[]"), "is not a readable sidecar"),
    (lambda path: path.with_suffix(".json").write_bytes(b"\xff\xfe\x00"), "is not a readable sidecar"),
    (lambda path: retype(path, model=5), "is not a readable sidecar"),
    (lambda path: retype(path, gpu="", compute=["sm_87"]), "is not a readable sidecar"),
    (lambda path: path.with_suffix(".json").write_text("[" * 100_000), "is not a readable sidecar"),
    (lambda path: path.with_suffix(".json").write_text('{"format": 9, "key": {}}'), "format 9"),
])  # fmt: skip
def test_find__damaged__is_refused_said_and_replaced(cache, damage, said):
    damage(cache.store(KEY, ENGINE))
    miss = cache.find(KEY)
    assert isinstance(miss, Miss) and said in miss.reason
    cache.store(KEY, ENGINE)
    assert isinstance(cache.find(KEY), Found)


def test_find__foreign_files_in_the_folder__do_no_harm(cache):
    cache.store(KEY, ENGINE)
    (cache.folder / "a.json").write_text("{}")
    (cache.folder / "b.engine").write_bytes(b"other")
    (cache.folder / "c.json").mkdir()
    assert isinstance(cache.find(KEY), Found)


def test_store__folder_cannot_be_made__is_said_and_survived(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    cache = EngineCache(tmp_path / "file" / "engines")
    assert cache.store(KEY, ENGINE) is None
    assert "each start will build it again" in caplog.text and "cannot be written" in caplog.text
    with cache.building(KEY):
        assert isinstance(cache.find(KEY), Miss)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_store__read_only_folder__is_said_and_survived(cache, caplog):
    cache.folder.mkdir(mode=0o555)
    assert cache.store(KEY, ENGINE) is None
    assert "Permission denied" in caplog.text


def test_store__disk_is_full__old_engine_stays_and_nothing_else(cache, caplog, monkeypatch):
    cache.store(KEY, ENGINE)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(engine_cache.os, "fsync", full)
    assert cache.store(KEY, ENGINE[::-1]) is None
    assert "No space left on device" in caplog.text
    assert cache.find(KEY).engine == ENGINE and len(list(cache.folder.iterdir())) == 2


def test_note__adds_to_the_sidecar(cache):
    path = cache.store(KEY, ENGINE, seconds=1.0)
    assert cache.note(path, refused="no good")
    assert cache.find(KEY).notes["refused"] == "no good" and cache.find(KEY).notes["seconds"] == 1.0


def test_note__a_sidecar_that_is_no_mapping__is_said(cache, caplog):
    path = cache.store(KEY, ENGINE)
    path.with_suffix(".json").write_text("[1]")
    assert not cache.note(path, refused="no good") and "cannot be updated" in caplog.text


def test_on_trial__the_disk_still_says_refused(cache):
    path = cache.store(KEY, ENGINE)
    cache.note(path, refused="no good")
    before = path.with_suffix(".json").read_text()
    with cache.on_trial([path]):
        assert path.with_suffix(".json").read_text() == before  # what a killed process leaves
        assert not EngineCache(cache.folder).find(KEY).notes["refused"]
    assert cache.find(KEY).notes["refused"] == "no good"
    with pytest.raises(KeyboardInterrupt), cache.on_trial([path]):
        raise KeyboardInterrupt
    assert cache.find(KEY).notes["refused"] == "no good"


def test_default_folder__a_tilde_in_the_variable_is_the_users_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RMPSAM_ENGINES", "~/engines")
    assert default_folder() == tmp_path / "engines"


def _build(folder: str, ready, log) -> None:
    cache = EngineCache(folder)
    ready.wait(10)
    with cache.building(KEY):
        if isinstance(cache.find(KEY), Miss):
            log.put("built")
            time.sleep(0.3)
            cache.store(KEY, ENGINE)
        else:
            log.put("found")


def test_building__three_processes_at_once__one_builds_and_the_others_find(cache):
    context = multiprocessing.get_context("fork")
    ready, log = context.Event(), context.Queue()
    processes = [context.Process(target=_build, args=(str(cache.folder), ready, log)) for _ in range(3)]
    for process in processes:
        process.start()
    ready.set()
    assert sorted(log.get(timeout=20) for _ in processes) == ["built", "found", "found"]
    for process in processes:
        process.join(5)
        assert process.exitcode == 0


def test_building__builder_was_killed__lock_is_free(cache):
    context = multiprocessing.get_context("fork")

    def hold(event):
        with cache.building(KEY):
            event.set()
            time.sleep(60)

    event = context.Event()
    process = context.Process(target=hold, args=(event,))
    process.start()
    assert event.wait(10)
    waited = []

    def waiting():
        waited.append(True)
        process.kill()

    with cache.building(KEY, waiting):
        assert waited
    process.join(5)


@pytest.mark.parametrize("own, xdg, expected", [("/own", "/xdg", "/own"), ("", "/xdg", "/xdg/rmpsam/engines"), ("", "relative", "/me/.cache/rmpsam/engines")])
def test_default_folder__follows_the_environment(monkeypatch, own, xdg, expected):
    monkeypatch.setenv("HOME", "/me")
    monkeypatch.setenv("RMPSAM_ENGINES", own)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert str(default_folder()) == expected


def test_stem__is_a_file_name_of_its_own_for_each_key():
    odd = replace(KEY, model="a/b c", gpu="X")
    assert "/" not in odd.stem and " " not in odd.stem
    assert len({key.stem for key in (KEY, odd, AHEAD, replace(KEY, version="1"), replace(KEY, shapes="s"))}) == 5


def test_find__built_here_anew__comes_before_what_was_built_for_several(cache):
    here = replace(AHEAD, gpu="RTX 3060", compute="sm_86")
    cache.store(AHEAD, ENGINE)
    assert cache.find(here).notes["bytes"] == len(ENGINE)
    cache.store(here, ENGINE[:100])
    assert cache.find(here).engine == ENGINE[:100] and cache.find(here).path == cache.path(here)


def test_cache__a_path_from_the_home_folder__is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert EngineCache("~/engines").folder == tmp_path / "engines"
