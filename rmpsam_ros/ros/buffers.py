"""How malloc treats blocks of the size of an image. No ROS."""
from __future__ import annotations

import ctypes


def keep_image_buffers() -> None:
    """Lets malloc keep blocks of image size for reuse; by default each is given back to the system and faulted in anew.

    Two arenas share what is kept, instead of one for each thread. Only glibc has this; elsewhere nothing happens.
    """
    trim_threshold, mmap_threshold, arena_max = -1, -3, -8
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 << 20)  # the largest that glibc takes
        libc.mallopt(trim_threshold, 256 << 20)
        libc.mallopt(arena_max, 2)
    except (OSError, AttributeError):
        pass
