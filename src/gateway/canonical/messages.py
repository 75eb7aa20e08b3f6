"""References into the catalogue of messages to people; the Welsh and English words stand in `crosswalks.texts`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from gateway.canonical.vocabulary import Audience


class MessageRef(BaseModel):
    """`id` is a key of the catalogue, `params` fills its places; `text` is free text that came from the platform."""

    model_config = ConfigDict(frozen=True)

    id: str
    params: dict[str, str] = {}
    audience: Audience = Audience.PATRON
    text: str | None = None
