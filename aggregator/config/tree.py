"""The text of feeds.yaml as plain values, with the place of each in the file.

    bytes -> characters     not empty, not too large, UTF-8, no control characters
          -> YAML nodes     ruamel.yaml's composer, which builds no Python object from a tag
          -> plain values   dict, list, str, None; ${NAME} filled in; every fault noted, none raised before the end

Plain scalars stay the text that was written and are converted by the models. So an unquoted 07:00 is no number of
minutes, `no` is the language and 1.10 keeps its nought, in YAML 1.1 and 1.2 alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from aggregator.config.feed_address import Filled
from aggregator.config.syntax import BadSyntax, explain

MAX_BYTES = 16 * 1024 * 1024
_MAX_DEPTH = 24
_MAX_REPEATS = 10_000  # nodes reached again through aliases: enough for shared headers, too few for a bomb

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | None"
Path: TypeAlias = tuple[str | int, ...]

_CORE_TAG = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|seq|map|value|merge)\Z")
_VARIABLE = re.compile(r"\$(\$)\{|\$\{([^}$]*)(\}?)")
_HALF = re.compile("[\ud800-\udfff]")  # how Python hands over a byte of the environment that is no UTF-8
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(slots=True)
class Place:
    """Where a value stands, counted from 1. `text_column` is where its text begins, behind an opening quote."""

    line: int
    column: int
    text_column: int
    key: Place | None = None  # of the key that leads to it
    parts: dict[str | int, Place] = field(default_factory=dict)


@dataclass(slots=True)
class Tree:
    """What the file holds. `faults` are (place, sentence); `secrets` the variables used, by value."""

    root: Plain
    place: Place
    faults: list[tuple[Place, str]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    def find(self, path: Path) -> Place:
        """The place of a value, or of the nearest thing around it that stands in the file.

        Steps that the file left out are skipped: ('topics', 'Aid', 'any', 2) is found in a topic that is a bare list.
        """
        place = self.place
        for step in path:
            place = place.parts.get(step, place)
        return place


def read_tree(data: bytes, environ: Mapping[str, str]) -> Tree:
    """Raises BadSyntax for what can't be read at all; every other fault is in the tree."""
    text = _decode(data)
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _MAX_DEPTH
    yaml.composer.warn_double_anchors = False
    try:
        node = yaml.compose(text)
    except MaxDepthExceededError as error:
        mark = error.problem_mark
        raise BadSyntax(mark.line + 1, mark.column + 1, "lists within lists go too deep here; take some away") from None
    except MarkedYAMLError as error:
        raise explain(error, text) from None
    except (ValueError, OverflowError):  # from chr()
        raise BadSyntax(
            *_bad_escape(text), "an escape such as \\U00110000 names no character; write the character"
        ) from None
    if node is None:
        raise BadSyntax(1, 1, "the file has no keys; start with feeds: and an address below it")
    return _Reader(environ).read(node)


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise BadSyntax(1, 1, f"the file has {len(data):,} bytes, more than {MAX_BYTES:,}; is it the right one?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise BadSyntax(line, column, "the file is not UTF-8 from here on; save it as UTF-8") from None
    if not text.strip():
        raise BadSyntax(1, 1, "the file is empty; start with feeds: and an address below it")
    strange = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]", text)
    if strange:
        line, column = text.count("\n", 0, strange.start()) + 1, strange.start() - text.rfind("\n", 0, strange.start())
        raise BadSyntax(line, column, f"there is a control character (U+{ord(strange[0]):04X}) here; delete it")
    return text


def _bad_escape(text: str) -> tuple[int, int]:
    found = re.search(r"\\U(?!000[0-9A-Fa-f]|0010)", text)
    at = found.start() if found else 0
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


class _Reader:
    """Turns nodes into plain values and keeps what it finds wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._faults: list[tuple[Place, str]] = []
        self._secrets: dict[str, str] = {}
        self._seen: set[int] = set()
        self._repeats = 0

    def read(self, node: Node) -> Tree:
        root, place = self._value(node, 0)
        return Tree(root, place, self._faults, self._secrets)

    def _value(self, node: Node, depth: int) -> tuple[Plain, Place]:
        place = _place(node)
        self._repeats += id(node) in self._seen
        self._seen.add(id(node))
        if self._repeats > _MAX_REPEATS or depth > _MAX_DEPTH:
            raise BadSyntax(place.line, place.column, "aliases (*) repeat too much here; write the values out")
        if not _CORE_TAG.match(str(node.tag)):
            tag = _shown_tag(str(node.tag))
            self._faults.append((place, f"{tag} is read as a YAML tag, which is not allowed; put the text in quotes"))
            return None, place
        if isinstance(node, MappingNode):
            return self._mapping(node, place, depth), place
        if isinstance(node, SequenceNode):
            return self._sequence(node, place, depth), place
        return self._scalar(node, place), place

    def _mapping(self, node: MappingNode, place: Place, depth: int) -> Plain:
        found: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = _place(key_node)
            if not isinstance(key_node, ScalarNode) or not _CORE_TAG.match(str(key_node.tag)):
                self._faults.append((key, "a key has to be plain text; put it in quotes"))
                continue
            name = str(key_node.value)
            if str(key_node.tag).endswith(":merge"):
                self._faults.append((key, "merging with << is not read here; write the keys out"))
                continue
            if name in found:
                first = place.parts[name].key or key
                self._faults.append((key, f"{name} stands here a second time (first in line {first.line}); keep one"))
                continue
            found[name], part = self._value(value_node, depth + 1)
            part.key = key
            place.parts[name] = part
        return found

    def _sequence(self, node: SequenceNode, place: Place, depth: int) -> Plain:
        found: list[Plain] = []
        for index, item in enumerate(node.value):
            value, place.parts[index] = self._value(item, depth + 1)
            found.append(value)
        return found

    def _scalar(self, node: Node, place: Place) -> Plain:
        text = str(node.value)
        if isinstance(node, ScalarNode) and node.style is None and str(node.tag).endswith(":null"):
            return None
        if _HALF.search(text):
            self._faults.append((place, "an escape makes half a character here; write the character itself"))
        return self._filled_in(text, place) if "${" in text else text

    def _filled_in(self, text: str, place: Place) -> str:
        used: dict[str, str] = {}

        def fill(match: re.Match[str]) -> str:
            escaped, name, closed = match.groups()
            if escaped:
                return "${"
            if not closed or not _NAME.match(name):
                self._note(place, match, f"{match[0]} is not a variable; write ${{NAME}}, or $${{ for a plain ${{")
            elif name not in self._environ:
                self._note(
                    place, match, f"the environment has no variable {name}; set it, or write $${{ for a plain ${{"
                )
            elif not self._environ[name].isascii() and _HALF.search(self._environ[name]):
                self._note(place, match, f"the variable {name} is not UTF-8 text; set it anew")
            else:
                self._secrets[self._environ[name]] = name
                used[name] = self._environ[name]
                return used[name]
            return match[0]

        filled = _VARIABLE.sub(fill, text)
        return Filled(filled, text.replace("$${", "${"), used) if used else filled

    def _note(self, place: Place, match: re.Match[str], message: str) -> None:
        where = Place(place.line, place.text_column + match.start(), 0)
        self._faults.append((where, message))


def _place(node: Node) -> Place:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    quoted = isinstance(node, ScalarNode) and node.style in {"'", '"'}
    return Place(line, column, column + quoted)


def _shown_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:60]
