"""What leaves the lab: pictures that open again as designs, pages, tables, cards; files written whole or not at all."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infralab.models import presets
from infralab.models.document import DocumentError, load
from infralab.models.document.embedded import design_text, svg_metadata, with_design
from infralab.models.evaluate import evaluate
from infralab.tui.commands import main
from infralab.tui.export import ceilings
from infralab.tui.export.picture import ink
from infralab.tui.export.picture.dashboard import dashboard_svg
from infralab.tui.export.picture.drawing import drawing_svg
from infralab.tui.parts import CatalogueParts, catalogue_for

ROOT = Path(__file__).parents[1]
NAMES = presets.names()
FIRST = "photos-on-object-storage"
SVG = "{http://www.w3.org/2000/svg}"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PIXEL = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\0\0"))
    + chunk(b"IEND", b"")
)


def exported(tmp_path: Path, name: str, *options: str, design: str = FIRST) -> Path:
    path = tmp_path / name
    assert main(["export", design, "--to", str(path), *options]) == 0
    return path


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one paragraph that a refusal prints."""
    assert main(list(argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    return err


# --- a design inside a picture ----------------------------------------------------------------------


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back_from_a_picture_as_it_went_in(text: str) -> None:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{svg_metadata(text)}</svg>'
    assert design_text(svg.encode(), "a.svg") == text
    assert design_text(with_design(PIXEL, text), "a.png") == text


@pytest.mark.parametrize("ending", [".svg", ".png"])
@pytest.mark.parametrize("what", ["topology", "dashboard"])
def test_a_picture_opens_again_as_the_design_it_shows(ending: str, what: str, tmp_path: Path) -> None:
    if ending == ".png":
        pytest.importorskip("resvg_py")
    path = exported(tmp_path, f"a{ending}", "--what", what, "--set", "box.train.count=32")
    document = load(path)
    assert document.design.boxes["train"].count == 32
    original = load(str(presets.path_of(FIRST)))
    assert document.text == original.text.replace("count = 16", "count = 32")  # with its comments
    assert document.path == ""  # saving asks for a name: the picture is never written over


def test_an_editor_may_rewrite_a_picture_and_the_design_stays(tmp_path: Path) -> None:
    path = exported(tmp_path, "a.svg")
    before = load(path).design
    tree = ElementTree.parse(path)  # writes other prefixes, other quotes, no comments
    tree.write(path)
    assert load(path).design == before


GOOD_SVG = f'<svg xmlns="http://www.w3.org/2000/svg">{svg_metadata("schema = 1")}</svg>'.encode()
GOOD_PNG = with_design(PIXEL, "a" * 500)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.png", PIXEL, "without a design inside"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a picture without a design inside"),
        ("a.svg", b"\xef\xbb\xbf\n<html/>", "an XML file without a design inside"),
        ("a.svg", GOOD_SVG[:-9], "neither TOML nor a whole SVG"),
        ("a.svg", b'<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', "entities"),
        ("a.svg", GOOD_SVG.replace(b"preserve", b'preserve" encoding="base64'), "not valid base64"),
        ("a.svg", GOOD_SVG, 'expected schema = "infralab.design/1"'),
        ("a.png", GOOD_PNG[:64] + b"x" + GOOD_PNG[65:], "checksum"),
        ("a.png", GOOD_PNG[:65], "checksum"),
        ("a.png", GOOD_PNG[:8], "without a design inside"),
        ("a.png", PIXEL[:33] + chunk(b"iTXt", b"infralab.design\0\1\0\0\0" + b"junk"), "cannot be unpacked"),
        ("a.png", PIXEL[:33] + chunk(b"iTXt", b"infralab.design\0\0\0\0\0\xff\xfe"), "not UTF-8"),
        ("a.png", with_design(PIXEL, "box = ["), "not valid TOML"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_a_picture_without_a_sound_design_is_refused_in_words(
    name: str, content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    text = refused(capsys, "eval", str(path))
    assert said in text
    assert str(path) in text


def test_a_packed_design_may_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    from infralab.models.document import embedded

    monkeypatch.setattr(embedded, "LARGEST_BYTES", 1000)
    with pytest.raises(DocumentError, match="larger"):
        design_text(with_design(PIXEL, "a" * 1_000_000), "a.png")


# --- pictures ---------------------------------------------------------------------------------------


def words_of(svg: str) -> list[str]:
    return ["".join(item.itertext()) for item in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_has_its_pictures(name: str) -> None:
    document = load(str(presets.path_of(name)))
    design, catalogue = document.design, catalogue_for(document.design)
    report = evaluate(design, catalogue)
    parts = CatalogueParts(catalogue)
    for svg in (
        drawing_svg(design, report, document.text, parts),
        dashboard_svg(design, report, document.text, parts),
    ):
        said = words_of(svg)
        assert report.sentence.split()[0] in " ".join(said)
        assert {box for box in design.boxes if len(box) < 12} <= set(said)
        marked = report.bottleneck is not None and report.bottleneck.owner.startswith("box.")
        assert said.count("bottleneck") == marked
        outside = re.findall(r"""(?:href|src|url)\s*[=(]\s*["']?([^"')]*)""", svg.split("</metadata>")[1])
        assert outside == []


def test_a_picture_shows_what_the_report_says() -> None:
    document = load(str(presets.path_of(FIRST)))
    report = evaluate(document.design)
    drawn, answer = (
        ElementTree.fromstring(make(document.design, report, document.text)) for make in (drawing_svg, dashboard_svg)
    )
    wires = [item for item in drawn.iter(f"{SVG}path") if item.find(f"{SVG}title") is not None]
    assert len(wires) == len(document.design.wires)
    said = ["".join(item.itertext()) for item in answer.iter(f"{SVG}text")]
    for row in ceilings.rows(report)[:5]:
        assert row.figure in said
    assert {fit.framework for fit in report.framework_fit} <= set(said)


@pytest.mark.parametrize("name", NAMES)
def test_bars_grow_with_the_rate_and_one_is_the_speed(name: str) -> None:
    report = evaluate(load(str(presets.path_of(name))).design)
    rows = ceilings.rows(report)
    assert rows
    assert [row.share for row in rows] == sorted(row.share for row in rows)
    assert all(0 < row.share <= 1 for row in rows)
    assert sum(row.kind == "binding" for row in rows) <= 1


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [ink.LIGHT, ink.DARK], ids=["light", "dark"])
def test_text_in_pictures_meets_wcag_aa(colours: dict[str, str]) -> None:
    for ground in ("page", "panel"):
        for role in ("ink", "dim", "full", "good", "busy", "compute", "storage", "fabric", "other"):
            assert contrast(colours[role], colours[ground]) >= 4.5, (role, ground)
    assert contrast(colours["on-full"], colours["full"]) >= 4.5
    assert contrast(colours["ink"], colours["track"]) >= 4.5
    assert contrast(colours["bar"], colours["panel"]) >= 3  # WCAG 1.4.11: what is no text
    assert contrast(colours["wire"], colours["page"]) >= 3


def test_a_png_has_text_on_a_machine_without_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resvg_py = pytest.importorskip("resvg_py")
    render = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **more: render(**more, skip_system_fonts=True))
    with_text = exported(tmp_path, "a.png", "--scale", "1").read_bytes()
    monkeypatch.setattr(
        resvg_py, "svg_to_bytes", lambda **more: render(**{**more, "font_files": []}, skip_system_fonts=True)
    )
    without = exported(tmp_path, "b.png", "--scale", "1").read_bytes()
    assert len(with_text) > 2 * len(without)
    width, height = struct.unpack(">II", with_text[16:24])
    assert width >= 900
    assert height > 300


def test_png_without_its_renderer_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    assert "infralab[png]" in refused(capsys, "export", FIRST, "--to", str(tmp_path / "a.png"))
    assert list(tmp_path.iterdir()) == []


# --- pages, tables, cards ---------------------------------------------------------------------------


def test_a_report_is_a_page_with_its_picture_beside_it(tmp_path: Path) -> None:
    report = evaluate(load(str(presets.path_of(FIRST))).design)
    whole = exported(tmp_path, "a report.md").read_text("utf-8")
    brief = exported(tmp_path, "brief.md", "--brief").read_text("utf-8")
    for text, picture in ((whole, "a%20report.svg"), (brief, "brief.svg")):
        assert report.sentence.replace("*", "\\*") in text
        assert f"]({picture})" in text
        assert load(tmp_path / picture.replace("%20", " ")).design == load(str(presets.path_of(FIRST))).design
    assert len(brief) < len(whole)
    assert len(brief.splitlines()) < 50  # a page
    for row in ceilings.rows(report):
        assert f"{row.name} | {row.figure}" in whole


def test_markdown_in_a_title_stays_text(tmp_path: Path) -> None:
    text = exported(tmp_path, "a.md", "--set", 'title="a | <b> *c* `d`"').read_text("utf-8")
    assert text.splitlines()[0] == r"# a \| \<b> \*c\* \`d\`"


def test_a_table_has_every_resource_once(tmp_path: Path) -> None:
    report = evaluate(load(str(presets.path_of(FIRST))).design)
    rows = list(csv.DictReader(io.StringIO(exported(tmp_path, "a.csv").read_text("utf-8"))))
    keys = [(row["owner"], row["kind"]) for row in rows]
    assert len(keys) == len(set(keys))
    assert set(keys) == {(x.owner, x.kind) for x in (*report.utilisation, *report.ceilings)}
    by_key = dict(zip(keys, rows, strict=True))
    for use in report.utilisation:
        assert float(by_key[use.owner, use.kind]["utilisation"]) == pytest.approx(use.utilisation)
    for ceiling in report.ceilings:
        assert float(by_key[ceiling.owner, ceiling.kind]["ceiling"]) == pytest.approx(ceiling.rate)
    assert report.bottleneck is not None
    assert [row["resource"] for row in rows if row["binding"]] == [report.bottleneck.resource]


def test_json_is_what_eval_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(tmp_path, "a.json")
    capsys.readouterr()
    assert main(["eval", FIRST, "--json"]) == 0
    assert json.loads(path.read_text("utf-8")) == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", ["photos-on-object-storage", "model-too-large", "llm-serving"])
def test_a_card_is_five_lines_with_the_way_to_see_it_oneself(name: str, tmp_path: Path) -> None:
    report = evaluate(load(str(presets.path_of(name))).design)
    text = exported(tmp_path, "a.txt", design=name).read_text("utf-8")
    lines = text.splitlines()
    assert len(lines) == 5
    assert " ".join(report.sentence.split()) in lines[2]
    assert lines[4].endswith(f"infralab eval {name}")


def test_a_design_without_an_answer_can_be_shown_too(tmp_path: Path) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text('schema = "infralab.design/1"\n')
    for ending in ("svg", "md", "csv", "txt", "json"):
        exported(tmp_path, f"b-{ending}.{ending}", design=str(empty))
    assert len((tmp_path / "b-txt.txt").read_text("utf-8").splitlines()) == 5


def test_no_export_needs_what_the_screen_needs(tmp_path: Path) -> None:
    script = (
        "import sys; from infralab.tui.commands import main; "
        f"assert main(['export', {FIRST!r}, '--to', 'a.md']) == 0; "
        "assert not {'textual', 'aiohttp', 'networkx'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.svg", "a.md", "a.csv"])
def test_a_file_that_is_there_stays_unless_forced(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / Path(name).with_suffix(".svg")).write_text("mine")
    (tmp_path / name).write_text("mine")
    assert "--force" in refused(capsys, "export", FIRST, "--to", str(tmp_path / name))
    assert (tmp_path / name).read_text() == "mine"
    exported(tmp_path, name, "--force")
    assert (tmp_path / name).read_text() != "mine"


def test_a_page_does_not_replace_another_picture_of_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.svg").write_text("mine")
    assert "a.svg" in refused(capsys, "export", FIRST, "--to", str(tmp_path / "a.md"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--to", "a.pdf"], ".svg, .png, .md, .json, .csv, .txt"),
        (["--to", "a"], "ending"),
        (["--to", "no/such/a.svg"], "no folder"),
        (["--to", "folder.svg"], "folder"),
        (["--to", "a.csv", "--what", "dashboard"], "--what goes with .svg and .png"),
        (["--to", "a.svg", "--brief"], "--brief goes with .md"),
        (["--to", "a.txt", "--theme", "dark"], "--theme goes with"),
        (["--to", "a.svg", "--scale", "2"], "--scale goes with .png"),
        (["--to", "a.png", "--scale", "0"], "from 0.1 to 20"),
        (["--to", "a.png", "--scale", "nan"], "from 0.1 to 20"),
        (["--to", "a.png", "--theme", "auto"], "light or dark"),
        (["--to", "a.svg", "--set", "box.nobody.count=2"], "nobody"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is(
    argv: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.svg").mkdir()
    assert said in refused(capsys, "export", FIRST, *argv)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_a_picture_of_too_many_pixels_says_how_large_it_may_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "at most" in refused(capsys, "export", FIRST, "--to", str(tmp_path / "a.png"), "--scale", "20")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be written to" in refused(capsys, "export", FIRST, "--to", str(tmp_path / "a.svg"))
    tmp_path.chmod(0o700)


def test_a_full_disk_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.svg"
    path.write_text("mine")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "no space left" in refused(capsys, "export", FIRST, "--to", str(path), "--force")
    assert path.read_text() == "mine"
    assert [item.name for item in tmp_path.iterdir()] == ["a.svg"]


# --- in the lab -------------------------------------------------------------------------------------


async def test_the_lab_copies_a_card_and_exports(tmp_path: Path) -> None:
    from app_pilot import lab

    async with lab(tmp_path) as driver:
        await driver.keys("Y")
        text = driver.app.clipboard
        assert len(text.splitlines()) == 5
        assert str(tmp_path) not in text  # a chat need not know the folders of this machine
        assert "infralab eval photos.toml" in text
        await driver.keys("escape", "E")
        await driver.keys(*["backspace"] * 20)
        path = tmp_path / "shown.svg"
        driver.app.screen._line.edit.insert(str(path))
        await driver.keys("enter")
        assert load(path).design == driver.session.design
        await driver.keys("E")
        await driver.keys(*["backspace"] * 20)
        driver.app.screen._line.edit.insert(str(path))
        await driver.keys("enter")
        assert "there already" in driver.app.screen._line.problem


async def test_a_picture_opened_in_the_lab_is_saved_under_another_name(tmp_path: Path) -> None:
    from app_pilot import lab

    picture = exported(tmp_path, "shown.svg")
    before = picture.read_bytes()
    async with lab(tmp_path, file="shown.svg") as driver:
        assert "train" in driver.session.design.boxes
        await driver.keys("ctrl+s")
        assert driver.session.path is None
        await driver.keys(*["backspace"] * 20)
        driver.app.screen._line.edit.insert(str(tmp_path / "saved.toml"))
        await driver.keys("enter")
    assert picture.read_bytes() == before
    assert len(list(tmp_path.glob("*.toml"))) == 1


# --- the document -----------------------------------------------------------------------------------


def test_the_examples_of_the_document_work_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("resvg_py")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/export.md").read_text("utf-8")
    lines = "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
    assert len(lines) > 8
    for line in lines:
        assert main(shlex.split(line)[1:]) == 0, line
    assert {"photos.svg", "photos.png", "answer.svg", "report.md", "report.svg", "brief.md", "brief.svg"} <= {
        path.name for path in tmp_path.iterdir()
    }
