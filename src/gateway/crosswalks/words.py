"""What people read, in English and Welsh, by message id: the data behind `gateway.crosswalks.texts`.

`{name}` is filled from the message's parameters; `{due:date}` and `{due:day}` write an instant by the library's clock.
An id with one more part (`refusal.limit_reached.loans`) is used where the refusal says that kind, else the plain id.
"""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "refusal.patron_not_found": (
        "This card is not known here. Please ask a member of staff.",
        "Nid ydym yn adnabod y cerdyn hwn. Gofynnwch i aelod o staff.",
    ),
    "refusal.patron_not_unique": (
        "More than one account has this number. Please ask a member of staff.",
        "Mae mwy nag un cyfrif â'r rhif hwn. Gofynnwch i aelod o staff.",
    ),
    "refusal.patron_auth_failed": (
        "The card number or the PIN is not right.",
        "Nid yw rhif y cerdyn neu'r PIN yn gywir.",
    ),
    "refusal.patron_auth_failed.locked": (
        "Your university account is locked after too many wrong passwords. Please try again later.",
        "Mae eich cyfrif prifysgol wedi'i gloi ar ôl gormod o gyfrineiriau anghywir. Rhowch gynnig arall arni wedyn.",
    ),
    "refusal.patron_auth_failed.disabled": (
        "Your university account is switched off. Please ask the university's IT service.",
        "Mae eich cyfrif prifysgol wedi'i ddiffodd. Gofynnwch i wasanaeth TG y brifysgol.",
    ),
    "refusal.patron_auth_failed.expired": (
        "Your university account has expired. Please ask the university's IT service.",
        "Mae eich cyfrif prifysgol wedi dod i ben. Gofynnwch i wasanaeth TG y brifysgol.",
    ),
    "refusal.patron_auth_failed.password_expired": (
        "Your university password has expired. Please change it and try again.",
        "Mae eich cyfrinair prifysgol wedi dod i ben. Newidiwch ef a rhowch gynnig arall arni.",
    ),
    "refusal.patron_auth_failed.not_now": (
        "Your university account may not be used here at this time.",
        "Ni chewch ddefnyddio eich cyfrif prifysgol yma ar hyn o bryd.",
    ),
    "refusal.patron_auth_failed.directory_limited": (
        "That was not right, and your university password has been wrong too often. Please try again later.",
        "Nid oedd hynny'n gywir, a bu eich cyfrinair prifysgol yn anghywir yn rhy aml. Rhowch gynnig arall arni wedyn.",
    ),
    "refusal.patron_auth_failed.directory_down": (
        "That was not right, and university passwords cannot be checked at the moment.",
        "Nid oedd hynny'n gywir, ac ni ellir gwirio cyfrineiriau prifysgol ar hyn o bryd.",
    ),
    "refusal.patron_auth_required": ("Please enter your PIN.", "Rhowch eich PIN."),
    "refusal.patron_auth_limited": (
        "Too many wrong PINs. Please try again in a few minutes.",
        "Gormod o gynigion anghywir ar y PIN. Rhowch gynnig arall arni ymhen ychydig funudau.",
    ),
    "refusal.patron_auth_limited.directory": (
        "Your university password has been wrong too often. Please try again later.",
        "Bu eich cyfrinair prifysgol yn anghywir yn rhy aml. Rhowch gynnig arall arni wedyn.",
    ),
    "refusal.patron_blocked": (
        "Your account is blocked. Please ask a member of staff.",
        "Mae eich cyfrif wedi'i rwystro. Gofynnwch i aelod o staff.",
    ),
    "refusal.patron_expired": (
        "Your membership has expired. Please ask a member of staff.",
        "Mae eich aelodaeth wedi dod i ben. Gofynnwch i aelod o staff.",
    ),
    "refusal.patron_inactive": (
        "Your account is not active. Please ask a member of staff.",
        "Nid yw eich cyfrif yn weithredol. Gofynnwch i aelod o staff.",
    ),
    "refusal.patron_ineligible": (
        "Your type of membership does not allow this.",
        "Nid yw eich math o aelodaeth yn caniatáu hyn.",
    ),
    "refusal.age_restricted": (
        "This item has an age limit. Please ask a member of staff.",
        "Mae terfyn oedran ar yr eitem hon. Gofynnwch i aelod o staff.",
    ),
    "refusal.item_not_found": (
        "This item is not known here. Please ask a member of staff.",
        "Nid ydym yn adnabod yr eitem hon. Gofynnwch i aelod o staff.",
    ),
    "refusal.item_not_unique": (
        "More than one item has this number. Please ask a member of staff.",
        "Mae mwy nag un eitem â'r rhif hwn. Gofynnwch i aelod o staff.",
    ),
    "refusal.bib_not_found": ("This title is not known here.", "Nid ydym yn adnabod y teitl hwn."),
    "refusal.item_not_for_loan": ("This item is not for loan.", "Nid yw'r eitem hon ar gael i'w benthyg."),
    "refusal.item_unavailable": (
        "This item cannot be lent. Please take it to the desk.",
        "Ni ellir rhoi benthyg yr eitem hon. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.lost": (
        "This item is recorded as lost. Please take it to the desk.",
        "Mae cofnod bod yr eitem hon ar goll. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.missing": (
        "This item is recorded as missing. Please take it to the desk.",
        "Mae cofnod bod yr eitem hon ar goll. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.in_transit": (
        "This item is on its way to another library. Please take it to the desk.",
        "Mae'r eitem hon ar ei ffordd i lyfrgell arall. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.on_order": (
        "This item is on order. Please take it to the desk.",
        "Mae'r eitem hon ar archeb. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.in_process": (
        "This item is not ready for lending yet. Please take it to the desk.",
        "Nid yw'r eitem hon yn barod i'w benthyg eto. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.withdrawn": (
        "This item has been withdrawn. Please take it to the desk.",
        "Mae'r eitem hon wedi'i thynnu o'r casgliad. Ewch â hi at y ddesg.",
    ),
    "refusal.item_unavailable.claimed_returned": (
        "This item is recorded as returned. Please take it to the desk.",
        "Mae cofnod bod yr eitem hon wedi'i dychwelyd. Ewch â hi at y ddesg.",
    ),
    "refusal.desk_not_allowed": (
        "This cannot be done here. Please go to another desk.",
        "Ni ellir gwneud hyn yma. Ewch at ddesg arall.",
    ),
    "refusal.already_on_loan_to_patron": (
        "You already have this item on loan.",
        "Mae'r eitem hon eisoes ar fenthyg gennych.",
    ),
    "refusal.already_on_loan_to_other": (
        "This item is on loan to somebody else. Please take it to the desk.",
        "Mae'r eitem hon ar fenthyg i rywun arall. Ewch â hi at y ddesg.",
    ),
    "refusal.on_hold_for_other": (
        "This item is reserved for somebody else. Please take it to the desk.",
        "Mae'r eitem hon wedi'i chadw i rywun arall. Ewch â hi at y ddesg.",
    ),
    "refusal.limit_reached": ("You have reached the limit.", "Rydych wedi cyrraedd y terfyn."),
    "refusal.limit_reached.loans": ("You may not borrow any more items.", "Ni chewch fenthyg rhagor o eitemau."),
    "refusal.limit_reached.item_type": (
        "You may not borrow any more items of this kind.",
        "Ni chewch fenthyg rhagor o eitemau o'r math hwn.",
    ),
    "refusal.limit_reached.holds": ("You may not reserve any more items.", "Ni chewch gadw rhagor o eitemau."),
    "refusal.limit_reached.per_day": (
        "You have reached today's limit.",
        "Rydych wedi cyrraedd y terfyn ar gyfer heddiw.",
    ),
    "refusal.limit_reached.per_bib": (
        "You have reached the limit for this title.",
        "Rydych wedi cyrraedd y terfyn ar gyfer y teitl hwn.",
    ),
    "refusal.limit_reached.lost": (
        "Too many of your items are recorded as lost. Please ask a member of staff.",
        "Mae cofnod bod gormod o'ch eitemau ar goll. Gofynnwch i aelod o staff.",
    ),
    "refusal.fee_limit": (
        "You owe too much to borrow. Please pay first.",
        "Mae gormod yn ddyledus ar eich cyfrif i chi gael benthyg. Talwch yn gyntaf.",
    ),
    "refusal.overdue_limit": (
        "You have too many overdue items. Please return them first.",
        "Mae gennych ormod o eitemau hwyr. Dychwelwch nhw'n gyntaf.",
    ),
    "refusal.fee_ack_required": (
        "There is a charge for this: {amount}. Please confirm.",
        "Codir tâl am hyn: {amount}. Cadarnhewch.",
    ),
    "refusal.confirmation_required": ("A member of staff must confirm this.", "Rhaid i aelod o staff gadarnhau hyn."),
    "refusal.loan_not_found": ("This item is not on loan.", "Nid yw'r eitem hon ar fenthyg."),
    "refusal.loan_of_other_patron": (
        "This item is on loan to somebody else.",
        "Mae'r eitem hon ar fenthyg i rywun arall.",
    ),
    "refusal.renewal_limit": ("This loan cannot be renewed again.", "Ni ellir adnewyddu'r benthyciad hwn eto."),
    "refusal.renewal_not_allowed": ("This loan cannot be renewed.", "Ni ellir adnewyddu'r benthyciad hwn."),
    "refusal.renewal_not_allowed.too_soon": (
        "It is too early to renew this loan.",
        "Mae'n rhy gynnar i adnewyddu'r benthyciad hwn.",
    ),
    "refusal.renewal_not_allowed.no_change": (
        "Renewing now would not give you more time.",
        "Ni fyddai adnewyddu nawr yn rhoi mwy o amser i chi.",
    ),
    "refusal.renewal_not_allowed.lost": (
        "This item is recorded as lost. Please ask a member of staff.",
        "Mae cofnod bod yr eitem hon ar goll. Gofynnwch i aelod o staff.",
    ),
    "refusal.renewal_blocked_by_request": (
        "This loan cannot be renewed: somebody else has requested the item.",
        "Ni ellir adnewyddu'r benthyciad hwn: mae rhywun arall wedi gofyn am yr eitem.",
    ),
    "refusal.checkin_blocked": (
        "This item cannot be returned here. Please take it to the desk.",
        "Ni ellir dychwelyd yr eitem hon yma. Ewch â hi at y ddesg.",
    ),
    "refusal.recall_not_allowed": (
        "This item cannot be recalled.",
        "Ni ellir galw'r eitem hon yn ôl.",
    ),
    "refusal.undo_not_possible": ("This can no longer be undone.", "Ni ellir dadwneud hyn bellach."),
    "refusal.hold_not_found": ("There is no such reservation.", "Nid oes archeb gadw o'r fath."),
    "refusal.hold_ambiguous": (
        "More than one of your reservations fits. Please ask a member of staff.",
        "Mae mwy nag un o'ch archebion cadw yn cyfateb. Gofynnwch i aelod o staff.",
    ),
    "refusal.duplicate_hold": ("You have reserved this already.", "Rydych eisoes wedi cadw hwn."),
    "refusal.hold_not_allowed": ("This cannot be reserved.", "Ni ellir cadw hwn."),
    "refusal.hold_not_allowed.available_on_shelf": (
        "A copy is on the shelf. Please borrow that one.",
        "Mae copi ar y silff. Benthyciwch hwnnw.",
    ),
    "refusal.hold_not_allowed.own_loan": ("You already have this on loan.", "Mae hwn eisoes ar fenthyg gennych."),
    "refusal.pickup_invalid": ("Reservations cannot be collected there.", "Ni ellir casglu eitemau a gadwyd yno."),
    "refusal.hold_already_processed": (
        "This reservation has already been dealt with.",
        "Mae'r archeb gadw hon eisoes wedi'i phrosesu.",
    ),
    "refusal.block_not_found": ("There is no such block.", "Nid oes rhwystr o'r fath."),
    "refusal.fee_not_found": ("There is no such charge.", "Nid oes tâl o'r fath."),
    "refusal.payment_invalid_amount": (
        "The amount is not right. Nothing was paid.",
        "Nid yw'r swm yn gywir. Ni thalwyd dim.",
    ),
    "refusal.payment_wrong_currency": (
        "Payments are not taken in this currency. Nothing was paid.",
        "Ni dderbynnir taliadau yn yr arian cyfred hwn. Ni thalwyd dim.",
    ),
    "refusal.payment_exceeds_balance": (
        "The payment is more than you owe. Nothing was paid.",
        "Mae'r taliad yn fwy na'r hyn sy'n ddyledus. Ni thalwyd dim.",
    ),
    "refusal.invalid_date": ("The date is not valid.", "Nid yw'r dyddiad yn ddilys."),
    "refusal.conflict": ("This number is already in use.", "Mae'r rhif hwn eisoes yn cael ei ddefnyddio."),
    "refusal.conflict.barcode": (
        "This barcode is in use for another item.",
        "Mae'r cod bar hwn yn cael ei ddefnyddio ar eitem arall.",
    ),
    "refusal.conflict.reference": (
        "This reference was used for something else before. Nothing was done now.",
        "Defnyddiwyd y cyfeirnod hwn at rywbeth arall o'r blaen. Ni wnaed dim nawr.",
    ),
    "refusal.conflict.unknown_value": (
        "A code in this request is not known here: of a location, an item type or a category.",
        "Nid yw cod yn y cais hwn yn hysbys yma: cod lleoliad, math o eitem neu gategori.",
    ),
    "refusal.conflict.unknown_location": ("There is no such location.", "Nid oes lleoliad o'r fath."),
    "refusal.conflict.incomplete": ("Something that is needed is missing.", "Mae rhywbeth angenrheidiol ar goll."),
    "refusal.conflict.permanent": (
        "This item belongs to the library and is not taken away in this way.",
        "Mae'r eitem hon yn perthyn i'r llyfrgell ac ni chaiff ei dileu fel hyn.",
    ),
    "refusal.conflict.held": ("Somebody is waiting for this item.", "Mae rhywun yn aros am yr eitem hon."),
    "refusal.conflict.shared_title": (
        "This title has other items too, and is not changed through one of them.",
        "Mae gan y teitl hwn eitemau eraill hefyd, ac ni chaiff ei newid drwy un ohonynt.",
    ),
    "refusal.conflict.catalogued": (
        "This title was catalogued by a person and is not changed from outside.",
        "Catalogiwyd y teitl hwn gan berson ac ni chaiff ei newid o'r tu allan.",
    ),
    "refusal.conflict.exists": ("This patron is known already.", "Mae'r benthyciwr hwn eisoes yn hysbys."),
    "refusal.conflict.owing": (
        "There are loans, reservations or charges that are still open.",
        "Mae benthyciadau, cadwadau neu daliadau'n dal ar agor.",
    ),
    "refusal.conflict.unknown_conflict": (
        "There is no such conflict in the list.",
        "Nid oes gwrthdaro o'r fath ar y rhestr.",
    ),
    "refusal.conflict.key_reused": (
        "This transaction number or key was used for something else before. Nothing was done now.",
        "Defnyddiwyd y rhif trafodyn neu'r allwedd hon at rywbeth arall o'r blaen. Ni wnaed dim nawr.",
    ),
    "refusal.conflict.reference_reused": (
        "This payment number was used before. Nothing was paid now.",
        "Defnyddiwyd rhif y taliad hwn o'r blaen. Ni thalwyd dim nawr.",
    ),
    "refusal.unsupported_by_platform": ("This is not available here.", "Nid yw hyn ar gael yma."),
    "refusal.bad_request": (
        "The machine's request was not complete. Please ask a member of staff.",
        "Nid oedd cais y peiriant yn gyflawn. Gofynnwch i aelod o staff.",
    ),
    "refusal.terminal_auth_failed": (
        "This machine is not logged in. Please ask a member of staff.",
        "Nid yw'r peiriant hwn wedi mewngofnodi. Gofynnwch i aelod o staff.",
    ),
    "refusal.terminal_forbidden": ("This cannot be done at this machine.", "Ni ellir gwneud hyn wrth y peiriant hwn."),
    "failure.upstream_auth": (
        "The library system is not available. Please ask a member of staff.",
        "Nid yw system y llyfrgell ar gael. Gofynnwch i aelod o staff.",
    ),
    "failure.upstream_forbidden": (
        "The library system is not available. Please ask a member of staff.",
        "Nid yw system y llyfrgell ar gael. Gofynnwch i aelod o staff.",
    ),
    "failure.upstream_throttled": (
        "The library system is busy. Please try again in a moment.",
        "Mae system y llyfrgell yn brysur. Rhowch gynnig arall arni ymhen ychydig.",
    ),
    "failure.upstream_quota": (
        "The library system is busy. Please ask a member of staff.",
        "Mae system y llyfrgell yn brysur. Gofynnwch i aelod o staff.",
    ),
    "failure.upstream_timeout": (
        "The library system did not answer in time. Please try again.",
        "Nid atebodd system y llyfrgell mewn pryd. Rhowch gynnig arall arni.",
    ),
    "failure.upstream_error": (
        "The library system is not available. Please try again in a moment.",
        "Nid yw system y llyfrgell ar gael. Rhowch gynnig arall arni ymhen ychydig.",
    ),
    "failure.authentication_unavailable": (
        "Your PIN or password cannot be checked at the moment. Please try again later.",
        "Ni ellir gwirio eich PIN neu eich cyfrinair ar hyn o bryd. Rhowch gynnig arall arni wedyn.",
    ),
    "block.borrow_denied": (
        "You may not borrow at present. Please ask a member of staff.",
        "Ni chewch fenthyg ar hyn o bryd. Gofynnwch i aelod o staff.",
    ),
    "block.renew_denied": (
        "You may not renew at present. Please ask a member of staff.",
        "Ni chewch adnewyddu ar hyn o bryd. Gofynnwch i aelod o staff.",
    ),
    "block.recall_denied": ("You may not recall items at present.", "Ni chewch alw eitemau'n ôl ar hyn o bryd."),
    "block.hold_denied": ("You may not reserve at present.", "Ni chewch gadw eitemau ar hyn o bryd."),
    "block.card_lost": (
        "This card has been reported lost. Please ask a member of staff.",
        "Adroddwyd bod y cerdyn hwn ar goll. Gofynnwch i aelod o staff.",
    ),
    "block.too_many_loans": ("You may not borrow any more items.", "Ni chewch fenthyg rhagor o eitemau."),
    "block.too_many_overdue": ("You have too many overdue items.", "Mae gennych ormod o eitemau hwyr."),
    "block.too_many_renewals": ("You have renewed too often.", "Rydych wedi adnewyddu'n rhy aml."),
    "block.too_many_claims": (
        "Too many of your items were claimed returned. Please ask a member of staff.",
        "Honnwyd bod gormod o'ch eitemau wedi'u dychwelyd. Gofynnwch i aelod o staff.",
    ),
    "block.too_many_lost": (
        "Too many of your items are recorded as lost. Please ask a member of staff.",
        "Mae cofnod bod gormod o'ch eitemau ar goll. Gofynnwch i aelod o staff.",
    ),
    "block.excess_fines": (
        "You owe too much in fines. Please pay first.",
        "Mae gormod o ddirwyon yn ddyledus gennych. Talwch yn gyntaf.",
    ),
    "block.excess_fees": ("You owe too much. Please pay first.", "Mae gormod yn ddyledus gennych. Talwch yn gyntaf."),
    "block.recall_overdue": (
        "An item you have on loan was recalled and is overdue. Please return it.",
        "Mae eitem sydd ar fenthyg gennych wedi'i galw'n ôl ac yn hwyr. Dychwelwch hi.",
    ),
    "block.too_many_billed": (
        "You have been billed for too many items. Please ask a member of staff.",
        "Rydych wedi cael bil am ormod o eitemau. Gofynnwch i aelod o staff.",
    ),
    "block.bad_address": ("Please tell the library your new address.", "Rhowch eich cyfeiriad newydd i'r llyfrgell."),
    "block.electronic_access_denied": (
        "You may not use electronic resources at present.",
        "Ni chewch ddefnyddio adnoddau electronig ar hyn o bryd.",
    ),
    "block.notice": (
        "There is a message for you. Please ask a member of staff.",
        "Mae neges i chi. Gofynnwch i aelod o staff.",
    ),
    "loan.created": ("Borrowed. Due: {due:date}", "Benthyciwyd. I'w ddychwelyd erbyn: {due:date}"),
    "loan.due": ("Due: {due:date}", "I'w ddychwelyd erbyn: {due:date}"),
    "loan.due.day": ("Due: {due:day}", "I'w ddychwelyd erbyn: {due:day}"),
    "loan.offline": (
        "Recorded. The library will check it later.",
        "Cofnodwyd. Bydd y llyfrgell yn ei wirio'n ddiweddarach.",
    ),
    "return.hold_here": (
        "This item is reserved. Please hand it to a member of staff.",
        "Mae'r eitem hon wedi'i chadw i rywun. Rhowch hi i aelod o staff.",
    ),
    "return.transit_hold": (
        "This item is reserved at another library. Please hand it to a member of staff.",
        "Mae'r eitem hon wedi'i chadw mewn llyfrgell arall. Rhowch hi i aelod o staff.",
    ),
    "return.transit_home": (
        "This item's home is elsewhere. Please hand it to a member of staff.",
        "Mae cartref yr eitem hon mewn man arall. Rhowch hi i aelod o staff.",
    ),
    "return.ill_return": (
        "This item was borrowed from another library. Please hand it to a member of staff.",
        "Benthyciwyd yr eitem hon o lyfrgell arall. Rhowch hi i aelod o staff.",
    ),
    "return.process": ("Please hand this item to a member of staff.", "Rhowch yr eitem hon i aelod o staff."),
    "return.exception": ("Please hand this item to a member of staff.", "Rhowch yr eitem hon i aelod o staff."),
    "session.ended": ("Thank you. Goodbye.", "Diolch. Hwyl fawr."),
    "system.offline": (
        "The library system is not available at present.",
        "Nid yw system y llyfrgell ar gael ar hyn o bryd.",
    ),
    "fee.overdue": ("Overdue charge", "Tâl am eitem hwyr"),
    "fee.replacement": ("Replacement charge", "Tâl am eitem newydd"),
    "fee.processing": ("Processing charge", "Tâl prosesu"),
    "fee.damage": ("Damage charge", "Tâl am ddifrod"),
    "fee.rental": ("Loan charge", "Tâl benthyca"),
    "fee.hold": ("Reservation charge", "Tâl cadw eitem"),
    "fee.admin": ("Administrative charge", "Tâl gweinyddol"),
    "fee.computer": ("Computer charge", "Tâl cyfrifiadur"),
    "fee.ill": ("Interlibrary loan charge", "Tâl benthyciad rhwng llyfrgelloedd"),
    "fee.card": ("Card replacement charge", "Tâl am gerdyn newydd"),
    "fee.membership": ("Membership charge", "Tâl aelodaeth"),
    "fee.other": ("Charge", "Tâl"),
}
"""Message id to English and Welsh words."""
