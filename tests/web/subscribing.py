"""A site that takes subscribers, and somebody who fills in its forms."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aggregator.config.models import Config
from aggregator.digest import service
from aggregator.digest.signup import site_secret
from aggregator.digest.tokens import Holder, Purpose, make_token
from aggregator.store import subscribers
from aggregator.store.database import Store
from tests.digest.mailserver import MailServer
from tests.web.client import Answer, Client
from tests.web.conftest import CONFIG

ANNA = "anna@reader.example"


def taking_subscribers(smtp: str, **changes: Any) -> Config:
    """The sample site with a newsletter that goes out through a mail server."""
    values = CONFIG.model_dump(by_alias=True) | {
        "digests": {"Morning briefing": {"at": "07:00"}},
        "mail": {"from": "Ukraine Watch <digest@news.example.org>", "smtp": smtp},
    }
    return Config.model_validate(values | changes)


def post(client: Client, target: str, form: Mapping[str, Any], **headers: str) -> Answer:
    """A form as a browser sends it; a header given as '' is left out."""
    body = urlencode(form, doseq=True).encode()
    given = {
        "Host": "news.example.org",
        "Origin": "https://news.example.org",
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        "Connection": "close",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
    return client.send("\r\n".join([*lines, "", ""]).encode() + body)


def mails(server: MailServer) -> list[Any]:
    """What the server got, parsed."""
    return [email.message_from_bytes(data, policy=email.policy.default) for data in server.contents]


def path_in(mail: Any, page: str) -> str:
    """The path of the link to a page in a mail's text."""
    body = mail.get_body(("plain",)).get_content()
    found = re.search(rf"https://news\.example\.org(/{page}/\S+)", body)
    assert found, body
    return found[1]


def subscribed(client: Client, store: Store, config: Config, server: MailServer, now: datetime) -> str:
    """Sign Anna up and confirm; the path of her confirmation page."""
    assert post(client, "/subscribe/", {"address": ANNA}).status == 200
    service.send_due(store, config, now + timedelta(minutes=1))
    path = path_in(mails(server)[-1], "confirm")
    assert post(client, path, {}).status == 200
    return path


def personal_page(store: Store, url: str, address: str, page: str) -> str:
    """The address of a page that only this subscriber can open; `page` is a purpose of tokens."""
    with store.read() as conn:
        person = subscribers.by_address(conn, address)
    assert person is not None
    return f"{url}/{page}/{make_token(site_secret(store), Purpose(page), Holder(person.id, person.salt))}"
