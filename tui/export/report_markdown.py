"""A report as a Markdown page with a picture beside it: the whole, or a brief of one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infralab.models.design import Design
from infralab.models.report import Report
from infralab.models.units import duration, human, significant
from infralab.tui import words
from infralab.tui.export import ceilings
from infralab.tui.export.report_text import INFLUENCE, MARKS

HELPS_SHOWN, BRIEF_CEILINGS, STEP_SHOWN, INPUTS_SHOWN = 3, 5, 10, 12
MARKS_EXPLAINED = "● cited  ◦ derived  ○ fitted  △ assumed  ▸ your own value"


def page(design: Design, report: Report, picture: str, command: str) -> str:
    """The whole report; `picture` is the file name of the drawing, `command` gives the same figures again."""
    parts = [
        *_opening(design, report, picture),
        *_section("What each part could do", _ceilings(report, None)),
        *_section("What would help, and what would not", _helps(report)),
        *_section("Where a step goes", _step(report)),
        *_section("Memory and plan", _memory(report)),
        *_section("Framework fit", _fit(report)),
        *_section("What this rests on", _inputs(report)),
        *_section("Assumed", [f"- {_safe(text)}" for text in report.assumptions]),
        *_section("Warnings", [f"- {_safe(text)}" for text in report.warnings]),
        *_closing(picture, command),
    ]
    return "\n".join(parts)


def brief(design: Design, report: Report, picture: str, command: str) -> str:
    """One page for who decides: the answer, the picture, what helps, and how sure it is."""
    parts = [
        *_opening(design, report, picture),
        *_section("What would help, and what would not", _helps(report)),
        *_section("What each part could do", _ceilings(report, BRIEF_CEILINGS)),
        *_section("How sure this is", _sure(report)),
        *_closing(picture, command),
    ]
    return "\n".join(parts)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _safe(text: str) -> str:
    """Text that stays text within a line or a cell of Markdown."""
    for sign in ("\\", "`", "*", "_", "|", "<", "["):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _table(titles: Sequence[str], align: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; `align` has l or r for each column."""
    found = [" | ".join(row) for row in rows]
    rule = "|".join("--:" if sign == "r" else "---" for sign in align)
    return [f"| {' | '.join(titles)} |", f"|{rule}|", *(f"| {row} |" for row in found)] if found else []


def _opening(design: Design, report: Report, picture: str) -> list[str]:
    text = [f"# {_safe(design.title or 'A design')}", ""]
    if design.question:
        text += [f"*{_safe(design.question)}*", ""]
    figures = [_safe(figure.text) for figure in words.headline(report)]
    if figures:
        figures[0] = f"**{figures[0]}**"
    text += [f"**◆ {_safe(report.sentence)}**", ""] if report.sentence else []
    text += [" · ".join(figures), ""] if figures else []
    told = [problem.text for problem in report.problems if problem.severity != "warning"]
    text += [*(f"> {_safe(problem)}" for problem in told if problem not in report.sentence), ""] if told else []
    return [*text, f"![The drawing, with how full each part is]({picture.replace(' ', '%20')})", ""]


def _closing(picture: str, command: str) -> list[str]:
    return [
        "---",
        "",
        f"The same figures: `{command}`. The design is inside {_safe(picture)}: `infralab` opens it.",
        "",
    ]


def _ceilings(report: Report, most: int | None) -> list[str]:
    found = ceilings.rows(report)
    rows = [(f"{'◆ ' if row.kind == 'binding' else ''}{_safe(row.name)}", row.figure, row.note) for row in found[:most]]
    made = _table(("part", ceilings.unit(report), "against now"), "lrr", rows)
    return [*made, "", ceilings.explained(report)] if made else []


def _helps(report: Report) -> list[str]:
    """Parts of which 10 % more raises the rate, and the busiest of those that change nothing."""
    helping = [use for use in report.utilisation if use.elasticity > INFLUENCE]
    helping.sort(key=lambda use: -use.elasticity)
    idle = [use for use in report.utilisation if use.elasticity <= INFLUENCE]
    made = [f"- **{_safe(_name(use))}**: +10 % gives {use.elasticity * 10:+.1f} %" for use in helping[:HELPS_SHOWN]]
    if idle:
        names = ", ".join(f"{_safe(_name(use))} ({words.percent(use.utilisation)} busy)" for use in idle[:HELPS_SHOWN])
        made.append(f"- More of these changes nothing: {names}.")
    if report.runner_up is not None and report.runner_up.headroom > 1:
        far = words.factor(1.0, report.runner_up.headroom)
        made.append(f"- Next to bind, at {far}: {_safe(_name(report.runner_up))}.")
    return made


def _name(item: object) -> str:
    return f"{words.owner_name(getattr(item, 'owner', ''))} {getattr(item, 'kind', '')}".strip()


def _step(report: Report) -> list[str]:
    parts = sorted((part for part in report.step_breakdown if part.seconds > 0), key=lambda part: -part.seconds)
    if not parts or not report.step_seconds:
        return []
    rows = [
        (_safe(part.name), duration(part.seconds), words.percent(part.seconds / report.step_seconds), _safe(part.kind))
        for part in parts[:STEP_SHOWN]
    ]
    return [
        f"A step takes {duration(report.step_seconds)}.", "",
        *_table(("part", "time", "share", "by"), "lrrl", rows),
    ]  # fmt: skip


def _memory(report: Report) -> list[str]:
    made = []
    if report.memory is not None:
        memory = report.memory
        verdict = "fits" if memory.fits else "**does not fit**"
        need, have = human(memory.required_bytes, "B"), human(memory.capacity_bytes, "B")
        parts = ", ".join(f"{name} {human(size, 'B')}" for name, size in memory.parts if size > 0)
        made.append(f"- {need} of {have} on each chip of {_safe(words.owner_name(memory.owner))}: {verdict}"
                    + (f" ({_safe(parts)})" if parts else ""))  # fmt: skip
    plan = ", ".join(
        f"{key.replace('_', ' ')} {_value(value)}" for key, value in report.plan.items() if value is not None
    )
    if plan:
        made.append(f"- {_safe(plan)}{' (found, not given)' if report.plan_found else ''}")
    return made


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return significant(float(value), 6) if isinstance(value, int | float) else str(value)


def _fit(report: Report) -> list[str]:
    if report.throughput is None:
        return []
    rows = [
        (
            f"**{_safe(fit.framework)}**" if fit.framework == report.framework else _safe(fit.framework),
            words.number(fit.throughput, report.throughput.unit) if fit.throughput else "–",
            fit.support, fit.people, _safe("; ".join(fit.reasons)),
        )
        for fit in report.framework_fit
    ]  # fmt: skip
    return _table(("framework", ceilings.unit(report), "support", "people", "because"), "lrlll", rows)


def _inputs(report: Report) -> list[str]:
    found = sorted(
        (use for use in report.figures if abs(use.elasticity) > INFLUENCE),
        key=lambda use: -abs(use.elasticity),
    )[:INPUTS_SHOWN]
    rows = [
        (MARKS.get(use.mark, ""), f"`{use.path}`", human(use.value, use.unit), f"{use.elasticity * 10:+.1f} %",
         _safe(use.source))
        for use in found
    ]  # fmt: skip
    made = _table(("", "input", "value", "+10 % gives", "source"), "llrrl", rows)
    return [*made, "", MARKS_EXPLAINED] if made else []


def _sure(report: Report) -> list[str]:
    made = []
    spread = words.interval(report)
    if spread:
        made.append(f"- The rate is {spread}: what the model missed published measurements of this kind by.")
    counts = {mark: sum(use.mark == mark for use in report.figures) for mark in ("cited", "fitted", "assumed")}
    said = ", ".join(f"{count} {mark}" for mark, count in counts.items() if count)
    if said:
        made.append(f"- It rests on {said} figures.")
    if report.rests_on_assumption:
        made.append("- Something assumed moves the rate; the full report names it.")
    return made
