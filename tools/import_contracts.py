"""Two import-linter contracts of our own: allow lists, where the built-in contracts are deny lists.

A deny list grows stale with every new package; an allow list refuses the newcomer until somebody decides.
Either list may name a module that does not exist yet. Only direct imports count: what an allowed package
imports in turn is that package's own affair. External packages are left to the built-in `forbidden` contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class MayImportContract(Contract):
    """The modules of `package` import, from the root packages, only `may_import` and each other."""

    type_name = "may_import"

    package = fields.StringField()
    may_import = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        package = cast(str, self.package)
        allowed = [package, *cast(list[str], self.may_import)]
        roots = cast(list[str], self.session_options["root_packages"])
        return _verdict(
            graph,
            lambda importer, imported: (
                _within(importer, [package]) and _within(imported, roots) and not _within(imported, allowed)
            ),
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        _render(check)


class ImportedOnlyByContract(Contract):
    """The modules of `package` are imported only by `importers` and by each other."""

    type_name = "imported_only_by"

    package = fields.StringField()
    importers = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        package = cast(str, self.package)
        allowed = [package, *cast(list[str], self.importers)]
        return _verdict(
            graph,
            lambda importer, imported: _within(imported, [package]) and not _within(importer, allowed),
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        _render(check)


def _within(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _links(graph: ImportGraph) -> Iterator[tuple[str, str]]:
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            yield importer, imported


def _verdict(graph: ImportGraph, is_broken: Callable[[str, str], bool]) -> ContractCheck:
    broken: list[dict[str, Any]] = [
        {"importer": importer, "imported": imported, "line": detail["line_number"]}
        for importer, imported in _links(graph)
        if is_broken(importer, imported)
        for detail in graph.get_import_details(importer=importer, imported=imported)
    ]
    return ContractCheck(kept=not broken, metadata={"broken": broken})


def _render(check: ContractCheck) -> None:
    for link in check.metadata["broken"]:
        output.print_error(f"- {link['importer']} -> {link['imported']} (l.{link['line']})", bold=False)
