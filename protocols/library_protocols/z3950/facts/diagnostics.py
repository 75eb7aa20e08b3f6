"""The diagnostics of the Bib-1 set, in our own words. A number that is not here is legal and kept.

Source: the maintenance agency's list of Bib-1 diagnostics (appendix ERR of Z39.50-2003 and its additions).
"""

from __future__ import annotations

from library_protocols.z3950.facts.tables import Table, table

DIAGNOSTICS: Table = table("diagnostic", "what is wrong", "ERR Bib-1", """
    1 | permanentSystemError | the system has a fault that stays
    2 | temporarySystemError | the system has a fault that will pass
    3 | unsupportedSearch | such a search is not offered
    4 | stopWordsOnly | the terms are only words that are not indexed
    5 | tooManyArgumentWords | too many words
    6 | tooManyBooleanOperators | too many operators
    7 | tooManyTruncatedWords | too many truncated words
    8 | tooManyIncompleteSubfields | too many incomplete subfields
    9 | truncatedWordsTooShort | truncated words are too short
    10 | invalidRecordNumberFormat | the record number in the term is misshapen
    11 | tooManyCharacters | too many characters in the search
    12 | tooManyRecords | more records than can be retrieved
    13 | presentOutOfRange | no records at the positions asked for
    14 | presentSystemError | the system failed while it made the records
    15 | recordNotAuthorized | the record may not be sent to another system
    16 | recordExceedsPreferredMessageSize | the record is larger than the preferred message size
    17 | recordExceedsMaximumRecordSize | the record is larger than the largest record agreed
    18 | resultSetAsTermUnsupported | a result set cannot be part of a search
    19 | onlySingleResultSetAsTerm | a result set can only be searched alone
    20 | onlyAndOfResultSet | a result set can only be joined by AND
    21 | resultSetExists | there is a result set of that name and it may not be replaced
    22 | resultSetNamingUnsupported | result sets have no names here
    23 | databaseCombinationUnsupported | these databases cannot be searched together
    24 | elementSetNamesUnsupported | element set names are not offered
    25 | elementSetNameInvalidForDatabase | the database has no such element set
    26 | onlySingleElementSetName | only one element set name at a time
    27 | resultSetDeletedByTarget | the target has dropped the result set
    28 | resultSetInUse | the result set is in use
    29 | databaseLocked | a database is locked
    30 | resultSetDoesNotExist | there is no such result set
    31 | resourcesExhaustedNoResults | resources are exhausted, there is no result
    32 | resourcesExhaustedUnpredictable | resources are exhausted, the result is an unpredictable part
    33 | resourcesExhaustedValidSubset | resources are exhausted, the result is a valid part
    100 | unspecifiedError | something is wrong
    101 | accessControlFailure | access control failed
    102 | challengeNotIssuedTerminated | a challenge was needed and could not be made, the request is ended
    103 | challengeNotIssuedRecordOmitted | a challenge was needed and could not be made, the record is left out
    104 | challengeFailedRecordOmitted | a challenge failed, the record is left out
    105 | terminatedByOrigin | the origin did not want to go on
    106 | noAbstractSyntaxAgreed | no syntax was agreed for this record
    107 | queryTypeUnsupported | this type of query is not offered
    108 | malformedQuery | the query is misshapen
    109 | databaseUnavailable | the database is not available
    110 | operatorUnsupported | this operator is not offered
    111 | tooManyDatabases | too many databases at once
    112 | tooManyResultSets | too many result sets
    113 | attributeTypeUnsupported | this type of attribute is not offered
    114 | useAttributeUnsupported | this access point is not offered
    115 | useAttributeValueUnsupported | this value of the access point is not offered
    116 | useAttributeRequired | an access point must be named
    117 | relationAttributeUnsupported | this relation is not offered
    118 | structureAttributeUnsupported | this structure is not offered
    119 | positionAttributeUnsupported | this position is not offered
    120 | truncationAttributeUnsupported | this truncation is not offered
    121 | attributeSetUnsupported | this attribute set is not offered
    122 | completenessAttributeUnsupported | this completeness is not offered
    123 | attributeCombinationUnsupported | these attributes do not go together
    124 | codedValueUnsupported | this coded value is not offered
    125 | malformedSearchTerm | the term is misshapen
    126 | illegalTermValue | the attribute cannot have this term
    127 | unparsableTerm | the term cannot be read in that form
    128 | illegalResultSetName | this is no name for a result set
    129 | proximityOfSetsUnsupported | proximity of result sets is not offered
    130 | illegalResultSetInProximity | this result set cannot be in a proximity search
    131 | proximityRelationUnsupported | this proximity relation is not offered
    132 | proximityUnitUnsupported | this unit of proximity is not offered
    201 | proximityAttributesUnsupported | proximity is not offered with these attributes
    202 | proximityDistanceUnsupported | this distance is not offered
    203 | proximityOrderedUnsupported | proximity in order is not offered
    205 | onlyZeroStepSize | scan goes term by term only
    206 | stepSizeUnsupported | this step size is not offered
    207 | cannotSortBySequence | this order cannot be made
    208 | noResultSetNameInSort | the sort names no result set
    209 | genericSortUnsupported | only orders of one database are offered
    210 | databaseSpecificSortUnsupported | orders of one database are not offered
    211 | tooManySortKeys | too many keys
    212 | duplicateSortKeys | a key stands twice
    213 | missingDataActionUnsupported | what to do without a key is not offered in this way
    214 | illegalSortRelation | this is no order
    215 | illegalCaseValue | this is no way to treat case
    216 | illegalMissingDataAction | this is no way to treat missing keys
    217 | segmentationCannotFit | the records may not fit that many segments
    218 | packageNameInUse | the package name is taken
    219 | noSuchPackage | there is no such package
    220 | packageQuotaExceeded | too many packages
    221 | extendedServiceUnsupported | this extended service is not offered
    222 | esIdNotAuthorized | the id may not use the service
    223 | esCannotModifyOrDelete | the package may not be changed or deleted
    224 | esImmediateFailed | it could not be done at once
    225 | esImmediateUnsupported | this service does nothing at once
    226 | esImmediateParametersUnsupported | with these parameters nothing is done at once
    227 | noDataInSyntax | nothing of the record can be put in this syntax
    228 | malformedScan | the scan is misshapen
    229 | termTypeUnsupported | this kind of term is not offered
    230 | tooManySortInputs | too many result sets to sort
    231 | incompatibleSortFormats | records of these formats cannot be sorted together
    232 | termListUnsupported | this index cannot be scanned
    233 | positionInResponseUnsupported | this position in the response is not offered
    234 | tooManyIndexTerms | too many index terms had to be looked at
    235 | databaseDoesNotExist | there is no such database
    236 | databaseAccessDenied | access to the database is denied
    237 | illegalSort | this is no sort
    238 | recordUnavailableInSyntax | the record is not to be had in this syntax
    239 | recordSyntaxUnsupported | this record syntax is not offered
    240 | scanResourcesExhausted | resources were exhausted while terms were sought
    241 | scanEndOfList | the list begins or ends here
    242 | segmentSizeTooSmall | the segments are too small for the record
    243 | additionalRangesUnsupported | additional ranges are not offered
    244 | compSpecUnsupported | composition specifications are not offered
    245 | resultAttrUnsupported | a result set with attributes is not offered as an operand
    246 | complexAttributeValueUnsupported | attribute values in lists are not offered
    247 | attributeSetOfElementUnsupported | an attribute with a set of its own is not offered
    1001 | malformedApdu | the PDU is misshapen
    1002 | itemOrderExternalUnsupported | this form of item order is not offered
    1003 | itemOrderResultSetUnsupported | item orders by result set are not offered
    1004 | esNeedsAccessControl | extended services need access control
    1005 | searchRecordsUnsupported | records in the answer to a search are not offered
    1006 | searchRecordsImpossible | these databases give no records in the answer to a search
    1007 | noExplain | there is no Explain database here
    1008 | esParameterMissing | a parameter of the task is missing
    1009 | itemRequestOidUnsupported | this form of item request is not offered
    1010 | badUserid | the user id is wrong
    1011 | badUseridOrPassword | the user id or the password is wrong
    1012 | noSearchesRemaining | all searches that were paid for are used up
    1013 | incorrectInterfaceType | the id is not for this way of access
    1014 | authenticationSystemError | authentication failed for a fault of the system
    1015 | tooManySessions | too many associations for the user id
    1016 | blockedNetworkAddress | the network address is blocked
    1017 | noDatabasesForUserid | there is no database for the user id
    1018 | temporarilyOutOfResources | the system is out of resources for now
    1019 | maintenance | the system is being maintained
    1020 | temporarilyUnavailable | the system is not available for now
    1021 | accountExpired | the account has expired
    1022 | passwordExpired | the password has expired
    1023 | passwordChanged | an administrator has changed the password
    1024 | unsupportedAttribute | this attribute is not offered
    1025 | serviceUnsupportedForDatabase | the database does not offer this service
    1026 | recordLocked | the record is locked
    1027 | sqlError | the database engine reports an error
    1028 | recordDeleted | the record has been deleted
    1029 | tooManyTermsRequested | too many terms were asked for
    1040 | esInvalidFunction | this is no function of the service
    1041 | esRetentionTimeError | the retention time is wrong
    1042 | esPermissionsNotUnderstood | the permissions are not understood
    1043 | esInvalidParametersOid | the OID of the task's parameters is wrong
    1044 | esInvalidAction | this is no action of the service
    1045 | esUnknownSchema | the schema is unknown
    1046 | esTooManyRecords | too many records in the package
    1047 | esInvalidWaitAction | this way of waiting is not offered
    1048 | esPackageTooLargeToCreate | the package is too large to be made
    1049 | esPackageTooLargeToReturn | the package is too large to be returned
    1050 | esRequestTooLarge | the request is too large
    1051 | scanAttributeSetRequired | the scan must name an attribute set
    1052 | esRecordTooLargeToProcess | a record of the package is too large to be processed
    1053 | esRecordTooLargeToReturn | a record of the package is too large to be returned
    1054 | negotiationRecordRequired | a negotiation record is missing
    1055 | negotiationOptionRequired | an option must be negotiated
    1056 | attributeUnsupportedForDatabase | the database does not offer this attribute
    1057 | esParameterValueUnsupported | this value of a parameter is not offered
    1058 | dedupPortionUnsupported | duplicates cannot be told by that part of the record
    1059 | dedupCriterionUnsupported | this criterion of duplicates is not offered
    1060 | dedupLevelUnsupported | this level of match is not offered
    1061 | dedupRegularExpressionUnsupported | this regular expression is not offered
    1062 | dedupClusteringUnsupported | duplicates cannot be grouped
    1063 | dedupRetentionUnsupported | this choice of what to keep is not offered
    1064 | dedupRetentionTooLarge | too many entries are to be kept
    1065 | dedupSortUnsupported | this order within a group is not offered
    1066 | compSpecSchemaUnsupported | the schema is unknown or not offered
    1067 | encapsulationUnsupported | PDUs inside PDUs are not offered
    1068 | encapsulationNotExecuted | nothing was done, for one of the PDUs inside could not be
    1069 | noSyntaxAvailable | there is no syntax for this request
    1070 | syntaxNotAuthorized | the user may not have records in this syntax
    1071 | preferredRecordSyntaxMissing | the record syntax must be named
    1072 | untranslatableCharacters | the term has characters that the target's set lacks
    1073 | noDataForAccessPoint | records of the database have nothing for this access point
    1074 | proxyFailure | the system in between failed
""")  # fmt: skip
"""Number -> name and meaning."""
