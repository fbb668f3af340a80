# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads XML from untrusted sources: without a document type, and so without entities of any kind."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

MALFORMED = (expat.ExpatError, ElementTree.ParseError, UnicodeDecodeError, LookupError)
"""Raised for a text that is not well-formed XML, or that names an unknown encoding."""


class DocumentTypeFound(ValueError):
    """The text declares a document type."""


def plain_xml(text: bytes) -> ElementTree.Element:
    """Return the root element of an XML text.

    Raises DocumentTypeFound before anything of a document type is read, or one of MALFORMED.
    """

    def refuse(*_declaration: object) -> None:
        raise DocumentTypeFound

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(text, True)
    return ElementTree.fromstring(text)  # noqa: S314  # document types were refused a line above
