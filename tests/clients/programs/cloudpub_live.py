# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand over a lead destination and publish the offer to preview and then to live, with cloudpub."""

import json
import sys

from cloudpub.ms_azure.service import AzureService

given = json.load(sys.stdin)
service = AzureService(
    {
        "AZURE_TENANT_ID": given["tenant"],
        "AZURE_CLIENT_ID": given["client"],
        "AZURE_API_SECRET": given["secret"],
        "AZURE_PUBLISHER_NAME": given["publisher"],
    },
    retry_interval=0.2,
    retry_timeout=60,
)
product_id = service.get_productid(given["offer"])
draft = service.get_product(product_id, target="draft")
(leads,) = service.filter_product_resources(product=draft, resource="customer-leads")
# It never sends a secret, only the mask that keeps the existing one.
leads.dynamic_lead_config.instance_url = given["instance_url"]
configured = service.configure([leads])
did = {
    "products": [item.identity.name for item in service.list_products()],
    "configured": configured.job_result,
    "targets": sorted(service.compute_targets(product_id)),
}
for target in ("preview", "live"):
    did[target] = service.submit_to_status(product_id, target).job_result
    service.wait_active_publishing(product_id)
live = service.get_product(product_id, target="live")
(shown,) = service.filter_product_resources(product=live, resource="customer-leads")
did["destination"] = shown.destination
did["state"] = service.get_submission_state(product_id, state="live").status
print(json.dumps(did))
