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
from dataclasses import dataclass
from typing import Any

from .._rules.clouds import Cloud
from .._rules.errors import InvalidInput
from .._rules.origins import Origins, origin_shown
from .._rules.words import harmless
from .._transport.errors import CallFailed
from .._transport.http import Answer, Transport
from .._transport.run_cache import RunCache
from .credentials import Credentials

try:
    import msal
except ImportError as error:  # pragma: no cover - told to the user by the entry point
    MSAL_IMPORT_ERROR: ImportError | None = error
else:
    MSAL_IMPORT_ERROR = None

_SPARE_SECONDS = 300
"""A token that ends sooner than this counts as ended, as in msal's own cache."""

FEDERATED = "federated"
"""In the place of a number: the user's domain signs its users in elsewhere."""

_NO_DIRECTORY_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"
"""What the claim C(wids) holds for an identity without a directory role. Likely: seen in many published tokens."""


class SignInFailed(Exception):
    """Microsoft Entra refused to sign in; C(code) is its AADSTS number, or an empty string."""

    def __init__(self, sentence: str, code: str = "", message: str = "") -> None:
        super().__init__(harmless(sentence))
        self.code = code
        self.message = harmless(message)

    @property
    def failure(self) -> dict[str, Any]:
        """The structured form for a module's result."""
        return {"request": "sign-in", "status": None, "code": self.code, "message": self.message, "request_id": ""}


@dataclass
class _Reply:
    """An answer in the shape msal asks of an http client."""

    status_code: int
    text: str
    headers: Any
    request: str

    def raise_for_status(self) -> None:
        """Raise as requests would; msal calls it for answers of 500 and more."""
        if self.status_code >= 400:
            raise CallFailed(
                f"{self.request} was answered with {self.status_code}: Microsoft Entra is not available, run again.",
                request=self.request,
                status=self.status_code,
            )


class _MsalHttp:
    """Lets msal use our transport, so that TLS, proxies, timeouts and retries follow the one policy.

    A discovery document that was read once is not asked for again in this run, whichever application asks. What msal
    sends, and where to, follows from such a document, so nothing is sent to a host that is none of the sign-in
    service's own: a token endpoint elsewhere would get the secret or the signed assertion.
    """

    def __init__(self, transport: Transport, cache: RunCache, hosts: tuple[str, ...]) -> None:
        self._transport = transport
        self._cache = cache
        self._origins = Origins(*hosts)
        self._read: dict[str, _Reply] = {}

    def get(self, url: str, params: Any = None, headers: Any = None, **unused: Any) -> _Reply:
        """GET for msal."""
        own = self._own(url)
        if own not in self._read:
            kept = self._cache.get("discovery", own)
            if kept is None:
                reply = _reply(self._transport.send("GET", own, params=params, headers=headers))
                if reply.status_code != 200:
                    return reply
                self._check_endpoints(own, reply.text)
                self._cache.put(reply.text, "discovery", own)
            else:
                reply = _Reply(200, str(kept), {}, f"GET {own}")
            self._read[own] = reply
        return self._read[own]

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **unused: Any) -> _Reply:
        """POST for msal: asking for a token changes nothing, so it may be repeated."""
        own = self._own(url)
        return _reply(self._transport.send("POST", own, params=params, form=data, headers=headers, repeatable=True))

    def close(self) -> None:
        """Nothing to close: the transport lives on."""

    def _check_endpoints(self, url: str, text: str) -> None:
        """Refuse a discovery document that sends a sign-in elsewhere, before a credential can follow it."""
        if url.endswith("/openid-configuration"):
            document = json.loads(text or "{}")
            for name in ("authorization_endpoint", "token_endpoint"):
                self._own(document.get(name))

    def _own(self, url: object) -> str:
        own = self._origins.own(url)
        if own is None:
            raise SignInFailed(
                f"{self._origins.hosts[0]} sends the sign-in on to {origin_shown(url)}, so no credential was sent: "
                "for a tenant of another national cloud set cloud, else check for a proxy or gateway that intercepts "
                "the request."
            )
        return own


class _MachineHttp:
    """Lets msal ask the machine's own endpoint for the token of a managed identity.

    Where it is follows from the machine alone (a fixed address, or variables that the platform sets), and no answer
    of it names an address that msal would send anything to.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, url: str, params: Any = None, headers: Any = None, **unused: Any) -> _Reply:
        """GET for msal."""
        return _reply(self._transport.send("GET", url, params=params, headers=headers))

    def close(self) -> None:
        """Nothing to close: the transport lives on."""


def _reply(answer: Answer) -> _Reply:
    """Hand an answer to msal, which would raise a bare ValueError for one that is no JSON."""
    if answer.status < 500:
        answer.check()
    return _Reply(answer.status, answer.text, answer.headers, answer.request)


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
        """C(cache) keeps tokens for the run; C(discovered) the sign-in addresses, when tokens are not to be kept."""
        if not credentials.tenant and credentials.method != "managed_identity" and credentials.method != "azure_cli":
            raise InvalidInput("tenant_id is missing: give the directory id or a domain name of the tenant.")
        self.credentials = credentials
        self.cloud = cloud
        self.cache = cache or RunCache(None)
        self._http = _MsalHttp(transport, discovered or self.cache, cloud.login_hosts)
        self._transport = transport
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()
        self._application: Any = None

    def token(self, resource: str) -> str:
        """Return an access token for C(resource), the https root of an API such as https://graph.microsoft.com.

        Raises SignInFailed, CallFailed, or InvalidInput for a certificate that cannot be read.
        """
        # One at a time: reads go out side by side, and each of them would otherwise sign in.
        with self._lock:
            if resource not in self._tokens:
                self._tokens[resource] = self._cached(resource) or self._fresh(resource)
            return self._tokens[resource]

    def permissions(self, resource: str) -> frozenset[str] | None:
        """Return the application permissions in the token for C(resource), or None where they do not tell it all.

        A token belongs to the service that it is for, so what can be read in it is a hint: a person's token names no
        application permissions, directory roles grant what no permission does, and one day tokens may be sealed.
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
        """Drop the token for C(resource), so that the next one is a new one."""
        self._tokens.pop(resource, None)
        self.cache.put({}, *self._key(resource))

    def try_once(self, resource: str) -> str | None:
        """Sign in afresh, past every cache, and return None on success or the AADSTS number of the refusal.

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
        method = self.credentials.method
        if method == "azure_cli":
            answer = self._from_azure_cli(resource)
        elif method == "managed_identity":
            answer = self._from_managed_identity(resource)
        elif method == "password":
            answer = self._from_password(resource)
        else:
            answer = self._from_client_credentials(resource)
        if "access_token" not in answer:
            raise self._refused(answer)
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
        # msal asks this too, and would then speak to the server of the user's own organization.
        realm = self._application.authority.user_realm_discovery(self.credentials.user_name)
        if realm.get("account_type") == "Federated":
            raise SignInFailed(
                f"{self.credentials.user_name} is of a federated domain, whose passwords Microsoft Entra does not "
                "know: choose a user of another domain, such as one of onmicrosoft.com.",
                FEDERATED,
            )
        with warnings.catch_warnings():
            # msal advises against passwords; the lead service's other choice has nothing else.
            warnings.simplefilter("ignore", DeprecationWarning)
            result: dict[str, Any] = self._application.acquire_token_by_username_password(
                self.credentials.user_name, self.credentials.password, [f"{resource}/.default"]
            )
        return result

    def _open(self, kind: Any, **credential: Any) -> Any:
        tenant = self.credentials.tenant or ""
        try:
            return kind(
                self.credentials.client_id,
                authority=self.cloud.authority(tenant),
                http_client=self._http,
                instance_discovery=False,
                **credential,
            )
        except ValueError as error:
            # msal says only "unable to get authority configuration"; the service's own words are in its context.
            raise SignInFailed(
                f"tenant_id {tenant} is not known to {self.cloud.login_host}: "
                "correct the directory id or domain name, or the cloud.",
                "90002",
                str(error.__context__ or error),
            ) from error

    def _client_credential(self) -> Any:
        credentials = self.credentials
        if credentials.method == "secret":
            return credentials.secret
        if credentials.method == "federated":
            # A callable, because the platform that issues the token renews the file.
            return {"client_assertion": lambda: _read(credentials.federated_token_file or "", "federated_token_file")}
        path = os.path.expanduser(credentials.certificate_path or "")
        passphrase = credentials.certificate_passphrase
        if path.lower().endswith((".pfx", ".p12")):
            return {"private_key_pfx_path": path, "passphrase": passphrase, "public_certificate": True}
        pem = _read(path, "client_certificate_path")
        key = re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", pem, re.DOTALL)
        certificate = re.search(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", pem, re.DOTALL)
        if not key or not certificate:
            raise InvalidInput(
                f"client_certificate_path {credentials.certificate_path} must hold the private key and the "
                "certificate, as PEM in one file or as a PFX file."
            )
        return {"private_key": key.group(), "public_certificate": certificate.group(), "passphrase": passphrase}

    def _from_managed_identity(self, resource: str) -> dict[str, Any]:
        identity = (
            msal.UserAssignedManagedIdentity(client_id=self.credentials.client_id)
            if self.credentials.client_id
            else msal.SystemAssignedManagedIdentity()
        )
        client = msal.ManagedIdentityClient(identity, http_client=_MachineHttp(self._transport))
        answer: dict[str, Any] = client.acquire_token_for_client(resource=resource)
        return answer

    def _from_azure_cli(self, resource: str) -> dict[str, Any]:
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", resource]
        if self.credentials.tenant:
            command += ["--tenant", self.credentials.tenant]
        try:
            # This floor knows no AnsibleModule, so there is no run_command to call.
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

    def _refused(self, answer: dict[str, Any]) -> SignInFailed:
        codes = answer.get("error_codes") or []
        found = re.search(r"AADSTS(\d+)", str(answer.get("error_description", "")))
        code = str(codes[0]) if codes else (found.group(1) if found else "")
        who = f"application {self.credentials.client_id} in tenant {self.credentials.tenant}"
        if self.credentials.user_name:
            who = f"user {self.credentials.user_name} in tenant {self.credentials.tenant}"
        template = _CURES.get(code)
        sentence = (
            template.format(who=who, tenant=self.credentials.tenant, host=self.cloud.login_host)
            if template
            else f"Microsoft Entra refused to sign in {who} ({answer.get('error', 'no reason given')}): "
            "check the credentials and the tenant."
        )
        # The description names ids and times, never the secret that was sent.
        return SignInFailed(
            f"{sentence[:-1]} (AADSTS{code})." if code else sentence, code, str(answer.get("error_description", ""))
        )

    def _key(self, resource: str) -> tuple[str, ...]:
        return ("token", self.cloud.login_host, resource, *self.credentials.fingerprint())


_CURES = {
    "7000215": "client_secret is not valid for {who}: give the value of a live secret, not its id.",
    "7000222": "client_secret of {who} has expired: add a new secret and give its value.",
    "7000218": "No credential reached Microsoft Entra for {who}: set client_secret or client_certificate_path.",
    "700016": "client_id names no application known to tenant {tenant}: correct client_id or tenant_id, "
    "or consent to the application in that tenant.",
    "700027": "client_certificate_path is not a certificate registered on {who}: upload its public part there.",
    "90002": "tenant_id {tenant} is not known to {host}: correct the directory id or domain name, or the cloud.",
    "900023": "tenant_id {tenant} is neither a directory id nor a domain name: correct it.",
    "70021": "federated_token_file matches no federated credential of {who}: compare issuer, subject and audience.",
    "700211": "federated_token_file has an issuer that no federated credential of {who} names: correct it there.",
    "700213": "federated_token_file has a subject that no federated credential of {who} names: correct it there.",
    "500011": "The API asked for has no service principal in tenant {tenant}: "
    "check that the environment belongs to this tenant.",
    "53003": "Conditional access blocks the sign-in of {who}: exclude this workload identity or its address.",
}
"""What each refusal means for the caller. Source: Microsoft Entra error code reference."""


def _read(path: str, option: str) -> str:
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{option} {path} cannot be read: correct the path or its permissions.") from error
