"""The JSON Schema of a configuration file, for editors: the models, and what the loader adds to them."""

from __future__ import annotations

from typing import Any

from gateway.config.model import Config

_FILE = {
    "type": "object",
    "properties": {"file": {"type": "string", "description": "File whose content this is."}},
    "required": ["file"],
    "additionalProperties": False,
}


def schema() -> dict[str, Any]:
    """The schema, in which a secret may also be the name of a file."""
    document = Config.model_json_schema()
    for table in (document, *document["$defs"].values()):
        for setting in table.get("properties", {}).values():
            forms = setting.pop("anyOf", None) or [{key: setting.pop(key) for key in _FORM & setting.keys()}]
            if any(form.get("writeOnly") for form in forms):
                forms.append(_FILE)
            if len(forms) > 1:
                setting["anyOf"] = forms
            else:
                setting.update(forms[0])
    return document


_FORM = {"type", "format", "writeOnly", "minLength"}  # what says how one form of a secret looks
