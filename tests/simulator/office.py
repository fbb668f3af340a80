# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to one simulated environment inside the test's process; without sockets, thousands of them are fast."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from simulator.app import CloudApp
from simulator.directory import shapes
from simulator.directory.directory import APPLICATION, SERVICE_PRINCIPAL
from simulator.entra import tokens
from simulator.spec import TenantSpec
from simulator.world import Environment, Settings, World

_SAFE_IN_PATH = "/$(),'=:@%.~-_"
_SAFE_IN_QUERY = "$&=%,()'/:;@+*.~-_[]{}\""


@dataclass
class Answer:
    """The answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of a refusal."""
        return self.status, self.json["error"]["code"]

    @property
    def message(self) -> str:
        """The message of a refusal."""
        return str(self.json["error"]["message"])

    @property
    def new_id(self) -> str:
        """The id of the created row."""
        assert self.status in (201, 204), self.body
        return self.headers["odata-entityid"].rpartition("(")[2].rstrip(")")

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a list."""
        assert self.status == 200, self.body
        value: list[dict[str, Any]] = self.json["value"]
        return value


class Office:
    """One tenant with one environment, and calls to it as its runner or another caller."""

    def __init__(self, spec: dict[str, Any] | None = None, **settings: Any) -> None:
        quiet = {"replication_seconds": 0.0, "secret_activation_seconds": 0.0, "import_seconds": 0.0}
        self.world = World(Settings(**{**quiet, "privilege_cache_seconds": 0.0, **settings}))
        environment = {"name": "contoso_prod", **(spec or {})}
        self.tenant = self.world.add_tenant(TenantSpec.parse({"name": "contoso", "environments": [environment]}))
        self.environment: Environment = self.tenant.environments[0]
        self.app = CloudApp(self.world)
        self._tokens: dict[str, str] = {}

    # Calls

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        caller: str = "",
        admin_override: bool = False,
        host: str = "",
        solution: str = "",
        detect_duplicates: bool = False,
        bypass_plug_ins: bool = False,
        **headers: str,
    ) -> Answer:
        """One call.

        `path` is relative to the Web API unless it begins with a slash or https; `caller` is an application id;
        `solution` is the unmanaged one for a new component; `headers` have `_` for `-`.
        """
        given = {"host": host or self.environment.host}
        if not admin_override:
            given["authorization"] = f"Bearer {self.token(caller)}"
        payload = b""
        if body is not None:
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            given["content-type"] = "application/json"
        given |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if detect_duplicates:
            given["mscrm.suppressduplicatedetection"] = "false"
        if bypass_plug_ins:
            given["mscrm.bypasscustompluginexecution"] = "true"
        if solution:
            given["mscrm.solutionuniquename"] = solution
        return self.raw(
            method,
            path,
            payload,
            {name: value for name, value in given.items() if value},
            admin_override=admin_override,
        )

    def raw(
        self, method: str, path: str, payload: bytes, headers: dict[str, str], *, admin_override: bool = False
    ) -> Answer:
        """One call with exactly these headers."""
        return asyncio.run(self._exchange(self._scope(method, path, headers, admin_override=admin_override), payload))

    def at_once(self, method: str, path: str, headers: dict[str, str], number: int) -> list[Answer]:
        """The same call several times at the same moment."""

        async def all_of_them() -> list[Answer]:
            scopes = [self._scope(method, path, headers, admin_override=False) for _number in range(number)]
            return list(await asyncio.gather(*(self._exchange(scope, b"") for scope in scopes)))

        return asyncio.run(all_of_them())

    def _scope(self, method: str, path: str, headers: dict[str, str], *, admin_override: bool) -> dict[str, Any]:
        if path.startswith("https://"):
            path = "/" + path.split("/", 3)[3]
        elif not path.startswith("/"):
            path = f"/api/data/v9.2/{path}"
        address, _mark, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "scheme": "https",
            "method": method,
            "path": unquote(address),
            "raw_path": quote(address, safe=_SAFE_IN_PATH).encode(),
            "query_string": quote(query, safe=_SAFE_IN_QUERY).encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "server": (headers["host"], 443),
            "client": ("127.0.0.1", 1),
        }
        if admin_override:
            scope["simulator.admin_override"] = True
        return scope

    async def _exchange(self, scope: dict[str, Any], payload: bytes) -> Answer:
        answer = Answer(0, {}, b"")

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": payload, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return answer

    def token(self, caller: str = "") -> str:
        """A token of an application of this tenant for this environment; of the runner by default."""
        if caller not in self._tokens:
            self._tokens[caller] = self.mint(caller or self.tenant.runner.app_id, self.environment.url)
        return self._tokens[caller]

    def mint(self, app_id: str, audience: str) -> str:
        """A token for any audience."""
        directory = self.tenant.directory
        application = directory.application_by_app_id(app_id)
        assert application is not None
        principal = directory.service_principal_by_app_id(app_id)
        return tokens.mint(self.world, self.tenant, audience, app=application, service_principal=principal)

    # Helpers

    def new_application(self, name: str = "Lead Writer") -> str:
        """An application with its service principal in the tenant's directory; returns the application id."""
        world, store = self.world, self.tenant.directory.store
        app_id = world.new_guid()
        created = "2026-01-01T00:00:00Z"
        application = shapes.new_application(world.new_guid(), app_id, created, self.tenant.domain, name)
        store.put(APPLICATION, application)
        store.put(
            SERVICE_PRINCIPAL,
            shapes.new_service_principal(world.new_guid(), app_id, name, self.tenant.id, application),
        )
        return app_id

    def new_application_user(self, *roles: str, business_unit: str = "", name: str = "Lead Writer") -> tuple[str, str]:
        """An application that is a user of the environment with these roles; returns application id and user id."""
        app_id = self.new_application(name)
        unit = business_unit or self.root
        created = self("POST", "systemusers", self.user_body(app_id, unit))
        for role in roles:
            self.assign(created.new_id, role, unit)
        return app_id, created.new_id

    def user_body(self, app_id: str, business_unit: str = "") -> dict[str, Any]:
        """The body that creates an application user."""
        unit = business_unit or self.root
        return {"applicationid": app_id, "accessmode": 4, "businessunitid@odata.bind": f"/businessunits({unit})"}

    def assign(self, user_id: str, role: str, business_unit: str = "") -> None:
        """Assign a role, by its name, to a user."""
        role_id = self.role(role, business_unit or self.root)
        answer = self(
            "POST",
            f"systemusers({user_id})/systemuserroles_association/$ref",
            {"@odata.id": self.address("roles", role_id)},
        )
        assert answer.status == 204, answer.body

    def role(self, name: str, business_unit: str = "") -> str:
        """The id of the copy of a role in a business unit, the root unit by default."""
        unit = business_unit or self.root
        rows = self("GET", f"roles?$select=name&$filter=name eq '{name}' and _businessunitid_value eq {unit}").rows
        assert len(rows) == 1, rows
        return str(rows[0]["roleid"])

    def new_role(self, name: str, **privileges: str) -> str:
        """Create a role of the root business unit with these privileges; returns its id."""
        body = {"name": name, "businessunitid@odata.bind": f"/businessunits({self.root})"}
        role_id = self("POST", "roles", body).new_id
        self.grant(role_id, **privileges)
        return role_id

    def grant(self, role_id: str, **privileges: str) -> None:
        """Grant privileges by name, each with its level."""
        body = {
            "Privileges": [{"PrivilegeId": self.privilege(name), "Depth": depth} for name, depth in privileges.items()]
        }
        answer = self("POST", f"roles({role_id})/Microsoft.Dynamics.CRM.AddPrivilegesRole", body)
        assert answer.status == 204, answer.body

    def privilege(self, name: str) -> str:
        """The id of a privilege."""
        return str(self("GET", f"privileges?$select=name&$filter=name eq '{name}'").rows[0]["privilegeid"])

    def granted(self, role_id: str) -> dict[str, str]:
        """The privileges of a role: names and levels."""
        answer = self("GET", f"RetrieveRolePrivilegesRole(RoleId={role_id})")
        return {item["PrivilegeName"]: item["Depth"] for item in answer.json["RolePrivileges"]}

    def address(self, entity_set: str, identifier: str) -> str:
        """The full address of a row."""
        return f"{self.environment.url}/api/data/v9.2/{entity_set}({identifier})"

    @property
    def root(self) -> str:
        """The id of the root business unit."""
        rows = self("GET", "businessunits?$select=name&$filter=parentbusinessunitid eq null").rows
        return str(rows[0]["businessunitid"])

    def unit(self, name: str) -> str:
        """The id of the business unit of that name."""
        return str(self("GET", f"businessunits?$select=name&$filter=name eq '{name}'").rows[0]["businessunitid"])

    def run_import(self, content: bytes, action: str = "ImportSolutionAsync", **more: Any) -> dict[str, Any]:
        """Import a package, jump past its end, and return the row of the system job."""
        body = {
            "CustomizationFile": base64.b64encode(content).decode(),
            "OverwriteUnmanagedCustomizations": False,
            "PublishWorkflows": True,
            **more,
        }
        started = self("POST", action, body)
        assert started.status == 200, started.body
        self.world.clock.jump(self.world.settings.import_seconds)
        row: dict[str, Any] = self("GET", f"asyncoperations({started.json['AsyncOperationId']})").json
        return row | {"import_job": started.json.get("ImportJobKey")}

    def solution(self, unique_name: str) -> dict[str, Any] | None:
        """The row of an installed solution."""
        rows = self("GET", f"solutions?$filter=uniquename eq '{unique_name}'").rows
        return rows[0] if rows else None


LEAD_WRITER_ROLE = "3f2b7c1e-6d0a-4c55-9a3e-0c8f5d1b2a47"
LEAD_WRITER_PRIVILEGES = {"prvCreateLead": "Global", "prvReadLead": "Global", "prvReadSolution": "Global"}


def package(
    name: str = "LeadWriter",
    version: str = "1.0.0.0",
    *,
    managed: bool = True,
    roles: dict[str, dict[str, str]] | None = None,
    role_ids: dict[str, str] | None = None,
    customizable: bool = True,
    tables: tuple[str, ...] = (),
    missing: tuple[tuple[dict[str, str], dict[str, str]], ...] = (),
) -> bytes:
    """A solution package. `roles`: role name to privileges with levels; `tables`: schema names of new tables."""
    roles = {"Lead Writer": LEAD_WRITER_PRIVILEGES} if roles is None else roles
    ids = {"Lead Writer": LEAD_WRITER_ROLE, **(role_ids or {})}
    components = "".join(f'<RootComponent type="20" id="{{{ids[role]}}}" behavior="0" />' for role in roles)
    components += "".join(f'<RootComponent type="1" schemaName="{table.lower()}" behavior="0" />' for table in tables)

    def attributes(values: dict[str, str]) -> str:
        return " ".join(f'{key}="{value}"' for key, value in values.items())

    needs = "".join(
        f"<MissingDependency><Required {attributes(required)} />"
        f"<Dependent {attributes(dependent)} /></MissingDependency>"
        for required, dependent in missing
    )
    solution = (
        '<ImportExportXml version="9.1.0.1" SolutionPackageVersion="9.1" languagecode="1033" generatedBy="CrmLive" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><SolutionManifest>'
        f"<UniqueName>{name}</UniqueName><LocalizedNames>"
        f'<LocalizedName description="{name} here" languagecode="1033" />'
        f"</LocalizedNames><Descriptions /><Version>{version}</Version><Managed>{int(managed)}</Managed>"
        '<Publisher><UniqueName>publisher1</UniqueName><LocalizedNames><LocalizedName description="Publisher" '
        'languagecode="1033" /></LocalizedNames><Descriptions /><EMailAddress xsi:nil="true" />'
        "<CustomizationPrefix>pub</CustomizationPrefix><CustomizationOptionValuePrefix>10001"
        "</CustomizationOptionValuePrefix></Publisher>"
        f"<RootComponents>{components}</RootComponents><MissingDependencies>{needs}</MissingDependencies>"
        "</SolutionManifest></ImportExportXml>"
    )
    written_roles = "".join(
        f'<Role id="{{{ids[role]}}}" name="{role}" isinherited="1"><IsCustomizable>{int(customizable)}</IsCustomizable>'
        "<RolePrivileges>"
        + "".join(f'<RolePrivilege name="{privilege}" level="{level}" />' for privilege, level in privileges.items())
        + "</RolePrivileges></Role>"
        for role, privileges in roles.items()
    )
    written_tables = "".join(
        f'<Entity><Name>{table}</Name><EntityInfo><entity Name="{table}"><EntitySetName>{table}s</EntitySetName>'
        "<OwnershipTypeMask>UserOwned</OwnershipTypeMask></entity></EntityInfo></Entity>"
        for table in tables
    )
    customizations = (
        f"<ImportExportXml><Entities>{written_tables}</Entities><Roles>{written_roles}</Roles></ImportExportXml>"
    )
    return zipped(
        {"solution.xml": solution, "customizations.xml": customizations, "[Content_Types].xml": "\ufeff<Types />"}
    )


def zipped(files: dict[str, str]) -> bytes:
    """A zip file of these texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()
