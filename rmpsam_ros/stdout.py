"""Standard output whose reader may go, as in `rmpsam … | head`."""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def while_read() -> Iterator[None]:
    """Ends what is inside where nobody reads on, which is no error of ours; what was printed is out at its end."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()  # here, and not at the interpreter's end, where it would be an error
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
