"""A digest as one subscriber wants it: with his own topics, language, hour, time zone or day of the week. Pure.

Subscribers whose wishes come to the same share a variant, and with it one frozen edition for each local date. Wishes
that change nothing come to the digest itself, whose key is ''.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from aggregator.config.models import Config, DigestConfig
from aggregator.model import Frequency, Wishes


@dataclass(frozen=True, slots=True)
class Variant:
    """A digest with changes. `key` names them, the same in every run; '' for none."""

    key: str
    digest: DigestConfig
    at_once: bool = False  # as it happens: made when there is something new, not at an hour


def variant_of(config: Config, name: str, wishes: Wishes) -> Variant:
    """The variant of a digest of feeds.yaml that these wishes come to. Topics that are no longer there don't count."""
    digest = config.digests[name]
    wanted = _wanted(config, digest, wishes)
    changes = {field: value for field, value in wanted.items() if value != _usual(config, name, field)}
    at_once = wishes.frequency is Frequency.AS_IT_HAPPENS
    if not changes and not at_once:
        return Variant("", digest)
    said = [f"{field}={_plain(changes[field])}" for field in sorted(changes)] + ["as it happens"] * at_once
    key = hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
    return Variant(key, digest.model_copy(update={**changes, "to": ()}), at_once)


def _wanted(config: Config, digest: DigestConfig, wishes: Wishes) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if topics := tuple(name for name in config.topics if name in wishes.topics):
        wanted["topics"] = topics
    if wishes.language:
        wanted["languages"] = (wishes.language,)
    if wishes.hour and wishes.frequency is not Frequency.AS_IT_HAPPENS:
        wanted["at"] = time.fromisoformat(wishes.hour)
    if wishes.timezone:
        wanted["timezone"] = ZoneInfo(wishes.timezone)
    if wishes.frequency is Frequency.WEEKLY:
        wanted["days"] = (wishes.weekday or digest.days[0],)
    return wanted


def _usual(config: Config, name: str, field: str) -> Any:
    digest = config.digests[name]
    if field == "timezone":
        return digest.timezone or config.site.timezone
    return getattr(digest, field)


def _plain(value: Any) -> str:
    return "\t".join(value) if isinstance(value, tuple) else str(value)


def grouped(config: Config, name: str, everyone: Iterable[Wishes]) -> list[tuple[Variant, list[Wishes]]]:
    """Every variant that somebody wants, with the wishes that come to it; the digest itself first, wanted or not."""
    found: dict[str, tuple[Variant, list[Wishes]]] = {"": (Variant("", config.digests[name]), [])}
    for wishes in everyone:
        variant = variant_of(config, name, wishes)
        found.setdefault(variant.key, (variant, []))[1].append(wishes)
    return [found[key] for key in sorted(found)]
