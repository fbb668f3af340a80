# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which addresses belong to a service: a token or a secret sent to any other one is lost."""

from __future__ import annotations

import re
from urllib.parse import urljoin

_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.\-]*:", re.IGNORECASE | re.ASCII)
_AMBIGUOUS = re.compile(r"[\\\x00-\x1f\x7f]")
_RELATIVE = re.compile(r"(?!//)[^:/?#]*(?:[/?#]|\Z)")
_AUTHORITY = re.compile(r"([a-z][a-z0-9+.\-]*):[/\\]*([^/?#\\]*)", re.IGNORECASE | re.ASCII)


class Origins:
    """The https origins (port 443) of one service, by their host names.

    An address is compared as text, not by its parsed parts: two parsers that disagree about a backslash, an @ or a
    letter outside ASCII are how a check is passed by an address that is then sent elsewhere. An address of the service
    begins with `https://`, one of the host names and a slash, and nothing that follows can change the host.
    """

    def __init__(self, *hosts: str) -> None:
        self.hosts = tuple(host.lower() for host in hosts)
        names = "|".join(re.escape(host) for host in self.hosts)
        # ASCII, because without it the Kelvin sign and the long s count as a k and an s in another case.
        self._own = re.compile(rf"https://({names})(?::443)?(?=/)", re.IGNORECASE | re.ASCII)

    def own(self, address: object) -> str | None:
        """Return an absolute address in the spelling in which it is safe to send to, or None when it is not own."""
        found = self._own.match(address) if isinstance(address, str) else None
        if found is None or not isinstance(address, str):
            return None
        return f"https://{found.group(1).lower()}{address[found.end() :]}"

    def linked(self, page: str, link: object) -> str | None:
        """Return the own address that a link on `page` (an own address) means, or None when it is not own.

        A relative link is resolved according to RFC 3986 (OData 4.01 allows it for next links). A link with a backslash
        or a control character is refused, because clients interpret it differently.
        """
        if not isinstance(link, str) or _AMBIGUOUS.search(link):
            return None
        return self.own(urljoin(page, link) if _RELATIVE.match(link) else link)


def is_absolute(address: str) -> bool:
    """Say whether an address names its scheme, rather than being a path below a service's root."""
    return _ABSOLUTE.match(address) is not None


def origin_shown(address: object) -> str:
    """Return scheme and host of an address for a sentence: never its user, password, path or query."""
    found = _AUTHORITY.match(address) if isinstance(address, str) else None
    if found is None:
        return "no address"
    return f"{found.group(1).lower()}://{found.group(2).rpartition('@')[2]}"
