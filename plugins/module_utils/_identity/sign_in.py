# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From credentials to tokens, through msal."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
import time
import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from .._rules.clouds import Cloud
from .._rules.errors import InvalidInput
from .._transport.http import Transport
from .._transport.run_cache import RunCache
from .certificate import read_certificate
from .credentials import Credentials
from .msal_http import MachineHttp, MsalHttp
from .refusals import FEDERATED, SignInFailed, refused

try:
    import msal
except ImportError as error:  # pragma: no cover - reported by the entry point
    MSAL_IMPORT_ERROR: ImportError | None = error
else:
    MSAL_IMPORT_ERROR = None

__all__ = ["FEDERATED", "MSAL_IMPORT_ERROR", "SignIn", "SignInFailed"]

OLDEST_MSAL = (1, 35)
"""The first msal that accepts a certificate and its key as they are in a PEM file."""

_SPARE_SECONDS = 300
"""A token that expires sooner than this counts as expired, as in msal's own cache."""

_NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""What the claim `wids` holds for an identity without a directory role. Likely: seen in many published tokens."""


class SignIn:
    """Gets tokens for one identity; a token is asked for once per resource and run."""

    def __init__(
        self,
        credentials: Credentials,
        cloud: Cloud,
        transport: Transport,
        cache: RunCache | None = None,
        discovered: RunCache | None = None,
    ) -> None:
        """`cache` keeps tokens for the run; `discovered` the sign-in addresses, when tokens are not to be kept."""
        if not credentials.tenant and credentials.method != "managed_identity" and credentials.method != "azure_cli":
            raise InvalidInput("tenant_id is missing: give the directory id or a domain name of the tenant.")
        self.credentials = credentials
        self.cloud = cloud
        self.cache = cache or RunCache(None)
        self._http = MsalHttp(transport, discovered or self.cache, cloud.login_hosts, self._refused)
        self._transport = transport
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()
        self._application: Any = None

    def token(self, resource: str) -> str:
        """Return an access token for `resource`, the https root of an API such as https://graph.microsoft.com.

        Raises SignInFailed, CallFailed, or InvalidInput for a certificate that cannot be read.
        """
        # One at a time: reads run in parallel, and each of them would otherwise sign in.
        with self._lock:
            if resource not in self._tokens:
                self._tokens[resource] = self._cached(resource) or self._fresh(resource)
            return self._tokens[resource]

    def permissions(self, resource: str) -> frozenset[str] | None:
        """Return the application permissions in the token for `resource`, or None if they are incomplete.

        A token is meant for its service, so its claims are only a hint: a person's token names no application
        permissions, directory roles grant further rights, and tokens may be encrypted one day.
        """
        parts = self.token(resource).split(".")
        try:
            claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (IndexError, ValueError):
            return None
        if not isinstance(claims, dict) or "scp" in claims or {*claims.get("wids", ())} - {_NO_DIRECTORY_ROLE}:
            return None
        return frozenset(map(str, claims.get("roles", ())))

    def forget(self, resource: str) -> None:
        """Drop the token for `resource`, so that the next one is a new one.

        This also drops msal's application object, whose own cache would return the same token again.
        """
        self._tokens.pop(resource, None)
        self._application = None
        self.cache.put({}, *self._key(resource))

    def try_once(self, resource: str) -> str | None:
        """Sign in without any cache, and return None on success or the AADSTS number of the refusal.

        A new application object each time, because msal repeats a refusal from its own memory for a minute.
        """
        self._application = None
        try:
            self._fresh(resource)
        except SignInFailed as failed:
            return failed.code or "unknown"
        return None

    def _cached(self, resource: str) -> str | None:
        kept = self.cache.get(*self._key(resource))
        if isinstance(kept, dict) and kept.get("ends", 0) > time.time() + _SPARE_SECONDS:
            return str(kept["token"])
        return None

    def _fresh(self, resource: str) -> str:
        if MSAL_IMPORT_ERROR is not None:
            raise MSAL_IMPORT_ERROR
        _check_msal(msal.__version__)
        ways = {
            "azure_cli": self._from_azure_cli,
            "managed_identity": self._from_managed_identity,
            "password": self._from_password,
        }
        answer = ways.get(self.credentials.method, self._from_client_credentials)(resource)
        if not isinstance(answer.get("access_token"), str) or "expires_in" not in answer:
            raise self._refused(answer, self._http.ahead)
        token = str(answer["access_token"])
        ends = time.time() + float(answer.get("expires_in", 0) or 0)
        self.cache.put({"token": token, "ends": ends}, *self._key(resource))
        return token

    def _from_client_credentials(self, resource: str) -> dict[str, Any]:
        if self._application is None:
            self._application = self._open(
                msal.ConfidentialClientApplication, client_credential=self._client_credential()
            )
        result: dict[str, Any] = self._application.acquire_token_for_client([f"{resource}/.default"])
        return result

    def _from_password(self, resource: str) -> dict[str, Any]:
        if self._application is None:
            self._application = self._open(msal.PublicClientApplication)
        # msal asks this too, and would then contact the server of the user's own organization.
        realm = self._application.authority.user_realm_discovery(self.credentials.user_name)
        if realm.get("account_type") == "Federated":
            raise SignInFailed(
                f"{self.credentials.user_name} belongs to a federated domain, whose passwords Microsoft Entra does not "
                "store: choose a user of another domain, such as one of onmicrosoft.com.",
                FEDERATED,
            )
        with warnings.catch_warnings():
            # msal advises against passwords, but the lead service's other choice supports nothing else.
            warnings.simplefilter("ignore", DeprecationWarning)
            result: dict[str, Any] = self._application.acquire_token_by_username_password(
                self.credentials.user_name, self.credentials.password, [f"{resource}/.default"]
            )
        return result

    def _open(self, kind: Any, **credential: Any) -> Any:
        tenant = self.credentials.tenant or ""
        return kind(
            self.credentials.client_id,
            authority=self.cloud.authority(tenant),
            http_client=self._http,
            instance_discovery=False,
            **credential,
        )

    def _client_credential(self) -> Any:
        credentials = self.credentials
        if credentials.method == "secret":
            return credentials.secret
        if credentials.method == "federated":
            # A callable, because the platform that issues the token renews the file.
            return {"client_assertion": lambda: _read(credentials.federated_token_file or "", "federated_token_file")}
        return read_certificate(credentials.certificate_path or "", credentials.certificate_passphrase)

    def _from_managed_identity(self, resource: str) -> dict[str, Any]:
        identity = (
            msal.UserAssignedManagedIdentity(client_id=self.credentials.client_id)
            if self.credentials.client_id
            else msal.SystemAssignedManagedIdentity()
        )
        client = msal.ManagedIdentityClient(identity, http_client=MachineHttp(self._transport))
        try:
            answer: dict[str, Any] = client.acquire_token_for_client(resource=resource)
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise SignInFailed(
                f"managed_identity is set, but this machine's identity endpoint returns no token ({error}): assign the "
                "identity to this machine, or choose other credentials."
            ) from error
        return answer

    def _from_azure_cli(self, resource: str) -> dict[str, Any]:
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", resource]
        if self.credentials.tenant:
            command += ["--tenant", self.credentials.tenant]
        try:
            # This floor does not use AnsibleModule, so run_command is not available.
            # pylint: disable-next=ansible-bad-function
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            raise SignInFailed(
                "azure_cli is set, but the command az did not run: install the Azure CLI or choose other credentials."
            ) from error
        try:
            said = json.loads(done.stdout)
            return {"access_token": said["accessToken"], "expires_in": float(said["expires_on"]) - time.time()}
        except (ValueError, KeyError, TypeError) as error:
            raise SignInFailed(
                f"azure_cli is set, but az has no session for {resource}: run az login"
                + (f" --tenant {self.credentials.tenant}" if self.credentials.tenant else "")
                + " and try again."
            ) from error

    def _refused(self, answer: Mapping[str, Any], ahead: timedelta) -> SignInFailed:
        return refused(answer, self.credentials, self.cloud.login_host, ahead)

    def _key(self, resource: str) -> tuple[str, ...]:
        return ("token", self.cloud.login_host, resource, *self.credentials.fingerprint())


def _check_msal(version: str) -> None:
    """Refuse an msal that fails with a certificate for reasons of its own. Raises InvalidInput."""
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_MSAL:
        raise InvalidInput(
            f"The Python library msal is version {version}, which is too old: install msal 1.35.0 or newer for the "
            "Python that runs the module."
        )


def _read(path: str, option: str) -> str:
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{option} {path} cannot be read: correct the path or its permissions.") from error
