"""What every message uses: who somebody or something is, amounts of money, headers, problems."""

from __future__ import annotations

from library_protocols.ncip.elements.base import (
    DATE_TIME,
    INTEGER,
    Extensible,
    SchemeValue,
    code,
    element,
    one,
    text,
)


@element
class UserId(Extensible):
    """A user, by an identifier that his agency gave out. NCIP 1: UniqueUserId, or VisibleUserId with its type."""

    agency_id: SchemeValue | None = code("AgencyId")
    user_identifier_type: SchemeValue | None = code("UserIdentifierType")
    user_identifier_value: str = text("UserIdentifierValue", required=True)


@element
class PreviousUserId(Extensible):
    """An identifier that once meant this user, and when."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    user_identifier_value: str = text("UserIdentifierValue", required=True)
    valid_from_date: str | None = text("ValidFromDate", DATE_TIME)
    valid_to_date: str | None = text("ValidToDate", DATE_TIME)


@element
class ItemId(Extensible):
    """An item, mostly by barcode. NCIP 1: UniqueItemId, or VisibleItemId with its type."""

    agency_id: SchemeValue | None = code("AgencyId")
    item_identifier_type: SchemeValue | None = code("ItemIdentifierType")
    item_identifier_value: str = text("ItemIdentifierValue", required=True)


@element
class RequestId(Extensible):
    """A request: the number that every message of one transaction carries."""

    agency_id: SchemeValue | None = code("AgencyId")
    request_identifier_type: SchemeValue | None = code("RequestIdentifierType")
    request_identifier_value: str = text("RequestIdentifierValue", required=True)


@element
class BibliographicItemId(Extensible):
    """A title by a number of its own, such as an ISBN; the code says which."""

    bibliographic_item_identifier: str = text("BibliographicItemIdentifier", required=True)
    bibliographic_item_identifier_code: SchemeValue | None = code("BibliographicItemIdentifierCode")


@element
class BibliographicRecordId(Extensible):
    """A record in somebody's catalogue: of an agency, or of a kind that the code names."""

    bibliographic_record_identifier: str = text("BibliographicRecordIdentifier", required=True)
    agency_id: SchemeValue | None = code("AgencyId")
    bibliographic_record_identifier_code: SchemeValue | None = code("BibliographicRecordIdentifierCode")


@element
class BibliographicId(Extensible):
    """A title: one of the two."""

    bibliographic_item_id: BibliographicItemId | None = one("BibliographicItemId")
    bibliographic_record_id: BibliographicRecordId | None = one("BibliographicRecordId")


@element
class ComponentId(Extensible):
    """A part of a title, such as an article."""

    component_identifier_type: SchemeValue | None = code("ComponentIdentifierType", required=True)
    component_identifier: str = text("ComponentIdentifier", required=True)


@element
class FiscalReference(Extensible):
    """A fiscal transaction, by the number that an agency gave it."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)
    fiscal_transaction_identifier_value: str = text("FiscalTransactionIdentifierValue", required=True)


@element
class FiscalTransactionReferenceId(FiscalReference):
    """Names a fiscal transaction."""


@element
class RelatedFiscalTransactionReferenceId(FiscalReference):
    """Names another fiscal transaction that this one settles."""


@element
class Money(Extensible):
    """A sum. `monetary_value` counts the currency's smallest unit (pence), `currency_code` is of ISO 4217."""

    currency_code: SchemeValue | None = code("CurrencyCode", required=True)
    monetary_value: str = text("MonetaryValue", INTEGER, required=True)


@element
class Amount(Money):
    """What a transaction is about."""


@element
class AccountBalance(Money):
    """What the user owes in all."""


@element
class AcknowledgedFeeAmount(Money):
    """A fee that the user agreed to."""


@element
class PaidFeeAmount(Money):
    """A fee that the user has paid."""


@element
class RequiredFeeAmount(Money):
    """A fee without which the answer stays no."""


@element
class AgencyReference(Extensible):
    """An agency in a role."""

    agency_id: SchemeValue | None = code("AgencyId", required=True)


@element
class FromAgencyId(AgencyReference):
    """Who sends this message."""


@element
class ToAgencyId(AgencyReference):
    """Whom this message is for."""


@element
class OnBehalfOfAgency(AgencyReference):
    """For whom the sender acts."""


@element
class InitiationHeader(Extensible):
    """Who asks whom. Optional in NCIP 2, required in NCIP 1."""

    from_system_id: SchemeValue | None = code("FromSystemId")
    from_system_authentication: str | None = text("FromSystemAuthentication", secret=True)
    from_agency_id: FromAgencyId | None = one("FromAgencyId", required=True)
    from_agency_authentication: str | None = text("FromAgencyAuthentication", secret=True)
    on_behalf_of_agency: OnBehalfOfAgency | None = one("OnBehalfOfAgency")
    to_system_id: SchemeValue | None = code("ToSystemId")
    to_agency_id: ToAgencyId | None = one("ToAgencyId", required=True)
    application_profile_type: SchemeValue | None = code("ApplicationProfileType")


@element
class ResponseHeader(Extensible):
    """Who answers whom: From and To are those of the question, the other way round."""

    from_system_id: SchemeValue | None = code("FromSystemId")
    from_system_authentication: str | None = text("FromSystemAuthentication", secret=True)
    from_agency_id: FromAgencyId | None = one("FromAgencyId", required=True)
    from_agency_authentication: str | None = text("FromAgencyAuthentication", secret=True)
    to_system_id: SchemeValue | None = code("ToSystemId")
    to_agency_id: ToAgencyId | None = one("ToAgencyId", required=True)


@element
class Problem(Extensible):
    """Why not. NCIP 1: MessagingError or ProcessingError; nested elements are a path with slashes; no detail."""

    problem_type: SchemeValue | None = code("ProblemType", required=True)
    problem_detail: str | None = text("ProblemDetail")
    problem_element: str | None = text("ProblemElement")
    problem_value: str | None = text("ProblemValue")


@element
class MandatedAction(Extensible):
    """Says that it has happened already, and when: to be recorded, not to be refused."""

    date_event_occurred: str = text("DateEventOccurred", DATE_TIME, required=True)


@element
class Pending(Extensible):
    """An answer that comes later."""

    date_of_expected_reply: str | None = text("DateOfExpectedReply", DATE_TIME)
