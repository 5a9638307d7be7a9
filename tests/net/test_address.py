"""SSRF: which addresses a connection may go to."""

import socket
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.address import RefusedAddress, allowed, guarded_sockets

REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", REFUSED)
def test_address_that_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert not allowed(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert allowed(address)


def test_named_network_is_allowed_in_all_forms_of_its_addresses_and_no_other_is() -> None:
    networks = (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))

    assert allowed("127.0.0.1", networks)
    assert allowed("::ffff:127.0.0.1", networks)
    assert allowed("fd00:ec2::254", networks)
    assert not allowed("::1", networks)
    assert not allowed("10.0.0.1", networks)


@given(st.ip_addresses(v=4))
def test_ipv4_address_is_judged_alike_in_its_ipv6_forms(address: object) -> None:
    number = int(ip_address(str(address)))
    for form in (ip_address(0xFFFF << 32 | number), ip_address(0x0064FF9B << 96 | number)):
        assert allowed(form) == allowed(str(address))


def test_socket_is_only_made_for_an_allowed_peer() -> None:
    make = guarded_sockets((ip_network("127.0.0.0/8"),))

    make((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80))).close()
    with pytest.raises(RefusedAddress) as caught:
        make((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", 80, 0, 0)))

    assert caught.value.address == "::1"
