"""What the demo says once it runs: one line to copy for each standard that is served, and nothing that is not."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.demo.campus import PASSWORD as CAMPUS_PASSWORD
from gateway.demo.consortium import KIOSK_PASSWORD, LDAP_ACCOUNT, LDAP_PASSWORD, MEMBERS, PATRON_PIN
from gateway.demo.people import EMPTY_PIN


def banner(ports: Mapping[str, int], program: str = "gateway", *, campus: bool = False) -> str:
    """`ports` by listener name; a listener that is not there is not mentioned. `program` starts a command to copy.
    `campus`: the first member's people may use their campus password as well."""
    first = MEMBERS[0]
    patron, last_patron, item = first.patron_barcode(1), first.patron_barcode(10), first.item_barcode(1)
    login = f"--login {first.kiosk_login} --password {KIOSK_PASSWORD}"
    lines = [f"Library gateway demo: {len(MEMBERS)} members, from {first.name} to {MEMBERS[-1].name}.", ""]
    if "sip2" in ports:
        where = f"127.0.0.1:{ports['sip2']}"
        lines += [
            "SIP2, a kiosk borrows a book:",
            f"  {program} probe sip2 {where} {login} checkout {item} --patron {patron} --pin {PATRON_PIN}",
        ]
        if campus:
            lines += [
                "A patron shows who it is by the campus password, which a campus directory (slapd) checks:",
                f"  {program} probe sip2 {where} {login} patron-info {patron} --pin {CAMPUS_PASSWORD}",
            ]
    if "sip2-tls" in ports:
        where = f"127.0.0.1:{ports['sip2-tls']}"
        lines += ["SIP2 over TLS:", f"  {program} probe sip2 {where} --tls --insecure {login} status"]
    if "http" in ports:
        base = f"http://127.0.0.1:{ports['http']}"
        lines += [
            f"The canonical API, described at {base}/docs :",
            f"  curl -H 'Authorization: Bearer {first.api_key}' '{base}/v1/items?barcode={item}'",
        ]
    if "https" in ports:
        base = f"https://127.0.0.1:{ports['https']}"
        lines += [
            "The same over TLS:",
            f"  curl --insecure -H 'Authorization: Bearer {first.api_key}' {base}/v1/status",
        ]
    if "http" in ports:
        lines += [
            "OAI-PMH, a harvester's first question (a browser shows it as a page):",
            f"  curl 'http://127.0.0.1:{ports['http']}/oai/{first.code}?verb=Identify'",
            "SRU, a search of the whole consortium:",
            f"  {program} search http://127.0.0.1:{ports['http']}/sru 'dc.title=wales sortBy dc.date'",
        ]
    if "z3950" in ports:
        lines += [
            "Z39.50, the same from one library:",
            f"  {program} search z3950://127.0.0.1:{ports['z3950']}/{first.code} '@attr 1=4 wales'",
        ]
    if "http" in ports:
        lines += [
            "SCIM, what an identity system asks first:",
            f"  curl -H 'Authorization: Bearer {first.api_key}' "
            f"'http://127.0.0.1:{ports['http']}/scim/v2/{first.code}/Users?count=1'",
        ]
    if "ldap" in ports:
        reader = f"-D cn={LDAP_ACCOUNT},{first.ldap_suffix} -w {LDAP_PASSWORD} -b {first.ldap_suffix}"
        lines += [
            "LDAP, what a proxy server asks of a patron:",
            f"  ldapsearch -x -H ldap://127.0.0.1:{ports['ldap']} {reader} '(uid={patron})'",
        ]
    if "http" in ports:
        lines += [
            "NCIP, a broker's check-out of the next book:",
            f"  {program} probe ncip http://127.0.0.1:{ports['http']}/ncip/{first.code} --service CheckOutItem "
            f"--user {patron} --item {first.item_barcode(2)} --write",
        ]
    if "ncip" in ports:
        lines += [
            "The same for one library over TCP:",
            f"  {program} probe ncip tcp://127.0.0.1:{ports['ncip']} --service LookupUser --user {patron}",
        ]
    lines += [
        "",
        f"Patrons {patron} to {last_patron} each show one thing a library sees every day; their PIN is {PATRON_PIN},",
        f"only that of {first.patron_barcode(EMPTY_PIN)} is empty, which opens nothing. See docs/reference/demo.md.",
        "Stop with Ctrl-C.",
    ]
    return "\n".join(lines)
