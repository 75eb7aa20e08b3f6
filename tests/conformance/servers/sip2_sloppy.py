"""A SIP2 server as vendors have them: CRLF, no checksums whatever is asked, empty fields, one read is one message.

It ignores PINs, answers the unknown with 96, says that everything is supported, and writes money and dates as it likes.
"""

from __future__ import annotations

import socketserver

from tests.conformance.servers.sip2_line import field, library_of, now, split

_WIDTH = {"93": 2, "99": 8, "23": 21, "63": 31, "11": 38, "09": 37, "17": 18, "35": 18}


class Sloppy(socketserver.BaseRequestHandler):
    """One link."""

    def handle(self) -> None:
        while octets := self.request.recv(4096):
            text = octets.decode("latin-1").strip()
            width = _WIDTH.get(text[:2])
            body = "96" if width is None else self._answer(text[:2], split(text[2 + width :]))
            self.request.sendall(body.encode("latin-1", "replace") + b"\r\n")

    def _answer(self, code: str, said: dict[str, str]) -> str:
        library = library_of(self)
        date = now("0000")
        ao = field("AO", said.get("AO", ""))
        item, card = said.get("AB", ""), said.get("AA", "")
        title = library.items.get(item, "Unknown")
        match code:
            case "93":
                return f"94{int(said.get('CN') == library.login[0])}"
            case "99":
                return f"98YYYYYY600003{date}2.00" + ao + field("AM", "") + field("BX", "Y" * 17)
            case "23" | "63":
                person = library.people.get(card)
                counts = "   0   0" + f"{len(library.loans_of(card)):4d}" + "   0   0   0" if code == "63" else ""
                body = ("64" if code == "63" else "24") + f"{' ' * 14}001{date}{counts}" + ao + field("AA", card)
                body += field("AE", person.name if person else "") + field("BL", "Y" if person else "N")
                body += field("CQ", "Y") + field("BV", f"£{person.owes}" if person else "") + field("AF", "")
                return body + ("".join(field("AU", one) for one in library.loans_of(card)) if code == "63" else "")
            case "35":
                return f"36Y{date}" + ao + field("AA", card)
            case "17":
                status = "04" if item in library.loans else "03"
                return f"18{status}0001{date}" + ao + field("AB", item) + field("AJ", title) + field("AH", "")
            case "09":
                library.give_back(item)
                return f"101YNN{date}" + ao + field("AB", item) + field("AQ", "") + field("AJ", title)
            case _:
                pin = library.people[card].pin if card in library.people else ""
                ok = library.lend(card, pin, item)
                return f"12{int(ok)}NNY{date}" + ao + field("AA", card) + field("AB", item) + field("AJ", title)
