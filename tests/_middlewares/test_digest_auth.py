"""Digest authentication: what is answered, and how often it is tried."""

import asyncio
import io

import pytest
from digest_site import HASHES, LOGIN, DigestSite
from pages import Pages, page
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, head_of, silent

from aioclient import BasicAuth, ClientSession, DigestAuthMiddleware


def middleware(**options):
    return DigestAuthMiddleware(*LOGIN, **options)


async def asked(session, site, *paths, method="GET", **options):
    """The statuses of requests, one after the other."""
    statuses = []
    for path in paths or ["/"]:
        async with session.request(method, site.url(path), **options) as response:
            await response.read()
            statuses.append(response.status)
    return statuses


# --- what is answered ----------------------------------------------------------------------------


@pytest.mark.parametrize("qop", ["auth", "auth-int", "auth, auth-int", None])
@pytest.mark.parametrize("algorithm", [*HASHES, "MD5-sess", "SHA-256-sess", None])
@asynchronous
async def test_a_challenge_is_answered(algorithm, qop):
    async with (
        DigestSite(algorithm=algorithm, qop=qop) as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, site, "/a?b=c%20d") == [200]
        assert await asked(session, site, method="POST", data=b"body") == [200]
        assert site.statuses == [401, 200, 200]
        assert site.came[2].body == b"body"


@asynchronous
async def test_of_auth_and_auth_int_the_one_that_protects_the_body_is_chosen():
    async with (
        DigestSite(qop="auth,auth-int") as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        await asked(session, site, method="PUT", data=b"body")
        assert site.came[1].parameters["qop"] == "auth-int"


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"a": 1}},
        {"data": {"a": "1"}},
        {"data": io.BytesIO(b"body")},
        {"data": b"body" * 1000, "compress": "gzip"},
        {"data": b"body", "chunked": True},
    ],
    ids=["json", "form", "file", "compressed", "chunked"],
)
@asynchronous
async def test_auth_int_is_about_the_body_as_it_is_sent(options):
    async with (
        DigestSite(qop="auth-int") as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, site, method="POST", **options) == [200]
        assert site.came[0].body == site.came[1].body != b""


@asynchronous
async def test_the_login_is_sent_as_a_hash_if_the_server_asks_for_that():
    async with (
        DigestSite(more="userhash=true") as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, site) == [200]
        assert len(site.came[1].parameters["username"]) == 64


@asynchronous
async def test_a_realm_that_is_not_utf_8_goes_back_as_it_came():
    async with (
        DigestSite(realm="caf\udce9") as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, site) == [200]


@asynchronous
async def test_login_and_password_may_have_any_letters():
    login = ("J\u00e4s\u00f8n D\u00f6e", 'p\u00e4ss "word"\\')
    async with (
        DigestSite(login=login) as site,
        ClientSession(middlewares=[DigestAuthMiddleware(*login)]) as session,
    ):
        assert await asked(session, site) == [200]


MD5 = 'Digest realm="m", nonce="NONCE", qop="auth", algorithm=MD5'
SHA_256 = 'Digest realm="s", nonce="NONCE", qop="auth", algorithm=SHA-256'
INT = 'Digest realm="i", nonce="NONCE", qop="auth-int", algorithm=SHA-256'


@pytest.mark.parametrize(
    ("fields", "realm"),
    [
        ([MD5], "m"),
        ([MD5.replace("Digest", "dIGEST")], "m"),
        ([MD5.replace("realm", "REALM").replace("nonce", "Nonce")], "m"),
        (["Basic realm=b, " + MD5], "m"),
        (["Basic realm=b", MD5], "m"),
        ([MD5, "Basic realm=b"], "m"),
        (["Negotiate", "NTLM", "Bearer realm=b, scope=c", MD5], "m"),
        (["Negotiate abc=, " + MD5], "m"),
        ([MD5, SHA_256], "s"),
        ([SHA_256, MD5], "s"),
        ([MD5 + ", " + SHA_256], "s"),
        ([MD5, SHA_256.replace("SHA-256", "SHA-3")], "m"),
        ([MD5, SHA_256.replace("auth", "auth-conf")], "m"),
        ([MD5, SHA_256.replace("nonce", "once")], "m"),
        ([MD5, SHA_256 + ', realm="t"'], "m"),
        (["", ", ,", MD5], "m"),
        (['Basic realm="Digest realm=x, nonce=y"'], None),
        (["Basic realm=b"], None),
        (["Digest"], None),
        (["Digest realm=r"], None),
        ([MD5 + ", x y z"], None),
        ([MD5 + ", x"], "m"),
        ([MD5[:-1] + '"'], None),
        ([], None),
    ],
)
@asynchronous
async def test_the_best_of_all_challenges_is_answered(fields, realm):
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        site.fields = fields
        site.realm = realm or "none"
        assert await asked(session, site) == [200 if realm else 401]
        assert len(site.came) == (2 if realm else 1)


@asynchronous
async def test_the_uri_is_that_of_the_first_line_also_through_a_proxy():
    """An HTTP proxy is told the whole URL, the server behind it path and query."""
    challenge = page(b"", f"WWW-Authenticate: {MD5}", status="401 X")
    async with (
        Pages(**{"http://server.example/a": challenge}) as proxy,
        ClientSession(middlewares=[middleware()], proxy=proxy.url()) as session,
    ):
        await session.get("http://server.example/a?b")
        assert proxy.last.target == "http://server.example/a?b"
        assert 'uri="/a?b"' in proxy.last.headers["Authorization"]


# --- in advance ----------------------------------------------------------------------------------


@asynchronous
async def test_later_requests_are_answered_for_in_advance():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        assert await asked(session, site, "/a", "/b", "/c") == [200, 200, 200]
        assert site.statuses == [401, 200, 200, 200]
        assert [came.parameters["nc"] for came in site.answered] == [
            "00000001",
            "00000002",
            "00000003",
        ]
        assert len({came.parameters["cnonce"] for came in site.answered}) == 1


@asynchronous
async def test_without_preemptive_each_request_waits_for_a_challenge():
    async with (
        DigestSite(one_nonce=True) as site,
        ClientSession(middlewares=[middleware(preemptive=False)]) as session,
    ):
        assert await asked(session, site, "/a", "/b") == [200, 200]
        assert site.statuses == [401, 200, 401, 200]
        assert [came.parameters["nc"] for came in site.answered] == ["00000001", "00000002"]


@asynchronous
async def test_in_advance_is_only_for_the_paths_that_the_challenge_names():
    async with (
        DigestSite(more='domain="/a /b/"') as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        await asked(session, site, "/a", "/a/c", "/b/d", "/e")
        assert site.statuses == [401, 200, 200, 200, 401, 200]


@pytest.mark.parametrize("algorithm", ["SHA-256", "SHA-256-sess", "MD5-sess"])
@asynchronous
async def test_the_next_nonce_is_used_for_the_next_request(algorithm):
    async with (
        DigestSite(algorithm=algorithm, uses=1, gives_next=True) as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        await asked(session, site, "/a", "/b", "/c")
        assert site.statuses == [401, 200, 200, 200]
        assert [came.use for came in site.answered] == [
            ("n1", "00000001"),
            ("n2", "00000001"),
            ("n3", "00000001"),
        ]


@pytest.mark.parametrize(
    "info", ["nextnonce=", 'nextnonce="x', "nextnonce=x, nextnonce=y", 'nextnonce=""', "x", ","]
)
@asynchronous
async def test_a_malformed_next_nonce_is_ignored(info):
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        site.info = info
        await asked(session, site, "/a", "/b")
        assert site.statuses == [401, 200, 200]


@asynchronous
async def test_a_server_that_does_not_prove_that_it_knows_the_password_is_believed():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        site.info = 'rspauth="0123", qop=auth, nc=00000001, cnonce="x"'
        assert await asked(session, site) == [200]


# --- how often -----------------------------------------------------------------------------------


@pytest.mark.parametrize("one_nonce", [True, False])
@asynchronous
async def test_wrong_credentials_are_tried_once_for_each_request(one_nonce):
    wrong = DigestAuthMiddleware(LOGIN[0], "wrong")
    async with (
        DigestSite(one_nonce=one_nonce) as site,
        ClientSession(middlewares=[wrong]) as session,
    ):
        assert await asked(session, site, "/a", "/b") == [401, 401]
        assert [bool(came.parameters) for came in site.came] == [False, True, False, True]


@asynchronous
async def test_another_realm_than_the_one_in_advance_is_answered():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        await asked(session, site, "/a")
        site.realm = "another"
        await asked(session, site, "/b")
        assert site.statuses == [401, 200, 401, 200]


@pytest.mark.parametrize("says_stale", [True, False])
@asynchronous
async def test_a_nonce_that_is_too_old_is_replaced(says_stale):
    async with (
        DigestSite(uses=2, says_stale=says_stale) as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, site, "/a", "/b", "/c", "/d") == [200] * 4
        assert site.statuses == [401, 200, 200, 401, 200, 200]
        assert [came.use for came in site.answered][2:] == [
            ("n1", "00000003"),
            ("n2", "00000001"),
            ("n2", "00000002"),
        ]


@asynchronous
async def test_an_answer_that_is_too_old_at_once_is_given_once_more():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:

        async def late(request, handler):
            if "Authorization" in request.headers and len(site.answered) == 0:
                site.forget()
            return await handler(request)

        assert await asked(session, site, middlewares=[middleware(), late]) == [200]
        assert site.statuses == [401, 401, 200]


@asynchronous
async def test_a_server_to_which_every_nonce_is_too_old_is_not_asked_for_ever():
    async with DigestSite(uses=0) as site, ClientSession(middlewares=[middleware()]) as session:
        assert await asked(session, site) == [401]
        assert site.statuses == [401, 401, 401]


@asynchronous
async def test_a_server_that_calls_the_same_nonce_too_old_is_believed_once():
    async with (
        DigestSite(uses=0, one_nonce=True) as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, site) == [401]
        assert site.statuses == [401, 401]


@asynchronous
async def test_a_password_that_was_changed_is_a_401():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        await asked(session, site)
        site.login = ("user", "changed")
        assert await asked(session, site, "/", "/") == [401, 401]
        had_answers = [bool(came.parameters) for came in site.came]
        assert had_answers == [False, True, True, True, False, True]


# --- many at a time ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"one_nonce": True},
        {"algorithm": "MD5-sess", "one_nonce": True},
        {"uses": 300},
        {"gives_next": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_known", [True, False])
@asynchronous
async def test_no_two_of_a_thousand_requests_have_nonce_and_count_in_common(options, is_known):
    async with DigestSite(**options) as site, ClientSession(middlewares=[middleware()]) as session:
        if is_known:
            await asked(session, site)
        found = await asyncio.gather(*(asked(session, site, f"/{n}") for n in range(1000)))
        uses = [came.use for came in site.answered]
        assert len(set(uses)) == len(uses)
        assert found == [[200]] * 1000
        if is_known and not {"uses", "gives_next"} & options.keys():
            assert len(site.came) == 1002


@asynchronous
async def test_servers_that_take_but_the_last_nonce_that_they_gave_get_no_two_answers_with_it():
    """So does Apache with one-time nonces: each opaque is a client of its own with one nonce."""
    async with (
        DigestSite(uses=1, gives_next=True) as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        await asked(session, site)
        found = await asyncio.gather(*(asked(session, site) for _ in range(100)))
        assert found == [[200]] * 100
        assert site.statuses.count(401) == 1 + 99
        assert all(came.status == 200 for came in site.answered)


# --- requests that are left alone ----------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [{"headers": {"Authorization": "Bearer own"}}, {"auth": BasicAuth("own", "own")}],
    ids=["headers", "auth"],
)
@asynchronous
async def test_an_authorization_of_the_caller_is_left_alone(options):
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        assert await asked(session, site, **options) == [401]
        await asked(session, site)
        assert await asked(session, site, **options) == [401]
        assert site.statuses == [401, 401, 200, 401]
        assert site.came[3].headers["Authorization"] == site.came[0].headers["Authorization"]


@asynchronous
async def test_another_status_is_the_answer_whatever_it_says():
    fields = [f"WWW-Authenticate: {MD5}", f"Proxy-Authenticate: {MD5}"]
    async with (
        Pages(a=page(b"", *fields, status="403 X"), b=page(b"", *fields, status="407 X")) as pages,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        assert await asked(session, pages, "/a", "/b") == [403, 407]
        assert len(pages.seen) == 2


# --- together with others ------------------------------------------------------------------------


@asynchronous
async def test_a_request_that_comes_by_again_is_counted_anew():
    left = []

    async def twice(request, handler):
        await handler(request)
        left.append("Authorization" in request.headers)
        return await handler(request)

    async with (
        DigestSite() as site,
        ClientSession(middlewares=[twice, middleware()]) as session,
    ):
        assert await asked(session, site) == [200]
        assert site.statuses == [401, 200, 200]
        assert site.came[1].parameters["nc"] != site.came[2].parameters["nc"]
        assert left == [False]


@asynchronous
async def test_a_middleware_may_be_used_by_several_sessions():
    shared = middleware()
    async with DigestSite() as site:
        for _ in range(2):
            async with ClientSession(middlewares=[shared]) as session:
                assert await asked(session, site) == [200]
        assert site.statuses == [401, 200, 200]


@asynchronous
async def test_a_request_can_be_cancelled_while_its_answer_is_waited_for():
    answered = []

    async def slow(reader, writer):
        await head_of(reader)
        writer.write(page(b"", f"WWW-Authenticate: {MD5}", status="401 X"))
        answered.append(await head_of(reader))
        await silent(reader, writer)

    async with (
        ScriptedServer(slow) as server,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        task = await started(session.get(server.url()))
        await until(lambda: answered)
        await cancelled(task)


# --- bodies that can be read but once ------------------------------------------------------------


async def pieces():
    for piece in b"st", b"ream":
        yield piece


@asynchronous
async def test_a_streamed_body_that_was_challenged_is_not_sent_again():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        assert await asked(session, site, method="POST", data=pieces()) == [401]
        assert await asked(session, site, method="POST", data=pieces()) == [200]
        assert site.statuses == [401, 200]
        assert site.came[1].body == b"stream"


@asynchronous
async def test_a_streamed_body_is_not_what_auth_int_is_about():
    async with (
        DigestSite(qop="auth-int,auth") as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        await asked(session, site)
        assert await asked(session, site, method="POST", data=pieces()) == [200]
        assert [came.parameters["qop"] for came in site.answered] == ["auth-int", "auth"]


@asynchronous
async def test_without_the_body_a_challenge_for_auth_int_alone_cannot_be_answered():
    async with (
        DigestSite(qop="auth-int") as site,
        ClientSession(middlewares=[middleware()]) as session,
    ):
        await asked(session, site)
        assert await asked(session, site, method="POST", data=pieces()) == [401]
        assert site.statuses == [401, 200, 401]
        assert not site.came[2].parameters
        assert await asked(session, site) == [200]


@asynchronous
async def test_a_challenge_that_needs_no_body_is_chosen_for_a_streamed_one():
    async with DigestSite() as site, ClientSession(middlewares=[middleware()]) as session:
        site.fields, site.realm = [INT, MD5], "m"
        assert await asked(session, site, method="POST", data=pieces()) == [401]
        assert await asked(session, site, method="POST", data=pieces()) == [200]


@asynchronous
async def test_a_streamed_body_that_was_refused_before_it_left_is_sent():
    async def refusing(reader, writer):
        head = await head_of(reader)
        if b"Authorization" not in head:
            challenge = [f"WWW-Authenticate: {MD5}", "Connection: close"]
            writer.write(page(b"", *challenge, status="401 X"))
            return
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readuntil(b"0\r\n\r\n")
        writer.write(page(body))

    async with (
        ScriptedServer(refusing) as server,
        ClientSession(middlewares=[middleware()]) as session,
        session.post(server.url(), data=pieces(), expect100=True) as response,
    ):
        assert response.status == 200
        assert b"st" in await response.read()


# --- secrets -------------------------------------------------------------------------------------


def test_neither_login_nor_password_is_shown():
    digest = DigestAuthMiddleware("some login", "some password", origins="https://a.example")
    assert repr(digest) == "<DigestAuthMiddleware preemptive=True>"
    assert not hasattr(digest, "__dict__")


@pytest.mark.parametrize(
    ("login", "password", "error"),
    [
        ("secret:login", "password", ValueError),
        ("secret\nlogin", "password", ValueError),
        ("secret\x7f", "password", ValueError),
        ("secret\ud800", "password", ValueError),
        ("login", "secret\ud800", ValueError),
        (b"secret", "password", TypeError),
        ("login", b"secret", TypeError),
        (None, "password", TypeError),
        ("login", None, TypeError),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(login, password, error):
    with pytest.raises(error) as raised:
        DigestAuthMiddleware(login, password)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_password_may_be_anything_else():
    for password in "", "a:b", "a\nb", "\u00e9":
        DigestAuthMiddleware("", password)
