"""Another reader of the standard's own definitions has the last word: asn1tools on the module of RFC 4511."""

from __future__ import annotations

from typing import Any

import asn1tools
import pytest

from library_protocols.ldap import LdapMessage, SearchRequest, decode, encode
from library_protocols.ldap.codec import TAGS
from library_protocols.ldap.facts import OPERATIONS
from tests.protocols.ldap.samples import EVERY_FILTER, MESSAGES

# RFC 4511 appendix B, with the named types that are all OCTET STRING or INTEGER written out.
MODULE = """
LDAP DEFINITIONS IMPLICIT TAGS ::= BEGIN
LDAPMessage ::= SEQUENCE { messageID INTEGER (0..2147483647), protocolOp CHOICE {
    bindRequest BindRequest, bindResponse BindResponse, unbindRequest [APPLICATION 2] NULL,
    searchRequest SearchRequest, searchResEntry SearchResultEntry, searchResDone [APPLICATION 5] LDAPResult,
    searchResRef [APPLICATION 19] SEQUENCE OF OCTET STRING, modifyRequest ModifyRequest,
    modifyResponse [APPLICATION 7] LDAPResult, addRequest AddRequest, addResponse [APPLICATION 9] LDAPResult,
    delRequest [APPLICATION 10] OCTET STRING, delResponse [APPLICATION 11] LDAPResult, modDNRequest ModifyDNRequest,
    modDNResponse [APPLICATION 13] LDAPResult, compareRequest CompareRequest,
    compareResponse [APPLICATION 15] LDAPResult, abandonRequest [APPLICATION 16] INTEGER,
    extendedReq ExtendedRequest, extendedResp ExtendedResponse, ..., intermediateResponse IntermediateResponse },
    controls [0] SEQUENCE OF Control OPTIONAL }
Control ::= SEQUENCE { controlType OCTET STRING, criticality BOOLEAN DEFAULT FALSE, controlValue OCTET STRING OPTIONAL }
LDAPResult ::= SEQUENCE { resultCode ENUMERATED { success(0), other(80), referral(10), saslBindInProgress(14),
    unwillingToPerform(53), entryAlreadyExists(68), noSuchObject(32), insufficientAccessRights(50), compareTrue(6),
    unavailable(52), ... }, matchedDN OCTET STRING, diagnosticMessage OCTET STRING,
    referral [3] SEQUENCE OF OCTET STRING OPTIONAL }
BindRequest ::= [APPLICATION 0] SEQUENCE { version INTEGER, name OCTET STRING, authentication CHOICE {
    simple [0] OCTET STRING, sasl [3] SEQUENCE { mechanism OCTET STRING, credentials OCTET STRING OPTIONAL }, ... } }
BindResponse ::= [APPLICATION 1] SEQUENCE { COMPONENTS OF LDAPResult, serverSaslCreds [7] OCTET STRING OPTIONAL }
SearchRequest ::= [APPLICATION 3] SEQUENCE { baseObject OCTET STRING,
    scope ENUMERATED { baseObject(0), singleLevel(1), wholeSubtree(2), ... },
    derefAliases ENUMERATED { never(0), inSearching(1), finding(2), always(3) },
    sizeLimit INTEGER, timeLimit INTEGER, typesOnly BOOLEAN, filter Filter, attributes SEQUENCE OF OCTET STRING }
Filter ::= CHOICE { and [0] SET OF Filter, or [1] SET OF Filter, not [2] Filter,
    equalityMatch [3] AttributeValueAssertion, substrings [4] SubstringFilter,
    greaterOrEqual [5] AttributeValueAssertion, lessOrEqual [6] AttributeValueAssertion, present [7] OCTET STRING,
    approxMatch [8] AttributeValueAssertion, extensibleMatch [9] MatchingRuleAssertion, ... }
AttributeValueAssertion ::= SEQUENCE { attributeDesc OCTET STRING, assertionValue OCTET STRING }
SubstringFilter ::= SEQUENCE { type OCTET STRING, substrings SEQUENCE OF CHOICE {
    initial [0] OCTET STRING, any [1] OCTET STRING, final [2] OCTET STRING } }
MatchingRuleAssertion ::= SEQUENCE { matchingRule [1] OCTET STRING OPTIONAL, type [2] OCTET STRING OPTIONAL,
    matchValue [3] OCTET STRING, dnAttributes [4] BOOLEAN DEFAULT FALSE }
PartialAttribute ::= SEQUENCE { type OCTET STRING, vals SET OF OCTET STRING }
SearchResultEntry ::= [APPLICATION 4] SEQUENCE { objectName OCTET STRING, attributes SEQUENCE OF PartialAttribute }
ModifyRequest ::= [APPLICATION 6] SEQUENCE { object OCTET STRING, changes SEQUENCE OF SEQUENCE {
    operation ENUMERATED { add(0), delete(1), replace(2), ..., private(9) }, modification PartialAttribute } }
AddRequest ::= [APPLICATION 8] SEQUENCE { entry OCTET STRING, attributes SEQUENCE OF PartialAttribute }
ModifyDNRequest ::= [APPLICATION 12] SEQUENCE { entry OCTET STRING, newrdn OCTET STRING, deleteoldrdn BOOLEAN,
    newSuperior [0] OCTET STRING OPTIONAL }
CompareRequest ::= [APPLICATION 14] SEQUENCE { entry OCTET STRING, ava AttributeValueAssertion }
ExtendedRequest ::= [APPLICATION 23] SEQUENCE { requestName [0] OCTET STRING, requestValue [1] OCTET STRING OPTIONAL }
ExtendedResponse ::= [APPLICATION 24] SEQUENCE { COMPONENTS OF LDAPResult, responseName [10] OCTET STRING OPTIONAL,
    responseValue [11] OCTET STRING OPTIONAL }
IntermediateResponse ::= [APPLICATION 25] SEQUENCE { responseName [0] OCTET STRING OPTIONAL,
    responseValue [1] OCTET STRING OPTIONAL }
END
"""
NAMES = {
    "searchresultentry": "searchResEntry", "searchresultdone": "searchResDone", "searchresultreference": "searchResRef",
    "modifydnrequest": "modDNRequest", "modifydnresponse": "modDNResponse", "extendedrequest": "extendedReq",
    "extendedresponse": "extendedResp",
}  # fmt: skip


@pytest.fixture(scope="module")
def oracle() -> Any:
    return asn1tools.compile_string(MODULE, "ber")


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message.op).__name__)
def test_both_agree_on_every_message(oracle: Any, message: LdapMessage) -> None:
    octets = encode(message)
    value = oracle.decode("LDAPMessage", octets)
    assert value["messageID"] == message.message_id
    name = OPERATIONS[TAGS[type(message.op)]].name
    assert value["protocolOp"][0].lower() == NAMES.get(name.lower(), name).lower()
    theirs = oracle.encode("LDAPMessage", value)
    assert theirs == octets
    assert decode(theirs) == message


def test_values_mean_the_same(oracle: Any) -> None:
    search = next(message for message in MESSAGES if isinstance(message.op, SearchRequest))
    assert isinstance(search.op, SearchRequest)
    assert search.op.filter == EVERY_FILTER
    value = oracle.decode("LDAPMessage", encode(search))
    assert [control["criticality"] for control in value["controls"]] == [True, False]
    asked = value["protocolOp"][1]
    assert (asked["scope"], asked["derefAliases"], asked["sizeLimit"], asked["timeLimit"]) == (
        "wholeSubtree", "always", 2, 300,
    )  # fmt: skip
    kind, parts = asked["filter"]
    assert kind == "and"
    assert [part[0] for part in parts] == [
        "or", "not", "substrings", "substrings", "greaterOrEqual", "lessOrEqual", *["extensibleMatch"] * 3,
    ]  # fmt: skip
    assert parts[2][1]["substrings"] == [("initial", b"a"), ("any", b"b"), ("any", b"*"), ("final", b"c")]
    assert parts[6][1] == {"matchingRule": b"2.5.13.2", "type": b"ou", "matchValue": b"Lib", "dnAttributes": True}
