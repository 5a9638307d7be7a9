"""pydantic's complaints as sentences: what is wrong, where in the file, and the nearest right thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from aggregator.config.models import Config, Section, key_names
from aggregator.config.tree import Path, Place, Tree
from aggregator.config.values import nearest, shown
from aggregator.text.keyword_lexer import KeywordError

_SHOWN_KEYS = 6


def located(error: ValidationError, tree: Tree) -> Iterator[tuple[Place, str]]:
    """Each fault with its place."""
    for detail in error.errors(include_url=False):
        if detail["type"] == "too_short" and detail["input"]:
            continue  # the list has items, and each of them is a fault of its own
        path = detail["loc"]
        place = tree.find(path)
        message = _MESSAGES.get(detail["type"], _other)(detail)
        name = next((step for step in reversed(path) if isinstance(step, str) and _is_key(step, path, tree)), None)
        stands_in_message = detail["type"] in {"extra_forbidden", "missing"}
        yield (
            _exact(place, detail),
            message if stands_in_message or name is None else f"{name or repr(name)}: {message}",
        )


def _is_key(step: str, path: Path, tree: Tree) -> bool:
    return step in tree.find(path[: path.index(step)]).parts


def _exact(place: Place, detail: ErrorDetails) -> Place:
    """The key for a fault of the key, the character for a keyword, the value otherwise."""
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, KeywordError):
        return Place(place.line, place.text_column + cause.column - 1, 0)
    of_the_key = detail["type"] in {"extra_forbidden", "missing"} or detail["loc"][-1:] == ("[key]",)
    return place.key if of_the_key and place.key else place


def _section_at(path: Path) -> type[Section]:
    section: type[Section] = Config
    for step in path:
        name = key_names(section).get(str(step))
        section = (name and _section_in(section.model_fields[name].annotation)) or section
    return section


def _section_in(annotation: object) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)


def _unknown_key(detail: ErrorDetails) -> str:
    *path, key = detail["loc"]
    here = _section_at(tuple(path))
    guess = nearest(str(key), key_names(here))
    if guess:
        return f"unknown key {key}: did you mean {guess}?"
    for name, field in Config.model_fields.items():
        section = _section_in(field.annotation)
        if section and section is not here and key in key_names(section):
            return f"unknown key {key}: it belongs under {name}:"
    return f"unknown key {shown(key)[1:-1]}; the keys here are {', '.join(key_names(here))}"


def _missing_key(detail: ErrorDetails) -> str:
    *path, key = detail["loc"]
    if not path:
        return f"{key} is missing; write feeds: and below it - https://… for each feed"
    section = _section_at(tuple(path))
    description = section.model_fields[key_names(section)[str(key)]].description or ""
    return (
        f"{path[-1]} lacks {key}:, which is: {description}"
        if isinstance(path[-1], str)
        else (f"{key} is missing; it is: {description}")
    )


def _not_keys(detail: ErrorDetails) -> str:
    keys = list(key_names(_section_at(detail["loc"])))
    shown_keys = ", ".join(keys[:_SHOWN_KEYS]) + (", …" if len(keys) > _SHOWN_KEYS else "")
    return f"expects keys below it ({shown_keys}), not {_kind(detail['input'])}"


def _not_text(detail: ErrorDetails) -> str:
    value = detail["input"]
    if value is None:
        return "an item is empty; write something after the dash or delete the line"
    if isinstance(value, dict) and len(value) == 1:
        key, inner = next(iter(value.items()))
        if isinstance(inner, str):
            text = f"{key}: {shown(inner)[1:-1]}"
            return f"a colon and a blank make this a mapping; if it is text, put it in quotes: '{text}'"
    return f"expects text, not {_kind(value)}"


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"the text {shown(value)}"


def _other(detail: ErrorDetails) -> str:
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, KeywordError):
        return f"{cause.reason}; {cause.hint}"
    return str(detail["msg"]).removeprefix("Value error, ")


def _template(text: str) -> Callable[[ErrorDetails], str]:
    def filled(detail: ErrorDetails) -> str:
        context: dict[str, Any] = dict(detail.get("ctx", {}))
        return text.format(**{"value": shown(detail["input"]), "kind": _kind(detail["input"]), **context})

    return filled


_MESSAGES: dict[str, Callable[[ErrorDetails], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing_key,
    "model_type": _not_keys,
    "model_attributes_type": _not_keys,
    "dict_type": lambda detail: (
        f"expects a name, a colon and something below it, not {_kind(detail['input'])}; leave the key out for none"
    ),
    "string_type": _not_text,
    "string_sub_type": _not_text,
    "tuple_type": _template("expects a list, not {kind}; write each after a dash, in a line of its own"),
    "too_short": _template("is empty; write at least one below it, each after a dash"),
    "string_too_long": _template("is longer than {max_length} characters; shorten it"),
    "int_parsing": _template("{value} is not a whole number"),
    "int_from_float": _template("{value} is not a whole number"),
    "int_parsing_size": _template("{value} is too large a number"),
    "int_type": _template("expects a whole number, not {kind}"),
    "float_parsing": _template("{value} is not a number"),
    "float_type": _template("expects a number, not {kind}"),
    "finite_number": _template("{value} is not a number that can be used"),
    "bool_parsing": _template("{value} is neither true nor false"),
    "bool_type": _template("expects true or false, not {kind}"),
    "greater_than_equal": _template("{value} is too small; at least {ge}"),
    "greater_than": _template("{value} is too small; it has to be more than {gt}"),
    "less_than_equal": _template("{value} is too large; at most {le}"),
}
