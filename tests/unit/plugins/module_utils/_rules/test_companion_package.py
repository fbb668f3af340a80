# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The package of a companion role: its content, its identity, and when it differs."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.access_levels import AccessLevel
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.companion_package import (
    CompanionPackage,
    companion_role_id,
    companion_unique_name,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.solution_package import (
    SolutionPackage,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.solution_version import (
    SolutionVersion,
)
from hypothesis import given
from hypothesis import strategies as st

from simulator.dataverse.solutions.package import read as read_as_platform

NAME = "Microsoft Marketplace Lead Writer (companion)"
LEVELS = {"prvReadAsyncOperation": AccessLevel.GLOBAL, "prvReadUserEntityUISettings": AccessLevel.BASIC}
VERSION = SolutionVersion.parse("1.4.7.9")

names = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=100).filter(str.strip)
"""Any valid role name; those with characters special to XML are tried first."""
marked_up = st.text(st.sampled_from("<>&\"' ]]>éß中🙂(a-z)"), min_size=1, max_size=60).filter(str.strip)
levels = st.dictionaries(
    st.from_regex(r"prv[A-Za-z_]{1,40}", fullmatch=True), st.sampled_from(list(AccessLevel)), max_size=8
)


def read(package: CompanionPackage, version: SolutionVersion = VERSION) -> SolutionPackage:
    return SolutionPackage.read(package.content(version), "the test's package")


def test_the_package_declares_the_requested_role() -> None:
    package = read(CompanionPackage(NAME, LEVELS, 1))
    assert package.unique_name == companion_unique_name(NAME)
    assert (package.version, package.managed, package.friendly_name) == (VERSION, True, NAME)
    assert package.declared_dependencies == ()
    (role,) = package.roles.values()
    assert (role.role_id, role.name, role.inherited) == (companion_role_id(NAME), NAME, 1)
    assert role.customizable is False
    assert role.privileges == {name.lower(): level for name, level in LEVELS.items()}


def test_the_platform_finds_the_role_among_the_components() -> None:
    package = read_as_platform(CompanionPackage(NAME, LEVELS, 0).content(VERSION))
    assert [(each["type"], each["id"]) for each in package.components] == [(20, companion_role_id(NAME))]
    assert package.roles[0]["privileges"] == {name: int(level) for name, level in LEVELS.items()}
    assert package.roles[0]["inherited"] == 0
    assert 2 <= len(package.publisher["customizationprefix"]) <= 8
    assert 10000 <= package.publisher["customizationoptionvalueprefix"] <= 99999


def test_every_control_node_builds_the_same_bytes() -> None:
    # Other bytes with the version of an installed package would never be imported: change the version rule too.
    content = CompanionPackage(NAME, LEVELS, 1).content(VERSION)
    assert content == CompanionPackage(NAME, dict(reversed(LEVELS.items())), 1).content(VERSION)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["[Content_Types].xml", "customizations.xml", "solution.xml"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert hashlib.sha256(content).hexdigest() == "a6bb4043a48c8e1902b494ba988083f6756130ef957b40ca7fa9da553a1f9fc6"


def test_installed_solution_is_found_by_later_releases() -> None:
    assert companion_role_id(NAME) == "9b93c54f-ba5c-5de0-bd9d-74b6adf81993"
    assert companion_unique_name(NAME) == "MarketplaceLeadsCompanion_9b93c54fba5c5de0"
    assert CompanionPackage(NAME, LEVELS, 1).version_after(None) == SolutionVersion.parse("1.1.2848.20746")


@given(st.one_of(marked_up, names), levels, st.sampled_from([0, 1]))
def test_any_name_is_read_back_unchanged(name: str, given_levels: dict[str, AccessLevel], inherited: int) -> None:
    asked = CompanionPackage(name, given_levels, inherited)
    version = asked.version_after(None)
    package = read(asked, version)
    (role,) = package.roles.values()
    assert (role.name, role.role_id, role.inherited) == (name, asked.role_id, inherited)
    assert role.privileges == {key.lower(): given_levels[key] for key in sorted(given_levels)}
    assert read_as_platform(asked.content(version)).roles[0]["name"] == name
    assert package.unique_name.isidentifier()
    assert len(package.unique_name) <= 65
    assert asked.is_content_of(package.version)
    assert asked.is_content_of(asked.version_after(package.version))
    assert all(number < 65535 for number in package.version.numbers)


@given(levels, levels)
def test_other_privileges_raise_the_version(installed: dict[str, AccessLevel], asked: dict[str, AccessLevel]) -> None:
    old, new = CompanionPackage(NAME, installed, 1), CompanionPackage(NAME, asked, 1)
    same = {n.lower(): v for n, v in sorted(installed.items())} == {n.lower(): v for n, v in sorted(asked.items())}
    version = old.version_after(None)
    assert new.version_after(version) > version
    if len({n.lower() for n in installed}) == len(installed) and len({n.lower() for n in asked}) == len(asked):
        assert new.is_content_of(version) is same


@pytest.mark.parametrize(
    "other",
    [
        CompanionPackage(NAME, LEVELS, 0),
        CompanionPackage(NAME, {**LEVELS, "prvReadAsyncOperation": AccessLevel.LOCAL}, 1),
        CompanionPackage(NAME, {"prvReadAsyncOperation": AccessLevel.GLOBAL}, 1),
        CompanionPackage(f"{NAME}!", LEVELS, 1),
    ],
)
def test_each_part_of_the_role_changes_the_content(other: CompanionPackage) -> None:
    assert not other.is_content_of(CompanionPackage(NAME, LEVELS, 1).version_after(None))


def test_spelling_of_a_privilege_does_not_change_the_content() -> None:
    lower = CompanionPackage(NAME, {name.lower(): level for name, level in LEVELS.items()}, 1)
    assert lower.is_content_of(CompanionPackage(NAME, LEVELS, 1).version_after(None))


def test_roles_with_two_names_need_two_solutions() -> None:
    assert companion_unique_name(NAME) != companion_unique_name("Another role (companion)")
    assert companion_unique_name(NAME) == companion_unique_name(NAME.upper())


@pytest.mark.parametrize("name", ["", " ", "a" * 101, "a\x00b", "a\nb", "a\x1fb", "\ud800", "a\ufffe", "\x85"])
def test_invalid_role_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="is not a valid role name"):
        CompanionPackage(name, LEVELS, 1)
