"""Tests the messages on a missing engine: they refer to the requested one."""
from __future__ import annotations

from dataclasses import replace

import pytest

from rmpsam_ros.engine_cache import EngineCache, EngineKey, Found, Miss

KEY = EngineKey(model="r18", graph="image", source="abc", flavour="tensorrt", version="10.3.0", gpu="Orin", compute="sm_87",
                precision="fp16", shapes="batch 1, 480x640")  # fmt: skip


@pytest.fixture
def cache(tmp_path) -> EngineCache:
    return EngineCache(tmp_path / "engines")


def test_find__in_a_folder_that_the_system_refuses_to_look_at__is_a_miss(tmp_path):
    # As below another user's home, but for root too: pathlib raises for both.
    assert isinstance(EngineCache(tmp_path / ("n" * 300) / "engines").find(KEY), Miss)


@pytest.mark.parametrize("content", ['{"format": 9, "key": {}}', "no sidecar"])
def test_find__another_engines_sidecar_is_unreadable__is_not_the_reason(cache, content):
    other = replace(KEY, graph="prompt")
    cache.store(other, b"other").with_suffix(".json").write_text(content)
    assert cache.find(KEY) == Miss(f"{cache.folder} has no engine of r18's image graph yet")
    assert str(cache.path(other).with_suffix(".json")) in cache.find(other).reason
    cache.store(replace(KEY, precision="fp32"), b"near")
    assert cache.find(KEY).reason.endswith("the closest differs: the precision was fp32 and is fp16")
    cache.store(KEY, b"engine")
    assert isinstance(cache.find(KEY), Found)
