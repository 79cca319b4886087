"""Apps that were not written here run in an `ASGIConnector`."""

import contextlib

import pytest
from running import asynchronous

import aioclient
from aioclient.testing import ASGIConnector

URL = "http://a.example"


async def pieces():
    for _ in range(20):
        yield b"x" * 50_000


def starlette_app(told):
    applications = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Mount, Route, WebSocketRoute

    @contextlib.asynccontextmanager
    async def lifespan(app):
        told.append("start")
        yield {"word": "from the start"}
        told.append("end")

    async def count(request):
        size = 0
        async for piece in request.stream():
            size += len(piece)
        return JSONResponse({"size": size, "word": request.state.word, "url": str(request.url)})

    async def stream(request):
        return StreamingResponse(pieces())

    async def fail(request):
        raise ZeroDivisionError

    async def shout(websocket):
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text.upper())

    async def pass_on(request, call_next):
        response = await call_next(request)
        response.headers["X-Passed"] = "1"
        return response

    routes = [
        Route("/count", count, methods=["POST"]),
        Route("/stream", stream),
        Route("/fail", fail),
        WebSocketRoute("/shout", shout),
    ]
    return applications.Starlette(
        routes=[*routes, Mount("/inner", routes=routes)],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=pass_on)],
        lifespan=lifespan,
    )


@pytest.mark.parametrize("prefix", ["", "/inner"])
@asynchronous
async def test_starlette(prefix):
    told = []
    async with aioclient.ClientSession(
        f"{URL}{prefix}/", connector=ASGIConnector(starlette_app(told))
    ) as session:
        async with session.post("count?a=1", data=pieces()) as response:
            assert response.headers["X-Passed"] == "1"
            assert await response.json() == {
                "size": 1_000_000,
                "word": "from the start",
                "url": f"{URL}{prefix}/count?a=1",
            }
        async with session.get("stream") as response:
            assert len(await response.read()) == 1_000_000
        with pytest.raises(ZeroDivisionError):
            await session.get("fail")
        async with session.ws_connect("shout") as ws:
            await ws.send_str("hello")
            assert await ws.receive_str() == "HELLO"
        assert (await session.get("missing")).status == 404
    assert told == ["start", "end"]


@asynchronous
async def test_starlette_as_a_server_would_show_it(caplog):
    connector = ASGIConnector(starlette_app([]), raise_app_exceptions=False)
    async with aioclient.ClientSession(connector=connector) as session:
        response = await session.get(f"{URL}/fail")
        assert (response.status, await response.text()) == (500, "Internal Server Error")
    assert len(caplog.records) == 1


@asynchronous
async def test_fastapi():
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.post("/items/{number}")
    async def item(number: int, words: list[str]) -> dict[str, object]:
        return {"number": number, "words": words}

    async with aioclient.ClientSession(connector=ASGIConnector(app)) as session:
        async with session.post(f"{URL}/items/3", json=["a", "b"]) as response:
            assert await response.json() == {"number": 3, "words": ["a", "b"]}
        async with session.post(f"{URL}/items/x", json=[]) as response:
            assert response.status == 422


@asynchronous
async def test_quart():
    quart = pytest.importorskip("quart")
    app = quart.Quart("app")

    @app.post("/echo")
    async def echo():
        return await quart.request.get_data()

    @app.websocket("/shout")
    async def shout():
        await quart.websocket.send((await quart.websocket.receive()).upper())

    async with aioclient.ClientSession(connector=ASGIConnector(app)) as session:
        async with session.post(f"{URL}/echo", data=pieces()) as response:
            assert len(await response.read()) == 1_000_000
        async with session.ws_connect(f"{URL}/shout") as ws:
            await ws.send_str("hello")
            assert await ws.receive_str() == "HELLO"
