"""A careless responder: version 2 over HTTP, found by patterns instead of read, with the dialects all wrong.

What it gets wrong is what real ones do: no namespace and a plain version, one dialect for every question, everything
about a user whether asked for or not, names of problems of its own, the PIN in the problem, 500 for a problem.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CARD = "1001"
_ROOT = '<NCIPMessage version="2.0">{}</NCIPMessage>'
_USER = (
    "<LookupUserResponse><UserOptionalFields><NameInformation><PersonalNameInformation>"
    "<UnstructuredPersonalUserName>Jones, Ann</UnstructuredPersonalUserName></PersonalNameInformation>"
    "</NameInformation></UserOptionalFields><UserId><UserIdentifierValue>1001</UserIdentifierValue></UserId>"
    "</LookupUserResponse>"
)


def answer(document: str) -> tuple[int, str]:
    """Status and document."""
    found = re.search(r"<(LookupUser|LookupItem|UpdateAgency)>", document)
    if found is None:
        return 200, "It works!"
    if found[1] == "LookupUser":
        if f">{CARD}<" in document:
            return 200, _ROOT.format(_USER)
        said = re.search(r"<AuthenticationInputData>([^<]*)<[\s\S]*<AuthenticationInputData>([^<]*)<", document)
        value = said[2] if said else ""
        problem = (
            f"<Problem><ProblemType>User lookup failed</ProblemType><ProblemValue>{value}</ProblemValue></Problem>"
        )
        return 500, _ROOT.format(f"<LookupUserResponse>{problem}</LookupUserResponse>")
    problem = "<Problem><ProblemType>Unknown Error</ProblemType></Problem>"
    return 500, _ROOT.format(f"<{found[1]}Response>{problem}</{found[1]}Response>")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, text = answer(octets.decode("utf-8", "replace"))
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def careless_responder() -> Iterator[int]:
    """Listens on loopback; gives the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
