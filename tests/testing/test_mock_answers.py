"""Which answer a request gets from a `MockConnector`, and what the answer is."""

import pickle
import re

import pytest
from multidict import CIMultiDict
from running import asynchronous
from yarl import URL

import aioclient
from aioclient.testing import MockConnector, MockResponse, NoAnswerError


async def texts(mock, *urls, method="GET"):
    """What is answered, a request after the other."""
    async with aioclient.ClientSession(connector=mock) as session:
        return [await (await session.request(method, url)).text() for url in urls]


@asynchronous
async def test_answer_is_found_by_method_and_url():
    mock = (
        MockConnector().get("http://a.example/x", text="get").put("http://a.example/x", text="put")
    )
    assert await texts(mock, "http://a.example/x") == ["get"]
    mock = MockConnector().add("*", "http://a.example/x", text="any")
    assert await texts(mock, "http://a.example/x", method="DELETE") == ["any"]


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ("http://a.example", "http://a.example/"),
        ("http://a.example/?b=2&a=1", "http://a.example/?a=1&b=2"),
        ("http://A.example/", "http://a.example:80/#fragment"),
        ("https://a.example:443/", "https://a.example/"),
        ("http://me:secret@a.example/", "http://a.example/"),
        ("http://a.example/", "http://me:secret@a.example/"),
        (URL("http://a.example/%C3%BC"), "http://a.example/\u00fc"),
        ("http://b\u00fccher.example/", "http://b\u00fccher.example/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://127.0.0.1/a%2Fb", URL("http://127.0.0.1/a%2Fb", encoded=True)),
        ("/path?a=1", "https://any.example/path?a=1"),
        (re.compile(r"http://.*\.example/\d+"), "http://a.example/12"),
        (lambda request: request.headers["Host"] == "a.example", "http://a.example/"),
    ],
)
@asynchronous
async def test_url_is_equal(wanted, asked):
    assert await texts(MockConnector().get(wanted, text="here"), asked) == ["here"]


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ("http://a.example/", "http://a.example/x"),
        ("http://a.example/?a=1", "http://a.example/?a=1&b=2"),
        ("http://a.example/?a=1&a=2", "http://a.example/?a=2&a=1"),
        ("http://a.example/", "https://a.example/"),
        ("http://a.example/", "http://a.example:8080/"),
        ("http://127.0.0.1/a%2Fb", "http://127.0.0.1/a/b"),
        ("/path", "http://a.example/path/"),
        (re.compile(r"http://a.example/\d"), "http://a.example/12"),
        (lambda request: False, "http://a.example/"),
    ],
)
@asynchronous
async def test_url_is_another(wanted, asked):
    with pytest.raises(NoAnswerError):
        await texts(MockConnector().get(wanted, text="here"), asked)


@asynchronous
async def test_query_can_be_ignored():
    mock = MockConnector().get("http://a.example/x", text="here", ignore_query=True)
    mock.get(re.compile(r".*/y"), text="there", ignore_query=True)
    assert await texts(mock, "http://a.example/x?1", "http://a.example/y?2") == ["here", "there"]


@asynchronous
async def test_host_header_decides_nothing():
    mock = MockConnector().get("http://127.0.0.1:81/", text="here")
    async with aioclient.ClientSession(connector=mock, headers={"Host": "a.example"}) as session:
        assert await (await session.get("http://127.0.0.1:81/")).text() == "here"
    assert mock.requests[0].headers["host"] == "a.example"


@asynchronous
async def test_several_answers_are_given_one_after_another():
    mock = MockConnector()
    for text in "abc":
        mock.get("/", text=text)
    assert await texts(mock, *["http://a.example/"] * 5) == ["a", "b", "c", "c", "c"]


@asynchronous
async def test_answers_can_be_given_so_many_times():
    mock = MockConnector().get("/", text="a", times=2).get("/", text="b", times=1)
    assert await texts(mock, *["http://a.example/"] * 3) == ["a", "a", "b"]
    with pytest.raises(ValueError, match="times must be above 0"):
        mock.get("/", times=0)


@asynchronous
async def test_answer_that_is_added_later_follows_one_that_was_given():
    mock = MockConnector().get("/", text="a")
    async with aioclient.ClientSession(connector=mock) as session:
        assert await (await session.get("http://a.example/")).text() == "a"
        mock.get("/", text="b")
        assert await (await session.get("http://a.example/")).text() == "b"


@asynchronous
async def test_first_pattern_that_has_an_answer_left_comes_first():
    mock = MockConnector().get(re.compile(".*"), text="a", times=1).get("/", text="b")
    assert await texts(mock, *["http://a.example/"] * 2) == ["a", "b"]


@asynchronous
async def test_table_is_a_short_way_to_add():
    async def handler(request):
        return MockResponse(text=request.method)

    mock = MockConnector(
        {
            "/a": MockResponse(text="a"),
            ("PUT", "/a"): handler,
            "/b": [MockResponse(text="1"), "reset", ValueError],
        }
    )
    assert await texts(mock, "http://a/a", "http://a/b") == ["a", "1"]
    with pytest.raises(TypeError, match="expected a MockResponse"):
        MockConnector({"/": 200})


@asynchronous
async def test_one_function_can_answer_all_that_has_no_other_answer():
    async def handler(request):
        return MockResponse(text=f"{request.method} {request.url.path}")

    mock = MockConnector(handler).get("/b", text="b")
    assert await texts(mock, "http://a/a", "http://a/b") == ["GET /a", "b"]


@asynchronous
async def test_function_is_told_what_was_sent():
    async def handler(request):
        assert (request.method, request.url) == ("POST", URL("https://a.example/x?y=1"))
        assert request.headers["x-own"] == "1"
        assert request.cookies == {"a": "1", "b": "2"}
        assert request.json() == {"k": "v"}
        assert request.text() == '{"k": "v"}'
        assert await request.read() == request.body
        assert [piece async for piece in request.iter()] == [request.body]
        assert request.connection == 1
        assert repr(request) == "<MockRequest POST https://a.example/x?y=1>"
        return MockResponse(201)

    options = {"json": {"k": "v"}, "headers": {"X-Own": "1"}, "cookies": {"a": "1", "b": "2"}}
    async with aioclient.ClientSession(connector=MockConnector(handler)) as session:
        response = await session.post("https://me@a.example/x?y=1", **options)
        assert response.status == 201


@asynchronous
async def test_text_of_a_request_is_in_its_charset():
    mock = MockConnector().post("/")
    headers = {"Content-Type": 'text/plain; charset="latin-1"'}
    async with aioclient.ClientSession(connector=mock) as session:
        await session.post("http://a/", data="\u00fc".encode("latin-1"), headers=headers)
    assert mock.requests[0].text() == "\u00fc"


@asynchronous
async def test_function_must_return_a_response():
    async def handler(request):
        return "hello"

    async with aioclient.ClientSession(connector=MockConnector(handler)) as session:
        with pytest.raises(TypeError, match="must return a MockResponse, got 'hello' for GET"):
            await session.get("http://a.example/")


@asynchronous
async def test_no_answer_is_an_error_that_says_what_there_is():
    mock = MockConnector().get("http://a.example/a", times=1).post(re.compile("x+"))
    await texts(mock, "http://a.example/a")
    mock = MockConnector().get("http://a.example/a", times=1).post(re.compile("x+"))
    async with aioclient.ClientSession(connector=mock) as session:
        await session.get("http://a.example/a")
        with pytest.raises(NoAnswerError) as caught:
            await session.get("http://me:secret@a.example/a?b=c&access_token=abc")
    error = caught.value
    assert isinstance(error, aioclient.ClientConnectionError)
    assert str(error) == (
        "no answer for GET http://a.example/a?b=c&access_token=***; there are answers for:"
        "\n  1. GET http://a.example/a (all its answers were given)\n  2. POST /x+/"
    )
    assert (error.method, error.url) == ("GET", "http://a.example/a?b=c&access_token=***")
    assert "secret" not in repr(error)
    assert type(error).__module__ == "aioclient.testing"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.method, again.url) == (str(error), error.method, error.url)


@asynchronous
async def test_response_has_what_was_said():
    headers = CIMultiDict([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Type", "x/y")])
    mock = MockConnector().get("/", status=418, reason="Pot", headers=headers, json=None)
    async with aioclient.ClientSession(connector=mock) as session:
        response = await session.get("http://a.example/")
        assert (response.status, response.reason) == (418, "Pot")
        assert response.headers.getall("set-cookie") == ["a=1", "b=2"]
        assert response.content_type == "x/y"
        assert await response.read() == b"null"
        assert response.connection.peername == ("a.example", 80)


@pytest.mark.parametrize(
    ("options", "kind"),
    [({"text": "\u00fc"}, "text/plain; charset=utf-8"), ({"json": [1]}, "application/json")],
)
@asynchronous
async def test_media_type_comes_with_the_body(options, kind):
    mock = MockConnector().get("/", **options)
    async with aioclient.ClientSession(connector=mock) as session:
        response = await session.get("http://a.example/")
        assert response.headers["Content-Type"] == kind
        assert await response.read() == (b"\xc3\xbc" if "text" in options else b"[1]")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"text": "", "body": b""}, ValueError),
        ({"status": 101}, ValueError),
        ({"status": 1000}, ValueError),
        ({"delay": -1}, ValueError),
        ({"cut_after": -1}, ValueError),
        ({"framing": "packed"}, ValueError),
        ({"error": "broken"}, ValueError),
        ({"error": 5}, TypeError),
        ({"error": UnicodeDecodeError}, TypeError),
        ({"body": "text"}, TypeError),
        ({"body": iter([b""])}, TypeError),
        ({"body": lambda: None, "framing": "counted"}, ValueError),
        ({"nothing": 1}, TypeError),
    ],
)
def test_wrong_answers_are_refused_when_they_are_added(options, error):
    with pytest.raises(error):
        MockConnector().get("/", **options)


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError, match="beside status"):
        MockConnector().get("/", MockResponse(), status=200)
    with pytest.raises(TypeError, match="answer must be"):
        MockConnector().get("/", 200)
    with pytest.raises(TypeError, match="url must be"):
        MockConnector().get(5)
    with pytest.raises(TypeError, match="a function or a mapping"):
        MockConnector(5)


@asynchronous
async def test_bad_header_is_the_error_of_the_request():
    mock = MockConnector().get("/", headers={"A": "b\nc"})
    async with aioclient.ClientSession(connector=mock) as session:
        with pytest.raises(ValueError, match="no line end"):
            await session.get("http://a.example/")


def test_answers_say_what_they_are():
    assert repr(MockResponse(204)) == "<MockResponse 204>"
    assert repr(MockResponse(error="reset")) == "<MockResponse error reset>"
    assert repr(MockResponse(error=ValueError("secret"))) == "<MockResponse error ValueError>"


@asynchronous
async def test_all_is_forgotten_by_clear():
    mock = MockConnector().get("/", text="a")
    async with aioclient.ClientSession(connector=mock) as session:
        await session.get("http://a.example/")
        mock.clear()
        assert mock.requests == []
        with pytest.raises(NoAnswerError):
            await session.get("http://a.example/")
