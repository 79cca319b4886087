"""Files of cookies, of its own format and of Netscape's."""

import os
import tempfile
from pathlib import Path

from fuzzing import instrumented, main, must

with instrumented("aioclient._cookies"):
    from yarl import URL

    from aioclient._cookies.jar import CookieJar

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-jar-"))


def _seeds() -> list[bytes]:
    jar = CookieJar()
    fields = ["a=b; Secure; HttpOnly; Max-Age=100", 'c="d e"; Path=/p; SameSite=Strict']
    jar.update_cookies_from_headers(fields, URL("https://example.com/"))
    path = FOLDER / "seed"
    jar.save(path)
    json = path.read_bytes()
    jar.save_cookies_txt(path)
    return [b"\0" + json, b"\1" + path.read_bytes(), b"\0[]", b'\0{"version":1,"cookies":[]}']


SEEDS = _seeds()


def one_input(data: bytes) -> None:
    """A file is loaded, or a ValueError that says why; what was loaded can be saved and loaded."""
    if not data:
        return
    path = FOLDER / f"jar-{os.getpid()}"
    path.write_bytes(data[1:])
    jar, again = CookieJar(), CookieJar()
    try:
        (jar.load_cookies_txt if data[0] & 1 else jar.load)(path)
    except ValueError as error:
        must(len(str(error)) < 1000, "a long message")
        must(len(jar) == 0, "a jar that was changed by what is none")
        return
    jar.save(path)
    again.load(path)
    must(len(again) == len(jar), "cookies that were saved are not loaded")


if __name__ == "__main__":
    main(one_input, SEEDS)
