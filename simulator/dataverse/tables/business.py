# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The business tables: leads (if Dynamics 365 Sales is installed), accounts, contacts."""

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
        accountcategorycode picklist
        accountclassificationcode picklist =1
        accountnumber string:20
        accountratingcode picklist =1
        aging30 double r
        aging30_base double r
        aging60 double r
        aging60_base double r
        aging90 double r
        aging90_base double r
        businesstypecode picklist =1
        createdbyexternalparty lookup:externalparty r
        creditlimit double
        creditlimit_base double r
        creditonhold bool =false
        customersizecode picklist =1
        customertypecode picklist
        description memo:2000
        donotbulkemail bool =false
        donotbulkpostalmail bool =false
        donotemail bool =false
        donotfax bool =false
        donotphone bool =false
        donotpostalmail bool =false
        donotsendmm bool =false
        emailaddress1 string:100
        emailaddress2 string:100
        emailaddress3 string:100
        entityimage binary
        entityimage_timestamp long r
        entityimage_url string:200 r
        entityimageid guid r
        exchangerate decimal r
        fax string:50
        followemail bool =true
        ftpsiteurl string:200
        importsequencenumber int c
        industrycode picklist
        lastonholdtime datetime
        lastusedincampaign datetime
        marketcap double
        marketcap_base double r
        marketingonly bool =false
        masterid lookup:account r
        merged bool r =false
        modifiedbyexternalparty lookup:externalparty r
        name string:160
        numberofemployees int
        onholdtime int r
        overriddencreatedon datetime c
        ownershipcode picklist
        parentaccountid lookup:account
        participatesinworkflow bool =false
        paymenttermscode picklist
        preferredappointmentdaycode picklist
        preferredappointmenttimecode picklist
        preferredcontactmethodcode picklist =1
        preferredsystemuserid lookup:systemuser
        primarycontactid lookup:contact
        primarysatoriid string:200
        primarytwitterid string:128
        processid guid
        revenue double
        revenue_base double r
        sharesoutstanding int
        shippingmethodcode picklist =1
        sic string:20
        slaid lookup:sla
        slainvokedid lookup:sla r
        stageid guid
        statecode picklist:activestate =0
        statuscode picklist:activestatus =1
        stockexchange string:20
        telephone1 string:50
        telephone2 string:50
        telephone3 string:50
        territorycode picklist =1
        tickersymbol string:10
        timespentbymeonemailandmeetings string:1250 r
        timezoneruleversionnumber int
        transactioncurrencyid lookup:transactioncurrency
        traversedpath string:1250
        utcconversiontimezonecode int
        websiteurl string:200
        yominame string:160
        """,
        address(1, composite=True, customer=True),
        address(2, composite=True, customer=True),
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
        accountid lookup:account r
        accountrolecode picklist
        aging30 double r
        aging30_base double r
        aging60 double r
        aging60_base double r
        aging90 double r
        aging90_base double r
        anniversary datetime
        annualincome double
        annualincome_base double r
        assistantname string:100
        assistantphone string:50
        birthdate datetime
        business2 string:50
        callback string:50
        childrensnames string:255
        company string:50
        createdbyexternalparty lookup:externalparty r
        creditlimit double
        creditlimit_base double r
        creditonhold bool =false
        customersizecode picklist =1
        customertypecode picklist =1
        department string:100
        description memo:2000
        donotbulkemail bool =false
        donotbulkpostalmail bool =false
        donotemail bool =false
        donotfax bool =false
        donotphone bool =false
        donotpostalmail bool =false
        donotsendmm bool =false
        educationcode picklist =1
        emailaddress1 string:100
        emailaddress2 string:100
        emailaddress3 string:100
        employeeid string:50
        entityimage binary
        entityimage_timestamp long r
        entityimage_url string:200 r
        entityimageid guid r
        exchangerate decimal r
        externaluseridentifier string:50
        familystatuscode picklist
        fax string:50
        firstname string:50
        followemail bool =true
        ftpsiteurl string:200
        fullname string:160 r
        gendercode picklist
        governmentid string:50
        haschildrencode picklist =1
        home2 string:50
        importsequencenumber int c
        isbackofficecustomer bool =false
        jobtitle string:100
        lastname string:50
        lastonholdtime datetime
        lastusedincampaign datetime
        leadsourcecode picklist =1
        managername string:100
        managerphone string:50
        marketingonly bool =false
        masterid lookup:contact r
        merged bool r =false
        middlename string:50
        mobilephone string:50
        modifiedbyexternalparty lookup:externalparty r
        nickname string:100
        numberofchildren int
        onholdtime int r
        overriddencreatedon datetime c
        pager string:50
        parentcontactid lookup:contact r
        parentcustomerid lookup:account,contact
        participatesinworkflow bool =false
        paymenttermscode picklist
        preferredappointmentdaycode picklist
        preferredappointmenttimecode picklist =1
        preferredcontactmethodcode picklist =1
        preferredsystemuserid lookup:systemuser
        processid guid
        salutation string:100
        shippingmethodcode picklist =1
        slaid lookup:sla
        slainvokedid lookup:sla r
        spousesname string:100
        stageid guid
        statecode picklist:activestate =0
        statuscode picklist:activestatus =1
        subscriptionid guid
        suffix string:10
        telephone1 string:50
        telephone2 string:50
        telephone3 string:50
        territorycode picklist =1
        timespentbymeonemailandmeetings string:1250 r
        timezoneruleversionnumber int
        transactioncurrencyid lookup:transactioncurrency
        traversedpath string:1250
        utcconversiontimezonecode int
        websiteurl string:200
        yomifirstname string:150
        yomifullname string:450 r
        yomilastname string:150
        yomimiddlename string:150
        """,
        address(1, composite=True, customer=True),
        address(2, composite=True, customer=True),
        address(3, composite=True, customer=True),
        AUDIT,
        OWNER,
    ),
    relations=relations(Relation("account_primary_contact", "account", lookup="_primarycontactid_value")),
)

#: Tables of the platform.
TABLES = (ACCOUNT, CONTACT)
#: Tables of Dynamics 365 Sales.
SALES_TABLES = (LEAD,)
