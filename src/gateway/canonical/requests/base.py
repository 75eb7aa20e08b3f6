"""What all canonical requests are: an operation, whether it changes something, the permission that it needs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr

from gateway.canonical.vocabulary import Permission


class Request(BaseModel):
    """`operation` is the name used in capabilities, logs and metrics; `command` says that it changes something."""

    model_config = ConfigDict(frozen=True)
    operation: ClassVar[str] = ""
    command: ClassVar[bool] = False
    permission: ClassVar[Permission | None] = None


class PatronRequest(Request):
    """`patron` is any identifier as typed or scanned; `pin` is None where none was sent, empty where it was empty."""

    patron: str | None = None
    patron_id: str | None = None
    pin: SecretStr | None = None
