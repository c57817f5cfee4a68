import os
from pathlib import Path

import pytest

from modelspec import incremental as parallel


def test_few_items_stay_in_this_process() -> None:
    assert parallel.each([1, 2, 3], lambda _: os.getpid()) == [os.getpid()] * 3


def test_many_items_come_back_in_order_from_two_processes() -> None:
    found = parallel.each(range(10), lambda item: (item, os.getpid()), at_least=2)
    assert [item for item, _ in found] == list(range(10))
    assert len({process for _, process in found}) == min(2, len(os.sched_getaffinity(0)))


def test_results_larger_than_a_pipe_come_back_whole() -> None:
    found = parallel.each(range(4), lambda item: str(item) * 1_000_000, at_least=2)
    assert [len(text) for text in found] == [1_000_000] * 4


def test_what_fails_in_the_child_fails_here_with_its_reason() -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.each([1, 2, 3, 0], lambda item: 1 // item, at_least=2)


def test_a_failure_in_this_process_leaves_no_child_behind() -> None:
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = own.read_text(encoding="ascii")
    with pytest.raises(ZeroDivisionError):
        parallel.each([0, 1, 2, 3], lambda item: "x" * 1_000_000 * (1 // item), at_least=2)
    assert own.read_text(encoding="ascii") == before


def test_one_processor_gets_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert parallel.each([1, 2], lambda _: os.getpid(), at_least=2) == [os.getpid()] * 2
