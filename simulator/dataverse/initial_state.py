# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The initial state of an environment: business units, the platform's own users, standard roles, first solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import seeded
from . import people
from .roles import add_role
from .standard_roles import STANDARD_ROLES, standard_grants
from .state import EnvironmentData

if TYPE_CHECKING:
    from ..spec import BusinessUnitSpec
    from ..world import Environment, Tenant, World

#: Solutions with the same id in every environment.
_DEFAULT_SOLUTION = "fd140aaf-4df4-11dd-bd17-0019b9312238"
_ACTIVE_SOLUTION = "fd140aae-4df4-11dd-bd17-0019b9312238"
_SYSTEM_SOLUTION = "fd140aad-4df4-11dd-bd17-0019b9312238"

_INTERNAL = 2

#: Applications of the platform that are users of every environment: no one may change them.
_PLATFORM_APPLICATIONS = (
    ("# Microsoft Dynamics 365 Sales Insights", "b20d0d3a-dc90-485b-ad11-6031e769e221"),
    ("# Flow-RP", "7df0a125-d3be-4c96-aa54-591f83ff541c"),
    ("# PowerApps Service", "475226c6-020e-4fb2-8a90-7a972cbfc1d4"),
)


def initial_state(world: World, tenant: Tenant, environment: Environment) -> EnvironmentData:
    """The data of a new environment, derived only from the seed and the specification."""
    data = EnvironmentData(world, tenant, environment)
    root = _business_units(data)
    system = people.add_user(
        data,
        systemuserid=data.fixed_id("SYSTEM"),
        fullname="SYSTEM",
        lastname="SYSTEM",
        accessmode=3,
        isintegrationuser=True,
        businessunit=root,
    )
    _organization(data, system["systemuserid"])
    people.add_user(
        data,
        systemuserid=data.fixed_id("INTEGRATION"),
        fullname="INTEGRATION",
        lastname="INTEGRATION",
        accessmode=3,
        isintegrationuser=True,
        businessunit=root,
    )
    _solutions(data)
    administrator = _roles(data, root)
    _people(data, root, administrator)
    return data


def _organization(data: EnvironmentData, system_user: str) -> None:
    data.insert(
        "organization",
        {
            "organizationid": data.organization_id,
            "name": _unique_name(data),
            "schemanameprefix": "new",
            "orgdborgsettings": organization_settings(data),
            "systemuserid": system_user,
            "createdon": data.stamp(),
            "modifiedon": data.stamp(),
        },
    )


def organization_settings(data: EnvironmentData) -> str:
    """The settings that the organization stores as XML, without settings that were never changed."""
    if not data.environment.spec.options.get("block_unmanaged_customizations", False):
        return "<OrgSettings></OrgSettings>"
    name = "IsLockdownOfUnmanagedCustomizationEnabled"
    return f"<OrgSettings><{name}>true</{name}></OrgSettings>"


def _unique_name(data: EnvironmentData) -> str:
    return str(data.environment.spec.options.get("unique_name") or f"org{data.organization_id[:8]}")


def _business_units(data: EnvironmentData) -> str:
    root = _business_unit(data, _unique_name(data), None)

    def add(specs: tuple[BusinessUnitSpec, ...], parent: str) -> None:
        for spec in specs:
            add(spec.children, _business_unit(data, spec.name, parent))

    add(data.environment.spec.business_units, root)
    return root


def _business_unit(data: EnvironmentData, name: str, parent: str | None) -> str:
    identifier = data.fixed_id("businessunit", name, parent)
    people.add_business_unit(data, {"businessunitid": identifier, "name": name}, parent)
    return identifier


def _solutions(data: EnvironmentData) -> None:
    publishers = {
        name: _publisher(data, name, friendly, prefix, option, read_only)
        for name, friendly, prefix, option, read_only in (
            ("MicrosoftCorporation", "MicrosoftCorporation", "", 10000, True),
            ("microsoftdynamics", "microsoftdynamics", "msdyn", 19235, True),
            (
                f"DefaultPublisher{_unique_name(data)}",
                f"Default Publisher for {_unique_name(data)}",
                "new",
                10000,
                False,
            ),
            ("Crefda7", "CDS Default Publisher", "cra6e", 84241, False),
        )
    }
    default, system, dynamics = (
        publishers[f"DefaultPublisher{_unique_name(data)}"],
        publishers["MicrosoftCorporation"],
        publishers["microsoftdynamics"],
    )
    _solution(data, _DEFAULT_SOLUTION, "Default", "Default Solution", "1.0", default, managed=False)
    _solution(data, _ACTIVE_SOLUTION, "Active", "Active Solution", "1.0", system, managed=False, visible=False)
    _solution(data, _SYSTEM_SOLUTION, "System", "System Solution", "5.0", system, visible=False)
    for name, friendly, version, visible in (
        ("ProductivityToolsAnchor", "ProductivityTools", "9.2.1.1020", True),
        ("msdyn_AppFrameworkInfraExtensions", "App Framework Infra Extensions", "1.0.0.12", False),
        ("Cr_CommonDataServicesDefault", "Common Data Services Default Solution", "1.0.0.0", True),
    ):
        _solution(data, data.fixed_id("solution", name), name, friendly, version, dynamics, visible=visible)
    internal = data.rows["solution"][data.fixed_id("solution", "msdyn_AppFrameworkInfraExtensions")]
    internal["solutiontype"] = _INTERNAL
    if data.environment.spec.sales:
        for name, friendly, version in (
            ("LeadManagement", "Lead Management Solution", "9.0.24074.10001"),
            ("Sales", "Dynamics 365 Sales", "9.0.24074.10001"),
        ):
            _solution(data, data.fixed_id("solution", name), name, friendly, version, dynamics)


def _publisher(data: EnvironmentData, name: str, friendly: str, prefix: str, option: int, read_only: bool) -> str:
    identifier = data.fixed_id("publisher", name)
    data.insert(
        "publisher",
        {
            "publisherid": identifier,
            "uniquename": name,
            "friendlyname": friendly,
            "customizationprefix": prefix,
            "customizationoptionvalueprefix": option,
            "isreadonly": read_only,
            "description": _PUBLISHER_DESCRIPTIONS.get(name),
            "supportingwebsiteurl": _PUBLISHER_SITES.get(name),
            **_by_system(data),
            "_organizationid_value": data.organization_id,
            "createdon": data.stamp(),
            "modifiedon": data.stamp(),
        },
    )
    return identifier


_PUBLISHER_DESCRIPTIONS = {"microsoftdynamics": "Dynamics 365"}
_PUBLISHER_SITES = {"microsoftdynamics": "http://crm.dynamics.com"}


def _by_system(data: EnvironmentData) -> dict[str, str]:
    """The columns of a row that the platform itself created."""
    return {"_createdby_value": data.fixed_id("SYSTEM"), "_modifiedby_value": data.fixed_id("SYSTEM")}


def _solution(
    data: EnvironmentData,
    identifier: str,
    name: str,
    friendly: str,
    version: str,
    publisher: str,
    *,
    managed: bool = True,
    visible: bool = True,
) -> None:
    row: dict[str, Any] = {
        "solutionid": identifier,
        "uniquename": name,
        "friendlyname": friendly,
        "version": version,
        "ismanaged": managed,
        "isvisible": visible,
        "solutionpackageversion": "9.0",
        "description": friendly if managed else None,
        "installedon": data.stamp(),
        **_by_system(data),
        "createdon": data.stamp(),
        "modifiedon": data.stamp(),
        "_publisherid_value": publisher,
        "_organizationid_value": data.organization_id,
    }
    data.insert("solution", row)


def _roles(data: EnvironmentData, root: str) -> str:
    """Create the standard roles in each business unit; returns the id of System Administrator in the root unit."""
    sales = data.environment.spec.sales
    for role in STANDARD_ROLES:
        if role.sales and not sales:
            continue
        row = {
            "roleid": data.fixed_id("role", role.name),
            "name": role.name,
            "ismanaged": True,
            "isinherited": 1,
            "solutionid": _SYSTEM_SOLUTION,
            "_roletemplateid_value": role.template,
            **_by_system(data),
        }
        add_role(data, row, root, standard_grants(role.name, sales), customizable=role.customizable)
    return data.fixed_id("role", "System Administrator")


def _people(data: EnvironmentData, root: str, administrator_role: str) -> None:
    tenant, world = data.tenant, data.world
    # The directory's ids, computed without the directory, which therefore need not exist yet.
    administrator = people.add_user(
        data,
        systemuserid=data.fixed_id("administrator"),
        fullname="Tenant Administrator",
        firstname="Tenant",
        lastname="Administrator",
        azureactivedirectoryobjectid=seeded.guid(world.seed, tenant.name, "admin"),
        domainname=f"admin@{tenant.domain}",
        internalemailaddress=f"admin@{tenant.domain}",
        windowsliveid=f"admin@{tenant.domain}",
        islicensed=True,
        issyncwithdirectory=True,
        userlicensetype=38,
        caltype=7,
        setupuser=True,
        businessunit=root,
    )
    data.link("systemuserroles", administrator["systemuserid"], administrator_role)
    for name, application in _PLATFORM_APPLICATIONS:
        user = people.add_user(
            data,
            systemuserid=data.fixed_id("platform application", application),
            fullname=name,
            firstname="#",
            lastname=name.removeprefix("# "),
            accessmode=4,
            applicationid=application,
            azureactivedirectoryobjectid=data.fixed_id("platform principal", application),
            systemmanaged=True,
            businessunit=root,
        )
        data.link("systemuserroles", user["systemuserid"], data.fixed_id("role", "Service Reader"))
    if data.environment.spec.options.get("runner", True):
        runner = people.add_user(
            data,
            systemuserid=data.fixed_id("runner"),
            **people.names_from_directory("Set-up runner", tenant.runner.app_id, tenant.domain),
            accessmode=4,
            applicationid=tenant.runner.app_id,
            azureactivedirectoryobjectid=tenant.runner.service_principal_id,
            businessunit=root,
        )
        data.link("systemuserroles", runner["systemuserid"], administrator_role)
