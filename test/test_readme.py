"""Checks the README's tables against the code, in both directions."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from rmpsam_ros import cli
from rmpsam_ros.model_folder import find_model, read_model_folder
from rmpsam_ros.ros.parameters import SPECS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CARD = ROOT / "rmpsam_ros/models/README.md"
PAGES = ["README.md", "ARCHITECTURE.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "rmpsam_ros").rglob("README.md"))]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its first two rows."""
    section = re.split(r"^#+ ", README.split(f"# {heading}\n")[1], flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code_in(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_parameters__are_all_there_with_their_defaults():
    written = {code_in(name)[0]: yaml.safe_load(code_in(default)[0]) for name, default, _ in rows("Parameters")}
    assert written == {s.name: list(s.default) if isinstance(s.default, tuple) else s.default for s in SPECS}


def test_parameters__a_star_marks_the_live_ones():
    assert {code_in(name)[0] for name, *_ in rows("Parameters") if name.endswith("*")} == {s.name for s in SPECS if s.live}


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "msg").iterdir())])
def test_messages__have_their_fields_in_order(name):
    fields = {code_in(message)[0]: code_in(re.sub(r"\([^)]*\)", "", text)) for message, text in rows("Messages")}
    lines = [re.sub(r"#.*", "", line).split() for line in (ROOT / "msg" / f"{name}.msg").read_text().splitlines()]
    assert fields[name] == [line[1] for line in lines if line and "=" not in line[1]]


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "srv").iterdir())])
def test_services__have_their_fields_in_order(name):
    request, response = next(cells[1:] for cells in rows("Requests and answers") if code_in(cells[0]) == [name])
    parts = (ROOT / "srv" / f"{name}.srv").read_text().split("\n---\n")
    fields = [[line.split()[1] for line in part.splitlines() if line and not line.startswith("#")] for part in parts]
    without = [code_in(re.sub(r"\([^)]*\)", "", text)) for text in (request, response)]
    assert without == [fields[0], [field for field in fields[1] if field not in ("success", "message")]]


def test_topics__are_those_of_the_code():
    source = "".join(path.read_text() for path in (ROOT / "rmpsam_ros").rglob("*.py"))
    named = {name.replace("{name}", "NAME") for name in re.findall(r'"(~/[^"]+)"', source)} | {"/diagnostics"}
    frame_messages = pytest.importorskip("rmpsam_ros.ros.frame_messages", reason="needs ROS 2's messages")
    of_frames = frame_messages.frame_topics().keys() | frame_messages.PACKAGES.keys()
    published = named - {"~/NAME/{topic}"} | {f"~/NAME/{topic}" for topic in of_frames}
    offered = {code_in(cells[0])[0] for cells in rows("Outputs, for each camera") + rows("Services")}
    assert offered == published


def test_topics__that_are_to_come_are_not_in_the_code():
    later = re.search(r"^To come: (.+)$", README, re.MULTILINE)
    names = [name for name in code_in(later[1]) if name.startswith("~")] if later else []
    source = "".join(path.read_text() for path in (ROOT / "rmpsam_ros").rglob("*.py"))
    assert [name for name in names if name.replace("NAME", "{name}") in source] == []


def test_inputs__are_the_default_topics():
    pytest.importorskip("rcl_interfaces", reason="ROS 2 is not installed")
    from rmpsam_ros.ros.node_parameters import TOPICS

    topics = {"camera": "NAME"}
    for kind, (default, _) in TOPICS.items():
        topics[kind] = default.format(**topics)
    expected = {topics[kind] for kind in TOPICS} | {topics["image_topic"] + "/compressed", "clicked_point"}
    assert {code_in(cells[0])[0] for cells in rows("Inputs, for each camera NAME in `cameras`")} == expected


def test_rviz__shows_topics_that_there_are_with_their_reliability():
    displays = yaml.safe_load((ROOT / "config/rmpsam.rviz").read_text())["Visualization Manager"]["Displays"]
    offered = {code_in(cells[0])[0]: cells[2] for cells in rows("Outputs, for each camera")}
    for display in displays:
        topic = display["Topic"]
        quality = offered[topic["Value"].replace("/rmpsam/camera/", "~/NAME/")]
        assert ("sensor data" in quality) == (topic["Reliability Policy"] == "Best Effort")


def test_commands__are_those_that_there_are():
    listed = [code_in(cells[0])[0].split()[1] for cells in rows("Python and the command line")]
    assert listed == cli.available_commands()


def test_benchmark_page__has_the_columns_of_the_table():
    from rmpsam_ros.benchmark.page import BEGIN, END
    from rmpsam_ros.benchmark.table import COLUMNS

    page = (ROOT / "rmpsam_ros/benchmark/README.md").read_text()
    table = page.split(BEGIN)[1].split(END)[0].splitlines()
    headings = [heading for heading, _ in COLUMNS]
    assert table[0].strip("| ").split(" | ") == headings
    rows = [line.strip("| ").split(" | ") for line in table if line.startswith("| ")][1:]
    assert len(rows) > 6 and all(len(row) == len(headings) for row in rows)


def headings(page: Path) -> list[str]:
    """The headings of a page as GitHub anchors."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]


@pytest.mark.parametrize("page, link", [
    (page, link) for page in PAGES for link in re.findall(r"\]\(([^):]+)\)", (ROOT / page).read_text())
])
def test_links__lead_to_a_file_and_a_heading_of_it(page, link):
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists()
    assert not anchor or anchor in headings(target)


def test_contents__name_every_section():
    contents = README.split("**Contents**")[1].split("\n## ")[0]
    sections = re.findall(r"^## (.+)$", README, re.MULTILINE)
    assert [title for title in sections if f"[{title}](#" not in contents] == []


def test_model_card__takes_a_new_card_and_the_readme_does_not():
    from rmpsam_ros.errors import RmpsamError
    from rmpsam_ros.evaluation import card

    page = card.insert(CARD.read_text(), "NEW\n", str(CARD))
    assert "NEW" in page and "coco/panoptic_train [1]" not in page and page.startswith("# The bundled model")
    with pytest.raises(RmpsamError):
        card.insert(README, "", "README.md")


def test_bundled_model__has_the_figures_of_its_card():
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in CARD.read_text().splitlines()]
    of_card = {number[1]: cells for cells in lines if (number := re.search(r"\[(\d+)\]$", cells[0]))}
    figures = [[of_card[n][column] for n, column in places] for places in (
        [("1", 1), ("1", 2), ("1", 4), ("17", 3)], [("2", 1), ("2", 2), ("2", 4)], [("3", 1), ("3", 2), ("3", 4)],
        [("16", 1), ("16", 2), ("16", 4), ("18", 3)], [("19", 1), ("19", 2)],
    )]
    assert [[cell for cell in cells[1:] if cell] for cells in rows("The bundled model")] == figures


def test_torch__is_installed_by_the_list_of_the_code():
    from rmpsam_ros.cli import _EXTRAS

    assert set(re.findall(r"pip install (torch [\w -]+)", README)) == {" ".join(_EXTRAS["torch"])}


def test_bundled_model__its_classes_are_those_that_stand_there():
    section = " ".join((ROOT / "README.md").read_text().split("## The bundled model")[1].split("\n## ")[0].split())
    classes = read_model_folder(find_model("default")).labels.classes
    things, stuff = ([c.name for c in classes if c.is_thing is kind] for kind in (True, False))
    assert f"Things: {', '.join(things[:-1])}, and {things[-1]} for any other. Stuff: {', '.join(stuff)}." in section


def test_positions__are_off_by_what_the_page_on_tracking_says():
    pages = README, (ROOT / "rmpsam_ros/tracking/README.md").read_text()
    off = [re.findall(r"positions are (\d+) mm off in the median and (\d+) mm at the 90th percentile", " ".join(page.split())) for page in pages]
    assert len(off[0]) == 1 and off[0] == off[1]
