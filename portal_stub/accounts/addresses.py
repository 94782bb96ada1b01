"""IPアドレス制限: which addresses may use a holder's IDs. Proposals of the catalogue, G-127 to G-134."""

import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest

from portal_stub.accounts.models import Holder, User

MOST_ENTRIES = 20


def network_of(text: str) -> str | None:
    """One address or CIDR range in its usual form, or None when it is neither.

    >>> network_of("192.0.2.0/24"), network_of("2001:DB8::1"), network_of("192.0.2.300")
    ('192.0.2.0/24', '2001:db8::1', None)
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return str(network.network_address if network.num_addresses == 1 else network)


def contains(networks: Iterable[str], address: str) -> bool:
    """Whether an address lies in one of the networks; IPv4 inside IPv6 counts as IPv4."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network) for network in networks)


def address_of(request: HttpRequest) -> str:
    """The user's address as the server sees it; a proxy's word counts only if ``trusted_proxy`` names it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def admitted(holder: Holder | None, request: HttpRequest) -> bool:
    """Whether the request may use IDs of the holder (G-131)."""
    if holder is None or not holder.addresses_restricted:
        return True
    return contains(holder.address_entries.values_list("network", flat=True), address_of(request))


def admits(user: User, request: HttpRequest) -> bool:
    """Whether the user may come from here: for the desk ``staff_networks``, else every holder that binds him."""
    if user.is_staff_member:
        networks = settings.PORTAL.staff_network_list
        return not networks or contains(networks, address_of(request))
    return all(admitted(holder, request) for holder in user.bound_by())
