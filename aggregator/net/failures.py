"""What an error or a status means, as a kind and a sentence."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping

import aiohttp

from aggregator.net.address import RefusedAddress
from aggregator.net.decode import BadEncoding, TooLarge
from aggregator.net.response import FailureKind
from aggregator.net.transport import Lost
from aggregator.net.urls import Target

_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "no route to it",
    errno.ENETUNREACH: "no network",
    errno.ETIMEDOUT: "no answer",
}
_STATUS = {
    401: (FailureKind.NEEDS_CREDENTIALS, "asks for credentials (401)"),
    403: (FailureKind.BLOCKED, "refuses us (403)"),
    404: (FailureKind.NOT_FOUND, "has nothing at this address (404)"),
    407: (FailureKind.NEEDS_CREDENTIALS, "can't be reached: the proxy asks for credentials (407)"),
    410: (FailureKind.GONE, "says that the feed is gone for good (410)"),
    429: (FailureKind.RATE_LIMITED, "says that we ask too often (429)"),
    451: (FailureKind.BLOCKED, "may not answer for legal reasons (451)"),
}
_GUARDS = {"cf-mitigated": "Cloudflare", "x-amzn-waf-action": "AWS WAF", "x-vercel-mitigated": "Vercel"}
_CHALLENGES = frozenset({"challenge", "captcha"})


def explain_error(error: Exception, target: Target, limit: int) -> tuple[FailureKind, str]:
    """For all that an exchange raises. `limit` is the allowed size in bytes."""
    kind, text = _explain(error, target.host, limit)
    return kind, printable(text)


def _explain(error: Exception, host: str, limit: int) -> tuple[FailureKind, str]:  # noqa: PLR0911 - a table
    match error:
        case TooLarge():
            return FailureKind.TOO_LARGE, f"{host} sends more than {limit / 1024 / 1024:g} MiB"
        case BadEncoding():
            return FailureKind.DECODE, f"{host}: {error}"
        case TimeoutError():
            return FailureKind.TIMEOUT, f"{host} did not finish its answer in time"
        case aiohttp.ClientConnectorError():
            return _explain_connector(error, host)
        case aiohttp.ClientHttpProxyError():
            return FailureKind.CONNECT, f"the proxy for {host} answered {error.status}"
        case aiohttp.ClientPayloadError():
            return FailureKind.PROTOCOL, f"the answer of {host} was cut off"
        case aiohttp.ClientResponseError():
            return FailureKind.PROTOCOL, f"{host} does not answer in valid HTTP ({error.message})"
        case Lost():
            return FailureKind.CONNECT, f"{host} closed the connection without an answer"
        case _:
            return FailureKind.PROTOCOL, f"the exchange with {host} failed ({type(error).__name__}: {error})"


def _explain_connector(error: aiohttp.ClientConnectorError, host: str) -> tuple[FailureKind, str]:
    words = _os_words(error.os_error)
    match error:
        case aiohttp.ClientConnectorDNSError():
            return FailureKind.DNS, f"no address found for {host} ({words})"
        case aiohttp.ClientProxyConnectionError():
            return FailureKind.CONNECT, f"the proxy for {host} can't be reached ({words})"
        case aiohttp.ClientConnectorCertificateError():
            return FailureKind.TLS, f"the certificate of {host} is not valid ({_certificate_words(error)})"
        case aiohttp.ClientSSLError():
            return FailureKind.TLS, f"no TLS connection with {host} ({words})"
        case aiohttp.ClientConnectorError(os_error=RefusedAddress(address=address)):
            return FailureKind.REFUSED_ADDRESS, refused_address(host, address)
        case _:
            return FailureKind.CONNECT, f"{host} can't be reached: {words}"


def refused_address(host: str, address: str) -> str:
    """Why nothing was sent."""
    name = host if host == address else f"{host} leads to {address}, which"
    return f"{name} is not on the public internet; polling.allow_networks can allow it"


def explain_status(status: int, headers: Mapping[str, str], host: str) -> tuple[FailureKind, str]:
    """For a final answer that is neither a body nor 304."""
    guard = next((guard for header, guard in _GUARDS.items() if headers.get(header, "").lower() in _CHALLENGES), None)
    if guard is not None:
        return challenged(host, status, guard)
    if status in _STATUS:
        kind, words = _STATUS[status]
        return kind, f"{host} {words}"
    if status == 503 and "Retry-After" in headers:
        return FailureKind.RATE_LIMITED, f"{host} asks for a pause (503)"
    if 500 <= status < 600:
        return FailureKind.SERVER, f"{host} has an error of its own ({status})"
    return FailureKind.HTTP, f"{host} answered {status}, which is no feed"


def challenged(host: str, status: int, guard: str) -> tuple[FailureKind, str]:
    """For an answer that is there to keep programs out."""
    return FailureKind.BLOCKED, f"{host} wants a person to solve a challenge ({status}, {guard})"


def printable(text: str) -> str:
    """For logs and terminals: control characters become spaces, and it is not endless."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", text)[:500]


def _os_words(error: OSError) -> str:
    return _ERRNO.get(error.errno or 0) or error.strerror or str(error)


def _certificate_words(error: aiohttp.ClientConnectorCertificateError) -> str:
    inner = error.certificate_error
    return getattr(inner, "verify_message", "") or str(inner)
