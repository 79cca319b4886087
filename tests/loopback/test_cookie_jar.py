"""Sessions with cookie jars, over real sockets."""

import asyncio
import logging
from http.cookies import SimpleCookie
from typing import Any

import pytest
from pages import Pages
from running import asynchronous
from scripted import ScriptedServer, head_of
from yarl import URL

from aioclient import BasicAuth, ClientSession, CookieJar, DummyCookieJar, RedirectPolicyError
