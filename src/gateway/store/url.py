"""Store URLs: which database, and where."""

from __future__ import annotations


def sqlite_path(url: str) -> str | None:
    """The file of an SQLite URL (`:memory:` where it names none), None for a PostgreSQL URL.

    Raises ValueError for anything else.
    """
    scheme, found, rest = url.partition("://")
    if found and scheme == "sqlite":
        if rest and not rest.startswith("/"):
            raise ValueError(
                f"{url}: an SQLite URL has three slashes before a relative path, four before an absolute one"
            )
        return rest[1:] or ":memory:"
    if found and scheme in ("postgresql", "postgres"):
        return None
    raise ValueError(f"a store is sqlite:///path or postgresql://..., not {url.partition('@')[0]!r}")
