# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated cloud: tenants, each with a directory and environments.

A tenant's directory and an environment's data are created at their first use, only from the seed and the tenant's
specification. A thousand tenants use no memory until their first request, and the order of requests changes nothing.
"""

from __future__ import annotations

import random
import uuid
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from . import seeded
from .clock import Clock, parse_time
from .clouds import CLOUDS, Cloud, api_twin
from .exchanges import Exchanges
from .faults import Faults
from .log import RequestLog
from .spec import EnvironmentSpec, PublisherSpec, RunnerSpec, TenantSpec

if TYPE_CHECKING:
    from .directory import Directory


@dataclass
class Settings:
    """The settings. Durations are in seconds; 0 turns the behavior off."""

    import_seconds: float = 5.0  # how long a solution import takes
    replication_seconds: float = 2.0  # until every replica of a directory has a write
    secret_activation_seconds: float = 3.0  # from addPassword until the secret works
    usage_location_seconds: float = 2.0  # from setting a usage location until licenses can be assigned
    token_seconds: int = 3599
    entra_tokens_readable: bool = True  # whether clients can read a token
    graph_page_size: int = 100
    graph_units_per_10_seconds: int = 3500  # of each application in each tenant; 0 = no limit
    graph_sends_retry_after: bool = True  # whether a throttled answer has Retry-After
    graph_upsert_makes_owner: bool = True  # whether an upsert makes its caller an owner, as POST does
    graph_upsert_takes_owned_by: bool = True  # whether Application.ReadWrite.OwnedBy allows upserts
    graph_post_sets_unique_name: bool = True  # whether POST /applications sets uniqueName; otherwise it is ignored
    graph_update_merges_objects: bool = True  # whether an update keeps unnamed parts of web, api and similar
    graph_restore_brings_principal: bool = False  # whether restoring an application restores its service principal
    graph_deleted_users_renamed: bool = False  # whether a deleted user's name is prefixed with its object id
    graph_joint_audience_is_multiple_orgs: bool = True  # whether an audience with both kinds of accounts counts as both
    graph_own_policy_off_exempts: bool = True  # whether an application's own policy that is off overrides the tenant's
    graph_consent_conflict_is_400: bool = False  # whether a second consent of one kind is refused with 400, not 409
    dataverse_page_size: int = 5000
    dataverse_lag_seconds: float = 0.0  # the additional lag of an environment's view of the directory
    privilege_cache_seconds: float = 2.0  # how long an environment caches a user's privileges
    dataverse_limit_requests: int = 6000  # requests of one user in five minutes; 0 = no limit
    dataverse_limit_seconds: float = 1200.0  # of execution time of one user in five minutes; 0 = no limit
    dataverse_limit_concurrent: int = 52  # concurrent requests of one user; 0 = no limit
    dataverse_execution_milliseconds: float = 0.0  # the execution time of each request
    power_platform_page_size: int = 0  # environments on one page of the Power Platform admin API; 0 = all
    configure_seconds: float = 1.0  # how long a change of an offer takes
    publish_seconds: float = 5.0  # how long a publication takes, including certification
    partner_center_jobs_certify: bool = True  # a job that requests a publication runs until that has ended
    partner_center_certification_fails: bool = False  # every publication to preview fails certification
    partner_center_masks_keep: bool = True  # asterisks sent back keep a secret; otherwise they replace it
    partner_center_needs_test_lead: bool = True  # a publication to preview fails if its test lead does not arrive
    partner_center_modular_whole: bool = False  # a modular publication needs every part except listings and leads
    partner_center_conflicts_at_once: bool = False  # a locked product is a 409 immediately, not a failed job
    partner_center_schema_at_once: bool = False  # a schema violation is a 400 immediately, not a failed job
    partner_center_deprecated_versions: str = ""  # refused schema versions, separated by commas
    partner_center_old_host_gone: bool = False  # schemas at the host of Microsoft's older examples are refused
    partner_center_as_documented: bool = False  # the names and addresses of Microsoft's examples, not of real answers
    partner_center_deprecated_in_bodies: bool = True  # whether that includes bodies; resources are returned as newer
    partner_center_unpublished_status: int = 400  # the answer for a state that an offer never reached; 200 is empty
    partner_center_validates_all: bool = False  # every state of an offer has validations, not only the draft
    partner_center_keeps_created: bool = False  # a live submission has the time of its preview
    partner_center_shows_job_end: bool = True  # otherwise the end of a finished job is also the year 1
    refuse_writes: bool = False
    record_graph: bool = False  # keep one exchange of each shape between clients and Graph

    def update(self, values: dict[str, Any]) -> None:
        """Set `values` by name. Raises ValueError for an unknown setting, or a value of another type."""
        known = {item.name for item in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no setting {name!r}: the settings are {', '.join(sorted(known))}.")
            wanted, described = _KINDS.get(type(getattr(self, name)), ((int, float), "a number"))
            if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
                raise ValueError(f"The setting {name!r} has the wrong type: use {described}.")
            setattr(self, name, value)


_KINDS: dict[type, tuple[tuple[type, ...], str]] = {bool: ((bool,), "true or false"), str: ((str,), "a text")}


@dataclass
class Environment:
    """One Dynamics 365 environment of a tenant."""

    tenant: Tenant = field(repr=False)
    spec: EnvironmentSpec
    id: str
    organization_id: str
    host: str
    _world: World = field(repr=False)
    _data: Any = None

    @property
    def name(self) -> str:
        """Its name in the inventory, such as `contoso_prod`."""
        return self.spec.name

    @property
    def url(self) -> str:
        """`https://contoso.crm4.dynamics.com`, without a final slash."""
        return f"https://{self.host}"

    @property
    def region(self) -> str:
        """The first label after the name, such as `crm4`."""
        return self.host.split(".")[1]

    @property
    def touched(self) -> bool:
        """Whether it has had a request yet."""
        return self._data is not None

    @property
    def data(self) -> Any:
        """The data of the environment, created at the first use by `simulator.dataverse.new_environment`."""
        if self._data is None:
            from .dataverse import new_environment  # avoids a circular import

            self._data = new_environment(self._world, self.tenant, self)
        return self._data


@dataclass
class Prepared:
    """An application that an operator prepared: the setup's runner, or the publisher of offers."""

    app_id: str
    object_id: str  # of the application
    service_principal_id: str
    secret: str
    permissions: tuple[str, ...] = ()  # application permissions on Microsoft Graph


@dataclass
class Tenant:
    """One directory with its environments."""

    spec: TenantSpec
    id: str
    cloud: Cloud
    runner: Prepared  # runs the setup
    publisher: Prepared | None  # edits the offers of the Partner Center account, if the runner does not
    environments: list[Environment] = field(default_factory=list)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)  # state of smaller services, plain JSON types
    _world: World | None = field(default=None, repr=False)
    _directory: Directory | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its short name, such as `contoso`."""
        return self.spec.name

    @property
    def domain(self) -> str:
        """Its initial domain, such as `contoso.onmicrosoft.com`."""
        return f"{self.spec.name}.{self.cloud.initial_domain_suffix}"

    @property
    def domains(self) -> tuple[str, ...]:
        """All verified domains, the initial one first."""
        return (self.domain, *self.spec.domains)

    @property
    def touched(self) -> bool:
        """Whether its directory has had a request yet."""
        return self._directory is not None

    @property
    def directory(self) -> Directory:
        """Users, applications, service principals and related objects."""
        if self._directory is None:
            from .directory import Directory  # avoids a circular import

            assert self._world is not None
            self._directory = Directory.at_birth(self._world, self)
        return self._directory


class World:
    """All tenants, the clock, the request log, the pending faults and one random source."""

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None, seed: int = 1) -> None:
        self.settings = settings or Settings()
        self.clock = clock or Clock()
        self.begun = self.clock.now()  # the creation time of a tenant's initial objects
        self.seed = seed
        self.random = random.Random(seed)
        self.log = RequestLog()
        self.faults = Faults(random.Random(f"faults {seed}"))
        self.exchanges = Exchanges()
        self.tenants: dict[str, Tenant] = {}
        #: Tenants with a running job or publication in their Partner Center account.
        self.busy_accounts: set[str] = set()
        self._loads = 0
        self._tenant_by_name: dict[str, Tenant] = {}
        self._environment_by_host: dict[str, Environment] = {}

    def new_guid(self) -> str:
        """A new GUID from the seeded random source."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def add_tenant(self, spec: TenantSpec) -> Tenant:
        """Add the tenant that `spec` describes. Raises ValueError if its name, id or a host is taken."""
        cloud = CLOUDS[spec.cloud]
        tenant_id = (spec.id or seeded.guid(self.seed, "tenant", spec.name)).lower()
        runner = self._prepared(spec, "runner", spec.runner, spec.runner.permissions)
        publisher = None if spec.publisher is None else self._prepared(spec, "publisher", spec.publisher)
        tenant = Tenant(spec=spec, id=tenant_id, cloud=cloud, runner=runner, publisher=publisher, _world=self)
        for key in (tenant.id, tenant.name, *tenant.domains):
            if key.lower() in self._tenant_by_name:
                raise ValueError(f"Two tenants have the key {key!r}: give one of them another name, id or domain.")
        for number, environment_spec in enumerate(spec.environments):
            tenant.environments.append(self._new_environment(tenant, environment_spec, number))
        self.tenants[tenant.id] = tenant
        for key in (tenant.id, tenant.name, *tenant.domains):
            self._tenant_by_name[key.lower()] = tenant
        for environment in tenant.environments:
            for host in (environment.host, api_twin(environment.host)):
                self._environment_by_host[host] = environment
        return tenant

    def _prepared(
        self, tenant: TenantSpec, name: str, spec: RunnerSpec | PublisherSpec, permissions: tuple[str, ...] = ()
    ) -> Prepared:
        return Prepared(
            app_id=spec.client_id or seeded.guid(self.seed, tenant.name, name, "appId"),
            object_id=seeded.guid(self.seed, tenant.name, name, "application"),
            service_principal_id=seeded.guid(self.seed, tenant.name, name, "servicePrincipal"),
            secret=spec.client_secret or seeded.secret_text(self.seed, tenant.name, name),
            permissions=permissions,
        )

    def _new_environment(self, tenant: Tenant, spec: EnvironmentSpec, number: int) -> Environment:
        host = spec.host or self._default_host(tenant, spec, number)
        if host in self._environment_by_host:
            raise ValueError(f"Two environments have the host {host!r}: give one of them another 'host'.")
        return Environment(
            tenant=tenant,
            spec=spec,
            id=spec.id or seeded.guid(self.seed, host, "environment"),
            organization_id=spec.organization_id or seeded.guid(self.seed, host, "organization"),
            host=host,
            _world=self,
        )

    @staticmethod
    def _default_host(tenant: Tenant, spec: EnvironmentSpec, number: int) -> str:
        label = tenant.name if number == 0 else spec.name.replace("_", "-")
        domain = f"{spec.region}.dynamics.com" if spec.region else tenant.cloud.environment_domains[0]
        return f"{label}.{domain}"

    def tenant_by_name_or_id(self, key: str) -> Tenant | None:
        """The tenant with this id, short name or verified domain; case does not matter."""
        return self._tenant_by_name.get(key.lower())

    def environment_by_host(self, host: str) -> Environment | None:
        """The environment that answers on `host`, by its own name or its `.api.` twin."""
        return self._environment_by_host.get(host.lower())

    @property
    def environments(self) -> list[Environment]:
        """Every environment of every tenant."""
        return [environment for tenant in self.tenants.values() for environment in tenant.environments]

    def dump(self) -> dict[str, Any]:
        """The whole state as plain JSON types; only used parts are included, the rest is derived from the seed."""
        return {
            "seed": self.seed,
            "loads": self._loads,
            "begun": self.begun.isoformat(),
            "clock_offset_seconds": self.clock.offset_seconds,
            "settings": asdict(self.settings),
            "tenants": [tenant.spec.dump() for tenant in self.tenants.values()],
            "directories": {tenant.id: tenant.directory.dump() for tenant in self.tenants.values() if tenant.touched},
            "services": {tenant.id: tenant.services for tenant in self.tenants.values() if tenant.services},
            "environments": {item.host: item.data.dump() for item in self.environments if item.touched},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Restore the world from `dump`. Raises ValueError or KeyError if `state` is not a dump."""
        from .directory import Directory

        self.seed = state["seed"]
        self._loads = state["loads"] + 1
        # Not the seed itself: ids issued before the dump must not be issued again.
        self.random = random.Random(f"{self.seed}/{self._loads}")
        self.clock = Clock(state["clock_offset_seconds"])
        self.begun = parse_time(state["begun"])
        self.settings = Settings()
        self.settings.update(state["settings"])
        self.tenants.clear()
        self._tenant_by_name.clear()
        self._environment_by_host.clear()
        for spec in state["tenants"]:
            self.add_tenant(TenantSpec.parse(spec))
        for tenant_id, dumped in state["directories"].items():
            tenant = self.tenants[tenant_id]
            tenant._directory = Directory.load(self, tenant, dumped)
        for tenant_id, services in state["services"].items():
            self.tenants[tenant_id].services = services
        self.busy_accounts = {key for key, services in state["services"].items() if "partner center" in services}
        for host, dumped in state["environments"].items():
            from .dataverse import load_environment

            environment = self._environment_by_host[host]
            environment._data = load_environment(self, environment.tenant, environment, dumped)
