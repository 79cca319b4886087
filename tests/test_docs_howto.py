"""The examples of the start page and of the how-to guides, with the services that they speak of."""

import asyncio
import json
import logging
import re
import sys
from importlib.util import find_spec

import pytest
from digest_site import DigestSite
from doc_examples import DOCS, examples, run, said
from pages import Pages, page
from program import do_without
from running import asynchronous
from scripted import ScriptedServer, answers, silent

import aioclient

CZECH = "Kůň úpěl ďábelské ódy."
GUIDES = sorted(f"howto/{path.name}" for path in (DOCS / "howto").glob("*.md"))
EXAMPLES = [
    pytest.param(example, id=f"{name.removesuffix('.md')}-{number}")
    for name in ("index.md", *GUIDES)
    for number, example in enumerate(examples(name), 1)
]


class Service(Pages):
    """What the guides call `http://service.example`, and others that it redirects to."""

    def __init__(self):
        items = page(b'["pen", "ink"]', "Content-Type: application/json")
        busy = page(b"", status="503 Busy")
        super().__init__(
            **{
                "api/items": items,
                "broken": page(b"no", status="500 Broken"),
                "busy": [busy, page()],
                "czech": page(CZECH.encode("windows-1250"), "Content-Type: text/plain"),
                "items": items,
                "large": page(b"x" * 300_000, "Content-Type: application/octet-stream"),
                "lines": page(b"one\ntwo\nthree"),
                "mislabelled": page(b"[1, 2.5]", "Content-Type: text/plain"),
                "missing": page(b"There is no such item.", status="404 Missing"),
                "page": page(
                    b"<p>Please log in.</p>",
                    "Content-Type: text/html; charset=utf-8",
                    "Via: 1.0 fred",
                    "Via: 1.1 proxy.example",
                    "Set-Cookie: theme=dark; Path=/",
                    'Content-Disposition: inline; filename="page.html"',
                    'Link: </page?number=2>; rel="next"',
                ),
                "tomorrow": page(b"", "Retry-After: 86400", status="503 Busy"),
                "unfinished": [page(status="202 Accepted"), page()],
                "utf-16": page(("Žluťoučký kůň úpěl ďábelské ódy. " * 9).encode("utf-16")),
            }
        )
        self.redirect("old", "/items")
        self.redirect("elsewhere", "http://other.example/")

    def page_for(self, seen):
        if seen.target == "/echo":
            kind = seen.headers.get("Content-Type")
            text = f"{seen.method}, {len(seen.body)} bytes, {kind}"
            return page(text.encode(), "Content-Type: text/plain")
        if seen.target == "/bearer" and seen.headers["Authorization"] != "Bearer eyJh.bGci.OiJI":
            return page(b"", "WWW-Authenticate: Bearer", status="401 Unauthorized")
        return super().page_for(seen)


async def after_a_moment(reader, writer):
    """Answer when the session has begun to close."""
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(0.05)
    writer.write(page())
    await reader.read()


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_runs(example, tmp_path, monkeypatch, capsys, caplog):
    if "charset_normalizer" in example and find_spec("charset_normalizer") is None:
        do_without("the Python package charset-normalizer is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backup.tar").write_bytes(b"backup")
    caplog.set_level(logging.INFO)
    if "asyncio.run(" in example:
        run_program(example)
    else:
        run_example(example)
    printed = capsys.readouterr().out
    printed += "".join(f"{each.levelname} {each.getMessage()}\n" for each in caplog.records)
    assert printed
    printed = re.sub(r"other\.localhost:\d+", "other.example", printed)
    place = 0
    for words in said(example):
        for text in [words] if words[0] in "[{(" else words.split(", "):
            assert text in printed[place:], text
            place = printed.index(text, place) + len(text)


@asynchronous
async def run_program(example):
    async with Service() as service:
        program = example.replace("http://service.example", service.url(""))
        await asyncio.to_thread(exec, program, {})


@asynchronous
async def run_example(example):
    cut = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
    async with (
        Service() as service,
        DigestSite(login=("me", "secret")) as digest,
        ScriptedServer(silent) as slow,
        ScriptedServer(cut) as broken_off,
        ScriptedServer(after_a_moment) as moment,
    ):
        where = {
            "http://service.example/cut": broken_off.url(),
            "http://service.example/moment": moment.url(),
            "http://service.example/slow": slow.url(),
            "http://digest.example": digest.url(""),
            "digest.example": f"127.0.0.1:{digest.port}",
            "files.example": f"localhost:{digest.port}",
            "http://service.example": service.url("", "localhost"),
            "http://other.example": service.url("", "other.localhost"),
        }
        service.redirect("elsewhere", where["http://other.example"] + "/")
        for name, address in where.items():
            example = example.replace(name, address)
        names = {"aioclient": aioclient, "asyncio": asyncio, "json": json}
        await run(example, {**names, "logging": logging, "sys": sys})
