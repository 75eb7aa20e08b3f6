"""What the demo says once it runs: one line to copy for each standard that is served, and nothing that is not."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.consortium import KIOSK_PASSWORD, MEMBERS

_PATRON = "20100001"
_ITEM = "30100001"


def banner(ports: Mapping[str, int]) -> str:
    """`ports` by listener name; a listener that is not there is not mentioned."""
    first = MEMBERS[0]
    login = f"--login {first.kiosk_login} --password {KIOSK_PASSWORD}"
    lines = [f"Library gateway demo: {len(MEMBERS)} members, from {MEMBERS[0].name} to {MEMBERS[-1].name}.", ""]
    if "sip2" in ports:
        where = f"127.0.0.1:{ports['sip2']}"
        lines += [
            "SIP2, a kiosk borrows a book:",
            f"  gateway probe sip2 {where} {login} checkout {_ITEM} --patron {_PATRON} --pin 1234",
        ]
    if "sip2-tls" in ports:
        where = f"127.0.0.1:{ports['sip2-tls']}"
        lines += ["SIP2 over TLS:", f"  gateway probe sip2 {where} --tls --insecure {login} status"]
    if "http" in ports:
        base = f"http://127.0.0.1:{ports['http']}"
        lines += [
            f"The canonical API, described at {base}/docs :",
            f"  curl -H 'Authorization: Bearer {first.api_key}' '{base}/v1/items?barcode={_ITEM}'",
        ]
    if "https" in ports:
        base = f"https://127.0.0.1:{ports['https']}"
        lines += [
            "The same over TLS:",
            f"  curl --insecure -H 'Authorization: Bearer {first.api_key}' {base}/v1/status",
        ]
    lines += [
        "",
        f"Patrons {_PATRON} to {_PATRON[:-2]}10 each show one thing a library sees every day; their PIN is 1234.",
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)
