"""Deadlines: one timer for all of them, on a clock that the tests move."""

import asyncio
from collections.abc import Callable
from math import inf

import pytest
from clock import Clock, TimerLoop
from running import result_of

from aioclient._net.deadline import Deadline, Deadlines


class Stage:
    """Deadlines, their clock and loop, and what has expired so far."""

    def __init__(self, now: float = 1000.0) -> None:
        self.clock = Clock(now)
        self.loop = TimerLoop(self.clock)
        self.deadlines = Deadlines(self.loop, clock=self.clock)  # type: ignore[arg-type]
        self.expired: list[Deadline] = []

    def start(self, seconds: float) -> Deadline:
        return self.deadlines.start(seconds, self.expired.append, 5.0)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_deadline_expires_once_its_time_has_passed(stage: Stage) -> None:
    deadline = stage.start(1.0)
    stage.loop.move_to(1000.99)
    assert stage.expired == []
    stage.loop.move_to(1001.1)
    assert stage.expired == [deadline]


def test_a_deadline_expires_only_once(stage: Stage) -> None:
    deadline = stage.start(1.0)
    stage.loop.move_to(1010.0)
    stage.deadlines.look()
    assert stage.expired == [deadline]


def test_a_look_before_the_time_lets_nothing_expire(stage: Stage) -> None:
    stage.start(1.0)
    stage.deadlines.look()
    assert stage.expired == []
    stage.loop.move_to(1002.0)
    assert len(stage.expired) == 1


def test_no_deadline_expires_early(stage: Stage) -> None:
    at: dict[Deadline, float] = {}

    def expired(deadline: Deadline) -> None:
        at[deadline] = stage.clock.now

    for index in range(200):
        stage.deadlines.start(0.01 + index * 0.037, expired)
    for step in range(2000):
        stage.loop.move_to(1000.0 + step * 0.005)
    assert len(at) == 200
    assert all(when >= deadline.started_at + deadline.seconds for deadline, when in at.items())


def test_short_deadlines_are_late_by_less_than_a_fiftieth_second(stage: Stage) -> None:
    for index in range(100):
        seconds = 0.1 + index * 0.0031
        stage.start(seconds)
        stage.loop.move_to(stage.clock.now + seconds + 0.02)
        assert len(stage.expired) == index + 1


def test_long_deadlines_are_rounded_up_to_whole_seconds(stage: Stage) -> None:
    stage.loop.move_to(1000.25)
    deadline = stage.start(5.0)
    assert deadline.expires_at == 1006.0
    stage.loop.move_to(1005.9)
    assert stage.expired == []
    stage.loop.move_to(1006.0)
    assert stage.expired == [deadline]


def test_deadlines_below_the_threshold_are_not_rounded_to_seconds(stage: Stage) -> None:
    stage.loop.move_to(1000.25)
    stage.start(4.5)
    stage.loop.move_to(1004.8)
    assert len(stage.expired) == 1


@pytest.mark.parametrize(
    ("threshold_s", "expires_at"), [(1.0, 1002.0), (1.5, 1002.0), (1.6, 1001.75), (inf, 1001.75)]
)
def test_the_threshold_can_be_chosen(stage: Stage, threshold_s: float, expires_at: float) -> None:
    stage.loop.move_to(1000.25)
    deadline = stage.deadlines.start(1.5, stage.expired.append, threshold_s)
    assert deadline.expires_at == expires_at


def test_a_stopped_deadline_does_not_expire(stage: Stage) -> None:
    stage.start(1.0).stop()
    stage.loop.move_to(1010.0)
    assert stage.expired == []


def test_stopping_twice_or_after_expiry_does_no_harm(stage: Stage) -> None:
    deadline = stage.start(1.0)
    deadline.stop()
    deadline.stop()
    late = stage.start(1.0)
    stage.loop.move_to(1010.0)
    late.stop()
    assert stage.expired == [late]


def test_a_stopped_deadline_is_no_longer_kept(stage: Stage) -> None:
    stage.start(1.0).stop()
    assert not stage.deadlines.running


def test_restart_gives_the_full_time_again(stage: Stage) -> None:
    deadline = stage.start(1.0)
    stage.loop.move_to(1000.9)
    deadline.restart()
    stage.loop.move_to(1001.8)
    assert stage.expired == []
    stage.loop.move_to(1002.0)
    assert stage.expired == [deadline]


def test_restart_starts_a_stopped_deadline(stage: Stage) -> None:
    deadline = stage.start(1.0)
    deadline.stop()
    stage.loop.move_to(1005.0)
    deadline.restart()
    stage.loop.move_to(1006.1)
    assert stage.expired == [deadline]


def test_restart_starts_an_expired_deadline(stage: Stage) -> None:
    deadline = stage.start(1.0)
    stage.loop.move_to(1002.0)
    deadline.restart()
    stage.loop.move_to(1004.0)
    assert stage.expired == [deadline, deadline]


def test_many_deadlines_share_one_timer(stage: Stage) -> None:
    for index in range(1000):
        stage.start(300.0 + index)
    assert len(stage.loop.timers) == 1


def test_a_later_deadline_makes_no_timer(stage: Stage) -> None:
    stage.start(300.0)
    made = stage.loop.made
    for _ in range(1000):
        stage.start(300.0).stop()
    assert stage.loop.made == made


def test_earlier_deadlines_of_the_same_look_make_no_timer(stage: Stage) -> None:
    for number in range(100):
        stage.start(1.01 - number / 10_000)
    assert stage.loop.made == 1
    stage.loop.move_to(1001.02)
    assert len(stage.expired) == 100


def test_an_earlier_deadline_replaces_the_timer(stage: Stage) -> None:
    stage.start(300.0)
    early = stage.start(1.0)
    assert len(stage.loop.timers) == 1
    stage.loop.move_to(1002.0)
    assert stage.expired == [early]


def test_after_an_expiry_the_next_deadline_is_watched(stage: Stage) -> None:
    first, second = stage.start(1.0), stage.start(2.0)
    stage.loop.move_to(1001.5)
    assert stage.expired == [first]
    stage.loop.move_to(1002.5)
    assert stage.expired == [first, second]


def test_no_timer_is_left_when_nothing_runs(stage: Stage) -> None:
    stage.start(1.0)
    stage.loop.move_to(1002.0)
    assert not stage.loop.timers


def test_a_timer_that_finds_nothing_overdue_goes_on_to_the_next(stage: Stage) -> None:
    stage.start(1.0).stop()
    second = stage.start(3.0)
    stage.loop.move_to(1002.0)
    assert stage.expired == []
    stage.loop.move_to(1004.0)
    assert stage.expired == [second]


def test_an_expiry_can_stop_another_that_is_overdue_too(stage: Stage) -> None:
    other: list[Deadline] = []
    expired = []

    def stops_the_other(deadline: Deadline) -> None:
        expired.append(deadline)
        for one in other:
            if one is not deadline:
                one.stop()

    other += [stage.deadlines.start(1.0, stops_the_other) for _ in range(3)]
    stage.loop.move_to(1002.0)
    assert len(expired) == 1


def test_an_expiry_can_start_another(stage: Stage) -> None:
    def starts_another(_: Deadline) -> None:
        stage.start(1.0)

    stage.deadlines.start(1.0, starts_another)
    stage.loop.move_to(1001.5)
    assert stage.expired == []
    stage.loop.move_to(1003.0)
    assert len(stage.expired) == 1


def test_an_expiry_can_restart_its_own_deadline(stage: Stage) -> None:
    times = []

    def restarts(deadline: Deadline) -> None:
        times.append(stage.clock.now)
        if len(times) < 3:
            deadline.restart()

    stage.deadlines.start(1.0, restarts)
    stage.loop.move_to(1010.0)
    assert len(times) == 3
    assert not stage.loop.timers


def test_an_expiry_that_fails_does_not_lose_the_others(stage: Stage) -> None:
    def fails(_: Deadline) -> None:
        raise RuntimeError("told to fail")

    stage.deadlines.start(1.0, fails)
    others = [stage.start(1.0), stage.start(2.0)]
    with pytest.raises(RuntimeError, match="told to fail"):
        stage.loop.move_to(1001.5)
    stage.loop.move_to(1005.0)
    assert stage.expired == others


def test_thousands_of_deadlines_expire_all(stage: Stage) -> None:
    running = [stage.start(0.001 * index) for index in range(1, 5001)]
    stopped = set(running[::3])
    for deadline in stopped:
        deadline.stop()
    stage.loop.move_to(1100.0)
    assert sorted(map(id, stage.expired)) == sorted(map(id, set(running) - stopped))


def test_finishing_without_a_deadline_drops_the_timer(stage: Stage) -> None:
    stage.start(1.0).stop()
    assert stage.loop.timers
    stage.deadlines.finish()
    stage.deadlines.finish()
    assert not stage.loop.timers


def test_finishing_leaves_the_timer_to_those_that_run(stage: Stage) -> None:
    stopped, passing = stage.start(1.0), stage.start(2.0)
    stage.deadlines.finish()
    stopped.stop()
    stage.loop.move_to(1003.0)
    assert stage.expired == [passing]
    assert not stage.loop.timers


@pytest.mark.parametrize("again", [Deadline.resume, Deadline.restart])
def test_a_deadline_that_runs_again_after_finishing_expires(
    stage: Stage, again: Callable[[Deadline], None]
) -> None:
    deadline = stage.start(1.0)
    stage.deadlines.finish()
    deadline.stop()
    assert not stage.loop.timers
    again(deadline)
    stage.loop.move_to(1002.0)
    assert stage.expired == [deadline]
    assert not stage.loop.timers


def test_a_deadline_that_begins_after_finishing_expires_or_takes_the_timer_along(
    stage: Stage,
) -> None:
    stage.deadlines.finish()
    deadline = stage.start(1.0)
    stage.loop.move_to(1002.0)
    assert stage.expired == [deadline]
    stage.start(1.0).stop()
    assert not stage.loop.timers


def test_on_a_real_loop_a_deadline_expires() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        expired = loop.create_future()
        deadlines = Deadlines(loop)
        began = deadlines.now()
        deadlines.start(0.03, expired.set_result)
        await asyncio.wait_for(expired, 5)
        assert deadlines.now() >= began + 0.03

    result_of(main())
