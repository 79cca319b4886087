"""Bearer tokens: what is sent, when another one is asked for, and who waits for it."""

import asyncio

import pytest
from pages import OK, Pages, page
from running import asynchronous, cancelled, settled, started, until

from aioclient import BasicAuth, BearerAuthMiddleware, ClientSession


class Guarded(Pages):
    """A server that takes some tokens and refuses others."""

    def __init__(self, *good: str) -> None:
        super().__init__()
        self.good = set(good)

    @property
    def tokens(self) -> list[str | None]:
        """Of all requests so far."""
        fields = [seen.headers.get("Authorization") for seen in self.seen]
        return [field and field.removeprefix("Bearer ") for field in fields]

    def page_for(self, seen):
        is_good = self.tokens[-1] in self.good
        return OK if is_good else page(b"", "WWW-Authenticate: Bearer", status="401 X")


class Source:
    """Gives one token after the other, when it may."""

    def __init__(self, *tokens: object, waits: bool = False) -> None:
        self._tokens = list(tokens)
        self.asked = 0
        self.may_give = asyncio.Event()
        if not waits:
            self.may_give.set()

    async def __call__(self):
        self.asked += 1
        await self.may_give.wait()
        token = self._tokens.pop(0)
        if isinstance(token, Exception):
            raise token
        return token


async def asked(session, site, method="GET", **options):
    async with session.request(method, site.url(), **options) as response:
        return response.status


async def pieces():
    yield b"stream"


# --- what is sent --------------------------------------------------------------------------------


@asynchronous
async def test_a_token_goes_with_each_request():
    async with (
        Guarded("abc.DEF~1|2==") as site,
        ClientSession(middlewares=[BearerAuthMiddleware("abc.DEF~1|2==")]) as session,
    ):
        assert await asked(session, site) == 200
        assert await asked(session, site, "POST", data=pieces()) == 200
        assert site.tokens == ["abc.DEF~1|2=="] * 2


@pytest.mark.parametrize(
    "options",
    [{"headers": {"Authorization": "Bearer own"}}, {"auth": BasicAuth("own", "own")}],
    ids=["headers", "auth"],
)
@asynchronous
async def test_an_authorization_of_the_caller_is_left_alone(options):
    source = Source()
    async with (
        Guarded() as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        assert await asked(session, site, **options) == 401
        assert "own" in site.tokens[0] or "Basic" in site.tokens[0]
        assert source.asked == 0


@asynchronous
async def test_a_token_that_is_refused_is_not_sent_again():
    async with (
        Guarded() as site,
        ClientSession(middlewares=[BearerAuthMiddleware("a")]) as session,
    ):
        assert await asked(session, site) == 401
        assert site.tokens == ["a"]


@pytest.mark.parametrize("is_async", [True, False])
@asynchronous
async def test_a_function_is_asked_once_for_many_requests(is_async):
    source = Source("a") if is_async else iter("a").__next__
    async with (
        Guarded("a") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        assert await asked(session, site) == 200
        assert await asyncio.gather(*(asked(session, site) for _ in range(50))) == [200] * 50


@asynchronous
async def test_a_request_that_comes_by_again_has_the_latest_token():
    left = []

    async def twice(request, handler):
        await handler(request)
        left.append("Authorization" in request.headers)
        site.good = {"b"}
        return await handler(request)

    middlewares = [twice, BearerAuthMiddleware(Source("a", "b"))]
    async with Guarded("a") as site, ClientSession(middlewares=middlewares) as session:
        assert await asked(session, site) == 200
        assert (site.tokens, left) == (["a", "a", "b"], [False])


# --- another token -------------------------------------------------------------------------------


@asynchronous
async def test_a_refused_token_is_replaced_and_the_request_sent_once_more():
    source = Source("a", "b")
    async with (
        Guarded("b") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        assert await asked(session, site, "POST", data=b"body") == 200
        assert await asked(session, site) == 200
        assert (site.tokens, source.asked) == (["a", "b", "b"], 2)
        assert [seen.body for seen in site.seen] == [b"body", b"body", b""]


@asynchronous
async def test_another_token_is_tried_once():
    source = Source("a", "b", "c")
    async with (
        Guarded("c") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        assert await asked(session, site) == 401
        assert site.tokens == ["a", "b"]
        assert await asked(session, site) == 200
        assert site.tokens == ["a", "b", "c"]


@asynchronous
async def test_the_same_token_is_not_tried_again():
    source = Source("a", "a", "b")
    async with (
        Guarded("b") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        assert await asked(session, site) == 401
        assert (site.tokens, source.asked) == (["a"], 2)
        assert await asked(session, site) == 200
        assert (site.tokens, source.asked) == (["a", "a", "b"], 3)


@asynchronous
async def test_a_streamed_body_is_not_sent_again_but_the_next_request_has_another_token():
    async with (
        Guarded("b") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(Source("a", "b"))]) as session,
    ):
        assert await asked(session, site, "POST", data=pieces()) == 401
        assert await asked(session, site, "POST", data=pieces()) == 200
        assert site.tokens == ["a", "b"]


# --- many that wait ------------------------------------------------------------------------------


@asynchronous
async def test_many_requests_with_a_refused_token_ask_for_one_together():
    source = Source("a", "b", waits=True)
    async with (
        Guarded("b") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        tasks = [await started(asked(session, site)) for _ in range(20)]
        source.may_give.set()
        assert await asyncio.gather(*tasks) == [200] * 20
        assert source.asked == 2
        assert sorted(site.tokens) == ["a"] * 20 + ["b"] * 20


@asynchronous
async def test_a_token_that_was_replaced_meanwhile_is_no_reason_to_ask():
    source = Source("a", "b")
    slow = asyncio.Event()

    async def late(request, handler):
        response = await handler(request)
        if response.status == 401 and request.url.path == "/late":
            await slow.wait()
        return response

    middlewares = [BearerAuthMiddleware(source), late]
    async with Guarded("b") as site, ClientSession(middlewares=middlewares) as session:
        task = await started(session.get(site.url("/late")))
        await until(lambda: site.seen)
        assert await asked(session, site) == 200
        slow.set()
        async with await task as response:
            assert response.status == 200
        assert source.asked == 2


@asynchronous
async def test_one_that_is_cancelled_leaves_the_others_waiting():
    source = Source("a", waits=True)
    async with (
        Guarded("a") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        first, second = [await started(asked(session, site)) for _ in range(2)]
        await cancelled(first)
        source.may_give.set()
        assert await second == 200
        assert source.asked == 1


@asynchronous
async def test_the_last_that_is_cancelled_takes_the_question_along():
    source = Source("a", waits=True)
    async with (
        Guarded("a") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        for task in [await started(asked(session, site)) for _ in range(2)]:
            await cancelled(task)
        source.may_give.set()
        assert await asked(session, site) == 200
        assert source.asked == 2


@asynchronous
async def test_what_goes_wrong_after_all_were_cancelled_is_nobodys_error():
    class Stubborn(Source):
        async def __call__(self):
            try:
                return await super().__call__()
            except asyncio.CancelledError:
                raise RuntimeError("no token") from None

    async with (
        Guarded() as site,
        ClientSession(middlewares=[BearerAuthMiddleware(Stubborn("a", waits=True))]) as session,
    ):
        await cancelled(await started(asked(session, site)))
        await settled()
        assert not site.seen


@asynchronous
async def test_what_a_function_raises_is_raised_by_all_that_wait():
    source = Source(RuntimeError("no token"), "a", waits=True)
    async with (
        Guarded("a") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        tasks = [await started(asked(session, site)) for _ in range(3)]
        source.may_give.set()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(result, RuntimeError)
        assert await asked(session, site) == 200
        assert (site.tokens, source.asked) == (["a"], 2)


@asynchronous
async def test_the_request_for_a_token_is_sent_without_one():
    """By the same session, to the same origin: it would wait for itself."""

    async def source():
        async with session.get(site.url("/token")) as response:
            assert response.status == 401
            return "a"

    async with (
        Guarded("a") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        assert await asked(session, site) == 200
        assert site.tokens == [None, "a"]


@asynchronous
async def test_what_was_begun_while_asking_has_a_token_afterwards():
    tasks = []

    async def later():
        await may_go.wait()
        return await asked(session, site)

    async def source():
        tasks.append(asyncio.create_task(later()))
        return "a"

    may_go = asyncio.Event()
    async with (
        Guarded("a") as site,
        ClientSession(middlewares=[BearerAuthMiddleware(source)]) as session,
    ):
        await asked(session, site)
        may_go.set()
        assert await tasks[0] == 200


# --- tokens that cannot be sent ------------------------------------------------------------------

BAD = [
    ("", ValueError),
    ("secret\n", ValueError),
    ("Bearer secret", ValueError),
    ("secr\x00t", ValueError),
    ("secret\x7f", ValueError),
    ("secr\u00e9t", ValueError),
    (b"secret", TypeError),
    (None, TypeError),
]


@pytest.mark.parametrize(("token", "error"), BAD)
def test_a_token_that_cannot_be_sent_is_refused(token, error):
    with pytest.raises(error) as raised:
        BearerAuthMiddleware(token)
    assert "secr" not in str(raised.value)


@pytest.mark.parametrize(("token", "error"), BAD)
@asynchronous
async def test_what_a_function_gives_is_refused_the_same(token, error):
    async with (
        Guarded() as site,
        ClientSession(middlewares=[BearerAuthMiddleware(lambda: token)]) as session,
    ):
        with pytest.raises(error) as raised:
            await asked(session, site)
        assert "secr" not in str(raised.value)
        assert not site.seen


def test_the_token_is_not_shown():
    middleware = BearerAuthMiddleware("secret")
    assert repr(middleware) == "<BearerAuthMiddleware token=***>"
    assert not hasattr(middleware, "__dict__")
