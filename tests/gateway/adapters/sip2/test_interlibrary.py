"""What an interlibrary loan has brought, at a kiosk: it waits for its patron like any book, and goes back by itself."""

from __future__ import annotations

from gateway.canonical import requests as req
from gateway.canonical.context import CommandKey, Context
from gateway.canonical.outcomes import IllOutcome
from gateway.canonical.vocabulary import Permission
from tests.gateway.adapters.sip2.library import ABER, Library, checkin, checkout, information, item_information, patron

BROKER = Context(ABER.code, "ncip:reshare", ABER.main_location, frozenset(Permission), protocol="ncip")


async def take_in(library: Library) -> IllOutcome:
    request = req.IllAccept(
        patron=patron(1), external_ref="ncip:reshare:R-17", words=req.BibWords(title="Cold Comfort Farm")
    )
    answer = await library.desk.perform(BROKER, request, CommandKey("accept", 60))
    assert isinstance(answer, IllOutcome)
    return answer


async def test_it_is_borrowed_and_brought_back_at_a_kiosk(library: Library) -> None:
    await take_in(library)
    kiosk = await library.kiosk()
    waiting = await kiosk.ask(item_information("R-17"))
    assert (waiting.fixed["circulation_status"], waiting.get("AJ")) == ("08", "Cold Comfort Farm")
    account = await kiosk.ask(information(patron(1), summary="Y  "))
    assert "R-17" in account.get_all("AS")
    refused = await kiosk.ask(checkout(patron(2), "R-17"))
    assert refused.fixed["ok"] == "0"
    lent = await kiosk.ask(checkout(patron(1), "R-17"))
    assert (lent.fixed["ok"], lent.get("AJ")) == ("1", "Cold Comfort Farm")
    back = await kiosk.ask(checkin("R-17"))
    assert (back.fixed["ok"], back.fixed["alert"], back.get("CV")) == ("1", "Y", "03")
    refused = await kiosk.ask(checkout(patron(1), "R-17"))
    assert refused.fixed["ok"] == "0"


async def test_once_removed_it_is_not_known_any_more(library: Library) -> None:
    await take_in(library)
    await library.desk.perform(BROKER, req.ItemDelete(item="R-17", only_temporary=True), CommandKey("delete", 60))
    kiosk = await library.kiosk()
    gone = await kiosk.ask(item_information("R-17"))
    assert gone.fixed["circulation_status"] == "01"
    account = await kiosk.ask(information(patron(1), summary="Y  "))
    assert "R-17" not in account.get_all("AS")
