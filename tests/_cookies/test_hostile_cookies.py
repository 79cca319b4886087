"""Servers that send as much as they can, of what costs as much as it can."""

import gc
import logging
import time
import tracemalloc

import pytest
from clock import Clock
from cookie_case import NOW
from yarl import URL

from aioclient import CookieJar
from aioclient._cookies.cookie import Cookie
from aioclient._cookies.jar import MAX_REMEMBERED_FIELDS
from aioclient._cookies.parse import MAX_FIELDS
from aioclient._cookies.sending import MAX_SENT, MAX_SENT_BYTES
from aioclient._cookies.store import MAX_COOKIES, MAX_COOKIES_OF_DOMAIN

SITE = URL("https://site.example/")
MB = 1024 * 1024


@pytest.fixture
def jar():
    return CookieJar(clock=Clock(NOW))


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.DEBUG)
    return caplog


def best_cpu_s(work, times=3):
    """The CPU seconds of the fastest of a few runs."""
    return min(_cpu_s(work) for _ in range(times))


def _cpu_s(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def cookie_objects():
    gc.collect()
    return sum(type(thing) is Cookie for thing in gc.get_objects())


# --- one response --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["c{}=secret", "c{}=secret\x01", "secret{}\x00", "c{}=secret; Domain=com", "__Host-{}=secret"],
)
def test_of_ten_thousand_fields_few_are_looked_at_and_one_line_says_so(jar, log, text):
    jar.update_cookies_from_headers([text.format(n) for n in range(10_000)], SITE)
    assert len(jar) <= MAX_FIELDS
    assert len(log.records) == 1
    assert len(log.text) < 300
    assert "secret" not in log.text


def test_ten_thousand_fields_cost_no_more_than_a_hundred(jar):
    def receive(count):
        fields = [f"c{n}=1; Path=/{n}" for n in range(count)]
        return best_cpu_s(lambda: jar.update_cookies_from_headers(fields, SITE), 5)

    receive(100)
    assert receive(10_000) < 10 * receive(100) + 0.001


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ("a=" + MB * "x", 0),
        (MB * "x" + "=1", 0),
        (MB * "x", 0),
        ("a=" + MB * "=", 0),
        ("a=" + MB * " " + "1", 1),
        (MB * "\t" + "a=1", 1),
        ("a=1" + MB * ";", 1),
        ("a=1" + MB // 3 * "; a", 1),
        ("a=1; Domain=" + MB * ".", 1),
        ("a=1; Path=/" + MB * "/", 1),
        ("a=1; Expires=" + MB * "1 ", 1),
        ("a=1; Max-Age=" + MB * "9", 1),
        ("a=1;" + MB * " " + "Secure", 1),
        ("a=" + MB * "\udcff", 0),
        ("a=1" + MB * "\x00", 0),
    ],
)
def test_a_field_of_a_megabyte_leaves_nothing_behind(jar, log, field, kept):
    jar.update_cookies_from_headers(["b=2"], SITE)
    gc.collect()
    tracemalloc.start()
    try:
        copy = field[:9] + field[9:]  # made now, so that it counts
        jar.update_cookies_from_headers([copy], SITE)
        del copy
        jar.pairs_for(SITE)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 64 * 1024
    finally:
        tracemalloc.stop()
    assert len(jar) == 1 + kept
    assert len(log.records) == 1 - kept
    assert len(log.text) < 300


# Each of these would take minutes in quadratic time.
@pytest.mark.parametrize(
    "field",
    [
        "a=1; Expires=" + 1000 * "1:",
        "a=1; Expires=" + 340 * "01 ",
        "a=1; Max-Age=" + 1023 * "0" + "x",
        "a=1; Domain=" + 511 * "a." + "example",
        "a=1; Domain=" + 512 * "..",
        "a=1; Domain=" + 250 * "xn--" + ".example",
    ],
)
def test_the_worst_attributes_cost_little(jar, field):
    fields = [field.replace("a=1", f"a{n}=1") for n in range(MAX_FIELDS)]
    assert best_cpu_s(lambda: jar.update_cookies_from_headers(fields, SITE)) < 0.5


# --- many responses ------------------------------------------------------------------------------


def visit(jar, first, last):
    """Each host sets a cookie that ends, and is asked once more."""
    for n in range(first, last):
        url = URL.build(scheme="https", host=f"h{n}.site{n}.example", path="/")
        fields = [f"a={n}; Max-Age={10_000 + n}; Domain=site{n}.example"]
        jar.update_cookies_from_headers(fields, url)
        jar.pairs_for(url)


def test_domains_without_number_take_the_room_and_the_time_of_a_few(jar):
    before = cookie_objects()
    visit(jar, 0, 4_000)  # all limits have been reached
    tracemalloc.start()
    try:
        early_s = _cpu_s(lambda: visit(jar, 4_000, 8_000))
        gc.collect()
        early_bytes = tracemalloc.get_traced_memory()[0]
        late_s = _cpu_s(lambda: visit(jar, 8_000, 16_000))
        gc.collect()
        late_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(jar) <= MAX_COOKIES
    # Those that are kept, twice as many that a heap remembers, and those of fields.
    assert cookie_objects() - before < 3 * MAX_COOKIES + MAX_REMEMBERED_FIELDS + 200
    assert late_bytes < 1.9 * early_bytes
    assert late_s < 5 * early_s


def test_what_is_remembered_of_urls_and_fields_has_limits(jar):
    def work(first, last):
        for n in range(first, last):
            jar.update_cookies_from_headers([f"a={n}; Comment={900 * 'x'}"], SITE)
            jar.pairs_for(SITE / f"{n}")

    work(0, 1_000)
    tracemalloc.start()
    try:
        work(1_000, 2_000)
        gc.collect()
        first = tracemalloc.get_traced_memory()[0]
        work(2_000, 4_000)
        gc.collect()
        second = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert second < 1.2 * first


def test_no_attributes_of_a_kilobyte_stay_when_the_jar_is_gone():
    def set_many():
        jar = CookieJar()
        for number in range(400):
            long = f"{number}".zfill(1000)
            jar.update_cookies_from_headers([f"a=1; b={long}; c={long}; {long}={long}"], SITE)

    set_many()  # whatever is made once
    gc.collect()
    tracemalloc.start()
    try:
        set_many()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < MB // 4
    finally:
        tracemalloc.stop()


def test_each_response_logs_once(jar, log):
    for n in range(20):
        jar.update_cookies_from_headers(["a=secret\x00", f"b{n}=secret; Domain=com"], SITE)
    assert len(log.records) == 20
    assert "secret" not in log.text


# --- one domain, one name ------------------------------------------------------------------------


def fill(jar, count, text, host="h{}.example"):
    for n in range(count):
        url = URL.build(scheme="https", host=host.format(n), path="/")
        jar.update_cookies_from_headers([text.format(n)], url)


def test_a_domain_has_few_cookies_whatever_it_sets_and_a_request_gets_no_more(jar):
    fill(jar, 10_000, "c{}=1", "site.example")
    assert len(jar) <= MAX_COOKIES_OF_DOMAIN
    assert len(jar.pairs_for(SITE)) <= MAX_SENT


def test_a_request_gets_few_bytes_however_long_cookies_are(jar):
    fill(jar, 20, "c{}=" + 4000 * "x", "site.example")
    assert len(jar) == 20
    assert len(jar.line_for(SITE)) <= MAX_SENT_BYTES + len("Cookie: \r\n")
    assert jar.pairs_for(SITE)


def test_as_many_secure_cookies_of_one_name_as_there_can_be_cost_little(jar):
    def receive():
        plain = URL("http://site.example/")
        jar.update_cookies_from_headers([f"a={n}" for n in range(MAX_FIELDS)], plain)

    fill(jar, MAX_COOKIES, "a={}; Secure", "h{}.other.example")
    assert len(jar) == MAX_COOKIES
    assert best_cpu_s(receive) < 1
    assert jar.pairs_for(URL("http://site.example/")) == [("a", str(MAX_FIELDS - 1))]


def test_paths_of_many_slashes_take_linear_time(jar):
    for n in range(MAX_COOKIES_OF_DOMAIN):
        jar.update_cookies_from_headers([f"c{n}=1; Path=/{n * '/'}"], SITE)
        jar.update_cookies_from_headers([f"c{n}=1; Path=/{1000 * '/'}{n}"], SITE)

    def ask(slashes):
        urls = [SITE.with_path(f"/{slashes * '/'}{n}") for n in range(300)]
        return best_cpu_s(lambda: [jar.pairs_for(url) for url in urls])

    assert ask(8000) < 30 * ask(1000)


def test_a_response_from_a_path_of_many_slashes_costs_little(jar):
    url = SITE.with_path(8000 * "/" + "x")
    fields = [f"c{n}=1" for n in range(MAX_FIELDS)]
    assert best_cpu_s(lambda: jar.update_cookies_from_headers(fields, url)) < 0.2
    assert len(jar.pairs_for(url)) == MAX_FIELDS
    assert jar.pairs_for(SITE) == []


def test_names_of_hosts_as_long_as_they_can_be_cost_little(jar):
    url = URL("https://" + 125 * "a." + "bc/")
    fields = [f"c{n}=1; Domain={url.raw_host[2 * n :]}" for n in range(MAX_FIELDS)]
    assert best_cpu_s(lambda: jar.update_cookies_from_headers(fields, url)) < 0.2
    assert len(jar.pairs_for(url)) == MAX_FIELDS
