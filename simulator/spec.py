# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of the configuration file, and the tenants that `--tenants N` generates."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .clouds import CLOUDS
from .directory.first_party import GRAPH_ROLE_IDS

RUNNER_PERMISSIONS = (
    "Application.ReadWrite.OwnedBy",
    "Application.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Organization.Read.All",
)

#: The types of products that Partner Center knows, as GET product names them.
OFFER_TYPES = (
    *("azureApplication", "azureContainer", "azureVirtualMachine", "consultingService", "containerApp"),
    *("coreVirtualMachine", "cosellOnly", "dynamics365BusinessCentral", "dynamics365ForCustomerEngagement"),
    *("dynamics365ForOperations", "iotEdgeModule", "managedService", "powerBiApp", "powerBiVisual"),
    "softwareAsAService",
)

_FIRST_NAMES = ("contoso", "fabrikam", "northwind", "adventureworks")


class SpecError(ValueError):
    """The configuration is invalid; the message names the place and the cure."""


@dataclass(frozen=True)
class BusinessUnitSpec:
    """A business unit below the root unit, with its child units."""

    name: str
    children: tuple[BusinessUnitSpec, ...] = ()

    @staticmethod
    def parse(value: Any, where: str) -> BusinessUnitSpec:
        """Read `{name, children: [...]}` or just a name."""
        if isinstance(value, str):
            return BusinessUnitSpec(value)
        record = _mapping(value, where, {"name", "children"})
        children = tuple(BusinessUnitSpec.parse(item, f"{where}.children") for item in record.get("children", ()))
        return BusinessUnitSpec(_text(record, "name", where), children)


@dataclass(frozen=True)
class EnvironmentSpec:
    """One environment: `host` and the ids are derived from the name and the seed by default."""

    name: str
    host: str = ""
    region: str = ""  # crm, crm4, ...; of the public cloud only
    id: str = ""
    organization_id: str = ""
    sales: bool = True  # whether Dynamics 365 Sales, and with it the Lead table, is installed
    business_units: tuple[BusinessUnitSpec, ...] = ()  # below the root business unit
    offers: tuple[str, ...] = ()  # for the inventory: external ids of the offers that send their leads to it
    options: dict[str, Any] = field(default_factory=dict)  # options, read by the package `dataverse`

    @staticmethod
    def parse(value: Any, where: str) -> EnvironmentSpec:
        """Read one item of `environments`."""
        record = _mapping(value, where, set(EnvironmentSpec.__dataclass_fields__))
        return EnvironmentSpec(
            name=_text(record, "name", where),
            host=str(record.get("host", "")).lower(),
            region=str(record.get("region", "")),
            id=str(record.get("id", "")).lower(),
            organization_id=str(record.get("organization_id", "")).lower(),
            sales=bool(record.get("sales", True)),
            business_units=tuple(
                BusinessUnitSpec.parse(item, f"{where}.business_units") for item in record.get("business_units", ())
            ),
            offers=tuple(str(item) for item in record.get("offers", ())),
            options=dict(_mapping(record.get("options", {}), f"{where}.options")),
        )


@dataclass(frozen=True)
class RunnerSpec:
    """The application that runs the setup; ids and secret are derived from the seed by default."""

    client_id: str = ""
    client_secret: str = ""
    certificate: bool = False  # also create a certificate, and name it in the inventory instead of the secret
    permissions: tuple[str, ...] = RUNNER_PERMISSIONS  # application permissions on Microsoft Graph
    directory_roles: tuple[str, ...] = ()  # such as "User Administrator"
    custom_security_attributes: dict[str, Any] | None = None  # by attribute set, in Graph's format
    power_platform_admin: bool = True  # whether an administrator has registered it with Power Platform
    partner_center: bool = True  # whether it is associated with the tenant's Partner Center account, if there is one

    @staticmethod
    def parse(value: Any, where: str) -> RunnerSpec:
        """Read `runner`."""
        record = _mapping(value, where, set(RunnerSpec.__dataclass_fields__))
        for permission in record.get("permissions", ()):
            if permission not in GRAPH_ROLE_IDS:
                known = ", ".join(sorted(GRAPH_ROLE_IDS))
                raise SpecError(f"{where}.permissions: Graph has no permission {permission!r}: use one of {known}.")
        return RunnerSpec(
            client_id=str(record.get("client_id", "")).lower(),
            client_secret=str(record.get("client_secret", "")),
            certificate=bool(record.get("certificate", False)),
            permissions=tuple(record.get("permissions", RUNNER_PERMISSIONS)),
            directory_roles=tuple(record.get("directory_roles", ())),
            custom_security_attributes=record.get("custom_security_attributes"),
            power_platform_admin=bool(record.get("power_platform_admin", True)),
            partner_center=bool(record.get("partner_center", True)),
        )


@dataclass(frozen=True)
class PublisherSpec:
    """The application that edits the offers of a tenant's Partner Center account and has no other rights."""

    client_id: str = ""
    client_secret: str = ""

    @staticmethod
    def parse(value: Any, where: str) -> PublisherSpec:
        """Read `publisher`."""
        record = _mapping(value, where, {"client_id", "client_secret"})
        return PublisherSpec(str(record.get("client_id", "")).lower(), str(record.get("client_secret", "")))


@dataclass(frozen=True)
class LicenseSpec:
    """A subscription of the tenant: the seats of one product, some already used."""

    part_number: str
    enabled: int = 10
    consumed: int = 0

    @staticmethod
    def parse(value: Any, where: str) -> LicenseSpec:
        """Read one item of `licenses`."""
        record = _mapping(value, where, {"part_number", "enabled", "consumed"})
        return LicenseSpec(
            _text(record, "part_number", where), int(record.get("enabled", 10)), int(record.get("consumed", 0))
        )


DEFAULT_LICENSES = (LicenseSpec("DYN365_ENTERPRISE_SALES", 10, 4), LicenseSpec("DYN365_ENTERPRISE_PLAN1", 5, 1))


@dataclass(frozen=True)
class TenantSpec:
    """One tenant of the configuration file."""

    name: str
    id: str = ""
    display_name: str = ""
    cloud: str = "public"
    country: str = "SE"
    domains: tuple[str, ...] = ()  # verified domains in addition to the initial one
    password_validity_days: int | None = None  # None: the service's own default of 90
    dynamics_crm: bool = True  # whether the service principal of Dynamics CRM exists
    runner: RunnerSpec = RunnerSpec()
    licenses: tuple[LicenseSpec, ...] = DEFAULT_LICENSES
    app_management_policy: dict[str, Any] | None = None  # in the format of Graph's defaultAppManagementPolicy
    application_quota: int = 250  # applications in use and in the recycle bin together
    offers: tuple[str, ...] = ()  # external ids of the offers in the tenant's Partner Center account
    unpublished_offers: tuple[str, ...] = ()  # the offers that were never published
    offers_without_leads: tuple[str, ...] = ()  # the offers that have no customer-leads resource yet
    offer_types: dict[str, str] = field(default_factory=dict)  # by external id; softwareAsAService by default
    publisher: PublisherSpec | None = None  # a separate application for that account
    environments: tuple[EnvironmentSpec, ...] = ()

    @staticmethod
    def parse(value: Any, where: str = "tenants") -> TenantSpec:
        """Read one item of `tenants`. Raises SpecError."""
        record = _mapping(value, where, set(TenantSpec.__dataclass_fields__))
        name = _text(record, "name", where)
        where = f"{where}[{name}]"
        cloud = record.get("cloud", "public")
        if cloud not in CLOUDS:
            raise SpecError(f"{where}.cloud: {cloud!r} is not a cloud: use one of {', '.join(CLOUDS)}.")
        policy = record.get("app_management_policy")
        days = record.get("password_validity_days")
        offers = tuple(str(item) for item in record.get("offers", ()))
        return TenantSpec(
            name=name,
            id=str(record.get("id", "")).lower(),
            display_name=str(record.get("display_name", "")) or name.capitalize(),
            cloud=cloud,
            country=str(record.get("country", "SE")),
            domains=tuple(record.get("domains", ())),
            password_validity_days=None if days is None else int(days),
            dynamics_crm=bool(record.get("dynamics_crm", True)),
            runner=RunnerSpec.parse(record.get("runner", {}), f"{where}.runner"),
            licenses=tuple(LicenseSpec.parse(item, f"{where}.licenses") for item in record["licenses"])
            if "licenses" in record
            else DEFAULT_LICENSES,
            app_management_policy=None if policy is None else dict(_mapping(policy, f"{where}.app_management_policy")),
            application_quota=int(record.get("application_quota", 250)),
            offers=offers,
            unpublished_offers=_known_offers(
                record.get("unpublished_offers", ()), offers, f"{where}.unpublished_offers"
            ),
            offers_without_leads=_known_offers(
                record.get("offers_without_leads", ()), offers, f"{where}.offers_without_leads"
            ),
            offer_types=_offer_types(record.get("offer_types", {}), offers, f"{where}.offer_types"),
            publisher=None
            if record.get("publisher") is None
            else PublisherSpec.parse(record["publisher"], f"{where}.publisher"),
            environments=tuple(
                EnvironmentSpec.parse(item, f"{where}.environments") for item in record.get("environments", ())
            ),
        )

    def dump(self) -> dict[str, Any]:
        """The same as plain JSON types, for `parse`."""
        return asdict(self)


def tenant_name(number: int) -> str:
    """The name of the `number`-th generated tenant, counted from 1: contoso, fabrikam, ..., tenant0005, ..."""
    return _FIRST_NAMES[number - 1] if number <= len(_FIRST_NAMES) else f"tenant{number:04}"


def generated_tenant(number: int, offers: int = 0) -> TenantSpec:
    """The `number`-th tenant of `--tenants N`, counted from 1, each with one environment.

    The second one is in the US government cloud GCC High; the third one's environment has several business units. With
    `offers` each tenant of the public cloud has that many offers, which send their leads to its environment, and a
    separate publisher for them, so that the runner may not change them.
    """
    name = tenant_name(number)
    cloud = "gcc_high" if number == 2 else "public"
    # Partner Center exists only in the public cloud.
    wanted = offers if cloud == "public" else 0
    external_ids = tuple(f"{name}-offer" if count == 0 else f"{name}-offer-{count + 1}" for count in range(wanted))
    region = "" if cloud != "public" else ("crm4" if number % 2 else "crm")
    units: tuple[BusinessUnitSpec, ...] = ()
    if number == 3:
        units = (BusinessUnitSpec("Sales"), BusinessUnitSpec("Europe", (BusinessUnitSpec("Sweden"),)))
    return TenantSpec(
        name=name,
        display_name=name.capitalize(),
        cloud=cloud,
        country="US" if cloud == "gcc_high" else "SE",
        runner=RunnerSpec(partner_center=not external_ids),
        offers=external_ids or ((f"{name}-offer",) if cloud == "public" else ()),
        publisher=PublisherSpec() if external_ids else None,
        environments=(EnvironmentSpec(name=f"{name}_prod", region=region, business_units=units, offers=external_ids),),
    )


def _known_offers(names: Any, offers: tuple[str, ...], where: str) -> tuple[str, ...]:
    stranger = next((str(name) for name in names if str(name) not in offers), None)
    if stranger is not None:
        raise SpecError(f"{where}: {stranger!r} is not in the tenant's offers.")
    return tuple(str(name) for name in names)


def _offer_types(value: Any, offers: tuple[str, ...], where: str) -> dict[str, str]:
    types = {str(name): str(kind) for name, kind in _mapping(value, where).items()}
    _known_offers(types, offers, where)
    unknown = next((kind for kind in types.values() if kind not in OFFER_TYPES), None)
    if unknown is not None:
        raise SpecError(f"{where}: {unknown!r} is not a product type: the types are {', '.join(OFFER_TYPES)}.")
    return types


def _mapping(value: Any, where: str, known: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SpecError(f"{where}: a {type(value).__name__} is not a mapping.")
    unknown = set(value) - known if known is not None else set()
    if known is not None and unknown:
        raise SpecError(f"{where}: there is no key {sorted(unknown)[0]!r}: the keys are {', '.join(sorted(known))}.")
    return value


def _text(record: dict[str, Any], key: str, where: str) -> str:
    value = record.get(key)
    if not isinstance(value, str) or not value:
        raise SpecError(f"{where}: {key!r} is required and must be a text.")
    return value
