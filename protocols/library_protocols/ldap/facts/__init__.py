"""What LDAP says, as tables: operations, result codes, OIDs, attribute options, Active Directory's reasons."""

from __future__ import annotations

from library_protocols.ldap.facts import oids
from library_protocols.ldap.facts.active_directory import BIND_REASONS, BindReason, bind_reason
from library_protocols.ldap.facts.oids import OIDS, OIDS_BY_NAME, OidFact, oid_name
from library_protocols.ldap.facts.operations import OPERATIONS, OperationFact
from library_protocols.ldap.facts.options import (
    ALL_OPERATIONAL,
    ALL_USER,
    NO_ATTRIBUTES,
    OPTIONS,
    OptionFact,
    ValueRange,
    range_of,
    split_description,
)
from library_protocols.ldap.facts.results import RESULTS, ResultCode, ResultFact, result_name
from library_protocols.ldap.facts.secrets import SECRET_ATTRIBUTES, SecretFact

__all__ = [
    "ALL_OPERATIONAL",
    "ALL_USER",
    "BIND_REASONS",
    "NO_ATTRIBUTES",
    "OIDS",
    "OIDS_BY_NAME",
    "OPERATIONS",
    "OPTIONS",
    "RESULTS",
    "SECRET_ATTRIBUTES",
    "BindReason",
    "OidFact",
    "OperationFact",
    "OptionFact",
    "ResultCode",
    "ResultFact",
    "SecretFact",
    "ValueRange",
    "bind_reason",
    "oid_name",
    "oids",
    "range_of",
    "result_name",
    "split_description",
]
