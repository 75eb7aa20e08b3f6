"""Documents written by hand, and the messages they are: the same read both ways."""

from __future__ import annotations

from dataclasses import dataclass

from library_protocols.ncip import NCIP_1_0, NCIP_2_0, NCIP_2_02, Dialect, Ext, ExtMessage, Foreign, Message, Problems
from library_protocols.ncip import messages as m

NAMESPACE = "http://www.niso.org/2008/ncip"
V202 = "http://www.niso.org/schemas/ncip/v2_02/ncip_v2_02.xsd"
V1 = "http://www.niso.org/ncip/v1_0/imp1/dtd/ncip_v1_0.dtd"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DOCTYPE = f'<!DOCTYPE NCIPMessage PUBLIC "-//NISO//NCIP DTD Version 1.0//EN" "{V1}">\n'
BARE = Dialect(namespace=False, version_qualified=False, version_text=V202)
DEFAULT = Dialect(prefix=None, version_text=V202)
CHILDREN = Dialect(prefix="ns1", scheme_children=True, version_text=V202)


@dataclass(frozen=True)
class Sample:
    """A document and what it says. `valid`: the schema of its version takes it."""

    name: str
    document: str
    message: Message
    dialect: Dialect
    valid: bool = True

    @property
    def octets(self) -> bytes:
        """The document as it goes over the wire."""
        return self.document.encode()


def two(inside: str, version: str = V202) -> str:
    """A document of NCIP 2 with a prefix."""
    root = f'<ns1:NCIPMessage xmlns:ns1="{NAMESPACE}" ns1:version="{version}">'
    return f"{DECLARATION}{root}{inside}</ns1:NCIPMessage>\n"


def one(inside: str) -> str:
    """A document of NCIP 1."""
    return f'{DECLARATION}{DOCTYPE}<NCIPMessage version="{V1}">{inside}</NCIPMessage>\n'


def _code(value: str, scheme: str | None = None) -> m.SchemeValue:
    return m.SchemeValue(value, scheme)


HEADER_1 = (
    "<InitiationHeader>"
    "<FromAgencyId><UniqueAgencyId><Scheme>http://example.org/agencies</Scheme><Value>RELAIS</Value></UniqueAgencyId>"
    "</FromAgencyId>"
    "<ToAgencyId><UniqueAgencyId><Scheme></Scheme><Value>ABER</Value></UniqueAgencyId></ToAgencyId>"
    "</InitiationHeader>"
)
_HEADER = m.InitiationHeader(
    from_agency_id=m.FromAgencyId(agency_id=_code("RELAIS", "http://example.org/agencies")),
    to_agency_id=m.ToAgencyId(agency_id=_code("ABER")),
)
_ANSWER_HEADER = m.ResponseHeader(
    from_agency_id=m.FromAgencyId(agency_id=_code("ABER")),
    to_agency_id=m.ToAgencyId(agency_id=_code("RELAIS")),
)
_ANSWER_HEADER_1 = (
    "<ResponseHeader>"
    "<FromAgencyId><UniqueAgencyId><Scheme></Scheme><Value>ABER</Value></UniqueAgencyId></FromAgencyId>"
    "<ToAgencyId><UniqueAgencyId><Scheme></Scheme><Value>RELAIS</Value></UniqueAgencyId></ToAgencyId>"
    "</ResponseHeader>"
)
_LOGIN = m.LookupUser(
    authentication_input=(
        m.AuthenticationInput(
            authentication_input_data="2010<&>0001",
            authentication_data_format_type=_code("text/plain", "http://www.iana.org/assignments/media-types"),
            authentication_input_type=_code("Barcode Id"),
        ),
    ),
    loaned_items_desired=True,
)

SAMPLES = (
    Sample(
        "a login with flags",
        two(
            "<ns1:LookupUser><ns1:AuthenticationInput>"
            "<ns1:AuthenticationInputData>2010&lt;&amp;&gt;0001</ns1:AuthenticationInputData>"
            '<ns1:AuthenticationDataFormatType ns1:Scheme="http://www.iana.org/assignments/media-types">text/plain'
            "</ns1:AuthenticationDataFormatType>"
            "<ns1:AuthenticationInputType>Barcode Id</ns1:AuthenticationInputType>"
            "</ns1:AuthenticationInput><ns1:LoanedItemsDesired/></ns1:LookupUser>"
        ),
        _LOGIN,
        NCIP_2_02,
    ),
    Sample(
        "the same without the namespace",
        f'{DECLARATION}<NCIPMessage version="{V202}">'
        "<LookupUser><AuthenticationInput><AuthenticationInputData>2010&lt;&amp;&gt;0001</AuthenticationInputData>"
        '<AuthenticationDataFormatType Scheme="http://www.iana.org/assignments/media-types">text/plain'
        "</AuthenticationDataFormatType><AuthenticationInputType>Barcode Id</AuthenticationInputType>"
        "</AuthenticationInput><LoanedItemsDesired/></LookupUser></NCIPMessage>\n",
        _LOGIN,
        BARE,
        valid=False,
    ),
    Sample(
        "the namespace as the default",
        f'{DECLARATION}<NCIPMessage xmlns="{NAMESPACE}" xmlns:ncip="{NAMESPACE}" ncip:version="{V202}">'
        '<ItemReceived><ItemId><AgencyId ncip:Scheme="http://example.org/a">ABER</AgencyId>'
        "<ItemIdentifierValue>30100001</ItemIdentifierValue></ItemId><DateReceived>2026-11-22T09:30:00Z</DateReceived>"
        "</ItemReceived></NCIPMessage>\n",
        m.ItemReceived(
            item_id=m.ItemId(agency_id=_code("ABER", "http://example.org/a"), item_identifier_value="30100001"),
            date_received="2026-11-22T09:30:00Z",
        ),
        DEFAULT,
    ),
    Sample(
        "Scheme and Value as elements of NCIP 2",
        two(
            "<ns1:DeleteItem><ns1:ItemId><ns1:ItemIdentifierType><ns1:Scheme>http://example.org/t</ns1:Scheme>"
            "<ns1:Value>Barcode</ns1:Value></ns1:ItemIdentifierType>"
            "<ns1:ItemIdentifierValue>30100001</ns1:ItemIdentifierValue></ns1:ItemId></ns1:DeleteItem>"
        ),
        m.DeleteItem(
            item_id=m.ItemId(
                item_identifier_type=_code("Barcode", "http://example.org/t"), item_identifier_value="30100001"
            )
        ),
        CHILDREN,
        valid=False,
    ),
    Sample(
        "a loan refused, with the fee that would help",
        two(
            "<ns1:CheckOutItemResponse><ns1:Problem><ns1:ProblemType>User Blocked</ns1:ProblemType>"
            "<ns1:ProblemDetail>patron.charges</ns1:ProblemDetail><ns1:ProblemElement>UserId</ns1:ProblemElement>"
            "<ns1:ProblemValue>20100003</ns1:ProblemValue></ns1:Problem>"
            "<ns1:RequiredFeeAmount><ns1:CurrencyCode>GBP</ns1:CurrencyCode><ns1:MonetaryValue>2500</ns1:MonetaryValue>"
            "</ns1:RequiredFeeAmount></ns1:CheckOutItemResponse>"
        ),
        m.CheckOutItemResponse(
            problem=(
                m.Problem(
                    problem_type=_code("User Blocked"),
                    problem_detail="patron.charges",
                    problem_element="UserId",
                    problem_value="20100003",
                ),
            ),
            required_fee_amount=m.RequiredFeeAmount(currency_code=_code("GBP"), monetary_value="2500"),
        ),
        NCIP_2_02,
    ),
    Sample(
        "problems alone",
        two(
            "<ns1:Problem><ns1:ProblemType>Unknown Service</ns1:ProblemType></ns1:Problem>"
            "<ns1:Problem><ns1:ProblemType>Missing Version</ns1:ProblemType></ns1:Problem>"
        ),
        Problems(
            problem=(
                m.Problem(problem_type=_code("Unknown Service")),
                m.Problem(problem_type=_code("Missing Version")),
            )
        ),
        NCIP_2_02,
    ),
    Sample(
        "an extension inside a request",
        two(
            "<ns1:DeleteUser><ns1:UserId><ns1:UserIdentifierValue>2</ns1:UserIdentifierValue></ns1:UserId><ns1:Ext>"
            '<Note xmlns="http://example.org/x" kind="a&quot;b">Helo<Line>ŵ</Line></Note>'
            "<ns1:Title>T</ns1:Title></ns1:Ext></ns1:DeleteUser>"
        ),
        m.DeleteUser(
            user_id=m.UserId(user_identifier_value="2"),
            ext=Ext(
                (
                    Foreign(
                        "Note",
                        "http://example.org/x",
                        "Helo",
                        (("kind", 'a"b'),),
                        (Foreign("Line", "http://example.org/x", "ŵ"),),
                    ),
                    Foreign("Title", NAMESPACE, "T"),
                )
            ),
        ),
        NCIP_2_02,
        valid=False,
    ),
    Sample(
        "WorldShare's extension",
        two(
            "<ns1:Ext>"
            '<ext:RenewAllItemResponse xmlns:ext="http://www.oclc.org/ncip/renewall/2014"><ext:RenewInformation>'
            "<ns1:ItemId><ns1:ItemIdentifierValue>1</ns1:ItemIdentifierValue></ns1:ItemId><ns1:Pending></ns1:Pending>"
            "</ext:RenewInformation></ext:RenewAllItemResponse></ns1:Ext>"
        ),
        ExtMessage(
            service=m.RenewAllItemResponse(
                renew_information=(
                    m.RenewInformation(item_id=m.ItemId(item_identifier_value="1"), pending=m.Pending()),
                )
            ),
            namespace="http://www.oclc.org/ncip/renewall/2014",
        ),
        NCIP_2_02,
        valid=False,
    ),
    Sample(
        "NCIP 1: a lookup by a visible identifier",
        one(
            f"<LookupUser>{HEADER_1}<VisibleUserId><VisibleUserIdentifierType><Scheme></Scheme><Value>Barcode</Value>"
            "</VisibleUserIdentifierType><VisibleUserIdentifier>20100001</VisibleUserIdentifier></VisibleUserId>"
            "<UserElementType><Scheme></Scheme><Value>Name Information</Value></UserElementType></LookupUser>"
        ),
        m.LookupUser(
            initiation_header=_HEADER,
            user_id=m.UserId(user_identifier_type=_code("Barcode"), user_identifier_value="20100001"),
            user_element_type=(_code("Name Information"),),
        ),
        NCIP_1_0,
    ),
    Sample(
        "NCIP 1: errors inside one another",
        one(
            f"<RenewItemResponse>{_ANSWER_HEADER_1}<Problem><ProcessingError><ProcessingErrorType>"
            "<Scheme></Scheme><Value>Unknown Item</Value></ProcessingErrorType>"
            "<ProcessingErrorElement><ElementName>UniqueItemId</ElementName>"
            "<ProcessingErrorElement><ElementName>ItemIdentifierValue</ElementName>"
            "<ProcessingErrorValue>3</ProcessingErrorValue></ProcessingErrorElement></ProcessingErrorElement>"
            "</ProcessingError></Problem></RenewItemResponse>"
        ),
        m.RenewItemResponse(
            response_header=_ANSWER_HEADER,
            problem=(
                m.Problem(
                    problem_type=_code("Unknown Item"),
                    problem_element="ItemId/ItemIdentifierValue",
                    problem_value="3",
                ),
            ),
        ),
        NCIP_1_0,
    ),
    Sample(
        "NCIP 1: a notification refused",
        one(
            f"<ItemShippedResponse>{_ANSWER_HEADER_1}<MessagingError><MessagingErrorType><Scheme></Scheme>"
            "<Value>Unknown Service</Value></MessagingErrorType>"
            "<MessagingErrorElement><ElementName>NCIPMessage</ElementName></MessagingErrorElement></MessagingError>"
            "</ItemShippedResponse>"
        ),
        m.ItemShippedResponse(
            response_header=_ANSWER_HEADER,
            problem=(m.Problem(problem_type=_code("Unknown Service"), problem_element="NCIPMessage"),),
        ),
        NCIP_1_0,
    ),
    Sample(
        "NCIP 1: requests and loans in their wrapper",
        one(
            f"<LookupUserResponse>{_ANSWER_HEADER_1}<UniqueUserId><UniqueAgencyId><Scheme></Scheme><Value>ABER</Value>"
            "</UniqueAgencyId><UserIdentifierValue>1</UserIdentifierValue></UniqueUserId><UserTransaction><LoanedItem>"
            "<UniqueItemId><UniqueAgencyId><Scheme></Scheme><Value>ABER</Value></UniqueAgencyId>"
            "<ItemIdentifierValue>3</ItemIdentifierValue></UniqueItemId><ReminderLevel>0</ReminderLevel>"
            "<DateDue>2026-12-01T23:59:59Z</DateDue><Amount><CurrencyCode><Scheme></Scheme><Value>GBP</Value>"
            "</CurrencyCode><MonetaryValue>50</MonetaryValue></Amount></LoanedItem></UserTransaction>"
            "</LookupUserResponse>"
        ),
        m.LookupUserResponse(
            response_header=_ANSWER_HEADER,
            user_id=m.UserId(agency_id=_code("ABER"), user_identifier_value="1"),
            loaned_item=(
                m.LoanedItem(
                    item_id=m.ItemId(agency_id=_code("ABER"), item_identifier_value="3"),
                    reminder_level="0",
                    date_due="2026-12-01T23:59:59Z",
                    amount=m.Amount(currency_code=_code("GBP"), monetary_value="50"),
                ),
            ),
        ),
        NCIP_1_0,
    ),
    Sample(
        "NCIP 2.0: what 2.02 need not say",
        two(
            "<ns1:LookupUserResponse><ns1:UserId><ns1:UserIdentifierValue>1</ns1:UserIdentifierValue></ns1:UserId>"
            "<ns1:LoanedItem><ns1:ItemId><ns1:ItemIdentifierValue>3</ns1:ItemIdentifierValue></ns1:ItemId>"
            "<ns1:ReminderLevel>1</ns1:ReminderLevel><ns1:DateDue>2026-12-01T23:59:59Z</ns1:DateDue>"
            "<ns1:Amount><ns1:CurrencyCode></ns1:CurrencyCode><ns1:MonetaryValue>0</ns1:MonetaryValue></ns1:Amount>"
            "</ns1:LoanedItem></ns1:LookupUserResponse>",
            "http://www.niso.org/schemas/ncip/v2_0/imp1/xsd/ncip_v2_0.xsd",
        ),
        m.LookupUserResponse(
            user_id=m.UserId(user_identifier_value="1"),
            loaned_item=(
                m.LoanedItem(
                    item_id=m.ItemId(item_identifier_value="3"),
                    reminder_level="1",
                    date_due="2026-12-01T23:59:59Z",
                    amount=m.Amount(currency_code=_code(""), monetary_value="0"),
                ),
            ),
        ),
        NCIP_2_0,
    ),
    Sample(
        "versions, under their own root",
        f'{DECLARATION}<NCIPVersionMessage version="http://www.niso.org/ncip/v1_0/imp1/xsd/ncip_version.xsd">'
        "<LookupVersionResponse>"
        "<FromAgencyId><UniqueAgencyId><Scheme></Scheme><Value>ABER</Value></UniqueAgencyId></FromAgencyId>"
        "<ToAgencyId><UniqueAgencyId><Scheme></Scheme><Value>X</Value></UniqueAgencyId></ToAgencyId>"
        f"<VersionSupported>{V202}</VersionSupported><VersionSupported>{V1}</VersionSupported>"
        "<ServiceSupported>LookupUser</ServiceSupported></LookupVersionResponse></NCIPVersionMessage>\n",
        m.LookupVersionResponse(
            from_agency_id=m.FromAgencyId(agency_id=_code("ABER")),
            to_agency_id=m.ToAgencyId(agency_id=_code("X")),
            version_supported=(V202, V1),
            service_supported=("LookupUser",),
        ),
        Dialect(1, "1.0", namespace=False, version_qualified=False, scheme_children=True),
    ),
)
