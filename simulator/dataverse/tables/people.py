# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of people and security: organization, business units, users, teams, roles, privileges."""

from __future__ import annotations

from ..schema import AUDIT, Relation, Table, address, columns, relations

ORGANIZATION = Table(
    logical="organization",
    schema="Organization",
    entity_set="organizations",
    type_code=1019,
    ownership="none",
    id_column="organizationid",
    name_column="name",
    privilege_noun="Organization",
    rights=("Read", "Write", "AppendTo"),
    columns=columns(
        """
        organizationid guid r
        name string:160
        basecurrencyprecision int =2
        languagecode int =1033 r
        localeid int =1033
        schemanameprefix string:8 r
        isauditenabled bool =false
        recalculatesla bool =false
        sessiontimeoutenabled bool =false
        systemuserid guid r
        integrationuserid guid r
        maxuploadfilesize int =5120
        plugintracelogsetting int =0
        issharepointintegrationenabled bool =false
        orgdborgsettings memo
        enableipbasedfirewallrule bool =false
        enableipbasedfirewallruleinauditmode bool =false
        allowediprangeforfirewall string:4000
        allowapplicationuseraccess bool =false
        allowmicrosofttrustedservicetags bool =false
        """,
        AUDIT,
    ),
)

BUSINESS_UNIT = Table(
    logical="businessunit",
    schema="BusinessUnit",
    entity_set="businessunits",
    type_code=10,
    ownership="business",
    id_column="businessunitid",
    name_column="name",
    privilege_noun="BusinessUnit",
    rights=("Create", "Read", "Write", "Delete", "Append", "AppendTo"),
    levels_of={"Create": "DG", "Delete": "DG"},
    columns=columns(
        """
        businessunitid guid c
        name string:160
        parentbusinessunitid lookup:businessunit
        organizationid lookup:organization r
        inheritancemask int =1023 r
        isdisabled bool =false
        disabledreason string:500 r
        costcenter string:100
        creditlimit double
        description memo:2000
        divisionname string:100
        emailaddress string:100
        exchangerate decimal r
        fileasname string:100
        ftpsiteurl string:200
        importsequencenumber int c
        overriddencreatedon datetime c
        picture memo
        stockexchange string:20
        tickersymbol string:10
        transactioncurrencyid lookup:transactioncurrency
        calendarid lookup:calendar
        utcoffset int
        websiteurl string:200
        workflowsuspended bool
        """,
        address(1, composite=False),
        address(2, composite=False),
        AUDIT,
    ),
    relations=relations(
        Relation("business_unit_system_users", "systemuser", lookup="_businessunitid_value"),
        Relation("business_unit_roles", "role", lookup="_businessunitid_value"),
        Relation("business_unit_parent_business_unit", "businessunit", lookup="_parentbusinessunitid_value"),
        Relation("business_unit_teams", "team", lookup="_businessunitid_value"),
    ),
)

SYSTEM_USER = Table(
    logical="systemuser",
    schema="SystemUser",
    entity_set="systemusers",
    type_code=8,
    ownership="business",
    id_column="systemuserid",
    name_column="fullname",
    privilege_noun="User",
    rights=("Create", "Read", "Write", "Delete", "Append", "AppendTo"),
    columns=columns(
        """
        systemuserid guid c
        accessmode picklist:accessmode =0
        applicationid guid
        applicationiduri string:1024 r
        azureactivedirectoryobjectid guid r
        azuredeletedon datetime r
        azurestate picklist:azurestate =0
        businessunitid lookup:businessunit
        calendarid lookup:calendar
        caltype picklist =0
        defaultfilterspopulated bool =false r
        defaultmailbox lookup:mailbox r
        defaultodbfoldername string:200 r =Dynamics365
        deletedstate picklist:deletedstate r =0
        disabledreason string:500 r
        displayinserviceviews bool =false
        domainname string:1024
        emailrouteraccessapproval picklist =0
        employeeid string:100
        entityimage binary
        entityimage_timestamp long r
        entityimage_url string:200 r
        entityimageid guid r
        exchangerate decimal r
        firstname string:256
        fullname string:200 r
        governmentid string:100
        homephone string:50
        identityid int r
        importsequencenumber int c
        incomingemaildeliverymethod picklist =2
        internalemailaddress string:100
        invitestatuscode picklist =0
        isdisabled bool =false
        isemailaddressapprovedbyo365admin bool =false
        isintegrationuser bool =false
        islicensed bool =false
        issyncwithdirectory bool =false
        jobtitle string:100
        lastname string:256
        middlename string:50
        mobilealertemail string:100
        mobileofflineprofileid lookup:mobileofflineprofile
        mobilephone string:64
        nickname string:50
        organizationid guid r
        outgoingemaildeliverymethod picklist =2
        overriddencreatedon datetime c
        ownerid guid r
        parentsystemuserid lookup:systemuser
        passporthi int
        passportlo int
        personalemailaddress string:100
        photourl string:200
        positionid lookup:position
        preferredaddresscode picklist =1
        preferredemailcode picklist =1
        preferredphonecode picklist =1
        processid guid
        queueid lookup:queue
        salutation string:20
        setupuser bool =false
        sharepointemailaddress string:1024
        skills string:100
        stageid guid
        territoryid lookup:territory
        timezoneruleversionnumber int
        title string:128
        transactioncurrencyid lookup:transactioncurrency
        traversedpath string:1250
        userlicensetype int
        userpuid string:100
        utcconversiontimezonecode int
        windowsliveid string:1024
        yammeremailaddress string:200
        yammeruserid string:128
        yomifirstname string:64
        yomifullname string:200 r
        yomilastname string:64
        yomimiddlename string:50
        """,
        address(1, composite=True),
        address(2, composite=True),
        AUDIT,
    ),
    relations=relations(
        Relation("systemuserroles_association", "role", intersect="systemuserroles"),
        Relation("teammembership_association", "team", intersect="teammembership", left=False),
        Relation("lead_owning_user", "lead", lookup="_owninguser_value"),
    ),
)

TEAM = Table(
    logical="team",
    schema="Team",
    entity_set="teams",
    type_code=9,
    ownership="business",
    id_column="teamid",
    name_column="name",
    privilege_noun="Team",
    rights=("Create", "Read", "Write", "Delete", "Append", "AppendTo"),
    columns=columns(
        """
        teamid guid c
        name string:160
        businessunitid lookup:businessunit
        administratorid lookup:systemuser
        azureactivedirectoryobjectid guid c
        description memo:2000
        emailaddress string:100
        isdefault bool =false r
        membershiptype picklist =0 c
        organizationid guid r
        queueid lookup:queue
        systemmanaged bool =false r
        teamtype picklist:teamtype =0 c
        yominame string:160
        """,
        AUDIT,
    ),
    relations=relations(
        Relation("teammembership_association", "systemuser", intersect="teammembership"),
        Relation("teamroles_association", "role", intersect="teamroles"),
    ),
)

ROLE = Table(
    logical="role",
    schema="Role",
    entity_set="roles",
    type_code=1036,
    ownership="business",
    id_column="roleid",
    name_column="name",
    privilege_noun="Role",
    rights=("Read", "Write", "AppendTo", "Append", "Create", "Delete", "Assign"),
    columns=columns(
        """
        roleid guid c
        name string:100
        businessunitid lookup:businessunit c
        canbedeleted managed
        componentstate picklist:componentstate r =0
        importsequencenumber int c
        iscustomizable managed
        isinherited picklist:isinherited =0
        ismanaged bool =false r
        organizationid guid r
        overriddencreatedon datetime c
        overwritetime datetime r =1900-01-01T00:00:00Z
        parentroleid lookup:role r
        parentrootroleid lookup:role r
        roleidunique guid r
        roletemplateid lookup:roletemplate r
        solutionid guid r
        """,
        AUDIT,
    ),
    relations=relations(
        Relation("systemuserroles_association", "systemuser", intersect="systemuserroles", left=False),
        Relation("teamroles_association", "team", intersect="teamroles", left=False),
        Relation("roleprivileges_association", "privilege", intersect="roleprivileges"),
        Relation("role_parent_root_role", "role", lookup="_parentrootroleid_value"),
        Relation("role_parent_role", "role", lookup="_parentroleid_value"),
    ),
)

PRIVILEGE = Table(
    logical="privilege",
    schema="Privilege",
    entity_set="privileges",
    type_code=1023,
    ownership="none",
    id_column="privilegeid",
    name_column="name",
    privilege_noun="Privilege",
    rights=(),
    writable=False,
    columns=columns(
        """
        privilegeid guid r
        name string:100 r
        accessright int r =0
        canbebasic bool r =false
        canbelocal bool r =false
        canbedeep bool r =false
        canbeglobal bool r =false
        canbeentityreference bool r =false
        canbeparententityreference bool r =false
        canberecordfilter bool r =false
        componentstate picklist:componentstate r =0
        introducedversion string:48 r =5.0.0.0
        ismanaged bool r =true
        isdisabledwhenintegrated bool r =false
        overwritetime datetime r =1900-01-01T00:00:00Z
        privilegerowid guid r
        solutionid guid r =fd140aad-4df4-11dd-bd17-0019b9312238
        versionnumber long r
        """
    ),
    relations=relations(Relation("roleprivileges_association", "role", intersect="roleprivileges", left=False)),
)

ROLE_PRIVILEGES = Table(
    logical="roleprivileges",
    schema="RolePrivileges",
    entity_set="roleprivilegescollection",
    type_code=12,
    ownership="none",
    id_column="roleprivilegeid",
    name_column="roleprivilegeid",
    rights=(),
    writable=False,
    columns=columns(
        """
        roleprivilegeid guid r
        roleid guid r
        privilegeid guid r
        privilegedepthmask int r
        ismanaged bool r =false
        recordfilterid guid r
        versionnumber long r
        """
    ),
)

TABLES = (ORGANIZATION, BUSINESS_UNIT, SYSTEM_USER, TEAM, ROLE, PRIVILEGE, ROLE_PRIVILEGES)
