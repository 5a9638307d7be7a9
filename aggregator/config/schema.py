"""The JSON Schema (draft 2020-12) of feeds.yaml as people write it: short forms, examples and descriptions included.

`# yaml-language-server: $schema=feeds.schema.json` in the first line of a feeds.yaml makes an editor use it.
"""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any

from pydantic import SecretStr
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from aggregator.config.models import Config

_FROM_ENVIRONMENT = {"pattern": r"\$\{"}
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def schema_text() -> str:
    """What feeds.schema.json holds."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The schema as a value."""
    body = Config.model_json_schema(schema_generator=_AsWritten)
    return {"$schema": GenerateJsonSchema.schema_dialect, "title": "feeds.yaml", **body}


class _AsWritten(GenerateJsonSchema):
    """Values as they are written in YAML, and `${NAME}` wherever a number or a truth value stands."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or_variable(super().int_schema(schema))

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or_variable(super().float_schema(schema))

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return _or_variable(super().bool_schema(schema))

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key that may be left out: a key with nothing after it counts as left out, so null says nothing more."""
        return self.generate_inner(schema["schema"])

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return duration_text(dft)
        if isinstance(dft, time):
            return f"{dft:%H:%M}"
        return dft.get_secret_value() if isinstance(dft, SecretStr) else super().encode_default(dft)

    def generate(self, schema: CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        tidied: JsonSchemaValue = _tidy(super().generate(schema, mode))
        return tidied


def duration_text(duration: timedelta) -> str:
    """'6h' or '1d12h': a duration as it is written in feeds.yaml, in whole seconds."""
    seconds, text = int(duration.total_seconds()), ""
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _or_variable(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {**schema, **_FROM_ENVIRONMENT, "type": [schema["type"], "string"]}


def _tidy(value: Any) -> Any:
    """Without the titles that pydantic makes of class names, and without defaults that are null or a whole section."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _tidy(item)
        for key, item in value.items()
        if not (key == "title" and isinstance(item, str))
        and not (key == "default" and (item is None or isinstance(item, dict)))
    }
