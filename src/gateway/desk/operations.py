"""Which method of the Platform port fulfils which request. A new operation is a new row."""

from __future__ import annotations

from gateway.canonical import requests as req

METHODS: dict[type[req.Request], str] = {
    req.SystemStatus: "status",
    req.PatronGet: "patron_get",
    req.PatronAuthenticate: "patron_authenticate",
    req.PatronAccount: "patron_account",
    req.ItemGet: "item_get",
    req.ItemUpdate: "item_update",
    req.ItemCreate: "item_create",
    req.ItemDelete: "item_delete",
    req.ItemReport: "item_report",
    req.LoanCreate: "loan_create",
    req.LoanReturn: "loan_return",
    req.LoanRenew: "loan_renew",
    req.LoanRenewAll: "loan_renew_all",
    req.LoanRecall: "loan_recall",
    req.LoanRecallCancel: "loan_recall_cancel",
    req.LoanUndo: "loan_undo",
    req.HoldPlace: "hold_place",
    req.HoldGet: "hold_get",
    req.HoldUpdate: "hold_update",
    req.HoldCancel: "hold_cancel",
    req.IllAccept: "ill_accept",
    req.IllNote: "ill_note",
    req.FeePay: "fee_pay",
    req.FeeCreate: "fee_create",
    req.FeeWaive: "fee_waive",
    req.PatronBlock: "patron_block",
    req.PatronEnable: "patron_enable",
    req.PatronNotify: "patron_notify",
    req.PatronProvision: "patron_provision",
    req.PatronAnonymise: "patron_anonymise",
    req.BibGet: "bib_get",
    req.BibAvailability: "bib_availability",
    req.BibChanges: "bib_changes",
    req.ConfigList: "config_list",
    req.EventList: "event_list",
    req.ConflictList: "conflict_list",
    req.ConflictResolve: "conflict_resolve",
}

OPERATIONS: dict[str, type[req.Request]] = {request.operation: request for request in METHODS}
