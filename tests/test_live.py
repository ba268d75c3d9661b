"""Live evaluation and the recovery file: the newest wins, nothing is lost, nothing blocks."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from infralab.tui.live import Answer, Live
from infralab.tui.recovery import Recovery, lost


class Answers:
    """Collects answers, and waits for the next."""

    def __init__(self) -> None:
        self.all: list[Answer] = []
        self.came = threading.Condition()

    def __call__(self, answer: Answer) -> None:
        with self.came:
            self.all.append(answer)
            self.came.notify_all()

    def wait(self, count: int) -> list[Answer]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.all) >= count, timeout=5)
            return list(self.all)


def test_a_waiting_question_is_replaced_and_a_begun_one_is_still_answered() -> None:
    answers, begun, go = Answers(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        go.wait(5)
        return "first"

    live = Live(("design",), answers)
    live.ask("design", 1, slow)
    assert begun.wait(5)
    for number in range(2, 50):
        live.ask("design", number, lambda number=number: number)
    go.set()
    assert [answer.tag for answer in answers.wait(2)] == [1, 49]
    live.close()


def test_a_hovering_part_does_not_push_the_design_out_of_its_slot() -> None:
    answers, go = Answers(), threading.Event()
    live = Live(("what-if", "design", "block"), answers)
    live.ask("block", 0, lambda: go.wait(5))
    time.sleep(0.05)
    live.ask("design", "d", lambda: "design")
    live.ask("what-if", "w", lambda: "what-if")
    go.set()
    assert [answer.tag for answer in answers.wait(3)] == [0, "w", "d"]
    live.close()


def test_a_failing_question_is_answered_with_its_error_and_the_next_one_is_answered() -> None:
    answers = Answers()
    live = Live(("design",), answers)
    live.ask("design", 1, lambda: 1 / 0)
    assert isinstance(answers.wait(1)[0].error, ZeroDivisionError)
    live.ask("design", 2, lambda: 2)
    assert answers.wait(2)[1].value == 2
    live.close()


def test_edits_in_a_row_are_in_the_recovery_file_within_a_second(tmp_path: Path) -> None:
    recovery, written = Recovery(tmp_path), []
    for number in range(20):
        recovery.note(lambda number=number: written.append(number) or f"n = {number}", tmp_path / "a.toml", "a.toml")
    deadline = time.monotonic() + 1.0
    while not recovery.files[1].exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert recovery.files[0].read_text() == "n = 19"
    assert written == [19]
    assert not lost(tmp_path)  # its lab still runs
    recovery.clear()
    assert not list(tmp_path.iterdir())


def test_what_a_dead_lab_left_is_found_and_damaged_leftovers_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "1-1.toml").write_text("title = 'x'")
    (tmp_path / "1-1.json").write_text('{"of": "/a/b.toml", "name": "b.toml", "at": 5.0, "pid": 4194305}')
    (tmp_path / "2-2.json").write_text("{ half a fi")
    (tmp_path / "3-3.json").write_text(
        '{"of": "", "name": "unnamed", "at": 6.0, "pid": 4194305}'
    )  # no design beside it
    found = lost(tmp_path)
    assert [(item.of, item.text) for item in found] == [("/a/b.toml", "title = 'x'")]
    found[0].forget()
    assert not lost(tmp_path)


def test_a_folder_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    recovery = Recovery(blocked / "recovery")
    recovery.note(lambda: "x", None, "unnamed")
    recovery.flush()
    assert recovery.failure
