"""Tunes malloc for image-sized blocks. No ROS."""
from __future__ import annotations

import ctypes


def keep_image_buffers() -> None:
    """Makes malloc keep image-sized blocks for reuse; by default each is returned to the system and page-faulted in again.

    Two arenas are shared by all threads, instead of one per thread. glibc only; no effect elsewhere.
    """
    trim_threshold, mmap_threshold, arena_max = -1, -3, -8
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 << 20)  # the largest value that glibc accepts
        libc.mallopt(trim_threshold, 256 << 20)
        libc.mallopt(arena_max, 2)
    except (OSError, AttributeError):
        pass
