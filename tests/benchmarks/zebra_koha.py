"""What Koha's production configuration has Zebra index, as facts in our own form, and the stylesheets made from it.

`RULES` says which fields and subfields go into how many names of which registers: read off Koha's rules for MARC 21
bibliographic records (its revision 17a354f) and counted, without their text. A name is our own index's where it means
the same, so that both can be asked the same. The work is done as Koha has it done: MARCXML in, 880 in the place of the
field it is linked to, one walk over the record each for subfields, whole fields, values to count, and every text.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

ANY = "any:w any:p"
"""Where every text of the record goes, the leader's and control fields' with it."""

RULES = """
LDR/0-4 length:w | LDR/6 record_type:w | LDR/7 level:w
001 control:w | 005 modified:w
007/11 generation:n | 007 material:w | 007/0 007_0:w | 007/1 007_1:w | 007/2 007_2:w | 007/0-1 007_0_1:w
008/0-4 entered:n | 008/0-4 entered:s | 008/7-10 date:w | 008/7-10 date:n | 008/7-10 date:y | 008/7-10 date:s
008/15-17 place:w | 008/22 audience:w | 008/23 008_23:w | 008/29 008_29:w | 008/33 literary_form:w
008/34 biography:w | 008/35-37 language:w | 008/24-27 contents:w | 008/39 source:w
010 * lccn:w identifier:w | 011 * lccn:w identifier:w
015 * bnb:w bgf:w number_db:w national_number:w identifier:w
017 * deposit_number:w identifier:w | 018 * identifier:w | 020 * identifier:w | 022 * identifier:w
020 a isbn:w identifier:w | 020 z isbn:w identifier:w
022 a issn:w identifier:w | 022 y issn:w identifier:w | 022 z issn:w identifier:w
023 * identifier:w | 024 a other_identifier:wp | 024 * identifier:w | 025 * identifier:w
027 * report_number:w identifier:w | 028 * publisher_number:w identifier:w | 030 * coden:w identifier:w
034 * scale:w | 035 * system_number:w | 037 * identifier:w stock:w | 040 * institution:w source:w
041 a language:w language_audio:w | 041 d language:w | 041 e language:w
041 h language_original:w | 041 j language:w language_subtitle:w
043 * area:w | 050 b lc_class:wps | 050 * lc_class:wps | 052 * geographic_class:w
060 * nlm:w | 070 * nal:w | 080 * udc:w | 082 * dewey:ws | 086 * government:w
100 9 cross:w authority:w | 100 a author:wps editor:w personal_bibliography:wps
100 * author:wps author_title:w personal_author:w name:w name_title:w personal:w
110 9 authority:w | 110 * author:wps author_title:w corporate_author:w name:w name_title:w corporate:w
111 9 authority:w | 111 * author:wps author_title:w corporate_author:w name:w name_title:w conference:w
130 n thematic:w | 130 r key:w | 130 9 authority:w | 130 * title:wp uniform_title:w
210 * title:wp abbreviated_title:w | 211 * title:wp abbreviated_title:w | 212 * title:wp other_title:w
214 * title:wp expanded_title:w | 222 * title:wp key_title:w
240 r key:w | 240 n thematic:w | 240 * title:wp uniform_title:w
243 n thematic:w | 243 r key:w | 243 * title:wp collective_title:w
245 a title_cover:wps title:wps | 245 c author:w author_in_order:wps | 245 9 cross:w authority:w | 245 * title:wp
246 * title:wp abbreviated_title:w expanded_title:w former_title:w
247 * title:wp former_title:w other_title:w related:w
260 a place:wp | 260 b publisher:wp | 260 c copydate:ws | 260 * place:w provider:w | 264 * provider:w | 300 * extent:wp
400 a name_title:w | 400 t author_title:w name_title:w title:w series:w | 400 9 authority:w
400 * author:w personal_author:w name:w personal:w
410 a name_title:w | 410 t author_title:w title:w series:w | 410 9 authority:w | 410 * author:w corporate:w
411 a name_title:w | 411 t author_title:w series:w | 411 * author:w conference:w
440 a series:wp | 440 9 authority:w | 440 * series:wp title:w
490 a series:wp | 490 9 authority:w | 490 * title:w series:w
500 * notes:wp | 502 * material:w dissertation:wp | 505 r author:w | 505 t title:w | 505 * notes:wp
510 * indexed_by:w | 520 * abstract:wp | 590 * notes:wp
521?1=0 a reading_grade:wpn | 521?1=1 a interest_age:wpn | 521?1=2 a interest_grade:wpn | 521?1=8 a lexile:wpn
526 c reading_level:wn | 526 d reading_points:wn
600 a name_title:w name:w personal:w subject_name:w subject:wp | 600 t name_title:w title:w subject:wp
600 9 authority:w | 600 * name:w personal:w subject_name:w subject:wp
610 a name_title:w subject:wp | 610 t name_title:w title:w subject:wp | 610 9 authority:w
610 * name:w subject:wp corporate:w
611 a name_title:w subject:wp | 611 t name_title:w title:w subject:wp | 611 9 authority:w
611 * conference:w name:w subject:wp
630 n thematic:w subject:wp | 630 r key:w subject:wp | 630 9 authority:w | 630 * subject:wp
648 9 authority:w | 650 9 authority:w | 650 * subject:wp | 651 9 authority:w | 651 * geographic:w subject:wp
652 9 authority:w | 653 a uncontrolled:wp subject:wp | 653 9 authority:w | 653 * subject:wp
654 9 authority:w | 654 * subject:wp | 655 a genre:wp subject:wp | 655 9 authority:w | 655 * subject:wp
656 9 authority:w | 656 * subject:wp | 657 9 authority:w | 657 * subject:wp
658 a curriculum:wp subject:wp | 658 b curriculum:wp subject:wp | 658 c curriculum:wp subject:wp | 658 * subject:wp
662 9 authority:w | 690 9 authority:w | 690 * subject:wp | 691 9 authority:w | 696 9 authority:w | 697 9 authority:w
698 9 authority:w | 699 9 authority:w
700 9 cross:w authority:w | 700 a author:wp | 700 n thematic:w | 700 r key:w
700 t author_title:w name_title:w title:w uniform_title:w
700 * author:wp personal_author:w name:w editor:w personal:w
710 t author_title:w name_title:w title:w uniform_title:w | 710 a name_title:w | 710 9 authority:w
710 * author:wp corporate:w name:w
711 a name_title:w | 711 t author_title:w title:w uniform_title:w | 711 9 authority:w
711 * author:wp corporate_author:w name:w conference:w
730 n thematic:w | 730 r key:w | 730 9 authority:w | 730 * title:wp uniform_title:w | 740 * title:wp other_title:w
751 a geographic:w | 751 9 authority:w | 751 * geographic:w
770 w linked:w | 772 w linked:w | 773 a host_item:w | 773 9 host_number:w | 773 t host_item:w | 773 w linked:w
774 w linked:w | 775 w linked:w | 776 w linked:w | 777 w linked:w
780 t title:w | 780 w linked:w | 780 * title:wp former_title:w related:w
785 w linked:w | 785 * title:wp later_title:w related:w | 787 w linked:w
796 9 authority:w | 797 9 authority:w | 798 9 authority:w | 799 9 authority:w
800 a name_title:w series:wp | 800 t author_title:w name_title:w title:w series:wp | 800 9 authority:w | 800 w linked:w
800 * author:w personal_author:w name:w personal:w
810 a name_title:w series:wp | 810 t author_title:w name_title:w title:w series:wp | 810 9 authority:w | 810 w linked:w
810 * author:w corporate:w corporate_author:w name:w
811 a name_title:w series:wp | 811 t author_title:w name_title:w title:w series:wp | 811 9 authority:w | 811 w linked:w
811 * author:w corporate_author:w name:w conference:w
830 w linked:w | 830 9 authority:w | 830 * title:w series:wp | 840 * title:w series:wp
896 9 authority:w | 897 9 authority:w | 898 9 authority:w | 899 9 authority:w
942 0 total:ns | 942 2 shelf_scheme:w | 942 6 shelf_sort:ns | 942 c item_type:wp bib_type:wp | 942 n hidden:wn
942 h shelf_class:w | 942 i shelf_item:w | 942 k shelf_prefix:w | 942 m shelf_suffix:w
952 0 withdrawn:nw | 952 1 lost:wn | 952 2 scheme:w | 952 3 part:w | 952 4 damaged:nw | 952 5 restricted:nw
952 6 item_sort:ns | 952 7 not_for_loan:nw | 952 8 collection:wp | 952 9 item:ns | 952 a home:w | 952 b holder:w
952 c location:w | 952 d acquired:wds | 952 e supplier:w | 952 f qualifier:w | 952 g price:w | 952 i acquisition:w
952 j stack:nw | 952 l loans:nws | 952 m renewals:nw | 952 n requests:nw | 952 o call_number:wps | 952 p barcode:wn
952 q on_loan:nw | 952 r seen:w | 952 s borrowed:w | 952 t copy:w | 952 u address:u | 952 v replacement:w
952 w replacement_date:w | 952 y item_type:wp | 952 z notes:wp
999 c record:nws | 999 d record_item:nws | 999 x at_home:n
"""
"""Rules between bars: where, and names with the letters of their registers. Where is a control field, a part of it from
octet to octet, a field whole (`*`) or a subfield; `521?1=0` wants the first indicator to be 0."""

COUNTED = """
100 a author | 110 a author | 440 a series | 490 a series | 630 a subject_title | 650 a topic | 651 a subject_place
700 a author | 942 c item_type | 952 a home | 952 b holder | 952 c location | 952 y item_type | 952 8 collection
"""
"""Subfields whose values are counted, in register 0."""

_MARC = 'xmlns:m="http://www.loc.gov/MARC21/slim"'
_XSL = f'<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" {_MARC}'
_COPIED = """<xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>"""

COPY = f"{_XSL}>{_COPIED}</xsl:stylesheet>\n"
"""A record as it is, made anew: what stands between the register and every record that is shown."""

LINKED = f"""{_XSL} exclude-result-prefixes="m">
  {_COPIED}
  <xsl:template match="m:datafield[@tag='880']">
    <datafield xmlns="http://www.loc.gov/MARC21/slim" tag="{{substring(m:subfield[@code='6'], 1, 3)}}" ind1="{{@ind1}}"
        ind2="{{@ind2}}"><xsl:apply-templates select="m:subfield[@code != '6']"/></datafield>
  </xsl:template>
</xsl:stylesheet>
"""
"""Other scripts in the place of the field that they are linked to."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`part` is a control field's range of octets from 1 and their number, or None; `codes` the subfields, empty for a
    whole field; `condition` an XPath test of the field or empty."""

    tag: str
    codes: str
    names: str
    part: tuple[int, int] | None = None
    condition: str = ""


def rules(text: str = RULES) -> list[Rule]:
    return [_rule(*one.split()) for line in text.strip().splitlines() for one in line.split("|")]


def _rule(where: str, *rest: str) -> Rule:
    place, _, condition = where.partition("?")
    tag, _, part = place.partition("/")
    control = tag < "010" or tag == "LDR"
    codes, names = ("", rest) if control else (rest[0].strip("*"), rest[1:])
    first, _, last = part.partition("-")
    indicator, _, value = condition.partition("=")
    return Rule(
        tag,
        codes,
        " ".join(_named(names)),
        (int(first) + 1, int(last or first) - int(first) + 1) if part else None,
        f"@ind{indicator}='{value}'" if condition else "",
    )


def _named(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        index, _, registers = name.partition(":")
        yield from (f"{index}:{register}" for register in registers or "0")


def stylesheet() -> str:
    """What is indexed of a record."""
    by_place = {
        kind: {tag: list(of_tag) for tag, of_tag in itertools.groupby(sorted(some, key=_tag), _tag)}
        for kind, some in itertools.groupby(sorted(rules(), key=_kind), _kind)
    }
    counted = {tag: list(some) for tag, some in itertools.groupby(sorted(rules(COUNTED), key=_tag), _tag)}
    templates = [
        *(_template(_where(tag), "", map(_control, some)) for tag, some in by_place["control"].items()),
        *(_template(_where(tag), "parts", map(_parts, some)) for tag, some in by_place["parts"].items()),
        *(_template(_where(tag), "fields", map(_whole, some)) for tag, some in by_place["fields"].items()),
        *(_template(_where(tag), "counted", map(_first, some)) for tag, some in counted.items()),
    ]
    return _STYLESHEET.format(templates="\n".join(templates))


_STYLESHEET = f"""{_XSL} xmlns:z="http://indexdata.com/zebra-2.0" exclude-result-prefixes="m">
  <xsl:template match="text()"/>
  <xsl:template match="text()" mode="parts"/>
  <xsl:template match="text()" mode="fields"/>
  <xsl:template match="text()" mode="counted"/>
  <xsl:template match="text()" mode="all"><z:index name="{ANY}"><xsl:value-of select="."/></z:index></xsl:template>
  <xsl:template match="/"><xsl:apply-templates select="m:record | m:collection/m:record"/></xsl:template>
  <xsl:template match="m:record">
    <z:record z:id="{{{{normalize-space(m:controlfield[@tag='001'])}}}}">
      <xsl:apply-templates/>
      <xsl:apply-templates mode="parts"/>
      <xsl:apply-templates mode="fields"/>
      <xsl:apply-templates mode="counted"/>
      <xsl:apply-templates mode="all"/>
    </z:record>
  </xsl:template>
{{templates}}
</xsl:stylesheet>
"""


def _tag(rule: Rule) -> str:
    return rule.tag


def _kind(rule: Rule) -> str:
    if rule.tag < "010" or rule.tag == "LDR":
        return "control"
    return "parts" if rule.codes else "fields"


def _where(tag: str) -> str:
    if tag == "LDR":
        return "m:leader"
    return f"m:{'controlfield' if tag < '010' else 'datafield'}[@tag='{tag}']"


def _template(where: str, mode: str, values: Iterator[str]) -> str:
    moded = f' mode="{mode}"' if mode else ""
    return f'  <xsl:template match="{where}"{moded}>{"".join(values)}</xsl:template>'


def _control(rule: Rule) -> str:
    value = f"substring(., {rule.part[0]}, {rule.part[1]})" if rule.part else "."
    return f'<z:index name="{rule.names}"><xsl:value-of select="{value}"/></z:index>'


def _parts(rule: Rule) -> str:
    index = f'<z:index name="{rule.names}"><xsl:value-of select="."/></z:index>'
    each = (
        f'<xsl:for-each select="m:subfield"><xsl:if test="contains(\'{rule.codes}\', @code)">{index}</xsl:if>'
        "</xsl:for-each>"
    )
    return f'<xsl:if test="{rule.condition}">{each}</xsl:if>' if rule.condition else each


def _whole(rule: Rule) -> str:
    joined = (
        '<xsl:for-each select="m:subfield"><xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if>'
        '<xsl:value-of select="."/></xsl:for-each>'
    )
    return (
        f'<z:index name="{rule.names}"><xsl:variable name="joined">{joined}</xsl:variable>'
        '<xsl:value-of select="normalize-space($joined)"/></z:index>'
    )


def _first(rule: Rule) -> str:
    return f'<z:index name="{rule.names}"><xsl:value-of select="m:subfield[@code=\'{rule.codes}\']"/></z:index>'


def indexes() -> set[str]:
    """The names of all indexes."""
    named = [name.partition(":")[0] for rule in (*rules(), *rules(COUNTED)) for name in rule.names.split()]
    return {"any", *named}


_LATIN = [chr(code) for start, end in ((0xC0, 0x250), (0x1E00, 0x1F00)) for code in range(start, end)]
_AS_TWO = ("æä(ae)", "œöø(oe)", "ü(ue)", "ï(ie)", "ë(ee)", "ā(aa)", "ī(ii)", "ō(oo)", "ū(uu)")


def characters() -> str:
    """A character map as Koha's: letters with marks are indexed as those without, and a vowel that is searched for
    stands for all of its kind; an apostrophe parts words."""
    plain = {letter: base for letter in _LATIN if len(base := _base(letter)) == 1 and base.isascii()}
    of_vowel = {
        vowel: [letter for letter, base in plain.items() if base == vowel and letter.islower() and letter < "\u0250"]
        for vowel in "aeiou"
    }
    lines = [
        "encoding utf-8",
        "lowercase {0-9}{a-z}",
        "uppercase {0-9}{A-Z}",
        "space {\\001-\\040}!\"#$%&'\\()*+,-./:;<=>?@\\[\\\\]^_`\\{|}~\u2019",
        *(f"equivalent {vowel}{''.join(letters)}" for vowel, letters in of_vowel.items()),
        *(f"equivalent {letters}" for letters in _AS_TWO),
        *(f"map {letter} {base}" for letter, base in plain.items()),
    ]
    return "\n".join([*lines, ""])


def _base(letter: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", letter) if not unicodedata.combining(one)).lower()
