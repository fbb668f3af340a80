# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables a business works with: leads (where Dynamics 365 Sales is installed), accounts, contacts."""

from __future__ import annotations

from ..schema import AUDIT, OWNER, Relation, Table, address, columns, relations

LEAD = Table(
    logical="lead",
    schema="Lead",
    entity_set="leads",
    type_code=4,
    ownership="user",
    id_column="leadid",
    name_column="fullname",
    privilege_noun="Lead",
    columns=columns(
        """
        leadid guid c
        budgetamount double
        companyname string:100
        confirminterest bool =false
        customerid lookup:account,contact
        decisionmaker bool =false
        description memo:2000
        donotbulkemail bool =false
        donotemail bool =false
        donotfax bool =false
        donotphone bool =false
        donotpostalmail bool =false
        emailaddress1 string:100
        emailaddress2 string:100
        emailaddress3 string:100
        estimatedamount double
        estimatedclosedate datetime
        evaluatefit bool =false
        exchangerate decimal r
        fax string:50
        firstname string:50
        fullname string:160 r
        importsequencenumber int c
        industrycode picklist
        jobtitle string:100
        lastname string:50
        leadqualitycode picklist:quality =2
        leadsourcecode picklist:leadsource
        merged bool r =false
        middlename string:50
        mobilephone string:20
        numberofemployees int
        overriddencreatedon datetime c
        pager string:20
        parentaccountid lookup:account
        parentcontactid lookup:contact
        participatesinworkflow bool =false
        preferredcontactmethodcode picklist =1
        prioritycode picklist =1
        revenue double
        salesstagecode picklist =1
        salutation string:100
        sic string:20
        statecode picklist:leadstate =0
        statuscode picklist:leadstatus =1
        subject string:300
        telephone1 string:50
        telephone2 string:50
        telephone3 string:50
        timezoneruleversionnumber int
        transactioncurrencyid lookup:transactioncurrency
        utcconversiontimezonecode int
        websiteurl string:200
        yomicompanyname string:100
        yomifirstname string:150
        yomifullname string:450 r
        yomilastname string:150
        """,
        address(1, composite=True),
        address(2, composite=True),
        AUDIT,
        OWNER,
    ),
)

ACCOUNT = Table(
    logical="account",
    schema="Account",
    entity_set="accounts",
    type_code=1,
    ownership="user",
    id_column="accountid",
    name_column="name",
    privilege_noun="Account",
    columns=columns(
        """
        accountid guid c
        accountnumber string:20
        creditlimit double
        creditonhold bool =false
        description memo:2000
        donotbulkemail bool =false
        donotemail bool =false
        donotphone bool =false
        emailaddress1 string:100
        exchangerate decimal r
        fax string:50
        importsequencenumber int c
        industrycode picklist
        merged bool r =false
        name string:160
        numberofemployees int
        overriddencreatedon datetime c
        parentaccountid lookup:account
        preferredcontactmethodcode picklist =1
        primarycontactid lookup:contact
        revenue double
        statecode picklist:activestate =0
        statuscode picklist:activestatus =1
        telephone1 string:50
        telephone2 string:50
        tickersymbol string:10
        transactioncurrencyid lookup:transactioncurrency
        websiteurl string:200
        """,
        address(1, composite=True),
        address(2, composite=True),
        AUDIT,
        OWNER,
    ),
    relations=relations(
        Relation("contact_customer_accounts", "contact", lookup="_parentcustomerid_value"),
        Relation("account_parent_account", "account", lookup="_parentaccountid_value"),
    ),
)

CONTACT = Table(
    logical="contact",
    schema="Contact",
    entity_set="contacts",
    type_code=2,
    ownership="user",
    id_column="contactid",
    name_column="fullname",
    privilege_noun="Contact",
    columns=columns(
        """
        contactid guid c
        birthdate datetime
        creditonhold bool =false
        department string:100
        description memo:2000
        donotbulkemail bool =false
        donotemail bool =false
        donotphone bool =false
        emailaddress1 string:100
        exchangerate decimal r
        fax string:50
        firstname string:50
        fullname string:160 r
        importsequencenumber int c
        jobtitle string:100
        lastname string:50
        merged bool r =false
        middlename string:50
        mobilephone string:50
        numberofchildren int
        overriddencreatedon datetime c
        parentcustomerid lookup:account,contact
        preferredcontactmethodcode picklist =1
        statecode picklist:activestate =0
        statuscode picklist:activestatus =1
        telephone1 string:50
        transactioncurrencyid lookup:transactioncurrency
        websiteurl string:200
        """,
        address(1, composite=True),
        address(2, composite=True),
        AUDIT,
        OWNER,
    ),
    relations=relations(Relation("account_primary_contact", "account", lookup="_primarycontactid_value")),
)

#: Tables that come with the platform.
TABLES = (ACCOUNT, CONTACT)
#: Tables that only Dynamics 365 Sales brings.
SALES_TABLES = (LEAD,)
