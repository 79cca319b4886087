"""httpbin on a free port of 127.0.0.1: prints the port, ends when standard input does.

A process of its own, so that its sockets and threads are not taken for those of a test.
"""

import logging
import sys
import threading

from werkzeug.serving import WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    """Tells of errors only."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def main() -> None:
    logging.getLogger("httpbin.core").setLevel(logging.ERROR)  # it misses an optional package
    from httpbin import app

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
