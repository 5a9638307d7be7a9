"""Looks into the mailbox as often as mail.bounces.every says, for as long as the program runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator import clock
from aggregator.config.models import Config
from aggregator.digest.bounces.service import Look, look
from aggregator.digest.bounces.weigh import Weight
from aggregator.store.database import Store

log = logging.getLogger(__name__)

AFTER_TROUBLE = timedelta(minutes=15)  # at least: servers lock accounts that try a wrong password again and again


class Lookout:
    """`trouble` is why the last look failed, '' when it did not."""

    def __init__(self, store: Store, config_source: Callable[[], Config], stopping: Callable[[], bool]) -> None:
        self.trouble = ""
        self._store = store
        self._config_source = config_source
        self._stopping = stopping
        self._last: tuple[datetime, object] | None = None  # when, and with which settings

    async def read_bounces(self) -> None:
        """One tick: a look, if one is due. Edited settings are tried at once."""
        config, now = self._config_source(), clock.utc_now()
        settings = config.mail.bounces
        if settings is None:
            self.trouble, self._last = "", None
            return
        wait = max(settings.every, AFTER_TROUBLE) if self.trouble else settings.every
        last, with_these = self._last or (None, None)
        if last is not None and with_these == settings and last <= now < last + wait:  # a last in the future is none
            return
        self._last = (now, settings)
        seen = await asyncio.to_thread(look, self._store, config, now, stopping=self._stopping)
        self.trouble = seen.trouble
        _tell(seen)


def _tell(seen: Look) -> None:
    if seen.trouble:
        log.error("%s", seen.trouble)
    for key, why in seen.left:
        log.warning("mail %s of mail.bounces.mailbox was left alone and flagged: %s", key, why)
    for found in seen.found:
        level = logging.ERROR if found.weight is Weight.POLICY else logging.INFO
        log.log(level, "%s", found.sentence)
