"""What makes a field sound, and how unsound ones are repaired: tags, indicators, subfields, characters.

Sound is what the MARC21slim schema can say. The lean reader only asks; whatever fails comes here, field by field.
"""

from __future__ import annotations

import re
from itertools import product
from string import ascii_letters, ascii_lowercase, digits

from library_protocols.marc.problems import Repair
from library_protocols.marc.record import DataField

_INDICATOR = frozenset(digits + ascii_lowercase + " ")
INDICATORS = frozenset(map("".join, product(_INDICATOR, repeat=2)))
CODES = frozenset(ascii_letters + digits + "!\"#$%&'()*+,-./:;<=>?{}_^`~[]\\")
LEADER_DEFAULT = "00000nam a2200000   4500"

_TAG = re.compile(r"(?!00)(?:[0-9A-Z]{3}|[0-9a-z]{3})|00[1-9A-Za-z]")
# What XML 1.0 has no way to say. Blanks, tabs and line ends are allowed; C1 controls are too.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LENGTH = re.compile(r"[0-9 ]{5}")
_CODE_OR_BLANK = frozenset(ascii_letters + digits + " ")


def is_control(tag: str) -> bool:
    """Whether fields with this tag have neither indicators nor subfields (001 to 009, 00A to 00Z)."""
    return tag.startswith("00")


def sound_tag(tag: str) -> str | None:
    """The tag, in one case where it is in two; None when it is none."""
    if _TAG.fullmatch(tag):
        return tag
    return tag.upper() if _TAG.fullmatch(tag.upper()) else None


def sound_text(text: str, tag: str, repairs: list[Repair]) -> str:
    """The text without what XML does not allow."""
    if not _NOT_XML.search(text):
        return text
    found = sorted({f"U+{ord(character):04X}" for character in _NOT_XML.findall(text)})
    repairs.append(Repair("control-character", f"{tag}: {' '.join(found)}"))
    return _NOT_XML.sub("", text)


def sound_indicators(found: str, tag: str, repairs: list[Repair]) -> str:
    """Two characters: digits, small letters, blanks."""
    if found in INDICATORS:
        return found
    repairs.append(Repair("indicator", f"{tag}: {found!r}"))
    wanted = [character if character in _INDICATOR else character.lower() for character in found[:2].ljust(2)]
    return "".join(character if character in _INDICATOR else " " for character in wanted)


def sound_field(
    tag: str, indicators: str, lead: str, subfields: list[tuple[str, str]], repairs: list[Repair]
) -> DataField | None:
    """A data field of these parts, or None when nothing is in it. `lead` is text before the first subfield."""
    sound: list[tuple[str, str]] = []
    if lead.strip():
        repairs.append(Repair("no-subfield", f"{tag}: {lead[:40]!r}"))
        sound.append(("a", sound_text(lead, tag, repairs)))
    elif lead:
        repairs.append(Repair("indicator", f"{tag}: {len(lead)} more blanks"))
    for code, text in subfields:
        if code in CODES:
            sound.append((code, sound_text(text, tag, repairs)))
        else:
            repairs.append(Repair("subfield-code", f"{tag}: {code!r}"))
            if text.strip():
                sound.append(("?", sound_text(text, tag, repairs)))
    if not sound:
        repairs.append(Repair("empty-field", tag))
        return None
    return DataField(tag, sound_indicators(indicators, tag, repairs), tuple(sound))


def sound_leader(found: str, repairs: list[Repair]) -> str:
    """24 characters that the schema takes. Counts, lengths and the entry map are what they always are."""
    leader = found
    if len(leader) != 24:
        leader = leader.ljust(24)[:24] if leader.strip() else LEADER_DEFAULT
    characters = list(leader)
    for place in (0, 12):
        if not _LENGTH.fullmatch(leader[place : place + 5]):
            characters[place : place + 5] = "00000"
    for place in (5, 7, 8, 9, 17, 18, 19):
        if leader[place] not in _CODE_OR_BLANK:
            characters[place] = " "
    if leader[6] not in _CODE_OR_BLANK or leader[6] == " ":
        characters[6] = "a"
    characters[10:12] = "22"
    characters[20:24] = "4500"
    sound = "".join(characters)
    # Lengths are reported as such, and `450 ` is how UNIMARC writes the entry map.
    if len(found) != 24 or sound[5:12] != found[5:12] or sound[17:23] != found[17:23]:
        repairs.append(Repair("leader", repr(found[:30])))
    return sound
