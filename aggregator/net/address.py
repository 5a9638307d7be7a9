"""Which network addresses the program may connect to: the public internet and what feeds.yaml allows, nothing else.

`ipaddress.is_global` alone is wrong in several Python releases and knows nothing of clouds' metadata services, so
there is a deny list of our own beside it (IANA's special-purpose registries, RFC 6890, RFC 9637; cloud documentation).
The check is made where the socket is made, so that neither a redirect nor a name whose answer changes gets past it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

_DENIED_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; 100.100.100.200 is a cloud's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent on an otherwise public address
        "169.254.0.0/16",  # link local; 169.254.169.254 is most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_DENIED_V6 = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # IETF assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4, out of use: nothing but an IPv4 address in disguise
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class RefusedAddress(OSError):  # noqa: N818 - a refusal, told to the caller as a value
    """A connection to `address` was not opened. The text is the same for all, so that the first of several survives."""

    def __init__(self, address: str) -> None:
        super().__init__("address refused")
        self.address = address


def allowed(address: str | Address, allow_networks: Sequence[Network] = ()) -> bool:
    """Whether a connection may be opened. IPv4 addresses inside IPv6 ones (mapped, NAT64) are judged as IPv4."""
    ip = _plain(ip_address(address) if isinstance(address, str) else address)
    if any(ip.version == net.version and ip in net for net in allow_networks):
        return True
    if isinstance(ip, IPv4Address):
        return ip.is_global and not any(ip in net for net in _DENIED_V4)
    return ip.is_global and ip in _PUBLIC_V6 and not any(ip in net for net in _DENIED_V6)


def _plain(ip: Address) -> Address:
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip in _NAT64:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def guarded_sockets(allow_networks: Sequence[Network]) -> Callable[[AddressInfo], socket.socket]:
    """A socket factory for aiohttp that raises RefusedAddress where the peer is not allowed."""

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, peer = info
        if not allowed(str(peer[0]), allow_networks):
            raise RefusedAddress(str(peer[0]))
        return socket.socket(family, kind, protocol)

    return make
