"""A small Hugging Face hub on this machine, that can fail in every way a real one does."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from nemotron_agent.testing.local_server import LocalServer

DRIP_SEC = 0.02
COMMIT = '0123456789abcdef0123456789abcdef01234567'


class ModelHub(LocalServer):
    """Serves one file under any repository; used with `with`.

    Attributes:
        content: the file.
        sha256: what the hub says the file's sha256 is.
        status: answer of every request, 200 when all is well.
        cut_after_bytes: end of each response's body; the connection then closes.
        resumes: whether it can send a part of the file.
        surplus: what it sends after the file.
        downloads_left: answers to downloads before all further ones get status 500.
        hang: requests wait until this is set, if it is not.
        drips: answers come byte by byte and never end, until `hang` is set.
        hang_after_bytes: a download waits for `hang` at this place and not before.
        ranges: start of each download that was asked for, in order [bytes].
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.status = 200
        self.cut_after_bytes: int | None = None
        self.resumes = True
        self.surplus = b''
        self.downloads_left: int | None = None
        self.hang = threading.Event()
        self.hang.set()
        self.drips = False
        self.hang_after_bytes: int | None = None
        self.ranges: list[int] = []
        hub = self

        class Handler(_Handler):
            def __init__(self, *args: Any) -> None:
                self.hub = hub
                super().__init__(*args)

        super().__init__(Handler)

    @property
    def url(self) -> str:
        """Address, for HF_ENDPOINT."""
        return self.address

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.hang.set()
        super().__exit__(kind, error, traceback)


class _Handler(BaseHTTPRequestHandler):
    hub: ModelHub

    def do_HEAD(self) -> None:  # noqa: N802
        if self.hub.drips:
            self.wfile.write(b'HTTP/1.0 200 OK\r\nX-Slow: ')
            while not self.hub.hang.wait(DRIP_SEC):
                self.wfile.write(b'.')
        if self.hub.hang_after_bytes is None:
            self.hub.hang.wait()
        self._begin(self.hub.status, 0, len(self.hub.content))

    def do_GET(self) -> None:  # noqa: N802
        hub = self.hub
        start = int(self.headers.get('Range', 'bytes=0-')[len('bytes=') :].split('-')[0])
        hub.ranges.append(start)
        if hub.downloads_left is not None:
            hub.downloads_left -= 1
            if hub.downloads_left < 0:
                self._begin(500)
                return
        if not hub.resumes:
            start = 0
        body = hub.content[start:] + hub.surplus
        self._begin(206 if start and hub.status == 200 else hub.status, start, len(body))
        body = body[: hub.cut_after_bytes]
        pause = len(body) if hub.hang_after_bytes is None else hub.hang_after_bytes
        self.wfile.write(body[:pause])
        self.wfile.flush()
        hub.hang.wait()
        self.wfile.write(body[pause:])
        self.close_connection = True

    def _begin(self, status: int, start: int = 0, length: int = 0) -> None:
        hub = self.hub
        self.send_response(status)
        if status < 300:
            self.send_header('ETag', f'"{hub.sha256}"')
            self.send_header('X-Repo-Commit', COMMIT)
            self.send_header('Content-Length', str(length))
        if status == 206:
            size = len(hub.content)
            self.send_header('Content-Range', f'bytes {start}-{size - 1}/{size}')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
