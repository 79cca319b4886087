"""Which twins run: the ones that this run of the tests is about."""

import importlib
import os

import pytest

import aioclient

TEST_TWINS = os.environ.get("AIOCLIENT_TEST_TWINS")
NO_EXTENSIONS = bool(os.environ.get("AIOCLIENT_NO_EXTENSIONS"))


@pytest.mark.skipif(TEST_TWINS != "compiled", reason="AIOCLIENT_TEST_TWINS is not `compiled`")
def test_compiled_twins_run_where_they_are_to_be_tested():
    for name in (
        "_cookies.quote_c",
        "_http.fields_c",
        "_http1.head_writer_c",
        "_http1.parser_c",
        "_websocket.reader_c",
        "_websocket.writer_c",
    ):
        importlib.import_module(f"aioclient.{name}")  # says why, if it cannot
    assert aioclient.extensions_active()


@pytest.mark.skipif(TEST_TWINS != "python", reason="AIOCLIENT_TEST_TWINS is not `python`")
def test_python_twins_run_where_they_are_to_be_tested():
    assert not aioclient.extensions_active()


@pytest.mark.skipif(not NO_EXTENSIONS, reason="AIOCLIENT_NO_EXTENSIONS is not set")
def test_compiled_twins_do_not_run_where_they_are_not_wanted(kind, twin):
    twin("_http1.parser", kind)  # importing one does not make it run
    assert not aioclient.extensions_active()
