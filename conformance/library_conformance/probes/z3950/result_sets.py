"""Result sets: names, replacement, deletion; and the Explain database."""

from __future__ import annotations

from library_conformance.model import NotApplicable, Seen, breaks, meets, unclear
from library_conformance.probes import probe
from library_conformance.probes.z3950.talk import INIT, SEARCH, USMARC, association, diagnostic, need, refused
from library_conformance.run import Run
from library_protocols.z3950 import DeleteResultSetRequest, DeleteResultSetResponse
from library_protocols.z3950.facts import Option

NAMED = "z3950.result-set.named/two-sets"
_NAME, _OTHER = "conformance-one", "conformance-two"


@probe(NAMED, needs=(SEARCH,), inputs=("query",))
def two_sets(run: Run) -> Seen:
    """Makes a set of a name, then another of another name, and asks for a record of the first."""
    with association(run) as talk:
        if (missing := need(talk, Option.NAMED_RESULT_SETS, "a name for a set")) is not None:
            return missing
        if seen := refused(talk.search(run.input("query"), result_set_name=_NAME), "refused", frozenset((22,))):
            return seen
        talk.search("@attr 1=4 qzxqjvkwqz", result_set_name=_OTHER)
        answer = talk.present(1, 1, result_set_id=_NAME, preferred_record_syntax=USMARC)
    return breaks("the first set is gone") if diagnostic(answer) else meets("both sets are kept")


@probe("z3950.result-set.unnamed-only/without-option", needs=(SEARCH,), inputs=("query",))
def without_option(run: Run) -> Seen:
    """Gives a set a name although the option was not agreed on."""
    with association(run, options=frozenset((Option.SEARCH, Option.PRESENT))) as talk:
        answer = talk.search(run.input("query"), result_set_name=_NAME)
    code = diagnostic(answer)
    if code == 22:
        return meets("refused with the diagnostic for it")
    return unclear(f"refused: diagnostic {code}") if code else breaks("taken all the same")


@probe("z3950.result-set.replace-off/same-name", needs=(NAMED,), inputs=("query",))
def replace_off(run: Run) -> Seen:
    """Uses a name again with replacement off."""
    with association(run) as talk:
        talk.search(run.input("query"), result_set_name=_NAME)
        answer = talk.search("@attr 1=4 qzxqjvkwqz", result_set_name=_NAME, replace_indicator=False)
    code = diagnostic(answer)
    if code == 21:
        return meets("refused with the diagnostic for it")
    return breaks(f"refused: diagnostic {code}" if code else "replaced all the same")


@probe("z3950.result-set.replace-on/same-name", needs=(SEARCH,), inputs=("query",))
def replace_on(run: Run) -> Seen:
    """Searches twice into the same set; it must be the second search's."""
    with association(run) as talk:
        talk.search(run.input("query"))
        second = talk.search("@attr 1=4 qzxqjvkwqz")
        answer = talk.present(1, 1)
    if second.result_count:
        raise NotApplicable("the second search finds something")
    return meets("replaced") if diagnostic(answer) else breaks("the first set is still there")


@probe("z3950.result-set.failed-search/old-set", needs=(SEARCH,), inputs=("query",))
def failed(run: Run) -> Seen:
    """Searches, then searches in vain by an attribute nobody offers, and asks for a record."""
    with association(run) as talk:
        talk.search(run.input("query"))
        if not diagnostic(talk.search("@attr 1=9999 x")):
            raise NotApplicable("nothing is refused")
        answer = talk.present(1, 1)
    return meets("the set is gone") if diagnostic(answer) else breaks("the old set is still there")


@probe(
    "z3950.delete.listed/one-set", verifies=("z3950.delete.listed", "z3950.delete.gone"), needs=(NAMED,),
    inputs=("query",),
)  # fmt: skip
def delete_one(run: Run) -> Seen:
    """Deletes a set and asks for a record of it."""
    with association(run) as talk:
        if (missing := need(talk, Option.DELETE_SET, "deletion")) is not None:
            return missing
        talk.search(run.input("query"), result_set_name=_NAME)
        request = DeleteResultSetRequest(delete_function=0, result_set_list=(_NAME,))
        status = talk.ask(request, DeleteResultSetResponse).delete_operation_status
        answer = talk.present(1, 1, result_set_id=_NAME)
    if status != 0:
        return breaks(f"status {status}")
    return meets("deleted") if diagnostic(answer) in (27, 30) else breaks("said to be deleted and still there")


@probe("z3950.delete.unknown/made-up", needs=(INIT,))
def delete_unknown(run: Run) -> Seen:
    """Deletes a set that was never made."""
    with association(run) as talk:
        if (missing := need(talk, Option.DELETE_SET, "deletion")) is not None:
            return missing
        request = DeleteResultSetRequest(delete_function=0, result_set_list=("conformance-none",))
        answer = talk.ask(request, DeleteResultSetResponse)
    listed = answer.delete_list_statuses or ()
    if answer.delete_operation_status or any(one.status for one in listed):
        return meets("said not to be there")
    return breaks("said to be deleted")


@probe("z3950.explain.offered/categories", needs=(INIT,))
def explain(run: Run) -> Seen:
    """Searches the Explain database for the list of its categories."""
    with association(run) as talk:
        answer = talk.search("@attrset exp-1 @attr 1=1 CategoryList", database_names=("IR-Explain-1",))
    seen = refused(answer, "refused", frozenset((109, 235, 236, 1007, 3, 121, 114)))
    return seen or (meets("offered") if answer.result_count else unclear("no list of categories"))
