# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows, columns, messages and definitions with dataverse-api, which reads a table's definition before it writes."""

import json
import sys

import requests
from dataverse_api.dataverse import DataverseClient

given = json.load(sys.stdin)
token = requests.post(
    f"https://login.microsoftonline.com/{given['tenant']}/oauth2/v2.0/token",
    data={
        "grant_type": "client_credentials",
        "client_id": given["client"],
        "client_secret": given["secret"],
        "scope": f"{given['url']}/.default",
    },
    timeout=30,
).json()["access_token"]
session = requests.Session()
session.headers["Authorization"] = f"Bearer {token}"
client = DataverseClient(session, given["url"])

definition = client.get_entity_definition("account")
accounts = client.entity("account")
accounts.create([{"name": f"Account {number}", "telephone1": "1"} for number in range(3)], mode="multiple")
rows = accounts.read(select=["name", "telephone1"], order_by="name")
accounts.delete_columns(["telephone1"], ids=[row["accountid"] for row in rows])
accounts.upsert([{"accountid": rows[0]["accountid"], "name": "Changed"}])
emptied = accounts.read(select=["name", "telephone1"], filter="telephone1 eq null", order_by="name")
accounts.delete(ids=[row["accountid"] for row in rows[1:]], mode="batch")
print(
    json.dumps(
        {
            "schema": definition.schema_name,
            "languages": client.get_language_codes(),
            "multiple": [accounts.supports_create_multiple, accounts.supports_update_multiple],
            "ways": "contact_customer_accounts" in accounts.relationships.collection_valued
            and "primarycontactid" in accounts.relationships.single_valued,
            "created": [row["name"] for row in rows],
            "emptied": [row["name"] for row in emptied],
            "left": [row["name"] for row in accounts.read(select=["name"])],
        }
    )
)
