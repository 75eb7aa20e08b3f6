"""`gateway probe ncip` against a responder that behaves, and against ones that answer oddly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.commands.ncip_checks import CHECKS, MARKER, NO_PIN
from library_protocols.ncip import NCIP_2_02, Message, Problem, Problems, SchemeValue, encode
from library_protocols.ncip import messages as wire
from tests.bad_network import SilentServer, closed_port
from tests.gateway.commands.ncip_responder import SECRET, NcipResponder, no

RUN = CliRunner()
PARTIES = ("--from-agency", "RESHARE", "--to-agency", "ABER")
SECRETS = {"GATEWAY_PROBE_SECRET": SECRET}


@pytest.fixture
def responder() -> Iterator[NcipResponder]:
    with NcipResponder() as server:
        yield server


def probe(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """Exit code and report."""
    done = RUN.invoke(app, ["probe", "ncip", *arguments, "--json"], env=env or {})
    assert SECRET not in done.output
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


def verdicts(report: dict[str, Any], verdict: str) -> set[str]:
    return {each["check"] for each in report["checks"] if each["verdict"] == verdict}


def seen(report: dict[str, Any], check: str) -> str:
    return next(each["detail"] for each in report["checks"] if each["check"] == check)


@pytest.mark.parametrize("version", ["2.02", "1.0"])
@pytest.mark.parametrize("scheme", ["http", "tcp", "http10"])
def test_nothing_is_odd_about_a_responder_that_behaves(scheme: str, version: str) -> None:
    with NcipResponder(scheme) as server:
        server.secret = SECRET
        code, report = probe(server.address, *PARTIES, "--version", version, env=SECRETS)
    assert (code, report["odd"], len(report["checks"])) == (0, 0, len(CHECKS)), report
    assert seen(report, "a user whom nobody knows") == "Unknown User"
    assert seen(report, "a wrong secret") == "Agency Authentication Failed"
    assert not any(isinstance(message, wire.CheckOutItem) for message in server.asked)


def test_only_lookups_are_asked(responder: NcipResponder) -> None:
    probe(responder.address, *PARTIES)
    assert {type(message).__name__ for message in responder.asked} <= {
        "LookupUser", "LookupItem", "LookupRequest", "LookupAgency", "LookupVersion",
    }  # fmt: skip


def test_who_is_not_let_in_hears_that_and_no_more(responder: NcipResponder) -> None:
    responder.secret = "another"
    code, report = probe(responder.address, *PARTIES, env=SECRETS)
    assert code == 1
    assert [each["detail"] for each in report["checks"]] == ["who asks is not let in: Agency Authentication Failed"]


def test_what_cannot_be_tried_is_not_odd(responder: NcipResponder) -> None:
    code, report = probe(responder.address)
    assert code == 0
    assert verdicts(report, "not offered") >= {"who answers", "a wrong secret", "LookupAgency"}


Spoil = Callable[[NcipResponder], None]


def _saying(kind: type[Message], **values: Any) -> Spoil:
    """Answers of a class with other values."""

    def say(message: Message) -> Message:
        return replace(message, **values) if isinstance(message, kind) else message

    return lambda it: setattr(it, "say", say)


def _writing(old: str, new: str) -> Spoil:
    """Other octets in the answer."""
    return lambda it: setattr(it, "octets", lambda octets: octets.replace(old.encode(), new.encode(), 1))


FOUND = wire.UserId(user_identifier_value="20100001")
ELSEWHERE = wire.ResponseHeader(
    from_agency_id=wire.FromAgencyId(agency_id=SchemeValue("ABER")),
    to_agency_id=wire.ToAgencyId(agency_id=SchemeValue("ELSE")),
)
ODD: dict[str, Spoil] = {
    "a user whom nobody knows": _saying(wire.LookupUserResponse, problem=(), user_id=FOUND),
    "where a problem is": _saying(wire.LookupUserResponse, problem=(no("Oops"), no("Unknown User"))),
    "in the dialect of the question": _writing("ns1:version=", "version="),
    "its HTTP": lambda it: setattr(it, "content_type", "text/html"),
    "a PIN is not repeated": _saying(wire.LookupUserResponse, problem=(no("Unknown User", "x", NO_PIN),)),
    "LookupVersion": _saying(wire.LookupVersionResponse, version_supported=()),
    "LookupAgency": _saying(wire.LookupAgencyResponse, problem=(no("Unknown Agency"),)),
    "an item that nobody has": _saying(wire.LookupItemResponse, problem=(no("Unknown User"),)),
    "a request that nobody made": _saying(wire.LookupRequestResponse, problem=()),
    "who answers": _saying(wire.LookupUserResponse, response_header=ELSEWHERE),
    "letters of every kind": _writing("Ŵŷ", "??"),
}


@pytest.mark.parametrize("check", sorted(ODD))
def test_what_is_odd_is_found(check: str, responder: NcipResponder) -> None:
    ODD[check](responder)
    code, report = probe(responder.address, *PARTIES)
    assert code == 1
    assert check in verdicts(report, "odd"), report


def test_hostile_documents_that_get_through_are_found(responder: NcipResponder) -> None:
    """Entities expanded, a broken document answered, another generation's answer, an unknown service served."""
    expanded = wire.LookupUserResponse(problem=(no("Unknown User", "x", MARKER * 2),))
    found = wire.LookupUserResponse(user_id=FOUND)

    def octets(answer: bytes) -> bytes:
        if b"Invalid Message" in answer or b"Unknown Service" in answer:
            return encode(expanded if b"declarations" in answer else found, NCIP_2_02)
        return answer

    responder.octets = octets
    code, report = probe(responder.address)
    assert code == 1
    assert verdicts(report, "odd") >= {"entities", "what is no XML", "a service that does not exist"}


def test_a_wrong_secret_that_is_taken_is_found(responder: NcipResponder) -> None:
    code, report = probe(responder.address, *PARTIES, env=SECRETS)
    assert code == 1
    assert verdicts(report, "odd") == {"a wrong secret"}


def test_the_table_is_for_people(responder: NcipResponder) -> None:
    done = RUN.invoke(app, ["probe", "ncip", responder.address])
    assert done.exit_code == 0
    assert "a user whom nobody knows" in done.stdout
    assert "nothing odd" in done.stdout


@pytest.mark.parametrize("more", [(), ("--service", "LookupUser", "--user", "1")])
def test_exit_codes_of_what_is_not_there(more: tuple[str, ...]) -> None:
    assert RUN.invoke(app, ["probe", "ncip", f"http://127.0.0.1:{closed_port()}/", *more]).exit_code == 3
    with SilentServer() as silent:
        code = RUN.invoke(app, ["probe", "ncip", f"tcp://127.0.0.1:{silent.port}", "--timeout", "0.2", *more]).exit_code
    assert code == 4


def test_a_page_is_no_ncip(responder: NcipResponder) -> None:
    responder.octets = lambda _: b"<html><body>It works!</body></html>"
    done = RUN.invoke(app, ["probe", "ncip", responder.address, "--service", "LookupUser", "--user", "1"])
    assert done.exit_code == 5
    assert RUN.invoke(app, ["probe", "ncip", responder.address]).exit_code == 1


def test_one_question_is_asked_and_shown_without_the_pin(responder: NcipResponder) -> None:
    arguments = ["--service", "LookupUser", "--user", "20100001", *PARTIES]
    code, report = probe(responder.address, *arguments, env=SECRETS | {"GATEWAY_PROBE_PIN": "1234"})
    assert code == 1
    assert report["answer"] == "LookupUserResponse"
    assert [problem["type"] for problem in report["problems"]] == ["User Authentication Failed"]
    assert "1234" not in json.dumps(report)
    (asked,) = responder.asked
    assert isinstance(asked, wire.LookupUser)
    assert asked.authentication_input[1].authentication_input_data == "1234"
    done = RUN.invoke(
        app, ["probe", "ncip", responder.address, *arguments, "--trace"], env={"GATEWAY_PROBE_PIN": "1234"}
    )
    assert "User Authentication Failed" in done.stdout
    assert "1234" not in done.output.replace("20100001", "")


def test_a_command_wants_to_be_allowed(responder: NcipResponder) -> None:
    arguments = ["--service", "CheckOutItem", "--user", "20100001", "--item", "30100001", "--request", "R-1"]
    assert RUN.invoke(app, ["probe", "ncip", responder.address, *arguments]).exit_code == 2
    assert responder.asked == []
    code, report = probe(responder.address, *arguments, "--set", "RequestId/AgencyId=RESHARE", "--write")
    assert (code, report["answer"]) == (0, "CheckOutItemResponse")
    (asked,) = responder.asked
    assert isinstance(asked, wire.CheckOutItem)
    assert asked.request_id == wire.RequestId(agency_id=SchemeValue("RESHARE"), request_identifier_value="R-1")


def test_a_file_is_sent_as_it_is(responder: NcipResponder, tmp_path: Path) -> None:
    file = tmp_path / "question.xml"
    octets = encode(wire.LookupItem(item_id=wire.ItemId(item_identifier_value="9")), NCIP_2_02)
    file.write_bytes(octets)
    assert RUN.invoke(app, ["probe", "ncip", responder.address, "--message", str(file)]).exit_code == 2
    code, report = probe(responder.address, "--message", str(file), "--write")
    assert (code, report["problems"][0]["type"]) == (1, "Unknown Item")
    assert RUN.invoke(app, ["probe", "ncip", responder.address, "--message", str(tmp_path / "none")]).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["ftp://nowhere"],
        ["--profile", "nobody's"],
        ["--version", "3.0"],
        ["--service", "NoSuchService"],
        ["--service", "lookupuser"],
        ["--service", "LookupItem"],
        ["--service", "LookupItem", "--item", "1", "--pickup", "X"],
        ["--service", "CreateUserFiscalTransaction", "--user", "1", "--amount", "much", "--write"],
        ["--service", "CreateUserFiscalTransaction", "--user", "1", "--amount", "0.001", "--write"],
        ["--service", "AuthenticateUser", "--user", "1", "--pin", "1234", "--version", "2.02"],
        ["--ca-file", "/no/such/file"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert RUN.invoke(app, ["probe", "ncip", *arguments]).exit_code == 2


def test_what_a_system_wants_in_the_header_is_said(responder: NcipResponder) -> None:
    done = RUN.invoke(
        app, ["probe", "ncip", responder.address, "--profile", "alma", "--service", "LookupUser", "--user", "1"]
    )
    assert "Ex Libris Alma, as a partner of brokers wants ApplicationProfileType" in done.stderr


def test_a_problem_of_no_type_is_shown_all_the_same(responder: NcipResponder) -> None:
    responder.say = lambda _: Problems(problem=(Problem(),))
    done = RUN.invoke(app, ["probe", "ncip", responder.address, "--service", "LookupUser", "--user", "1"])
    assert done.exit_code == 1
    assert "a problem of no type" in done.stdout
