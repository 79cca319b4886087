"""Which requests may have the credentials of a middleware."""

import itertools
import ssl

import pytest
import trustme
from digest_site import LOGIN, DigestSite
from pages import Pages
from running import asynchronous
from yarl import URL

from aioclient import BearerAuthMiddleware, ClientSession, DigestAuthMiddleware


def digest(**options):
    return DigestAuthMiddleware(*LOGIN, **options)


def bearer(**options):
    """With another token each time that it is asked."""
    numbers = itertools.count()
    return BearerAuthMiddleware(lambda: f"token{next(numbers)}", **options)


async def asked(session, url, **options):
    async with session.get(url, **options) as response:
        return response.status


def had_credentials(came):
    return ["Authorization" in each.headers for each in came]


@pytest.fixture(scope="module")
def tls():
    """Contexts for a server at 127.0.0.1 and its client."""
    authority = trustme.CA()
    server, client = (
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
        ssl.create_default_context(),
    )
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


# --- redirects -----------------------------------------------------------------------------------


@asynchronous
async def test_a_redirect_within_the_origin_is_followed_with_credentials():
    async with DigestSite() as site, ClientSession(middlewares=[digest()]) as session:
        site.redirects["/a"] = "/b"
        assert await asked(session, site.url("/a")) == 200
        assert [(came.target, came.status) for came in site.came] == [
            ("/a", 401),
            ("/a", 302),
            ("/b", 200),
        ]


@asynchronous
async def test_a_challenge_of_another_origin_behind_a_redirect_gets_no_answer():
    async with (
        DigestSite() as site,
        DigestSite() as other,
        ClientSession(middlewares=[digest()]) as session,
    ):
        site.redirects["/a"] = other.url("/b")
        assert await asked(session, site.url("/a")) == 401
        assert (site.statuses, other.statuses) == ([401, 302], [401])
        assert had_credentials(other.came) == [False]


@asynchronous
async def test_a_token_does_not_go_to_another_origin_behind_a_redirect():
    async with (
        Pages() as pages,
        Pages() as other,
        ClientSession(middlewares=[bearer()]) as session,
    ):
        pages.redirect("a", other.url("/b"))
        assert await asked(session, pages.url("/a")) == 200
        assert had_credentials(pages.seen) == [True]
        assert had_credentials(other.seen) == [False]


@asynchronous
async def test_a_first_redirect_does_not_decide_to_whom_a_token_belongs():
    async with (
        DigestSite() as site,
        Pages() as pages,
        ClientSession(middlewares=[bearer()]) as session,
    ):
        pages.redirect("a", site.url("/b"))
        await asked(session, pages.url("/a"))
        await asked(session, site.url("/c"))
        assert had_credentials(site.came) == [False, False]


@asynchronous
async def test_a_challenge_behind_a_redirect_does_not_decide_to_whom_a_password_belongs():
    async with (
        DigestSite() as lure,
        DigestSite() as site,
        Pages() as pages,
        ClientSession(middlewares=[digest()]) as session,
    ):
        pages.redirect("a", lure.url("/b"))
        await asked(session, pages.url("/a"))
        assert await asked(session, site.url("/c")) == 200
        assert had_credentials(lure.came) == [False]
        assert await asked(session, lure.url("/b")) == 401  # it belongs to the other now


@asynchronous
async def test_a_password_belongs_to_the_first_origin_that_asks_for_one():
    async with (
        DigestSite() as site,
        Pages() as pages,
        ClientSession(middlewares=[digest()]) as session,
    ):
        assert await asked(session, pages.url()) == 200  # nobody wants a password here
        assert await asked(session, site.url()) == 200
        assert had_credentials(pages.seen) == [False]


@pytest.mark.parametrize("make", [digest, bearer])
@asynchronous
async def test_https_credentials_do_not_go_to_http(make, tls):
    server_tls, client_tls = tls
    async with (
        DigestSite() as plain,
        Pages(server_tls) as pages,
        ClientSession(middlewares=[make(origins=[plain.url(), pages.url()])]) as session,
    ):
        pages.redirect("a", plain.url("/b"))
        await asked(session, pages.url("/a"), ssl=client_tls)
        assert had_credentials(plain.came) == [False]
        await asked(session, plain.url("/b"))
        assert True in had_credentials(plain.came)


@pytest.mark.parametrize("make", [digest, bearer])
@asynchronous
async def test_another_port_is_another_origin(make):
    async with (
        DigestSite() as first,
        DigestSite() as second,
        ClientSession(middlewares=[make()]) as session,
    ):
        await asked(session, first.url())
        await asked(session, second.url())
        assert True in had_credentials(first.came)
        assert had_credentials(second.came) == [False]


# --- origins that are named ----------------------------------------------------------------------


@pytest.mark.parametrize("make", [digest, bearer])
@asynchronous
async def test_credentials_may_be_for_several_origins(make):
    async with DigestSite() as site, DigestSite() as other:
        origins = URL(site.url("/a?b")), other.url().replace("//", "//login:password@")
        async with ClientSession(middlewares=[make(origins=origins)]) as session:
            for each in other, site:
                await asked(session, each.url())
                assert True in had_credentials(each.came)


@pytest.mark.parametrize("make", [digest, bearer])
@asynchronous
async def test_a_redirect_from_one_named_origin_to_another_has_credentials(make):
    async with DigestSite() as site, Pages() as pages:
        pages.redirect("a", site.url("/b"))
        middleware = make(origins=[site.url(), pages.url()])
        async with ClientSession(middlewares=[middleware]) as session:
            await asked(session, pages.url("/a"))
        assert True in had_credentials(site.came)


@pytest.mark.parametrize("make", [digest, bearer])
@asynchronous
async def test_a_redirect_from_a_stranger_to_a_named_origin_has_no_credentials(make):
    async with DigestSite() as site, Pages() as pages:
        pages.redirect("a", site.url("/b"))
        async with ClientSession(middlewares=[make(origins=site.url())]) as session:
            await asked(session, pages.url("/a"))
        assert had_credentials(pages.seen) == [False]
        assert had_credentials(site.came) == [False]


@asynchronous
async def test_a_domain_counts_for_another_origin_that_is_named():
    async with DigestSite() as other, DigestSite(more=f'domain="/ {other.url()}"') as site:
        for origins in None, [site.url(), other.url()]:
            other.came.clear()
            async with ClientSession(middlewares=[digest(origins=origins)]) as session:
                await asked(session, site.url())
                await asked(session, other.url())
            assert had_credentials(other.came[:1]) == [origins is not None]


@pytest.mark.parametrize("make", [digest, bearer])
@asynchronous
async def test_a_middleware_may_not_send_the_credentials_elsewhere(make):
    async with DigestSite() as site, Pages() as pages:

        async def elsewhere(request, handler):
            request.url = site.url("/a")
            return await handler(request)

        async with ClientSession() as session:
            for middlewares in [elsewhere, make()], [make(), elsewhere]:
                await asked(session, pages.url(), middlewares=middlewares)
        assert had_credentials(site.came) == [False, False]


@pytest.mark.parametrize("make", [digest, bearer])
@pytest.mark.parametrize(
    ("origins", "error"),
    [
        ("", ValueError),
        ("/a", ValueError),
        ("a.example", ValueError),
        ("ftp://a.example", ValueError),
        ("https://a.example:0", ValueError),
        ([], ValueError),
        ([1], TypeError),
        (1, TypeError),
    ],
)
def test_what_names_no_origins_is_refused(make, origins, error):
    with pytest.raises(error):
        make(origins=origins)
