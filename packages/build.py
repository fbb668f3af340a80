# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the stand-in for the Lead Writer solution, unchanged or as one of the variants for tests.

The same sources give the same bytes on every machine: entries are sorted, have no time, and are stored without
compression, because a compressor's output depends on its version.

    python packages/build.py --output build
    python packages/build.py --solution-version 1.1.0.0 --unmanaged --variant missing-dependency
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

SOURCES = Path(__file__).parent / "lead_writer_stand_in"
UNIQUE_NAME = "MicrosoftMarketplacesLeadIntegrationSolution"
ROLE_NAME = "Microsoft Marketplace Lead Writer"

_MEMBERS = ("[Content_Types].xml", "customizations.xml", "solution.xml")
_EPOCH = (1980, 1, 1, 0, 0, 0)

Members = dict[str, bytes]


def package(
    version: str = "1.0.0.0", *, managed: bool = True, variant: str | None = None, unique_name: str = UNIQUE_NAME
) -> bytes:
    """Return the bytes of the package; `variant` is a key of VARIANTS."""
    members = {name: (SOURCES / name).read_bytes() for name in _MEMBERS}
    _replace(members, "solution.xml", "<Version>1.0.0.0</Version>", f"<Version>{version}</Version>")
    if unique_name != UNIQUE_NAME:
        _replace(
            members,
            "solution.xml",
            f"<UniqueName>{UNIQUE_NAME}</UniqueName>",
            f"<UniqueName>{unique_name}</UniqueName>",
        )
    if not managed:
        _replace(members, "solution.xml", "<Managed>1</Managed>", "<Managed>0</Managed>")
    if variant is not None:
        VARIANTS[variant](members)
    return zipped(members)


def file_name(version: str = "1.0.0.0", *, managed: bool = True) -> str:
    """Return the package's name in an export."""
    kind = "_managed" if managed else ""
    return f"{UNIQUE_NAME}_{version.replace('.', '_')}_target_CRM_6.1{kind}.zip"


def zipped(members: Members) -> bytes:
    """Return a zip of `members`, the same bytes for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def _replace(members: Members, name: str, old: str, new: str) -> None:
    text = members[name].decode("utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{name} holds {old!r} {text.count(old)} times instead of once")
    members[name] = text.replace(old, new).encode("utf-8")


def _document_type(members: Members) -> None:
    members["solution.xml"] = b"<!DOCTYPE ImportExportXml>\n" + members["solution.xml"]


def _entity_bomb(members: Members) -> None:
    """Nine levels of ten entities each: a thousand million times three letters when expanded."""
    levels = ['<!ENTITY level0 "lol">']
    levels += [f'<!ENTITY level{depth} "{f"&level{depth - 1};" * 10}">' for depth in range(1, 10)]
    declaration = "<!DOCTYPE ImportExportXml [\n" + "\n".join(levels) + "\n]>\n"
    members["customizations.xml"] = declaration.encode() + members["customizations.xml"]
    _replace(members, "customizations.xml", "<Entities></Entities>", "<Entities>&level9;</Entities>")


def _lacking_solution_xml(members: Members) -> None:
    del members["solution.xml"]


def _missing_dependency(members: Members) -> None:
    """A dependency as an export declares it: on a table of another solution."""
    declared = (
        "<MissingDependencies>\n"
        "      <MissingDependency>\n"
        '        <Required type="1" schemaName="contoso_referral" displayName="Referral" '
        'solution="ContosoReferrals (1.2.0.0)" />\n'
        f'        <Dependent type="20" displayName="{ROLE_NAME}" id="{{6d1b7c52-9a3e-4f08-b5c4-2e70d8a1f396}}" />\n'
        "      </MissingDependency>\n"
        "    </MissingDependencies>"
    )
    _replace(members, "solution.xml", "<MissingDependencies />", declared)


def _without_role(members: Members) -> None:
    """No components at all."""
    for name, element in (("customizations.xml", "Roles"), ("solution.xml", "RootComponents")):
        text = members[name].decode("utf-8")
        begin, end = text.index(f"<{element}>"), text.index(f"</{element}>") + len(f"</{element}>")
        members[name] = (text[:begin] + f"<{element} />" + text[end:]).encode("utf-8")


def _unknown_privilege(members: Members) -> None:
    """A privilege that no environment has: the import is accepted and fails while it runs."""
    last = '<RolePrivilege name="prvWriteLead" level="Global" />'
    unknown = '<RolePrivilege name="prvWriteContosoReferral" level="Global" />'
    _replace(members, "customizations.xml", last, f"{last}\n        {unknown}")


def _locked_role(members: Members) -> None:
    """A role whose managed property forbids editing it, as at one customer."""
    _replace(members, "customizations.xml", "<IsCustomizable>1</IsCustomizable>", "<IsCustomizable>0</IsCustomizable>")


def _second_role(members: Members) -> None:
    """A further role, which an upgrade to a package without it removes and an update keeps."""
    role = (
        '    <Role id="{0f4a9be7-58c1-4b7d-9d3e-71c2a6e5b840}" name="Stand-in Lead Reader">\n'
        "      <IsCustomizable>1</IsCustomizable>\n"
        "      <RolePrivileges>\n"
        '        <RolePrivilege name="prvReadLead" level="Global" />\n'
        "      </RolePrivileges>\n"
        "    </Role>\n"
    )
    _replace(members, "customizations.xml", "  </Roles>", f"{role}  </Roles>")
    root = '<RootComponent type="20" id="{0f4a9be7-58c1-4b7d-9d3e-71c2a6e5b840}" behavior="0" />'
    _replace(members, "solution.xml", "    </RootComponents>", f"      {root}\n    </RootComponents>")


VARIANTS: dict[str, Callable[[Members], None]] = {
    "document-type": _document_type,
    "entity-bomb": _entity_bomb,
    "lacking-solution-xml": _lacking_solution_xml,
    "locked-role": _locked_role,
    "missing-dependency": _missing_dependency,
    "second-role": _second_role,
    "unknown-privilege": _unknown_privilege,
    "without-role": _without_role,
}
"""The variants of the package for tests, by name."""


def main() -> None:
    """Write the package that the command line describes, and print its path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--output", type=Path, default=Path("build"), help="a .zip to write, or the folder to write it into"
    )
    parser.add_argument("--solution-version", default="1.0.0.0", help="the version in the manifest")
    parser.add_argument("--unique-name", default=UNIQUE_NAME, help="the solution's name, for one that others need")
    parser.add_argument("--unmanaged", action="store_true", help="build the unmanaged package")
    parser.add_argument("--variant", choices=sorted(VARIANTS), help="a package with something special, for tests")
    wanted = parser.parse_args()
    managed = not wanted.unmanaged
    path = wanted.output
    if path.suffix != ".zip":
        path = path / file_name(wanted.solution_version, managed=managed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        package(wanted.solution_version, managed=managed, variant=wanted.variant, unique_name=wanted.unique_name)
    )
    print(path)


if __name__ == "__main__":
    main()
