"""Plays a scenario: ``python play.py NAME installed`` or ``python play.py NAME given``.

`installed`: aioclient is put in the place of aiohttp first. `given`: the library, which imports
aiohttp, is given a session of aioclient, or gives it something.
"""

import runpy
import sys
from pathlib import Path

from aioclient.compat import install_as_aiohttp

if __name__ == "__main__":
    _, name, way = sys.argv
    if way == "installed":
        install_as_aiohttp()
    runpy.run_path(str(Path(__file__).with_name(f"scenario_{name}.py")), run_name="__main__")
