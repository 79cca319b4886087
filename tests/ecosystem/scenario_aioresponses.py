"""aioresponses: mocked answers of all kinds, what was asked, and what passes to a real server."""

import re

import aiohttp
from aioresponses import CallbackResult, aioresponses
from scenario import Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    return json_answer({"real": True})


async def main() -> None:
    async with Site(answer) as site, aiohttp.ClientSession() as session:
        with aioresponses(passthrough=[site.url("")]) as mocked:
            mocked.get("http://a.example/json", payload={"x": 1}, headers={"X-Own": "y"})
            mocked.post("http://a.example/made", status=201, body="made", content_type="text/plain")
            mocked.get("http://a.example/error", status=500)
            mocked.get("http://a.example/lost", exception=aiohttp.ClientConnectionError("gone"))
            mocked.get("http://a.example/late", timeout=True)
            mocked.get(re.compile(r"^http://b\.example/"), body=b"any", repeat=True)
            mocked.get("http://a.example/cookie", headers={"Set-Cookie": "c=d; Path=/"})
            mocked.get("http://a.example/stream", body=b"a\nb\nc\n")
            mocked.get(
                "http://a.example/back", callback=lambda url, **kw: CallbackResult(status=418)
            )

            async with session.get("http://a.example/json", params={}) as response:
                assert (response.status, await response.json()) == (200, {"x": 1})
                assert response.headers["X-Own"] == "y"
                assert response.raw_headers
                assert response.content_type == "application/json"
                assert isinstance(response, aiohttp.ClientResponse)
            response = await session.post("http://a.example/made", data=b"body")
            assert (response.status, await response.text()) == (201, "made")
            response = await session.get("http://a.example/error")
            try:
                response.raise_for_status()
            except aiohttp.ClientResponseError as error:
                assert error.status == 500
            else:
                raise AssertionError("no error")
            for path, kind in (("lost", aiohttp.ClientConnectionError), ("late", TimeoutError)):
                try:
                    await session.get(f"http://a.example/{path}")
                except kind:
                    pass
                else:
                    raise AssertionError("no error")
            for path in ("x", "y"):
                assert await (await session.get(f"http://b.example/{path}")).read() == b"any"
            response = await session.get("http://a.example/cookie")
            assert response.cookies["c"].value == "d"
            response = await session.get("http://a.example/stream")
            assert [line async for line in response.content] == [b"a\n", b"b\n", b"c\n"]
            assert (await session.get("http://a.example/back")).status == 418
            async with session.get(site.url("/")) as response:
                assert await response.json() == {"real": True}
            try:
                await session.get("http://a.example/unknown")
            except aiohttp.ClientConnectionError:
                pass
            else:
                raise AssertionError("no error")
            mocked.assert_called_with("http://a.example/unknown")
            mocked.assert_any_call("http://a.example/made", method="POST", data=b"body")
        async with session.get(site.url("/")) as response:
            assert await response.json() == {"real": True}
        site.check_client()


run(main)
