"""Tests bad input of `rmpsam simulate`, which is refused before MuJoCo is needed."""
from __future__ import annotations

import pytest

from rmpsam_ros import cli
from rmpsam_ros.simulation.catalogue import HELD_OUT


@pytest.mark.parametrize(("words", "message"), [
    (["--scenes", "0"], "--scenes is 0; it must be 1 or more"),
    (["--frames", "-1"], "--frames is -1; it must be 1 or more"),
    (["--seed", "-3"], "--seed is -3; it must be 0 or more"),
    (["--size", "large"], "'large' is not of the form 480x640"),
    (["--size", "480x640,8x8"], "8x8 is out of range"),
    (["--objects", "few"], "invalid choice: 'few'"),
])  # fmt: skip
def test_simulate__of_bad_options__says_what_would_be_right(words, message, tmp_path, capsys):
    assert cli.main(["simulate", "--out", str(tmp_path / "out"), *words]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_simulate__into_a_file__is_refused(tmp_path, capsys):
    (tmp_path / "out").write_text("")
    assert cli.main(["simulate", "--out", str(tmp_path / "out")]) == 2
    assert "is a file; give a folder" in capsys.readouterr().err


def test_help__how_many_kinds_seen_leaves_out(capsys):
    assert cli.main(["simulate", "--help"]) == 0
    assert f"leaves {len(HELD_OUT)} kinds out" in capsys.readouterr().out
