"""A small SIP2 server that does what the standard says and nothing more: strict about form, poor in messages.

Error detection is always on, fields are exact, an unknown command is passed over; of the sixteen messages it has eight.
"""

from __future__ import annotations

import re
import socketserver

from tests.conformance.servers.sip2_line import field, library_of, now, split

HAS = ["23", "11", "09", "99", "97", "93", "63", "17"]
_ORDER = ["23", "11", "09", "01", "99", "97", "93", "63", "35", "37", "17", "19", "25", "15", "29", "65"]
_WIDTH = {"93": 2, "99": 8, "23": 21, "63": 31, "11": 38, "09": 37, "17": 18}


def checksum(octets: bytes) -> bytes:
    return b"%04X" % (-sum(octets) & 0xFFFF)


class Strict(socketserver.StreamRequestHandler):
    """One link."""

    def handle(self) -> None:
        self.admitted = False
        last_request, last_answer, last_body = b"", b"", ""
        while line := self._line():
            found = re.fullmatch(rb"(.*)AY(\d)AZ([0-9A-F]{4})", line, re.DOTALL)
            if line == b"97AZFEF5":
                self._send(self._sealed(last_body or "96", None))
                continue
            if found is None or checksum(line[:-4]) != found[3]:
                last_body = "96"
                self._send(b"96AZFEF6")
                continue
            if line == last_request:
                self._send(last_answer)
                continue
            code = line[:2].decode("ascii", "replace")
            if code not in _WIDTH:
                continue
            body = self._answer(code, found[1][2:])
            if body is None:
                return
            last_request, last_body = line, body
            last_answer = self._sealed(body, found[2].decode())
            self._send(last_answer)

    def _line(self) -> bytes:
        """The next message that is one; empty at the end."""
        while True:
            octets = self.rfile.readline(1)
            while octets and not octets.endswith(b"\r") and len(octets) < 9000:
                octets += self.rfile.read(1)
            if not octets.endswith(b"\r"):
                return b""
            if line := octets.strip(b"\r\n\0"):
                return line

    def _send(self, octets: bytes) -> None:
        self.wfile.write(octets + b"\r")

    def _sealed(self, body: str, digit: str | None) -> bytes:
        octets = body.encode() + (b"AY" + digit.encode() if digit else b"") + b"AZ"
        return octets + checksum(octets)

    def _answer(self, code: str, rest: bytes) -> str | None:
        library = library_of(self)
        said = split(rest[_WIDTH[code] :].decode("utf-8", "replace"))
        date = now()
        if code == "93":
            self.admitted = (said.get("CN"), said.get("CO")) == library.login and rest[:2] == b"00"
            return f"94{int(self.admitted)}"
        if code == "99":
            bx = "".join("Y" if one in HAS else "N" for one in _ORDER)
            return f"98YYYNNN100003{date}2.00" + field("AO", library.institution) + field("BX", bx)
        if not self.admitted:
            return None
        if code in ("23", "63"):
            return self._patron(code, said, rest, date)
        if code == "17":
            return self._item(said.get("AB", ""), date)
        return self._move(code, said, date)

    def _patron(self, code: str, said: dict[str, str], rest: bytes, date: str) -> str:
        library, card = library_of(self), said.get("AA", "")
        person = library.people.get(card)
        known = person is not None and (said.get("AD") or "") == person.pin
        flags = " " * 14 if known and person and not person.blocked else "Y" * 4 + " " * 10
        loans = library.loans_of(card) if known else []
        counts = f"{0:04d}{0:04d}{len(loans):04d}{0:04d}{0:04d}{0:04d}" if code == "63" else ""
        body = ("64" if code == "63" else "24") + f"{flags}000{date}{counts}" + field("AO", library.institution)
        body += field("AA", card) + field("AE", person.name if known and person else "")
        body += field("BL", "Y" if known else "N") + field("CQ", "Y" if known else "N")
        if known and person and person.owes:
            body += field("BH", "GBP") + field("BV", person.owes) + field("AF", "Please see the desk")
        if code == "63" and rest[23:24] == b"Y":
            first, last = int(said.get("BP") or 1), int(said.get("BQ") or len(loans))
            body += "".join(field("AU", one) for one in loans[first - 1 : last])
        return body

    def _item(self, barcode: str, date: str) -> str:
        library = library_of(self)
        if barcode not in library.items:
            return f"18010101{date}" + field("AB", barcode) + field("AJ", "")
        lent = barcode in library.loans
        due = field("AH", library.due()) if lent else ""
        return f"18{'04' if lent else '03'}0101{date}{due}" + field("AB", barcode) + field("AJ", library.items[barcode])

    def _move(self, code: str, said: dict[str, str], date: str) -> str:
        library, item, card = library_of(self), said.get("AB", ""), said.get("AA", "")
        title = library.items.get(item, "")
        if code == "09":
            ok = library.give_back(item)
            shelf = field("AQ", library.institution if title else "")
            return f"10{'1Y' if ok else '0N'}NN{date}" + field("AO", library.institution) + field("AB", item) + shelf
        ok = library.lend(card, said.get("AD") or "", item)
        body = f"12{int(ok)}NN{'Y' if ok else 'N'}{date}" + field("AO", library.institution) + field("AA", card)
        body += field("AB", item) + field("AJ", title) + field("AH", library.due() if ok else "")
        return body + ("" if ok else field("AF", "This cannot be lent"))
