"""NCIP 1 and 2 (ANSI/NISO Z39.83): documents to messages and back, the services, the code lists. Pure: no I/O."""

from __future__ import annotations

from library_protocols.ncip.bodies import BodyError, charset_of, document_of
from library_protocols.ncip.codec import Envelope, decode, encode
from library_protocols.ncip.dialect import NAMESPACE, NCIP_1_0, NCIP_1_01, NCIP_2_0, NCIP_2_01, NCIP_2_02, Dialect
from library_protocols.ncip.elements import Ext, Foreign, Problem, SchemeValue, Unknown
from library_protocols.ncip.errors import DecodeError, Departure, Deviation, EncodeError
from library_protocols.ncip.explain import Explanation, explain, explained_names
from library_protocols.ncip.facts import MESSAGING_ERROR, known_problem, problem_type, scheme_value
from library_protocols.ncip.framing import Frame, FrameError, Framer
from library_protocols.ncip.inspect import Inspection, Span, dialect_words, inspect
from library_protocols.ncip.mask import mask
from library_protocols.ncip.messages import ExtMessage, Message, Problems, Request, Response
from library_protocols.ncip.services import SERVICES, ServiceKind, ServiceRow
from library_protocols.ncip.values import (
    format_datetime,
    money,
    money_value,
    parse_datetime,
    parse_decimal,
    parse_integer,
)

__all__ = [
    "MESSAGING_ERROR",
    "NAMESPACE",
    "NCIP_1_0",
    "NCIP_1_01",
    "NCIP_2_0",
    "NCIP_2_01",
    "NCIP_2_02",
    "SERVICES",
    "BodyError",
    "DecodeError",
    "Departure",
    "Deviation",
    "Dialect",
    "EncodeError",
    "Envelope",
    "Explanation",
    "Ext",
    "ExtMessage",
    "Foreign",
    "Frame",
    "FrameError",
    "Framer",
    "Inspection",
    "Message",
    "Problem",
    "Problems",
    "Request",
    "Response",
    "SchemeValue",
    "ServiceKind",
    "ServiceRow",
    "Span",
    "Unknown",
    "charset_of",
    "decode",
    "dialect_words",
    "document_of",
    "encode",
    "explain",
    "explained_names",
    "format_datetime",
    "inspect",
    "known_problem",
    "mask",
    "money",
    "money_value",
    "parse_datetime",
    "parse_decimal",
    "parse_integer",
    "problem_type",
    "scheme_value",
]
