"""Standard output to a reader that may close the pipe early, as in `rmpsam … | head`."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def while_read() -> Iterator[None]:
    """Ends the block without an error if the reader has closed the pipe; flushes the output at its end."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()  # at interpreter exit, a closed pipe would be reported as an error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
