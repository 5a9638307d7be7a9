"""A form that was sent to us: its fields, and whether one of our own pages sent it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from aggregator.web.bodies import read_body

LARGEST = 32_768  # bytes
MOST_FIELDS = 500

Form = Mapping[str, Sequence[str]]


async def read_form(request: Request) -> Form:
    """The fields of an urlencoded form; none of what is no text. Raises HTTPException as `read_body` does."""
    body = await read_body(request, LARGEST)
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}


def first(form: Form, name: str) -> str:
    """The first value of a field, '' where there is none."""
    return next(iter(form.get(name, ())), "")


def is_our_own(request: Request, site_url: str) -> bool:
    """Whether a page of this site sent it, as far as browsers say: Sec-Fetch-Site, else Origin.

    A program that sends neither is no browser that somebody could be tricked with.
    """
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return True
    site = urlsplit(site_url)
    own = {f"{site.scheme}://{site.netloc}".lower()}
    own |= {f"{scheme}://{request.headers.get('host', '')}".lower() for scheme in ("http", "https")}
    return origin.lower() in own


def client_of(request: Request) -> str:
    """The address that a request came from. A proxy on this machine or network is believed about the last hop.

    A client that reaches us directly comes from elsewhere, and what it says of itself counts for nothing.
    """
    peer = request.client.host if request.client else ""
    try:
        near = ipaddress.ip_address(peer).is_private
    except ValueError:
        near = False
    forwarded = request.headers.getlist("x-forwarded-for")
    last = forwarded[-1].rpartition(",")[2].strip() if near and forwarded else ""
    return last or peer
