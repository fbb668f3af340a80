# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading packages: what an unknown zip file declares, and what it must not be able to do."""

from __future__ import annotations

import io
import zipfile

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.access_levels import AccessLevel
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.solution_package import (
    MissingDependency,
    SolutionPackage,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.solution_version import (
    SolutionVersion,
)

MANIFEST = """<ImportExportXml version="6.1.0.0" SolutionPackageVersion="6.1"><SolutionManifest>
<UniqueName>ContosoLeads</UniqueName>
<LocalizedNames><LocalizedName description="Contoso leads" languagecode="1033" /></LocalizedNames>
<Version>1.2.0.10</Version><Managed>1</Managed>
<Publisher><UniqueName>contoso</UniqueName></Publisher>
<MissingDependencies>
<MissingDependency><Required type="1" schemaName="contoso_referral" displayName="Referral"
  solution="ContosoReferrals (1.2.0.3)" /><Dependent type="20" /></MissingDependency>
<MissingDependency><Required type="1" schemaName="lead" solution="Active" /><Dependent type="20" /></MissingDependency>
<MissingDependency><Required type="20" id="{1bbf5210-0000-0000-0000-000000000000}" /></MissingDependency>
</MissingDependencies>
</SolutionManifest></ImportExportXml>"""

CUSTOMIZATIONS = """<ImportExportXml><Roles>
<Role id="{1BBF5210-1111-2222-3333-444455556666}" name="Lead Writer" isinherited="1">
<IsCustomizable>0</IsCustomizable>
<RolePrivileges><RolePrivilege name="prvCreateLead" level="Global" />
<RolePrivilege name="prvReadLead" level="Basic" /></RolePrivileges>
</Role></Roles></ImportExportXml>"""


def zipped(**members: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_xml", ".xml"), content)
    return buffer.getvalue()


def zipped_files(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return buffer.getvalue()


def read(manifest: bytes | str = MANIFEST, customizations: bytes | str = CUSTOMIZATIONS) -> SolutionPackage:
    return SolutionPackage.read(zipped(solution_xml=manifest, customizations_xml=customizations), "path leads.zip")


def refusal(manifest: bytes | str = MANIFEST, customizations: bytes | str = CUSTOMIZATIONS) -> str:
    with pytest.raises(InvalidInput) as refused:
        read(manifest, customizations)
    assert str(refused.value).startswith("path leads.zip ")
    return str(refused.value)


def test_identity_version_and_kind_come_from_the_manifest() -> None:
    package = read()
    assert (package.unique_name, package.friendly_name, package.publisher) == (
        "ContosoLeads",
        "Contoso leads",
        "contoso",
    )
    assert package.version == SolutionVersion.parse("1.2.0.10")
    assert package.managed
    assert not read(MANIFEST.replace("<Managed>1<", "<Managed>0<")).managed


def test_roles_are_read_with_their_levels_and_whether_they_are_locked() -> None:
    role = read().roles["lead writer"]
    assert (role.name, role.role_id) == ("Lead Writer", "1bbf5210-1111-2222-3333-444455556666")
    assert role.privileges == {"prvcreatelead": AccessLevel.GLOBAL, "prvreadlead": AccessLevel.BASIC}
    assert not role.customizable
    assert role.inherited == 1


def test_texts_with_a_byte_order_mark_are_read() -> None:
    assert read(b"\xef\xbb\xbf" + MANIFEST.encode(), CUSTOMIZATIONS.encode("utf-16")).roles.keys() == {"lead writer"}


def test_missing_dependencies_name_the_solution_to_install() -> None:
    dependencies = read().declared_dependencies
    assert [str(each) for each in dependencies] == [
        "Referral (from ContosoReferrals (1.2.0.3))",
        "lead (from Active)",
        "{1bbf5210-0000-0000-0000-000000000000}",
    ]
    assert [each.named_solution for each in dependencies] == [
        ("ContosoReferrals", SolutionVersion.parse("1.2.0.3")),
        None,
        None,
    ]
    assert MissingDependency("Referral", "ContosoReferrals").named_solution == (
        "ContosoReferrals",
        SolutionVersion.parse("0"),
    )


def test_a_document_type_is_refused_before_anything_in_it_is_read() -> None:
    assert "document type" in refusal("<!DOCTYPE x>" + MANIFEST)
    outside = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    assert "document type" in refusal(outside + MANIFEST.replace("Contoso leads", "&secret;"))


def test_entity_bomb_is_not_expanded() -> None:
    levels = ['<!ENTITY e0 "lol">'] + [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    bomb = f"<!DOCTYPE x [{''.join(levels)}]>" + CUSTOMIZATIONS.replace("<Roles>", "<Entities>&e9;</Entities><Roles>")
    assert "document type" in refusal(customizations=bomb)


def test_invalid_package_is_reported_by_what_it_lacks() -> None:
    assert "not well-formed XML" in refusal(MANIFEST[:-5])
    assert "without SolutionManifest" in refusal("<ImportExportXml />")
    assert "without UniqueName" in refusal(MANIFEST.replace("ContosoLeads", " "))
    assert "such as 1.0.0.0" in refusal(MANIFEST.replace("1.2.0.10", "latest"))
    assert "level must be one of" in refusal(customizations=CUSTOMIZATIONS.replace("Global", "Galaxy"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<html>moved</html>", "is not a zip file"),
        (b"", "is not a zip file"),
        (zipped(readme_xml="<x/>"), "has no solution.xml at its root"),
        (zipped(solution_xml=MANIFEST), "has no customizations.xml at its root"),
        (zipped(Solution_xml=MANIFEST, customizations_xml=CUSTOMIZATIONS), "holds the unpacked source of a solution"),
        (zipped_files("Other/Solution.xml"), "holds the unpacked source of a solution"),
        (zipped_files("manifest.json", "Microsoft.Flow/flows/manifest.json"), "is an export of flows"),
        (zipped_files("CRMP2C/CRMP2C_managed.zip"), r"holds other packages \(CRMP2C/CRMP2C_managed.zip\)"),
    ],
)
def test_zip_that_is_not_a_solution_is_one_message(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        SolutionPackage.read(content, "path leads.zip")


def test_damaged_member_is_reported_as_damaged() -> None:
    content = bytearray(zipped(solution_xml=MANIFEST, customizations_xml=CUSTOMIZATIONS))
    content[60] ^= 0xFF
    with pytest.raises(InvalidInput, match="damaged or encrypted"):
        SolutionPackage.read(bytes(content), "path leads.zip")
