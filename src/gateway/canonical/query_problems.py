"""Why a question to the catalogue cannot be answered as it was asked.

How each looks to SRU and to Z39.50 stands in one table: `gateway.crosswalks.catalogue`.
"""

from __future__ import annotations

from enum import StrEnum


class ProblemCode(StrEnum):
    """What is wrong with a query, a sort or a scan; the culprit itself is the problem's detail."""

    CONTEXT_SET = "context_set"  # a set of index names that nobody here knows
    ATTRIBUTE_SET = "attribute_set"  # an attribute set other than Bib-1; detail: its OID
    ATTRIBUTE_TYPE = "attribute_type"  # a type that Bib-1 does not have; detail: type=value
    INDEX = "index"  # a name or Use attribute without an index
    RELATION = "relation"
    RELATION_MODIFIER = "relation_modifier"
    RELATION_FOR_INDEX = "relation_for_index"
    STRUCTURE = "structure"
    POSITION = "position"
    TRUNCATION = "truncation"
    COMPLETENESS = "completeness"
    ATTRIBUTE_COMBINATION = "attribute_combination"  # each attribute is served, all of them together are not
    COMPLEX_ATTRIBUTE = "complex_attribute"
    TERM_EMPTY = "term_empty"
    TERM_TYPE = "term_type"
    TERM_FORMAT = "term_format"  # not a date, number or standard number where one is needed
    TERM_TOO_LONG = "term_too_long"
    MASKED_TOO_SHORT = "masked_too_short"
    MASKED_TOO_MANY = "masked_too_many"  # more words of the index fit the mask than are looked for
    MASKING = "masking"
    ANCHOR = "anchor"
    BOOLEAN = "boolean"
    BOOLEAN_MODIFIER = "boolean_modifier"
    TOO_MANY_BOOLEANS = "too_many_booleans"
    PROXIMITY = "proximity"  # of something else than words or phrases of one index
    PROXIMITY_OF_SETS = "proximity_of_sets"
    PROXIMITY_RELATION = "proximity_relation"
    PROXIMITY_DISTANCE = "proximity_distance"
    PROXIMITY_UNIT = "proximity_unit"
    PROXIMITY_ORDERING = "proximity_ordering"
    RESULT_SET = "result_set"  # no such result set
    RESULT_SET_COMBINATION = "result_set_combination"
    SORT = "sort"  # an index that nothing is sorted by
    SORT_SEQUENCE = "sort_sequence"
    SORT_KEYS = "sort_keys"  # more keys than are sorted by
    SORT_DUPLICATE = "sort_duplicate"
    SORT_MISSING = "sort_missing"  # an action for missing values that is not offered
    SORT_CASE = "sort_case"
    SORT_ENDED = "sort_ended"  # a value is missing, and the question said to fail then
    SORT_TOO_MANY = "sort_too_many"
    SCAN = "scan"  # an index without a list of terms
    SCAN_STEP = "scan_step"
    SCAN_POSITION = "scan_position"
    SCAN_SIZE = "scan_size"
    FACETS = "facets"  # of a catalogue that counts nothing
    QUERY_FEATURE = "query_feature"
    QUERY_TYPE = "query_type"
    QUERY_SYNTAX = "query_syntax"
    RESOURCES = "resources"
    UNAVAILABLE = "unavailable"  # the index is being built or cannot be read
