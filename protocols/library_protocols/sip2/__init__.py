"""SIP2, the 3M Standard Interchange Protocol 2.00, between a library's machines (SC) and its system (ACS).

`decode` and `encode` turn octets into `Message` and back; `Acs` and `Sc` are the two ends of a link without
any I/O; `inspect`, `explain` and `mask` serve people who read traffic. The facts are in `facts`.
"""

from __future__ import annotations

from library_protocols.sip2.acs import Acs
from library_protocols.sip2.charset import decode_text, encode_text, printable
from library_protocols.sip2.codec import Body, DecodeError, Mould, checksum, decode, encode
from library_protocols.sip2.dates import format_sip_date, parse_sip_date
from library_protocols.sip2.dialect import STANDARD, Dialect
from library_protocols.sip2.events import (
    NEED_DATA,
    PAUSED,
    Ignored,
    LinkFailed,
    LocalError,
    Request,
    Response,
    Send,
    StatusChanged,
    Waiting,
)
from library_protocols.sip2.facts import FIELDS, MESSAGES, TABLES
from library_protocols.sip2.framing import Framer, Oversize
from library_protocols.sip2.inspect import Explanation, Inspection, Span, explain, inspect
from library_protocols.sip2.mask import mask
from library_protocols.sip2.messages import Checksum, Message, Remark, build
from library_protocols.sip2.sc import Sc

__all__ = [
    "FIELDS",
    "MESSAGES",
    "NEED_DATA",
    "PAUSED",
    "STANDARD",
    "TABLES",
    "Acs",
    "Body",
    "Checksum",
    "DecodeError",
    "Dialect",
    "Explanation",
    "Framer",
    "Ignored",
    "Inspection",
    "LinkFailed",
    "LocalError",
    "Message",
    "Mould",
    "Oversize",
    "Remark",
    "Request",
    "Response",
    "Sc",
    "Send",
    "Span",
    "StatusChanged",
    "Waiting",
    "build",
    "checksum",
    "decode",
    "decode_text",
    "encode",
    "encode_text",
    "explain",
    "format_sip_date",
    "inspect",
    "mask",
    "parse_sip_date",
    "printable",
]
