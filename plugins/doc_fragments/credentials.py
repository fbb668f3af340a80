# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The credentials and connection options of every module."""

from __future__ import annotations


class ModuleDocFragment:
    """The options for signing in to Microsoft Entra, and those of the environment that a module works on."""

    DOCUMENTATION = r"""
options:
  tenant_id:
    description:
      - The tenant to sign in to, as its directory ID or one of its domain names.
      - Optional for modules that work on an environment, because the environment names its tenant.
      - Falls back to the environment variable E(AZURE_TENANT_ID).
    type: str
  client_id:
    description:
      - The application ID of the runner, the identity that makes the changes.
      - With O(managed_identity=true) it chooses a user-assigned identity.
      - Falls back to the environment variable E(AZURE_CLIENT_ID).
    type: str
  client_secret:
    description:
      - A client secret of the runner.
      - If several credentials are set, the first one is used, in the order O(managed_identity), O(azure_cli),
        O(client_secret), O(client_certificate_path), O(federated_token_file). Credentials set as options come before
        those set by environment variables only, so O(client_certificate_path) is used before E(AZURE_CLIENT_SECRET).
      - Falls back to the environment variable E(AZURE_CLIENT_SECRET).
    type: str
  client_certificate_path:
    description:
      - A file on the node that runs the module with the runner's private key and certificate, both as PEM in one
        file or as a PFX file (V(.pfx) or V(.p12)).
      - Falls back to the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH).
    type: path
  client_certificate_passphrase:
    description:
      - The passphrase of O(client_certificate_path), if it has one.
      - Falls back to the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
    type: str
  federated_token_file:
    description:
      - A file with a token of another identity provider, for which the runner has a federated credential, as provided
        by Kubernetes and build services.
      - Falls back to the environment variable E(AZURE_FEDERATED_TOKEN_FILE).
    type: path
  managed_identity:
    description: Sign in as the managed identity of the Azure machine that runs the module.
    type: bool
    default: false
  azure_cli:
    description: Sign in as the person who is signed in to the Azure CLI.
    type: bool
    default: false
  cloud:
    description:
      - The national cloud.
      - Modules that work on an environment determine it from the environment's host name; if it is also set here, the
        two must agree. For other modules the default is V(public).
    type: str
    choices: [public, gcc, gcc_high, dod, china]
  ca_bundle:
    description:
      - A file of certificates to trust, in PEM.
      - It replaces the file that the variable E(REQUESTS_CA_BUNDLE) names, and the built-in list.
    type: path
  timeout:
    description: How long one request may take, in seconds.
    type: int
    default: 60
  record_directory:
    description:
      - A folder on the node that runs the module, in which each different request is recorded with its response, to
        report what Microsoft's services really return. It is created if it does not exist.
      - The files are censored. They contain names and terms of the services' protocols, and the kind of every other
        value, such as C({guid}) or C({text}), but no secrets, IDs, host names, addresses or names of a tenant.
      - Falls back to the environment variable E(MARKETPLACE_LEADS_RECORD).
    type: path
requirements:
  - msal >= 1.35.0
  - requests >= 2.31.0
notes:
  - If its connection is C(local), the module runs inside the control process, which makes runs over many tenants many
    times faster. Otherwise it runs as an ordinary module. Set the environment variable
    E(MARKETPLACE_LEADS_IN_PROCESS) to V(0) to always run it as an ordinary module.
  - Proxies are taken from the usual environment variables.
"""

    ENVIRONMENT = r"""
options:
  environment_url:
    description:
      - The address of the environment, as the Power Platform admin center shows it, such as
        V(https://contoso.crm4.dynamics.com).
      - It has no port, path or query.
    type: str
    required: true
notes:
  - The runner has to be a user of the environment, an application user in most cases, with the security role System
    Administrator or one that has all privileges that it uses or grants.
"""

    TENANT = r"""
options:
  environment_url:
    description:
      - An environment of the tenant. Without O(tenant_id), it determines the tenant, and its address determines the
        cloud. Nothing else is read from it.
    type: str
"""

    PUBLISHER = r"""
options:
  publisher:
    description:
      - The credentials for the publisher's account in Partner Center, which is often in another tenant than the
        environment. Required if offers are named.
      - Nothing is taken from environment variables or from the other credentials.
    type: dict
    default: {}
    suboptions:
      tenant_id:
        description: The directory ID of the publisher's tenant, or one of its domain names.
        type: str
      client_id:
        description: The application ID of an application that is associated with the publisher's account.
        type: str
      client_secret:
        description: A client secret of that application.
        type: str
      client_certificate_path:
        description: A file with its private key and certificate.
        type: path
      client_certificate_passphrase:
        description: The passphrase of that file.
        type: str
      federated_token_file:
        description: A file with a token for which it has a federated credential.
        type: path
      managed_identity:
        description: Sign in as the managed identity of the machine.
        type: bool
        default: false
      azure_cli:
        description: Sign in as the person who is signed in to the Azure CLI.
        type: bool
        default: false
"""
