# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of customization: solutions, publishers, and the jobs that change them."""

from __future__ import annotations

from ..schema import AUDIT, OWNER, Relation, Table, address, columns, relations

SOLUTION = Table(
    logical="solution",
    schema="Solution",
    entity_set="solutions",
    type_code=7100,
    ownership="organization",
    id_column="solutionid",
    name_column="friendlyname",
    privilege_noun="Solution",
    rights=("Read", "Write", "Create", "Delete", "Append", "AppendTo"),
    columns=columns(
        """
        solutionid guid c
        uniquename string:65 c
        friendlyname string:256
        version string:256
        publisherid lookup:publisher
        description memo:2000
        configurationpageid lookup:webresource
        installedon datetime r
        isapimanaged bool =false r
        ismanaged bool =false r
        isvisible bool =true r
        organizationid lookup:organization r
        parentsolutionid lookup:solution r
        pinpointassetid string:255 r
        pinpointpublisherid long r
        pinpointsolutiondefaultlocale string:16 r
        pinpointsolutionid long r
        solutionpackageversion string:256 r
        solutiontype picklist:solutiontype r
        templatesuffix string:65
        thumbprint string:65 r
        updatedon datetime r
        upgradeinfo memo r
        """,
        AUDIT,
    ),
    relations=relations(
        Relation("solution_solutioncomponent", "solutioncomponent", lookup="_solutionid_value"),
        Relation("solution_parent_solution", "solution", lookup="_parentsolutionid_value"),
    ),
)

PUBLISHER = Table(
    logical="publisher",
    schema="Publisher",
    entity_set="publishers",
    type_code=7101,
    ownership="organization",
    id_column="publisherid",
    name_column="friendlyname",
    privilege_noun="Publisher",
    rights=("Read", "Write", "Create", "Delete", "Append", "AppendTo"),
    columns=columns(
        """
        publisherid guid c
        uniquename string:256 c
        friendlyname string:256
        customizationoptionvalueprefix int
        customizationprefix string:8
        description memo:2000
        emailaddress string:100
        entityimage binary
        entityimage_timestamp long r
        entityimage_url string:200 r
        entityimageid guid r
        isreadonly bool =false r
        organizationid lookup:organization r
        pinpointpublisherdefaultlocale string:16 r
        pinpointpublisherid long r
        supportingwebsiteurl string:200
        """,
        address(1, composite=False),
        address(2, composite=False),
        AUDIT,
    ),
    relations=relations(Relation("publisher_solution", "solution", lookup="_publisherid_value")),
)

SOLUTION_COMPONENT = Table(
    logical="solutioncomponent",
    schema="SolutionComponent",
    entity_set="solutioncomponents",
    type_code=7103,
    ownership="none",
    id_column="solutioncomponentid",
    name_column="solutioncomponentid",
    rights=(),
    writable=False,
    columns=columns(
        """
        solutioncomponentid guid r
        solutionid lookup:solution r
        objectid guid r
        componenttype int r
        ismetadata bool r =false
        rootcomponentbehavior int r =0
        rootsolutioncomponentid guid r
        """,
        AUDIT,
    ),
)

ASYNC_OPERATION = Table(
    logical="asyncoperation",
    schema="AsyncOperation",
    entity_set="asyncoperations",
    type_code=4700,
    ownership="user",
    id_column="asyncoperationid",
    name_column="name",
    privilege_noun="AsyncOperation",
    versioned=False,
    columns=columns(
        """
        asyncoperationid guid c
        breadcrumbid guid r
        callerorigin string:200 r
        completedon datetime r
        correlationid guid r
        correlationupdatedtime datetime r
        data memo
        datablobid binary
        datablobid_name string:200 r
        dependencytoken string:256
        depth int r
        errorcode int r
        executiontimespan double r
        expanderstarttime datetime r
        friendlymessage memo:4000 r
        hostid string:256 r
        iswaitingforevent bool r =false
        message memo r
        messagename string:160 r
        name string:256
        operationtype picklist:operationtype c
        owningextensionid lookup:sdkmessageprocessingstep r
        parentpluginexecutionid guid r
        postponeuntil datetime
        primaryentitytype string:64 c
        recurrencepattern string:256
        recurrencestarttime datetime
        regardingobjectid lookup:lead,account,contact c
        requestid guid r
        retainjobhistory bool r =false
        retrycount int r
        rootexecutioncontext memo r
        sequence long r
        startedon datetime r
        statecode picklist:jobstate =0
        statuscode picklist:jobstatus =0
        subtype int r
        timezoneruleversionnumber int
        utcconversiontimezonecode int
        workflowactivationid lookup:workflow c
        workflowstagename string:256 r
        workload string:50 r
        """,
        "\n".join(line for line in AUDIT.splitlines() if "versionnumber" not in line),
        OWNER,
    ),
)

IMPORT_JOB = Table(
    logical="importjob",
    schema="ImportJob",
    entity_set="importjobs",
    type_code=9107,
    ownership="organization",
    id_column="importjobid",
    name_column="name",
    privilege_noun="ImportJob",
    rights=("Read", "Write", "Delete"),
    columns=columns(
        """
        importjobid guid c
        completedon datetime r
        data memo c
        importcontext string:160 r
        name string:256 c
        operationcontext string:160 r
        organizationid lookup:organization r
        progress double r
        solutionid guid r
        solutionname string:256 c
        startedon datetime r
        """,
        AUDIT,
    ),
)

DEPENDENCY = Table(
    logical="dependency",
    schema="Dependency",
    entity_set="dependencies",
    type_code=7105,
    ownership="none",
    id_column="dependencyid",
    name_column="dependencyid",
    rights=(),
    writable=False,
    columns=columns(
        """
        dependencyid guid r
        dependencytype int r =2
        dependentcomponentbasesolutionid guid r
        dependentcomponentobjectid guid r
        dependentcomponentparentid guid r
        dependentcomponenttype int r
        requiredcomponentbasesolutionid guid r
        requiredcomponentobjectid guid r
        requiredcomponentparentid guid r
        requiredcomponenttype int r
        versionnumber long r
        """
    ),
)

MESSAGE_FILTER = Table(
    logical="sdkmessagefilter",
    schema="SdkMessageFilter",
    entity_set="sdkmessagefilters",
    type_code=4607,
    ownership="organization",
    id_column="sdkmessagefilterid",
    name_column="name",
    # Reading messages includes reading which tables support them.
    privilege_noun="SdkMessage",
    rights=(),
    writable=False,
    columns=columns(
        """
        sdkmessagefilterid guid r
        availability int r =0
        componentstate picklist:componentstate r =0
        introducedversion string:48 r =5.0.0.0
        iscustomprocessingstepallowed bool r =true
        ismanaged bool r =true
        isvisible bool r =true
        name string:256 r
        organizationid lookup:organization r
        primaryobjecttypecode string:64 r
        restrictionlevel int r =0
        sdkmessageid lookup:sdkmessage r
        secondaryobjecttypecode string:64 r
        workflowsdkstepenabled bool r =false
        """,
        AUDIT,
    ),
)

TABLES = (SOLUTION, PUBLISHER, SOLUTION_COMPONENT, ASYNC_OPERATION, IMPORT_JOB, DEPENDENCY, MESSAGE_FILTER)
