"""Logins with python-ldap and nothing else; for Debian's Python, hence nothing of ours is imported.

Each thread keeps a connection on which the service account searches, and opens another one for each bind. Input and
output as of `logins_process`; the argument is the processor to run on.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import ldap  # pyright: ignore[reportMissingImports]
import ldap.filter  # pyright: ignore[reportMissingImports]

KEY = "entryUUID"


class Thread(threading.Thread):
    def __init__(self, directory: dict[str, Any], turns: Iterator[tuple[str, str]], begin: threading.Event) -> None:
        super().__init__()
        self.directory, self.turns, self.begin = directory, turns, begin
        self.url = directory["servers"][0]
        self.until = 0.0
        self.took: list[float] = []
        self.failed: Exception | None = None
        self.service = ldap.initialize(self.url)
        self.service.simple_bind_s(directory["bind_dn"], directory["bind_password"])

    def check(self) -> None:
        login, password = next(self.turns)
        wanted = f"(uid={ldap.filter.escape_filter_chars(login)})"
        found = self.service.search_ext_s(self.directory["base"], ldap.SCOPE_SUBTREE, wanted, [KEY], sizelimit=2)
        ((name, attributes),) = found
        if not attributes[KEY]:
            raise RuntimeError(f"{login}: no {KEY}")
        person = ldap.initialize(self.url)
        person.simple_bind_s(name, password)
        person.unbind_s()

    def run(self) -> None:
        try:
            self.begin.wait()
            while (began := time.perf_counter()) < self.until:
                self.check()
                self.took.append(time.perf_counter() - began)
        except Exception as error:
            self.failed = error


def main(processor: int) -> None:
    if (os.cpu_count() or 1) > processor:
        os.sched_setaffinity(0, {processor})
    load = json.load(sys.stdin)
    directory = load["directory"]
    ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, directory["ca"])
    ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
    ldap.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
    turns, begin = itertools.cycle(load["logins"]), threading.Event()
    threads = [Thread(directory, turns, begin) for _ in range(load["concurrency"])]
    for thread in threads:
        thread.check()
        thread.start()
    spent, began = -time.process_time(), time.perf_counter()
    for thread in threads:
        thread.until = began + load["seconds"]
    begin.set()
    for thread in threads:
        thread.join()
        if thread.failed is not None:
            raise thread.failed
    seconds, spent = time.perf_counter() - began, spent + time.process_time()
    took = sorted(each for thread in threads for each in thread.took)
    figures = {
        "logins": len(took),
        "per_second": len(took) / seconds,
        "processor_us": spent / len(took) * 1e6,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[int(len(took) * 0.99)] * 1000,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]))
