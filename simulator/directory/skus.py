# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products for subscriptions: part numbers and their ids (contract: licenses)."""

from __future__ import annotations

from dataclasses import dataclass

from .. import seeded


@dataclass(frozen=True)
class Sku:
    """A product. A product's part number may also be the name of a plan in it."""

    part_number: str
    sku_id: str
    plan_id: str
    plan_name: str


_IDS = {
    "DYN365_ENTERPRISE_PLAN1": "ea126fc5-a19e-42e2-a731-da9d437bffcf",
    "DYN365_ENTERPRISE_SALES": "1e1a282c-9c54-43a2-9310-98ef728faace",
    "DYN365_ENTERPRISE_SALES_CUSTOMERSERVICE": "8edc2cf8-6438-4fa9-b6e3-aa1660c640cc",
    "DYN365_SALES_PREMIUM": "2edaa1dc-966d-4475-93d6-8ee8dfd96877",
    "D365_SALES_PRO": "be9f9771-1c64-4618-9907-244325141096",
    "D365_SALES_PRO_ATTACH": "245e6bf9-411e-481e-8611-5c08595e2988",
    "D365_SALES_ENT_ATTACH": "5b22585d-1b71-4c6b-b6ec-160b1a9c2323",
    "D365_SALES_PRO_GOV": "229fa362-9d30-4dbc-8110-21b77a7f9b26",
    "Dynamics_365_Sales_Premium_Viral_Trial": "6ec92958-3cc1-49db-95bd-bc6b3798df71",
    "D365_SALES_PRO_IW": "9c7bff7a-3715-4da7-88d3-07f57f8d0fb6",
    "DYN365_ENTERPRISE_CUSTOMER_SERVICE": "749742bf-0d37-4158-a120-33567104deeb",
    "DYN365_CUSTOMER_SERVICE_PRO": "1439b6e2-5d59-4873-8c59-d60e2a196e92",
    "DYN365_ENTERPRISE_FIELD_SERVICE": "c7d15985-e746-4f01-b113-20b575898250",
    "Dynamics_365_Multi_app_": "6c75fb1b-61f2-42d0-b1b8-6492ca9ae159",
    "DYN365_ENTERPRISE_TEAM_MEMBERS": "8e7a3d30-d97d-43ab-837c-d7701cef83dc",
    "DYN365_ENTERPRISE_SALES_GOV": "28b275ce-aec7-4c26-82e2-1ffbc2746ad4",
    "D365_ENTERPRISE_SALES_GOV": "e85b3345-2fd5-45cf-a196-7968d3e18e56",
}
_SALES = ("DYN365_ENTERPRISE_SALES", "2da8e897-7791-486b-b08f-cc63c8129df7")
_P1 = ("DYN365_ENTERPRISE_P1", "d56f3deb-50d8-465a-bedb-f079817ccac1")
_SALES_GOV = ("DYN365_ENTERPRISE_SALES_GOV", "213be507-d547-4f79-bc2c-6196bc54c4a3")
_PLANS = {
    "DYN365_ENTERPRISE_PLAN1": _P1,
    "DYN365_ENTERPRISE_SALES": _SALES,
    "DYN365_ENTERPRISE_SALES_CUSTOMERSERVICE": _P1,
    "DYN365_SALES_PREMIUM": _SALES,
    "Dynamics_365_Multi_app_": _SALES,
    "D365_SALES_PRO": ("DYN365_SALES_PRO", "88d83950-ff78-4e85-aa66-abfc787f8090"),
    "D365_SALES_PRO_GOV": ("DYN365_SALES_PRO_GOV", "dd89efa0-5a55-4892-ba30-82e3f8008339"),
    "D365_SALES_PRO_IW": ("D365_SALES_PRO_IW", "73f205fc-6b15-47a5-967e-9e64fdf72d0a"),
    "DYN365_CUSTOMER_SERVICE_PRO": ("DYN365_CUSTOMER_SERVICE_PRO", "6929f657-b31b-4947-b4ce-5066c3214f54"),
    "DYN365_ENTERPRISE_CUSTOMER_SERVICE": (
        "DYN365_ENTERPRISE_CUSTOMER_SERVICE",
        "99340b49-fb81-4b1e-976b-8f2ae8e9394f",
    ),
    "DYN365_ENTERPRISE_FIELD_SERVICE": ("DYN365_ENTERPRISE_FIELD_SERVICE", "8c66ef8a-177f-4c0d-853c-d4f219331d09"),
    "DYN365_ENTERPRISE_TEAM_MEMBERS": ("DYN365_ENTERPRISE_TEAM_MEMBERS", "6a54b05e-4fab-40e7-9828-428db3b336fa"),
    "D365_SALES_ENT_ATTACH": ("D365_SALES_ENT_ATTACH", "3ae52229-572e-414f-937c-ff35a87d4f29"),
    "D365_SALES_PRO_ATTACH": ("D365_SALES_PRO_ATTACH", "065f3c64-0649-4ec7-9f47-ef5cf134c751"),
    "D365_ENTERPRISE_SALES_GOV": _SALES_GOV,
    "DYN365_ENTERPRISE_SALES_GOV": _SALES_GOV,
    "Dynamics_365_Sales_Premium_Viral_Trial": (
        "DYN365_SALES_ENTERPRISE_VIRAL_TRIAL",
        "7f636c80-0961-41b2-94da-9642ccf02de0",
    ),
}


def sku(part_number: str) -> Sku:
    """The product with this part number; ids of unlisted products are derived from the name."""
    plan_name, plan_id = _PLANS.get(part_number, (part_number, seeded.guid("service plan", part_number)))
    return Sku(part_number, _IDS.get(part_number, seeded.guid("sku", part_number)), plan_id, plan_name)
