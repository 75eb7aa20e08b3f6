"""Problem types: which reasons the standard has for no, and for which service each is.

In NCIP 1 those of MESSAGING_ERROR are messaging errors, all others processing errors. Peers write other cases and wrong
schemes: classify by value, then by scheme.
"""

from __future__ import annotations

from library_protocols.ncip.elements.base import SchemeValue

MESSAGING_ERROR = "http://www.niso.org/ncip/v1_0/schemes/messagingerrortype/messagingerrortype.scm"
"""The scheme of what is wrong with a message before anybody looks at what it wants."""
_PROCESSING_ERROR = "http://www.niso.org/ncip/v1_0/schemes/processingerrortype/{}processingerror.scm"

MESSAGING = (
    "Invalid Message Syntax Error",
    "Missing Version",
    "Protocol Error",
    "Unknown Element",
    "Unknown Scheme",
    "Unknown Service",
    "Unknown Value From Known Scheme",
)
"""Values of MESSAGING_ERROR."""
GENERAL = (
    "Agency Authentication Failed",
    "Invalid Amount",
    "Invalid Date",
    "Needed Data Missing",
    "System Authentication Failed",
    "Temporary Processing Failure",
    "Unauthorized Combination Of Element Values For Agency",
    "Unauthorized Combination Of Element Values For System",
    "Unauthorized Service For Agency",
    "Unauthorized Service For System",
    "Unknown Agency",
    "Unknown System",
    "Unsupported Service",
)
"""Problems that every service may have."""
_SERVICES = """
AcceptItem | Cannot Accept Item; Cannot Guarantee Restrictions On Use; Element Rule Violated; Unknown Item; \
Unknown Request; Unknown User; User Ineligible To Check Out This Item
CheckOutItem | Item Does Not Circulate; Maximum Check Outs Exceeded; Resource Cannot Be Provided; Unknown Item; \
Unknown Request; Unknown User; Unsupported Shipping Address Type; User Authentication Failed; User Blocked; \
User Ineligible To Check Out This Item
CheckInItem | Item Not Checked Out; Unknown Item
RenewItem | Item Not Checked Out; Item Not Renewable; Maximum Renewals Exceeded; \
Renewal Not Allowed - Item Has Outstanding Requests; Unknown Item; Unknown User; User Authentication Failed; \
User Blocked; User Ineligible To Renew This Item
RequestItem | Duplicate Request; Element Rule Violated; Item Does Not Circulate; \
Item Not Available By Need Before Date; Unknown Item; Unknown User; User Authentication Failed; User Blocked; \
User Ineligible To Request This Item
CancelRequestItem | Element Rule Violated; Request Already Processed; Unknown Item; Unknown Request; Unknown User; \
User Authentication Failed
UpdateRequestItem | Element Rule Violated; Item Access Denied; Unable To Add Element; Unable To Delete Element; \
Unknown Item; Unknown Request; Unknown User; User Authentication Failed
LookupUser | Element Rule Violated; Non-Unique User; Unknown User; User Access Denied; User Authentication Failed
LookupItem | Element Rule Violated; Item Access Denied; Non-Unique Item; Unknown Item
LookupRequest | Non-Unique Request; Unknown Request
CreateUserFiscalTransaction | Account Access Denied; Duplicate Fiscal Transaction; Element Rule Violated; \
Unable To Add Element; Unknown Item; Unknown Request; Unknown User; User Access Denied; User Authentication Failed
"""
OF_SERVICE: dict[str, tuple[str, ...]] = {
    service.strip(): tuple(value.strip() for value in values.split(";"))
    for service, values in (line.split("|") for line in _SERVICES.strip().splitlines())
}
"""Problems of a service's own. The lists of services that are not here are not known: they borrow values."""
_KNOWN = {value.casefold(): value for values in (MESSAGING, GENERAL, *OF_SERVICE.values()) for value in values}
_MESSAGING = frozenset(value.casefold() for value in MESSAGING)


def problem_type(value: str, service: str | None = None) -> SchemeValue:
    """A problem type with the scheme it is of: the messaging errors', the general ones', or the service's own."""
    if value in MESSAGING:
        return SchemeValue(value, MESSAGING_ERROR)
    if service is None or value in GENERAL:
        return SchemeValue(value, _PROCESSING_ERROR.format("general"))
    return SchemeValue(value, _PROCESSING_ERROR.format(service.lower()))


def known_problem(value: str) -> str | None:
    """The standard's value that this one is, whatever its case and blanks."""
    return _KNOWN.get(" ".join(value.split()).casefold())


def is_messaging(problem: SchemeValue | None) -> bool:
    """Whether a problem is a messaging error: by its value, else by its scheme."""
    if problem is None:
        return False
    value = " ".join(problem.value.split()).casefold()
    return value in _MESSAGING or (value not in _KNOWN and "messagingerror" in (problem.scheme or ""))
