"""Checks that Python 3.10, used by JetPack 6 and Humble, can parse every source file."""
from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("source", sorted(str(p.relative_to(ROOT)) for p in (*ROOT.glob("rmpsam_ros/**/*.py"), *ROOT.glob("launch/*.py"))))
def test_source__is_python_3_10(source):
    tree = ast.parse((ROOT / source).read_text(), source, feature_version=(3, 10))
    newer = [n for n in ast.walk(tree) if type(n).__name__ in ("TryStar", "TypeAlias")]
    assert not newer, f"line {newer[0].lineno} needs a newer Python"
    imported = {n.module if isinstance(n, ast.ImportFrom) else a.name for n in ast.walk(tree)
                if isinstance(n, (ast.Import, ast.ImportFrom)) for a in n.names}  # fmt: skip
    assert "tomllib" not in imported  # new in 3.11
