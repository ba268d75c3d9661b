"""Slides as lines: a step, a vote, its reveal, notes, the whole story on one page. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from infralab.models.design import Design
from infralab.models.explore.claims import Told
from infralab.models.explore.compare import differences
from infralab.models.explore.story import Revealed
from infralab.models.report import Report
from infralab.tui import words
from infralab.tui.canvas.view import Parts
from infralab.tui.panels.paint import Line, Piece, bar, cut, left, right, spread, width_of, wrap
from infralab.tui.stage import big
from infralab.tui.stage.page import filled, keys, paragraph, rule
from infralab.tui.stage.show import Show
from infralab.tui.stage.thumbnail import picture

MARGIN = 2
LARGE = (100, 30)  # from this size on the drawing stands below the figures

STEP_KEYS = (("Space", "next"), ("←", "back"), ("e", "try it"), ("n", "notes"), ("i", "why"),
             ("o", "one page"), ("q", "leave"), ("d", "drawing"))  # fmt: skip
VOTE_KEYS = (("Space", "next"), ("1-9", "vote"), ("Bksp", "take back"), ("←", "back"),
             ("e", "try it"), ("q", "leave"), ("n", "notes"))  # fmt: skip


def slide(show: Show, width: int, height: int, grown: float, parts: Parts | None, drawing: bool) -> list[Line]:
    """The slide that is on. `grown`: how far the newest bar has moved from its old figure to the new, 0 to 1."""
    head = _head(show, width)
    if show.played.failure and show.told is None:
        return filled([*head, [], *paragraph(show.played.failure, width, "warning")], [keys(STEP_KEYS, width)], height)
    if show.slide.phase != "step":
        body, foot = vote(show, width, height, grown), VOTE_KEYS
    else:
        body, foot = step(show, width, height - len(head) - 2, grown, parts, drawing), STEP_KEYS
    return filled([*head, *body], [rule(width), keys(foot, width)], height)


def _head(show: Show, width: int) -> list[Line]:
    title = show.design.question or show.design.title or "Untitled"
    place = f"{show.slide.step + 1} of {len(show.design.story)}  "
    return [spread([("  ", ""), (title, "title")], [(place, "dim")], width), rule(width)]


# --- a step ----------------------------------------------------------------------------------------


def step(show: Show, width: int, height: int, grown: float, parts: Parts | None, drawing: bool) -> list[Line]:
    """Title, the figure large, the sentence, bars of where the story came from, what was changed."""
    told = show.told
    lines: list[Line] = [[], *paragraph(show.step.title or "Untitled step", width, "strong", MARGIN, 2), []]
    if told is None:
        return [*lines, [("  the model is working …", "dim")]]
    before = show.before if show.slide.step else None
    lines += [*figure(told.report, before, width, show.plain or _is_large(width, height)), []]
    room = height - len(lines)
    if drawing or _is_large(width, height):
        below = bars(show, width, grown)
        text = _sentence(told.report, width, 3)
        drawn = picture(told.design, told.report, parts, width - 2 * MARGIN, room - len(text) - len(below) - 4)
        if drawing and width < LARGE[0]:
            return [*lines, *picture(told.design, told.report, parts, width - 2, room)]
        return [*lines, *text, [], *below, [], *_changed(show, told, width, 2), [],
                *([(" " * MARGIN, ""), *line] for line in drawn)]  # fmt: skip
    lines += [*_sentence(told.report, width, 3), [], *bars(show, width, grown), []]
    lines += _changed(show, told, width, 2)
    return [*lines, *_figures(told.report, width), *_broken(told, width)]


def _is_large(width: int, height: int) -> bool:
    return width >= LARGE[0] and height >= LARGE[1]


def figure(report: Report, before: Report | None, width: int, twice: bool = False) -> list[Line]:
    """The rate in large figures, five rows tall when `twice`, with its unit and the change beside it."""
    if report.throughput is None:
        return [[("  ", ""), ("no rate yet: " + report.status, "warning")]]
    value, unit = report.throughput.value, report.throughput.unit
    text, rest = _split(words.per_second(value, unit))
    was = before.throughput.value if before is not None and before.throughput is not None else None
    change = words.factor(was, value)
    role = "" if change in ("", "same") else "good" if was is not None and value > was else "bad"
    rows = big.rows(text, 2 if twice else 1)
    compared = f"{change} against the step before" if change and change != "same" else change and "no change"
    side: list[Line] = [[(rest, "strong")], [(words.interval(report), "dim")], [(compared, role or "dim")]]
    if not big.spelled(text) or len(rows[0]) + 24 > width:
        return [[("  ", ""), (f"{text} {rest}", "strong"), ("  ", ""), *side[1], ("  ", ""), *side[2]]]
    above = (len(rows) - len(side)) // 2
    side = [*([] for _ in range(above)), *side, *([] for _ in range(len(rows)))]
    return [[("  ", ""), (row, "accent"), ("   ", ""), *beside] for row, beside in zip(rows, side, strict=False)]


def _split(text: str) -> tuple[str, str]:
    """ "88 k images/s" -> "88 k" and "images/s"; "48 MB/s" -> "48 M" and "B/s"."""
    number, _, rest = text.partition(" ")
    head = rest[:1]
    if head in "kMGTPEmµ" and head and (rest[1:2] in (" ", "B", "")):
        return f"{number} {head}", rest[1:].strip()
    return number, rest


def _sentence(report: Report, width: int, most: int) -> list[Line]:
    texts = [problem.text for problem in report.problems if problem.severity == "infeasible"]
    text = texts[0] if texts else report.sentence
    sign: Piece = ("✗ ", "bad") if texts else ("◆ ", "bottleneck")
    rows = paragraph(text, width, "", MARGIN + 1, most)
    return [[("  ", ""), sign, *row[1:]] if y == 0 else [("    ", ""), *row[1:]] for y, row in enumerate(rows)]


def bars(show: Show, width: int, grown: float) -> list[Line]:
    """One bar a step, as far as the story has come; the newest grows."""
    number = show.slide.step
    rows: list[tuple[str, float]] = []
    for index, told in enumerate(show.played.told[: number + 1]):
        if told.report.throughput is None:
            continue
        rows.append((f"{index + 1} {told.step.title}", told.report.throughput.value))
    if show.detour is not None and show.detour.throughput is not None:
        rows.append(("your detour", show.detour.throughput.value))
    if not rows:
        return []
    unit = show.played.told[0].report.throughput.unit if show.played.told[0].report.throughput else ""
    start = rows[0][1]
    top = max(value for _, value in rows)
    found = []
    for index, (name, value) in enumerate(rows):
        newest = index == number and show.detour is None
        shown = value
        if newest and index > 0:
            shown = rows[index - 1][1] + (value - rows[index - 1][1]) * grown
        role = "bar-first" if index == 0 else "bar-new" if newest else "bar"
        found.append(_bar(name, shown / top, words.number(value, unit), words.factor(start, value) if index else "",
                          width, role))
    return found


def _bar(name: str, share: float, value: str, factor: str, width: int, role: str) -> Line:
    names = 30 if width < LARGE[0] else 48
    room = max(width - 2 * MARGIN - names - 20, 8)
    said = "bad" if factor.startswith("-") else "good" if factor and factor != "same" else "dim"
    return [("  ", ""), (left(cut(name, names - 1), names), ""), (bar(share, room), role),
            (right(value, 11), "strong"), (right(factor, 8), said)]  # fmt: skip


def _changed(show: Show, told: Told, width: int, most: int) -> list[Line]:
    """What the step changed in the drawing, in the file's own words."""
    number = show.slide.step
    before = show.played.told[number - 1].design if number else show.design
    texts = changes(before, told.design)
    if not texts:
        return []
    return paragraph("changed: " + "; ".join(texts), width, "dim", MARGIN, most)


def changes(before: Design, after: Design) -> list[str]:
    """Differences of two designs, each in a few words."""
    found = []
    for item in differences(before, after):
        if item.is_added:
            found.append(f"{item.path} added" if isinstance(item.after, dict) else f"{item.path} = {item.after}")
        elif item.is_removed:
            found.append(f"{item.path} removed")
        else:
            found.append(f"{item.path} {item.before} → {item.after}")
    return found


def _figures(report: Report, width: int) -> list[Line]:
    shown = [figure.text for figure in words.headline(report) if figure.name != "rate"]
    line: Line = [("  ", "")]
    for text in shown:
        if width_of(line) + len(text) + 3 > width - MARGIN:
            break
        if len(line) > 1:
            line.append((" · ", "dim"))
        line.append((text, "dim"))
    return [line] if len(line) > 1 else []


def _broken(told: Told, width: int) -> list[Line]:
    """Claims of the preset that the model does not bear out: never hidden."""
    found = []
    for verdict in told.verdicts:
        if not verdict.holds:
            text = f"△ the story expects {verdict.claim}; the model finds {verdict.found}"
            found += paragraph(text, width, "warning", MARGIN, 2)
    return found


# --- a vote ----------------------------------------------------------------------------------------


def vote(show: Show, width: int, height: int, grown: float) -> list[Line]:
    """The options with the hands they got; after the reveal, what each would do."""
    revealed = show.played.revealed.get(show.slide.step, ()) if show.slide.phase == "reveal" else ()
    wide = height >= 22
    lines: list[Line] = [[]] if wide else []
    ask = "The room votes. What helps most?" if show.slide.phase == "vote" else "What each of them would do:"
    lines += [[("  ", ""), (ask, "strong")], []]
    counts, labels = show.counts, show.labels
    most = max(counts.values(), default=0)
    name = min(max((len(label) for label in labels), default=10) + 2, width - 36)
    for number, label in enumerate(labels, start=1):
        hands = counts[number]
        line: Line = [("    ", ""), (f"{number}  ", "key"), (left(label, name), ""), ("votes ", "dim"),
                      ("▇" * min(round(hands * 16 / max(most, 16)), 16), "bar"), (f" {hands}", "strong")]  # fmt: skip
        lines.append(line)
        if wide and show.slide.phase == "vote":
            lines.append([])
    if not labels:
        lines += paragraph("this step's vote can't be read; infralab check says why", width, "warning")
    if show.slide.phase == "vote":
        return [*lines, [], [("  Space reveals what the model says.", "dim")]]
    return [*lines, [], *_revealed(revealed, width, grown), *_lesson(revealed, counts, width)]


def _revealed(found: Sequence[Revealed], width: int, grown: float) -> list[Line]:
    known = [(one, one.report.throughput.value) for one in found if one.report.throughput is not None]
    if not known:
        return [[("  the model is working …", "dim")]]
    start, top = known[0][1], max(value for _, value in known)
    unit = known[0][0].report.throughput.unit if known[0][0].report.throughput else ""
    best = max((value for one, value in known if len(one.numbers) == 1), default=0.0)
    lines: list[Line] = []
    for one, value in known:
        numbers = "+".join(str(number) for number in one.numbers)
        label = f"{numbers} {one.label}".strip() if numbers else "now"
        role = "bar-first" if not numbers else "bar-new" if value in (best, top) and value > start else "bar"
        shown = start + (value - start) * grown
        factor = words.factor(start, value) if numbers else ""
        lines.append(_bar(label, shown / top, words.number(value, unit), factor, width, role))
    return [*lines, [], [("  ", ""), (unit, "dim")]]


def _lesson(found: Sequence[Revealed], counts: dict[int, int], width: int) -> list[Line]:
    """Whether the room was right, in a sentence."""
    single = {one.numbers[0]: one for one in found if len(one.numbers) == 1 and one.report.throughput is not None}
    if not single:
        return []

    def rate(one: Revealed) -> float:
        return one.report.throughput.value if one.report.throughput is not None else 0.0

    best = max(single.values(), key=rate)
    start = rate(found[0])
    text = f"“{best.label}” gives {words.factor(start, rate(best))}"
    if rate(best) <= 1.005 * start:
        text = "None of them helps"
    favourite = max(counts, key=lambda number: counts[number], default=0)
    if favourite in single and favourite != best.numbers[0]:
        gives = words.factor(start, rate(single[favourite]))
        text += f"; the room's favourite, “{single[favourite].label}”, gives {'nothing' if gives == 'same' else gives}"
    stuck = best.report.bottleneck
    if stuck is not None:
        text += f". Then {stuck.kind} of {words.owner_name(stuck.owner)} binds"
    return [[], *paragraph(text + ".", width, "accent", MARGIN, 3)]


# --- notes, one page -------------------------------------------------------------------------------


def notes(show: Show, width: int) -> list[Line]:
    """What the presenter says, and what the story claims, with the model's figures."""
    lines: list[Line] = [[("─ notes ", "dim"), ("─" * max(width - 8, 0), "dim")]]
    lines += paragraph(show.step.note or "no note for this step", width, "what-if", MARGIN, 4)
    told = show.told
    for verdict in told.verdicts if told is not None and show.slide.phase == "step" else ():
        sign: Piece = ("✓ ", "good") if verdict.holds else ("✗ ", "bad")
        lines.append([("  ", ""), sign, (cut(f"{verdict.claim}   (found: {verdict.found})", width - 6), "dim")])
    return lines


def one_page(show: Show, width: int, height: int) -> list[Line]:
    """The whole story on one page: a line a step."""
    lines: list[Line] = [[("  ", ""), (show.design.question or show.design.title, "title")], rule(width)]
    tall = height >= 8 + 4 * len(show.design.story)
    rows = [told for told in show.played.told if told.report.throughput is not None]
    if not rows:
        return [*lines, [("  the model is working …", "dim")]]
    top = max(told.report.throughput.value for told in rows if told.report.throughput is not None)
    start = rows[0].report.throughput
    for index, told in enumerate(rows):
        rate = told.report.throughput
        if rate is None or start is None:
            continue
        if index and tall:
            lines.append([])
        lines.append(_bar(f"{index + 1} {told.step.title}", rate.value / top, words.number(rate.value, rate.unit),
                          words.factor(start.value, rate.value) if index else "", width,
                          "bar-first" if index == 0 else "bar-new" if rate.value > 1.005 * start.value else "bar"))
        text = told.step.note or told.report.sentence
        lines += [[(" " * (MARGIN + 2), ""), (row, "dim")] for row in wrap(text, width - 8)[: 2 if tall else 1]]
        if tall:
            stuck = words.bottleneck(told.report)
            lines.append([(" " * (MARGIN + 2), ""), (cut(stuck, width - 8), "bottleneck")])
    unit = start.unit if start is not None else ""
    foot: list[Line] = [rule(width), keys((("o", "back to the slide"), ("←", "back"), ("q", "leave")), width)]
    return filled([*lines, [], [("  ", ""), (unit, "dim")]], foot, height)
