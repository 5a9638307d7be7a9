"""Faults between the parts of feeds.yaml: what stands twice, and names that name nothing.

They are looked for in the plain values, so that they are reported together with the faults of single values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from urllib.parse import unquote, urlsplit

from aggregator.config.tree import Path, Place, Plain, Tree
from aggregator.config.values import nearest, shown
from aggregator.text.slug import slugify

Found = tuple[Path, str]


def located(tree: Tree, folder: FilePath) -> Iterator[tuple[Place, str]]:
    """Each fault with its place. `folder` is that of the file, from which `file:` addresses and folders start."""
    root = tree.root if isinstance(tree.root, dict) else {}
    feeds = list(_feeds(root.get("feeds")))
    names = {name for _, values in feeds for key in ("name", "url") if (name := values.get(key))}
    topics = _names(root.get("topics"))
    for path, message in (
        *_twice(tree, feeds, "url"),
        *_twice(tree, feeds, "name"),
        *_same_slug(tree, "topics", topics),
        *_same_slug(tree, "digests", _names(root.get("digests"))),
        *_unknown(root, "topics", "feeds", names, "feed"),
        *_unknown(root, "digests", "topics", topics, "topic"),
        *_outside(root, feeds, folder),
    ):
        place = tree.find(path)
        yield (place.key if place.key and len(path) == 2 and path[0] != "feeds" else place), message


def same_feed(url: str) -> str:
    """The address for comparing: scheme and host in small letters, without fragment and without a bare slash."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url
    path = "" if parts.path == "/" else parts.path
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=path, fragment="").geturl()


def _feeds(value: Plain) -> Iterator[tuple[Path, dict[str, str]]]:
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if isinstance(item, str):
            yield ("feeds", index), {"url": item}
        elif isinstance(item, dict):
            yield ("feeds", index), {key: text for key, text in item.items() if isinstance(text, str)}


def _names(value: Plain) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _twice(tree: Tree, feeds: Iterable[tuple[Path, dict[str, str]]], key: str) -> Iterator[Found]:
    first: dict[str, Path] = {}
    for path, values in feeds:
        if key not in values:
            continue
        same = same_feed(values[key]) if key == "url" else values[key].strip().casefold()
        if same not in first:
            first[same] = (*path, key)
            continue
        what = f"feed {shown(values[key])}" if key == "url" else f"name {shown(values[key])}"
        advice = "delete one" if key == "url" else "give one another name, and both the same outlet:"
        yield (*path, key), f"{what} stands in line {tree.find(first[same]).line} already; {advice}"


def _same_slug(tree: Tree, section: str, names: Iterable[str]) -> Iterator[Found]:
    first: dict[str, str] = {}
    for name in names:
        slug = slugify(name)
        other = first.setdefault(slug, name)
        if other != name:
            line = (tree.find((section, other)).key or tree.find((section, other))).line
            yield (
                (section, name),
                f"{name} and {other} (line {line}) would have one address, {slug}/; rename one of them",
            )


def _unknown(root: dict[str, Plain], section: str, key: str, known: Iterable[str], kind: str) -> Iterator[Found]:
    known = set(known)
    inside = root.get(section)
    for owner, values in inside.items() if isinstance(inside, dict) else ():
        listed = values.get(key) if isinstance(values, dict) else None
        names = listed if isinstance(listed, list) else [listed]
        for index, name in enumerate(names):
            if not isinstance(name, str) or name.strip() in known:
                continue
            guess = nearest(name, sorted(known))
            hint = f"did you mean {shown(guess)[1:-1]}?" if guess else _choices(known, kind)
            yield (section, owner, key, index), f"{key}: there is no {kind} {shown(name)}: {hint}"


def _choices(known: set[str], kind: str) -> str:
    if not known:
        return f"no {kind} has a name yet"
    nameless = "one without name: goes by its address; " if kind == "feed" else ""
    return f"{nameless}there are " + ", ".join(sorted(shown(name)[1:-1] for name in known)[:8])


def _outside(root: dict[str, Plain], feeds: Iterable[tuple[Path, dict[str, str]]], folder: FilePath) -> Iterator[Found]:
    polling = root.get("polling")
    allowed = polling.get("allow_files") if isinstance(polling, dict) else None
    folders = [
        (folder / FilePath(text).expanduser()).resolve()
        for text in (allowed if isinstance(allowed, list) else [allowed])
        if isinstance(text, str)
    ]
    for path, values in feeds:
        url = values.get("url", "")
        if url.startswith("file:") and not re.match("file://[^/]", url):
            target = (folder / FilePath(unquote(url.removeprefix("file:"))).expanduser()).resolve()
            if not any(target.is_relative_to(one) for one in folders):
                advice = f"name its folder under polling: allow_files: [{shown(target.parent)[1:-1]}]"
                yield (*path, "url"), f"{shown(url)} lies in no folder that is allowed; {advice}"
