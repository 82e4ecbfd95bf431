"""`python -m rmpsam_ros.benchmark.page RESULT.json …`: combines results of `rmpsam bench --json` into one Markdown table.

With `--into README.md` the table replaces the text between the lines `<!-- measured -->` and `<!-- end -->` there.
"""
from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rmpsam_ros.atomic import atomic_file
from rmpsam_ros.benchmark.row import Row, read_results
from rmpsam_ros.benchmark.table import markdown
from rmpsam_ros.cli import guarded
from rmpsam_ros.errors import RmpsamError

BEGIN, END = "<!-- measured -->\n", "<!-- end -->"


def page(files: Sequence[Path]) -> str:
    """The table of all rows, and a line for each run behind them."""
    rows, notes = [], []
    for file in files:
        content = read_results(file)
        rows += [Row.of_plain(row) for row in content["rows"]]
        line = f"- {', '.join(dict.fromkeys(row['model'] for row in content['rows']))}: medians of {content['rounds']} rounds; {content['machine']}"
        clocks = "; ".join(dict.fromkeys(row["clocks"] for row in content["rows"] if row.get("clocks")))
        notes += [line + (f"; clocks during timing: {clocks}" if clocks else ""), *(f"- {note}" for note in content["notes"])]
    return markdown(rows) + "\n\n" + "\n".join(notes) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """Prints the table or inserts it into a page; returns the exit code."""
    return guarded("python -m rmpsam_ros.benchmark.page", lambda: _run(words))


def _run(words: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rmpsam_ros.benchmark.page", description="combines results of `rmpsam bench --json` into one Markdown table")
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--into", type=Path, metavar="FILE", help="replace the table there")
    args = parser.parse_args(words)
    text = page(args.results)
    if args.into is None:
        print(text, end="")
        return 0
    before, mark, rest = args.into.read_text().partition(BEGIN)
    if not mark or END not in rest:
        raise RmpsamError(f"{args.into} has no place for the table; it must have the lines {BEGIN.strip()} and {END.strip()}.")
    with atomic_file(args.into) as part:
        part.write_text(before + BEGIN + text + END + rest.split(END, 1)[1])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
