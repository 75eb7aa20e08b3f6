"""Documents written by hand, read and written; what is put right on the way in, left out or put in on the way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  lxml has no types

from library_protocols.ncip import (
    NCIP_1_0,
    NCIP_2_0,
    NCIP_2_02,
    SERVICES,
    DecodeError,
    Departure,
    EncodeError,
    Envelope,
    Foreign,
    decode,
    encode,
)
from library_protocols.ncip import messages as m
from library_protocols.ncip.elements import rows
from tests.protocols.ncip.samples import HEADER_1, NAMESPACE, SAMPLES, V1, V202, Sample, one, two
from tests.protocols.ncip.schemas import FOLDER, Schema

BY_NAME = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def departures(envelope: Envelope) -> list[Departure]:
    return [each.departure for each in envelope.deviations]


@BY_NAME
def test_reads(sample: Sample) -> None:
    envelope = decode(sample.octets)
    assert envelope.message == sample.message
    assert replace(envelope.dialect, version_text=None) == replace(sample.dialect, version_text=None)


@BY_NAME
def test_writes(sample: Sample) -> None:
    assert encode(sample.message, sample.dialect).decode() == sample.document


@BY_NAME
def test_what_is_written_is_valid(
    sample: Sample, schemas: dict[str, Schema], shared_data: Callable[[str], Path]
) -> None:
    if isinstance(sample.message, m.LookupVersionResponse):
        schema = etree.XMLSchema(etree.parse(str(shared_data(FOLDER) / "ncip2-ext/ncip_version.xsd")))
        schema.assertValid(etree.fromstring(sample.octets))
    elif sample.valid:
        assert not schemas[sample.dialect.version].complaint(sample.octets)


def test_a_message_of_the_other_kind_of_root() -> None:
    inside = (
        "<ns1:LookupVersion><ns1:FromAgencyId><ns1:AgencyId>X</ns1:AgencyId></ns1:FromAgencyId></ns1:LookupVersion>"
    )
    envelope = decode(two(inside).encode())
    assert isinstance(envelope.message, m.LookupVersion)
    assert b"<NCIPVersionMessage" in encode(envelope.message, envelope.dialect)


# what peers do


def test_elements_in_any_order_and_twice() -> None:
    envelope = decode(
        two(
            "<ns1:CheckInItem><ns1:UserElementType>A</ns1:UserElementType>"
            "<ns1:ItemId>\n<ns1:ItemIdentifierValue> 1\n</ns1:ItemIdentifierValue></ns1:ItemId>"
            "<ns1:UserElementType>B</ns1:UserElementType>"
            "<ns1:ItemId><ns1:ItemIdentifierValue>2</ns1:ItemIdentifierValue></ns1:ItemId></ns1:CheckInItem>"
        ).encode()
    )
    message = envelope.message
    assert isinstance(message, m.CheckInItem)
    assert message.item_id == m.ItemId(item_identifier_value="1")
    assert [each.value for each in message.user_element_type] == ["A", "B"]
    assert [each.name for each in message.unknown] == ["ItemId"]
    assert departures(envelope) == [Departure.WRONG_ORDER, Departure.WRONG_ORDER, Departure.REPEATED_ELEMENT]
    assert [each.path for each in envelope.deviations] == ["CheckInItem/ItemId"] * 3


def test_unknown_elements_are_kept_with_their_line() -> None:
    envelope = decode(
        two(
            "<ns1:CheckInItem><ns1:ItemId><ns1:ItemIdentifierValue>1</ns1:ItemIdentifierValue>\n"
            '<x:Shelf xmlns:x="http://example.org/x" row="7"> A <x:Board/></x:Shelf></ns1:ItemId></ns1:CheckInItem>'
        ).encode()
    )
    assert isinstance(envelope.message, m.CheckInItem)
    assert envelope.message.item_id is not None
    (kept,) = envelope.message.item_id.unknown
    board = Foreign("Board", "http://example.org/x")
    assert kept == Foreign("Shelf", "http://example.org/x", "A", (("row", "7"),), (board,))
    (deviation,) = envelope.deviations
    assert (deviation.path, deviation.line, deviation.element) == ("CheckInItem/ItemId/Shelf", 3, kept)
    assert kept.find("Board") == board


def test_elements_inside_text_are_kept() -> None:
    document = two(
        "<ns1:DeleteItem><ns1:ItemId><ns1:ItemIdentifierValue>1<ns1:b>2</ns1:b></ns1:ItemIdentifierValue></ns1:ItemId>"
        "</ns1:DeleteItem>"
    )
    envelope = decode(document.encode())
    assert isinstance(envelope.message, m.DeleteItem)
    assert envelope.message.item_id == m.ItemId(item_identifier_value="1", unknown=(Foreign("b", NAMESPACE, "2"),))


@pytest.mark.parametrize(
    ("root", "departure"),
    [
        (f'<NCIPMessage xmlns="{NAMESPACE}" version="{V202}">', Departure.UNQUALIFIED_VERSION),
        (f'<NCIPMessage xmlns="{NAMESPACE}">', Departure.NO_VERSION),
        (f'<NCIPMessage version="{V202}">', Departure.NO_NAMESPACE),
        (f'<NCIPMessage xmlns="http://www.niso.org/2008/NCIP/" version="{V202}">', Departure.OTHER_NAMESPACE),
        (f'<NCIPMessage xmlns="{NAMESPACE}" ncip:version="{V202}">', Departure.UNDECLARED_PREFIX),
    ],
)
def test_roots_as_they_come(root: str, departure: Departure) -> None:
    inside = "<DeleteItem><ItemId><ItemIdentifierValue>1</ItemIdentifierValue></ItemId></DeleteItem></NCIPMessage>"
    envelope = decode((root + inside).encode())
    item = m.ItemId(item_identifier_value="1")
    assert envelope.message == m.DeleteItem(item_id=item)
    assert departure in departures(envelope)
    answer = encode(m.DeleteItemResponse(item_id=item), envelope.dialect.for_answer())
    again = decode(answer)
    assert again.dialect.version == "2.02"
    assert departures(again) == ([] if again.dialect.namespace else [Departure.NO_NAMESPACE])


def test_the_answer_to_a_default_namespace_qualifies_version(schemas: dict[str, Schema]) -> None:
    asked = f'<NCIPMessage xmlns="{NAMESPACE}" version="{V202}"><DeleteItem/></NCIPMessage>'
    answer = encode(
        m.DeleteItemResponse(item_id=m.ItemId(agency_id=m.SchemeValue("A", "http://x"), item_identifier_value="1")),
        decode(asked.encode()).dialect.for_answer(),
    )
    assert b'<NCIPMessage xmlns="' in answer
    assert not schemas["2.02"].complaint(answer)


@pytest.mark.parametrize(
    ("version", "generation", "said"),
    [
        (V1, 1, "1.0"),
        ("http://www.niso.org/ncip/v1_01/imp1/dtd/ncip_v1_01.dtd", 1, "1.01"),
        ("2.0", 2, "2.0"),
        ("http://www.niso.org/ncip/v2_02/imp1/xsd/ncip_v2_02.xsd", 2, "2.02"),
        ("anything", 2, "2.02"),
    ],
)
def test_versions_without_a_namespace(version: str, generation: int, said: str) -> None:
    envelope = decode(f'<NCIPMessage version="{version}"><LookupUser/></NCIPMessage>'.encode())
    assert (envelope.dialect.generation, envelope.dialect.version) == (generation, said)
    assert envelope.dialect.version_value == version


@pytest.mark.parametrize(
    "document",
    [
        "<NCIPMessage><CheckInItem><UniqueItemId/></CheckInItem></NCIPMessage>",
        f'<!DOCTYPE x PUBLIC "-//NISO//NCIP DTD Version 1.0//EN" "{V1}"><NCIPMessage><LookupUser/></NCIPMessage>',
    ],
)
def test_old_names_or_the_document_type_tell_of_ncip_1(document: str) -> None:
    assert decode(document.encode()).dialect.generation == 1


def test_a_version_that_is_too_low_for_its_service_is_raised() -> None:
    version = "http://www.niso.org/schemas/ncip/v2_0/imp1/xsd/ncip_v2_0.xsd"
    dialect = decode(two("<ns1:LookupItemSet/>", version).encode()).dialect
    assert (dialect.version, dialect.version_value) == ("2.02", version)


def test_names_of_the_other_ncip_are_taken() -> None:
    document = two(
        "<ns1:CheckInItem><ns1:UniqueItemId><ns1:ItemIdentifierValue>1</ns1:ItemIdentifierValue></ns1:UniqueItemId>"
        "</ns1:CheckInItem>"
    )
    envelope = decode(document.encode())
    assert envelope.message == m.CheckInItem(item_id=m.ItemId(item_identifier_value="1"))
    assert departures(envelope) == [Departure.OTHER_GENERATION]


def test_a_service_without_the_namespace_around_it() -> None:
    inside = '<DeleteItem xmlns=""><ItemId><ItemIdentifierValue>1</ItemIdentifierValue></ItemId></DeleteItem>'
    envelope = decode(two(inside).encode())
    assert envelope.message == m.DeleteItem(item_id=m.ItemId(item_identifier_value="1"))
    assert Departure.OTHER_NAMESPACE in departures(envelope)


def test_an_agency_without_the_element_around_it() -> None:
    header = "<ns1:InitiationHeader><ns1:FromAgencyId> ABER </ns1:FromAgencyId></ns1:InitiationHeader>"
    envelope = decode(two(f"<ns1:DeleteItem>{header}</ns1:DeleteItem>").encode())
    assert isinstance(envelope.message, m.DeleteItem)
    assert envelope.message.initiation_header == m.InitiationHeader(
        from_agency_id=m.FromAgencyId(agency_id=m.SchemeValue("ABER"))
    )
    assert departures(envelope) == [Departure.STRAY_TEXT]


def test_both_identifiers_of_ncip_1() -> None:
    agency = "<UniqueAgencyId><Scheme/><Value>A</Value></UniqueAgencyId>"
    kind = "<VisibleUserIdentifierType><Scheme/><Value>Barcode</Value></VisibleUserIdentifierType>"
    inside = (
        f"<CreateUser>{HEADER_1}<UniqueUserId>{agency}<UserIdentifierValue>1</UserIdentifierValue></UniqueUserId>"
        f"<VisibleUserId>{kind}<VisibleUserIdentifier>2</VisibleUserIdentifier></VisibleUserId></CreateUser>"
    )
    message = decode(one(inside).encode()).message
    assert isinstance(message, m.CreateUser)
    assert message.user_id == m.UserId(agency_id=m.SchemeValue("A"), user_identifier_value="1")
    assert message.visible_user_id == (
        m.UserId(user_identifier_type=m.SchemeValue("Barcode"), user_identifier_value="2"),
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "iso-8859-15", "windows-1250"])
def test_character_sets(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    document = f'<?xml version="1.0" encoding="{declared}"?><NCIPMessage><CreateItem><ItemId><ItemIdentifierValue>é €'
    document += "</ItemIdentifierValue></ItemId></CreateItem></NCIPMessage>"
    message = decode(document.encode(encoding)).message
    assert message == m.CreateItem(item_id=m.ItemId(item_identifier_value="é €"))


def test_windows_1252_under_another_name() -> None:
    document = "<NCIPMessage><DeleteItem><ItemId><ItemIdentifierValue>é “€”</ItemIdentifierValue></ItemId></DeleteItem>"
    octets = (document + "</NCIPMessage>").encode("windows-1252")
    message = m.DeleteItem(item_id=m.ItemId(item_identifier_value="é “€”"))
    undeclared = decode(octets)
    assert undeclared.message == message
    assert Departure.WRONG_ENCODING in departures(undeclared)
    latin = decode(b'<?xml version="1.0" encoding="ISO-8859-1"?>' + octets)
    assert latin.message == message
    assert Departure.WRONG_ENCODING not in departures(latin)


@pytest.mark.parametrize(
    ("octets", "problem", "service"),
    [
        (b"", "Invalid Message Syntax Error", None),
        (b"GET / HTTP/1.1", "Invalid Message Syntax Error", None),
        (b"<html/>", "Invalid Message Syntax Error", None),
        (b"<NCIPMessage/>", "Invalid Message Syntax Error", None),
        (b"<NCIPMessage><MakeTea/></NCIPMessage>", "Unknown Service", "MakeTea"),
        (b"<NCIPVersionMessage><LookupUser/></NCIPVersionMessage>", "Unknown Service", "LookupUser"),
    ],
)
def test_what_is_no_message(octets: bytes, problem: str, service: str | None) -> None:
    with pytest.raises(DecodeError) as refused:
        decode(octets)
    assert (refused.value.problem_type.value, refused.value.service) == (problem, service)
    assert (refused.value.dialect is not None) == (b"NCIP" in octets)


def test_a_fault_tells_its_line_and_nothing_else() -> None:
    with pytest.raises(DecodeError) as refused:
        decode(b"<NCIPMessage>\n<LookupUser>\n<secret 1234></NCIPMessage>")
    assert refused.value.line == 3
    assert "1234" not in str(refused.value)


# what we write


def test_secrets_are_not_shown() -> None:
    given = m.AuthenticationInput(authentication_input_data="1234")
    header = m.InitiationHeader(from_agency_authentication="s3cret", from_system_authentication="s3cret")
    assert "1234" not in repr(given)
    assert "s3cret" not in repr(header)


def test_characters_that_xml_does_not_have_are_replaced() -> None:
    message = m.DeleteItem(item_id=m.ItemId(item_identifier_value="a\0b\x1bc\ud800d\uffffe\r\nf"))
    again = decode(encode(message, NCIP_2_02)).message
    assert again == m.DeleteItem(item_id=m.ItemId(item_identifier_value="a�b�c�d�e\r\nf"))


def test_ncip_1_gets_what_it_cannot_do_without(schemas: dict[str, Schema]) -> None:
    for message in (
        m.LookupUser(user_id=m.UserId(user_identifier_value="1")),
        m.LookupItem(request_id=m.RequestId(request_identifier_value="1")),
        m.CheckInItem(item_id=m.ItemId(item_identifier_value="1")),
        m.AcceptItem(request_id=m.RequestId(), pickup_location=m.SchemeValue("Front"), pickup_expiry_date="x"),
        m.DeleteItemResponse(),
        m.CheckOutItemResponse(problem=(m.Problem(problem_detail="x"),)),
        m.ItemShippedResponse(problem=(m.Problem(problem_type=m.SchemeValue("Unknown Item")),)),
    ):
        document = encode(message, NCIP_1_0)
        if SERVICES[type(message).__name__.removesuffix("Response")].in_1_0:
            assert not schemas["1.0"].complaint(document), document


def test_ncip_2_0_gets_one_item_and_nothing_newer(schemas: dict[str, Schema]) -> None:
    user, items = m.UserId(user_identifier_value="1"), (m.ItemId(item_identifier_value="2"),) * 2
    kind = m.SchemeValue("Hold")
    request = m.RequestItem(user_id=user, item_id=items, request_type=kind, request_scope_type=kind)
    assert not schemas["2.0"].complaint(encode(request, NCIP_2_0))
    lookup = m.LookupItemResponse(item_id=items[0], item_optional_fields=m.ItemOptionalFields(date_due="x"))
    assert not schemas["2.0"].complaint(encode(lookup, NCIP_2_0))


def test_a_date_that_is_empty_is_left_out() -> None:
    message = m.LookupRequestResponse(item_id=m.ItemId(item_identifier_value="1"), pickup_date="")
    assert b"PickupDate" not in encode(message, NCIP_2_02)


def test_a_prefix_that_is_none_is_not_written() -> None:
    octets = encode(m.DeleteItem(), replace(NCIP_2_02, prefix='x" y="'))
    assert decode(octets).dialect.prefix is None


def test_ncip_2_has_no_authenticate_user() -> None:
    with pytest.raises(EncodeError):
        encode(m.AuthenticateUser(), NCIP_2_02)


def test_every_row_says_where_its_text_goes() -> None:
    for service in SERVICES.values():
        for cls in (service.request, service.response):
            names = [row.name for row in rows(cls)]
            assert len(names) == len(set(names))
            assert "".join(part.capitalize() for part in rows(cls)[0].attribute.split("_")) == rows(cls)[0].name
        assert service.meaning


@pytest.mark.parametrize("prefix", ["ns1", "ext", None])
def test_extensions_have_their_namespace_whoever_makes_them(prefix: str | None) -> None:
    item = m.ItemId(item_identifier_value="1")
    answer = m.RenewAllItemResponse(renew_information=(m.RenewInformation(item_id=item),))
    message = decode(encode(m.ExtMessage(service=answer), replace(NCIP_2_02, prefix=prefix))).message
    assert message == m.ExtMessage(service=answer, namespace="http://www.oclc.org/ncip/renewall/2014")


@pytest.mark.parametrize("namespace", [NAMESPACE, "http://www.extensiblecatalog.org/2011/ilsdi"])
def test_sets_of_items_are_answered_where_they_were_asked_for(namespace: str) -> None:
    inside = f'<ns1:Ext><x:LookupItemSet xmlns:x="{namespace}"/></ns1:Ext>'
    message = decode(two(inside).encode()).message
    assert message == m.ExtMessage(service=m.LookupItemSet(), namespace=namespace)
    assert decode(encode(message, NCIP_2_02)).message == message
