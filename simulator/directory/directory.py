# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One tenant's directory: its objects and the questions that sign-in, Graph and the environments ask about them."""

from __future__ import annotations

import base64
import datetime
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .. import seeded
from ..clock import graph_time
from . import first_party, shapes
from .store import Object, Store, View

if TYPE_CHECKING:
    from ..world import Prepared, Tenant, World

APPLICATION = "application"
SERVICE_PRINCIPAL = "servicePrincipal"
USER = "user"
GRANT = "oAuth2PermissionGrant"
ROLE_ASSIGNMENT = "appRoleAssignment"

RECYCLE_BIN_DAYS = 30


class Directory:
    """The objects of one tenant. Those in the recycle bin have a `deletedDateTime`."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self._world = world
        self.tenant = tenant
        self.store = Store(
            lambda: world.clock,
            lambda: world.settings.replication_seconds,
            lambda: world.settings.dataverse_lag_seconds,
        )
        for kind, name in (
            (APPLICATION, "appId"),
            (APPLICATION, "uniqueName"),
            (SERVICE_PRINCIPAL, "appId"),
            (USER, "userPrincipalName"),
            (GRANT, "clientId"),
            (ROLE_ASSIGNMENT, "principalId"),
            (ROLE_ASSIGNMENT, "resourceId"),
        ):
            self.store.index(kind, name)
        self.app_management_policy: dict[str, Any] | None = tenant.spec.app_management_policy
        self._runner_certificate_pem = ""

    @classmethod
    def at_birth(cls, world: World, tenant: Tenant) -> Directory:
        """The initial directory of a tenant.

        It has Microsoft's applications, an administrator, the application that runs the setup, with its permissions
        granted, and the application that publishes offers.
        """
        directory = cls(world, tenant)
        directory._put_first_party()
        directory._put_administrator()
        directory._put_runner()
        if tenant.publisher is not None:
            directory._put_prepared(tenant.publisher, "publisher", "Offer publisher")
        return directory

    @classmethod
    def load(cls, world: World, tenant: Tenant, dumped: dict[str, Any]) -> Directory:
        """The directory from `dump`."""
        directory = cls(world, tenant)
        directory.app_management_policy = dumped["app_management_policy"]
        directory._runner_certificate_pem = dumped["runner_certificate_pem"]
        directory.store.load(dumped["objects"])
        return directory

    def dump(self) -> dict[str, Any]:
        """Everything as plain JSON types."""
        return {
            "app_management_policy": self.app_management_policy,
            "runner_certificate_pem": self._runner_certificate_pem,
            "objects": self.store.dump(),
        }

    # Looking up

    def application_by_app_id(self, app_id: str, view: View = View.LATEST) -> Object | None:
        """The application in use with this client id."""
        return _in_use(self.store.find(APPLICATION, "appId", app_id, view))

    def service_principal_by_app_id(self, app_id: str, as_seen_by: str = "latest") -> Object | None:
        """The service principal in use for this client id, as `as_seen_by` sees it.

        `as_seen_by` is a name of `View` ("latest", "dataverse", "sign_in", ...). None while the service principal is
        not known there.
        """
        return _in_use(self.store.find(SERVICE_PRINCIPAL, "appId", app_id, View[as_seen_by.upper()]))

    def service_principal_by_id(self, object_id: str, as_seen_by: str = "latest") -> Object | None:
        """The service principal in use with this object id."""
        return _alive(self.store.get(SERVICE_PRINCIPAL, object_id, View[as_seen_by.upper()]))

    def user_by_id(self, object_id: str, as_seen_by: str = "latest") -> Object | None:
        """The user in use with this object id."""
        return _alive(self.store.get(USER, object_id, View[as_seen_by.upper()]))

    def user_by_principal_name(self, name: str, as_seen_by: str = "latest") -> Object | None:
        """The user in use with this user principal name."""
        return _in_use(self.store.find(USER, "userPrincipalName", name, View[as_seen_by.upper()]))

    def graph_permissions_of(self, service_principal_id: str) -> list[str]:
        """The application permissions on Microsoft Graph that were granted to this service principal."""
        graph = self.service_principal_by_app_id(first_party.GRAPH_APP_ID)
        graph_id = graph["id"] if graph else None
        granted = self.store.find(ROLE_ASSIGNMENT, "principalId", service_principal_id, View.SIGN_IN)
        names = {
            first_party.GRAPH_ROLE_NAMES.get(item["appRoleId"]) for item in granted if item["resourceId"] == graph_id
        }
        return sorted(name for name in names if name)

    def purge_expired(self) -> None:
        """Purge objects that have been in the recycle bin for thirty days."""
        limit = graph_time(self._world.clock.now() - datetime.timedelta(days=RECYCLE_BIN_DAYS))
        for kind in (APPLICATION, SERVICE_PRINCIPAL, USER):
            for item in list(self.store.all(kind)):
                if item["deletedDateTime"] is not None and item["deletedDateTime"] < limit:
                    self.store.remove(kind, item["id"])

    # The application that runs the setup

    def runner_certificate_pem(self) -> str:
        """Private key and certificate of the runner, created and registered at the first call."""
        if not self._runner_certificate_pem:
            self._runner_certificate_pem = _new_certificate_pem(self.tenant.name, self._world.clock.now())
            application = self.store.get(APPLICATION, self.tenant.runner.object_id)
            assert application is not None
            credential = self.key_credential(self._runner_certificate_pem.encode())
            self.store.put(
                APPLICATION,
                {**application, "keyCredentials": [*application["keyCredentials"], credential]},
                since_ever=True,
            )
        return self._runner_certificate_pem

    def key_credential(self, pem: bytes) -> Object:
        """The key credential that registers the certificate in `pem`."""
        certificate = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
        encoded = certificate.public_bytes(serialization.Encoding.DER)
        return {
            "customKeyIdentifier": certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303 - Entra's own id
            "displayName": certificate.subject.rfc4514_string(),
            "endDateTime": graph_time(certificate.not_valid_after_utc),
            "key": None,
            "keyId": self._world.new_guid(),
            "startDateTime": graph_time(certificate.not_valid_before_utc),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
            "_certificate": base64.b64encode(encoded).decode(),
        }

    # Initial objects

    def _put(self, kind: str, content: Object) -> Object:
        self.store.put(kind, content, since_ever=True)
        return content

    def _id(self, *names: str) -> str:
        return seeded.guid(self._world.seed, self.tenant.name, *names)

    def _put_first_party(self) -> None:
        owner = first_party.MICROSOFT_SERVICES_TENANT_ID
        graph = shapes.new_service_principal(
            self._id("Microsoft Graph"), first_party.GRAPH_APP_ID, "Microsoft Graph", owner
        )
        graph["appRoles"] = first_party.GRAPH_APP_ROLES
        graph["oauth2PermissionScopes"] = first_party.GRAPH_SCOPES
        graph["servicePrincipalNames"] = [first_party.GRAPH_APP_ID, f"https://{self.tenant.cloud.graph_host}"]
        self._put(SERVICE_PRINCIPAL, graph)
        if self.tenant.spec.dynamics_crm:
            self._put(SERVICE_PRINCIPAL, self.new_dynamics_crm(self._id("Dynamics CRM")))

    def new_dynamics_crm(self, object_id: str) -> Object:
        """The service principal of Dynamics CRM (contract: Dynamics CRM)."""
        dynamics = shapes.new_service_principal(
            object_id, first_party.DYNAMICS_CRM_APP_ID, "Dataverse", first_party.MICROSOFT_SERVICES_TENANT_ID
        )
        dynamics["appDisplayName"] = "Dynamics CRM"
        dynamics["oauth2PermissionScopes"] = first_party.DYNAMICS_CRM_SCOPES
        return dynamics

    def _put_administrator(self) -> None:
        created = graph_time(self._world.begun)
        user = shapes.new_user(self._id("admin"), f"admin@{self.tenant.domain}", "Tenant Administrator", created)
        user["usageLocation"] = self.tenant.spec.country
        user["_password"] = seeded.secret_text(self._world.seed, self.tenant.name, "admin password")
        user["_directory_roles"] = ["Global Administrator"]
        self._put(USER, user)

    def _put_prepared(self, prepared: Prepared, name: str, display_name: str) -> Object:
        """Create an application with a working secret and its service principal; returns the latter."""
        now = self._world.begun
        application = shapes.new_application(
            prepared.object_id, prepared.app_id, graph_time(now), self.tenant.domain, display_name
        )
        application["passwordCredentials"] = [
            {
                "customKeyIdentifier": None,
                "displayName": name,
                "endDateTime": graph_time(now + datetime.timedelta(days=730)),
                "hint": prepared.secret[:3],
                "keyId": self._id(name, "keyId"),
                "secretText": None,
                "startDateTime": graph_time(now - datetime.timedelta(days=1)),
                "_secret": prepared.secret,
                "_active_from": 0.0,
            }
        ]
        self._put(APPLICATION, application)
        principal = shapes.new_service_principal(
            prepared.service_principal_id, prepared.app_id, display_name, self.tenant.id, application
        )
        return self._put(SERVICE_PRINCIPAL, principal)

    def _put_runner(self) -> None:
        runner = self.tenant.runner
        principal = self._put_prepared(runner, "runner", "Set-up runner")
        principal["_directory_roles"] = list(self.tenant.spec.runner.directory_roles)
        principal["customSecurityAttributes"] = self.tenant.spec.runner.custom_security_attributes
        self._put(SERVICE_PRINCIPAL, principal)
        graph_id = self._id("Microsoft Graph")
        for permission in runner.permissions:
            row_id, role_id = self._id("runner", permission), first_party.GRAPH_ROLE_IDS[permission]
            row = self.new_role_assignment(row_id, principal, graph_id, "Microsoft Graph", role_id)
            self._put(ROLE_ASSIGNMENT, row)

    def new_role_assignment(
        self, assignment_id: str, principal: Object, resource_id: str, resource_name: str, role_id: str
    ) -> Object:
        """A row that grants the service principal `principal` the application permission `role_id` of a resource."""
        return {
            "id": assignment_id,
            "deletedDateTime": None,
            "appRoleId": role_id,
            "createdDateTime": graph_time(self._world.clock.now()),
            "principalDisplayName": principal["displayName"],
            "principalId": principal["id"],
            "principalType": "ServicePrincipal",
            "resourceDisplayName": resource_name,
            "resourceId": resource_id,
        }


def _alive(item: Object | None) -> Object | None:
    return item if item is not None and item["deletedDateTime"] is None else None


def _in_use(found: list[Object]) -> Object | None:
    return next((item for item in found if item["deletedDateTime"] is None), None)


def _new_certificate_pem(tenant_name: str, now: datetime.datetime) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Set-up runner of {tenant_name}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()
