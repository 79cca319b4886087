"""aiohttp-retry: tries again after statuses, errors, and by a function; gives up at the end."""

from aiohttp_retry import ExponentialRetry, ListRetry, RetryClient
from scenario import WAY, Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    if seen.path == "/broken":
        return json_answer({}, 503)
    tries = sum(1 for each in site.seen if each.path == seen.path)
    return json_answer({"tries": tries}, 503 if tries < 3 else 200)


site = Site(answer)


async def main() -> None:
    session = None
    if WAY == "given":
        import aioclient

        session = aioclient.ClientSession()
    async with site:
        options = ExponentialRetry(attempts=4, start_timeout=0.001)
        client = RetryClient(client_session=session, retry_options=options)
        async with client.get(site.url("/a")) as response:
            assert (await response.json()) == {"tries": 3}
        response = await client.post(site.url("/b"), json={"x": 1})
        assert response.status == 200
        assert site.seen[-1].json == {"x": 1}
        strict = RetryClient(
            client_session=session,
            retry_options=ListRetry([0.001, 0.001]),
            raise_for_status=True,
        )
        try:
            await strict.get(site.url("/broken"))
        except Exception as error:
            assert (type(error).__name__, error.status) == ("ClientResponseError", 503)
        else:
            raise AssertionError("an error was expected")
        assert sum(1 for seen in site.seen if seen.path == "/broken") == 2
        try:
            await client.get("http://127.0.0.1:1/")
        except Exception as error:
            assert type(error).__name__ == "ClientConnectorError"
        else:
            raise AssertionError("an error was expected")
        await strict.close()
        await client.close()
        site.check_client()


run(main)
