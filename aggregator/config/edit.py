"""Adding feeds to feeds.yaml by inserting lines: every byte that was there stays.

text -> nodes     where the list of feeds ends, how far it is indented, block or flow
     -> text      the new lines inserted there
     -> check     read again: the old values and the new feeds, nothing else
     -> file      replaced in one step, with its mode and owner
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from aggregator.config.references import same_feed
from aggregator.config.syntax import BadSyntax
from aggregator.config.tree import Plain, read_tree
from aggregator.config.values import check_language, check_web_url
from aggregator.errors import ConfigError, ConfigFault, UsageError

_MAX_NAME = 100
_PLAIN = re.compile(r"(?![-?:&*!|>'\"%@`#])[^\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff,\[\]{}\"\\]+\Z")


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A feed to add."""

    url: str
    name: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the feeds: their addresses."""

    added: tuple[str, ...]
    present: tuple[str, ...]  # those that the file had already, or that were given twice


def add_feeds(path: Path, feeds: Iterable[NewFeed], environ: Mapping[str, str] = os.environ) -> Added:
    """Adds feeds at the end of the list. Raises ConfigError if the file can't be read, UsageError for a bad address."""
    try:
        data = path.read_bytes()
        old = read_tree(data, environ).root
    except OSError as error:
        raise ConfigError([ConfigFault(str(path), 1, 1, f"the file can't be read: {error.strerror}")]) from None
    except BadSyntax as error:
        raise ConfigError([ConfigFault(str(path), error.line, error.column, error.message)]) from None
    if not isinstance(old, dict) or isinstance(old.get("feeds"), dict):
        raise ConfigError([ConfigFault(str(path), 1, 1, "there is no list of feeds to add to; write feeds: first")])
    new, present = _not_yet_there(old, feeds)
    if new:
        text = data.decode("utf-8")
        changed = _insert(text, new)
        if not _says(changed, _expected(old, new), environ):
            raise UsageError(f"{path} is written in a way that can't be added to; add the feed by hand")
        try:
            _replace(path, changed.encode("utf-8"))
        except OSError as error:
            raise UsageError(f"{path} can't be written, and stays as it was: {error.strerror}") from None
    return Added(tuple(feed.url for feed in new), tuple(present))


def _not_yet_there(old: dict[str, Plain], feeds: Iterable[NewFeed]) -> tuple[list[NewFeed], list[str]]:
    urls, names = {same_feed(url) for url in _old(old, "url")}, {name.casefold() for name in _old(old, "name")}
    new: list[NewFeed] = []
    present: list[str] = []
    for feed in feeds:
        try:
            url = check_web_url(feed.url.strip())
            language = check_language(feed.language) if feed.language else None
        except ValueError as error:
            raise UsageError(str(error)) from None
        if same_feed(url) in urls:
            present.append(url)
            continue
        urls.add(same_feed(url))
        name = _free_name(feed.name, url, names)
        names.add((name or "").casefold())
        new.append(NewFeed(url, name, language))
    return new, present


def _old(old: dict[str, Plain], key: str) -> Iterator[str]:
    feeds = old.get("feeds")
    for item in feeds if isinstance(feeds, list) else [feeds]:
        value = item.get(key) if isinstance(item, dict) else item if key == "url" else None
        if isinstance(value, str):
            yield value


def _free_name(name: str | None, url: str, taken: set[str]) -> str | None:
    """The name on one line; with the host when another feed has it; none when that is taken too."""
    cleaned = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", name or "").strip()[:_MAX_NAME]
    with_host = f"{cleaned[:50]} ({urlsplit(url).hostname})"[:_MAX_NAME]
    return next((one for one in (cleaned, with_host) if cleaned and one.casefold() not in taken), None)


def _expected(old: dict[str, Plain], new: Sequence[NewFeed]) -> Plain:
    before = old.get("feeds")
    items: list[Plain] = before if isinstance(before, list) else [before] if before is not None else []
    return {**old, "feeds": [*items, *(_as_plain(feed) for feed in new)]}


def _says(text: str, expected: Plain, environ: Mapping[str, str]) -> bool:
    try:
        return read_tree(text.encode("utf-8"), environ).root == expected
    except BadSyntax:
        return False


def _as_plain(feed: NewFeed) -> Plain:
    keys: dict[str, Plain] = dict(_keys(feed))
    return keys if len(keys) > 1 else feed.url


def _keys(feed: NewFeed) -> list[tuple[str, str]]:
    pairs = (("url", feed.url), ("name", feed.name), ("language", feed.language))
    return [(key, value) for key, value in pairs if value]


def _insert(text: str, new: Sequence[NewFeed]) -> str:
    """The text with the feeds added; marks of the composer count characters behind a byte order mark."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix("\ufeff")
    root = YAML(typ="safe", pure=True).compose(body)
    feeds = next((value for key, value in root.value if key.value == "feeds"), None)
    newline = "\r\n" if "\r\n" in body else "\n"
    if isinstance(feeds, SequenceNode) and not feeds.flow_style:
        dash, first = feeds.start_mark.column, feeds.value[0].start_mark.column
        lines = _block(new, dash, max(first - dash, 2))
        return mark + _after_line(body, _last_line(feeds), lines, newline)
    flow = ", ".join(_flow(feed) for feed in new)
    if isinstance(feeds, SequenceNode):
        at = _end(feeds.value[-1]).index if feeds.value else feeds.start_mark.index + 1
        return mark + body[:at] + (", " if feeds.value else "") + flow + body[at:]
    if isinstance(feeds, ScalarNode) and feeds.value and feeds.tag != "tag:yaml.org,2002:null":
        start, end = feeds.start_mark.index, feeds.end_mark.index
        return f"{mark}{body[:start]}[{body[start:end]}, {flow}]{body[end:]}"
    return mark + _first_list(body, root, new, newline)


def _first_list(body: str, root: MappingNode, new: Sequence[NewFeed], newline: str) -> str:
    lines = _block(new, 2, 2)
    key = next((key for key, _ in root.value if key.value == "feeds"), None)
    if key is None:
        return _after_line(body, body.count("\n"), ["feeds:", *lines], newline)
    return _after_line(body, key.start_mark.line, lines, newline)


def _block(new: Sequence[NewFeed], dash: int, gap: int) -> list[str]:
    lines = []
    for feed in new:
        lead = " " * dash + "-" + " " * (gap - 1)
        keys = _keys(feed)
        if len(keys) == 1:
            lines.append(lead + _scalar(feed.url))
            continue
        for key, value in keys:
            lines.append(f"{lead}{key}: {_scalar(value)}")
            lead = " " * (dash + gap)
    return lines


def _flow(feed: NewFeed) -> str:
    keys = _keys(feed)
    pairs = ", ".join(f"{key}: {_scalar(value)}" for key, value in keys)
    return "{" + pairs + "}" if len(keys) > 1 else _scalar(feed.url)


def _scalar(value: str) -> str:
    """Plain where that is safe, in double quotes otherwise; a `${` of the value is no variable."""
    escaped = value.replace("${", "$${")
    unsafe = ": " in value or " #" in value or value.endswith((":", " ")) or value.startswith(("~", " "))
    if _PLAIN.match(escaped) and not unsafe and escaped.casefold() != "null":
        return escaped
    return '"' + "".join(map(_escaped, escaped)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08X}"


def _last_line(node: Node) -> int:
    """The line, from 0, in which the node's last character stands."""
    end = _end(node)
    return int(end.line - (end.column == 0))


def _end(node: Node) -> Any:
    """Where the node's text ends; a block's own end mark lies behind the comments that follow it."""
    if isinstance(node, SequenceNode | MappingNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return node.end_mark


def _after_line(body: str, line: int, lines: Sequence[str], newline: str) -> str:
    kept = body.splitlines(keepends=True)
    head = "".join(kept[: line + 1])
    if head and not head.endswith(("\n", "\r")):
        head += newline
    return head + "".join(one + newline for one in lines) + "".join(kept[line + 1 :])


def _replace(path: Path, data: bytes) -> None:
    """Writes beside the file and renames; the file behind a symbolic link is the one that is replaced."""
    target = path.resolve()
    before = target.stat()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(before.st_mode & 0o7777)
        with contextlib.suppress(PermissionError):
            os.chown(name, before.st_uid, before.st_gid)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
