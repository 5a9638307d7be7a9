"""Reading feeds.yaml: all of it or ConfigError with every fault.

bytes        read_tree     plain values with their places; ${NAME} filled in
-> Config    pydantic      every value checked
-> names     references    what stands twice, names that name nothing
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError

from aggregator.config import faults, references
from aggregator.config.models import Config
from aggregator.config.syntax import BadSyntax
from aggregator.config.tree import Place, Tree, read_tree
from aggregator.config.values import hiding
from aggregator.errors import ConfigError, ConfigFault


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration. Relative paths in it start from the file's folder. Raises ConfigError with all faults."""
    return parse(_read(path), path, environ)


def parse(data: bytes, path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `data`, as if it stood in the file `path`. Raises ConfigError with all faults."""
    try:
        tree = read_tree(data, environ)
    except BadSyntax as error:
        raise ConfigError([ConfigFault(str(path), error.line, error.column, error.message)]) from None
    folder = path.parent.resolve()
    with hiding(tree.secrets):
        config, found = _validate(tree, folder)
        found += references.located(tree, folder)
        if config is None or found or tree.faults:
            raise ConfigError(_in_order(path, tree, found))
    return config


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        message = "there is no such file; name yours with -c FILE, or write one to start from with `aggregator init`"
    except IsADirectoryError:
        message = "this is a folder; name the file in it, such as feeds.yaml"
    except PermissionError:
        message = "the file can't be read: permission denied; change its owner or mode"
    except (OSError, ValueError) as error:
        message = f"the file can't be read: {getattr(error, 'strerror', None) or error}; name another one with -c FILE"
    raise ConfigError([ConfigFault(str(path), 1, 1, message)])


def _validate(tree: Tree, folder: Path) -> tuple[Config | None, list[tuple[Place, str]]]:
    try:
        return Config.model_validate(tree.root, context={"folder": folder}), []
    except ValidationError as error:
        return None, list(faults.located(error, tree))


def _in_order(path: Path, tree: Tree, found: Iterable[tuple[Place, str]]) -> list[ConfigFault]:
    """Sorted by place; what follows from an unset variable or a bad tag in the same line is left out."""
    lines = {place.line for place, _ in tree.faults}
    everything = [*tree.faults, *((place, message) for place, message in found if place.line not in lines)]
    faults_ = {ConfigFault(str(path), place.line, place.column, message) for place, message in everything}
    return sorted(faults_, key=lambda fault: (fault.line, fault.column, fault.message))
