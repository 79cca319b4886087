"""How phases are counted, and what a record keeps and shows."""

import pytest

from aioclient.timing import Phases, RecordedBody, TimingRecord
from aioclient.timing._record import PHASES, Course

SECRET = "xyzzy"


def course(*turns: tuple[str, float], end: float | None = None) -> Course:
    made = Course(0.0)
    for phase, at in turns:
        made.turn_to(phase, at)  # type: ignore[arg-type] # names of phases
    if end is not None:
        made.end(end)
    return made


def record(**known: object) -> TimingRecord:
    known = {"call": 1, "method": "GET", "url": "http://a.example/", "started_at": 0.0} | known
    return TimingRecord(**({"course": Course(0.0)} | known))  # type: ignore[arg-type] # of many types


def test_each_phase_ends_where_the_next_begins() -> None:
    turns = [(phase, float(number)) for number, phase in enumerate(PHASES)][1:]
    phases = course(*turns, end=7.0).phases()
    assert phases == Phases(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    assert phases.total_s == 7.0


def test_a_phase_that_comes_twice_is_counted_together() -> None:
    turns = [("connect", 1.0), ("tls", 2.0), ("connect", 4.0), ("tls", 5.0), ("send", 9.0)]
    phases = course(*turns, end=9.0).phases()
    assert (phases.connect_s, phases.tls_s, phases.total_s) == (2.0, 6.0, 9.0)


def test_a_phase_that_never_came_has_no_time() -> None:
    phases = course(("send", 1.0), end=3.0).phases()
    assert phases.items() == [("queue", 1.0), ("send", 2.0)]
    assert phases.dns_s is None


def test_of_the_phase_that_goes_on_nothing_is_known() -> None:
    assert course(("connect", 2.0)).phases() == Phases(queue_s=2.0)


def test_time_does_not_go_back() -> None:
    assert course(("send", 5.0), ("wait", 3.0), end=4.0).phases().total_s == 5.0


def test_a_phase_may_turn_out_to_be_another() -> None:
    made = course(("connect", 1.0))
    made.rename("dns")
    made.turn_to("connect", 3.0)
    assert made.phases() == Phases(queue_s=1.0, dns_s=2.0)


def test_a_beginning_that_is_known_later_counts() -> None:
    made = course(("send", 1.0), end=2.0)
    made.begin(-3.0)
    assert made.begun_at == -3.0
    assert made.phases().queue_s == 4.0


def test_a_body_is_kept_up_to_its_limit() -> None:
    body = RecordedBody(5)
    body.add(b"abc")
    body.add(b"de")
    assert (body.content, body.is_cut) == (b"abcde", False)
    body.add(b"f")
    assert (body.content, body.is_cut) == (b"abcde", True)


def test_no_repr_shows_what_may_be_a_secret() -> None:
    body = RecordedBody(100)
    body.add(SECRET.encode())
    made = record(
        request_headers=(("Authorization", SECRET),),
        response_headers=(("Set-Cookie", SECRET),),
        request_body=body,
        error_type="OSError",
        error=SECRET,
    )
    assert SECRET not in repr(made)
    assert SECRET not in repr(body)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        ({}, "under way, 0.0 ms"),
        ({"status": 404}, "404, 0.0 ms"),
        ({"status": 200, "error_type": "OSError"}, "OSError, 0.0 ms"),
        ({"status": 200, "course": course(end=0.25)}, "200, 250.0 ms"),
    ],
)
def test_a_record_says_what_became_of_the_request(known: dict[str, object], shown: str) -> None:
    assert repr(record(**known)) == f"<TimingRecord GET http://a.example/ {shown}>"
