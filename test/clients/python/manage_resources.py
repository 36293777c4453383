"""
A program as written for Azure: an operator makes a group, an identity with a federated credential, a machine with
identities, a role assignment, a deployment and a lock, looks at them, and takes them away. Prints what it saw as JSON.
Nothing here knows of Innate.
"""

import json
import os
import uuid

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.locks import ManagementLockClient
from azure.mgmt.resource.resources import ResourceManagementClient

subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_CLIENT_SECRET"]
)
options = {"polling_interval": 0}
resources = ResourceManagementClient(credential, subscription, **options)
identities = ManagedServiceIdentityClient(credential, subscription)
compute = ComputeManagementClient(credential, subscription, **options)
authorization = AuthorizationManagementClient(credential, subscription)
deployments = DeploymentsMgmtClient(credential, subscription, **options)
locks = ManagementLockClient(credential, subscription)

GROUP = "python"
LOCATION = "westeurope"


def code_of(call):
    """The status and the code of a refusal, as the client tells them apart."""
    try:
        call()
        return "allowed"
    except HttpResponseError as refused:
        return f"{refused.status_code} {refused.error.code if refused.error else ''}".strip()


def names(items):
    return sorted(item.name for item in items)


group = resources.resource_groups.create_or_update(GROUP, {"location": LOCATION, "tags": {"made": "here"}})
identity = identities.user_assigned_identities.create_or_update(GROUP, "app", {"location": LOCATION})
trust = {
    "properties": {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:contoso/orders:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
}
federated = identities.federated_identity_credentials.create_or_update(GROUP, "app", "main", trust)
seen = {
    "group": group.tags,
    "identities": names(identities.user_assigned_identities.list_by_resource_group(GROUP)),
    "subject": federated.subject,
    "credentials": names(identities.federated_identity_credentials.list(GROUP, "app")),
}
changed = identities.user_assigned_identities.update(GROUP, "app", {"tags": {"tier": "front"}})
seen["identity"] = changed.tags

machine = compute.virtual_machines.begin_create_or_update(
    GROUP,
    "vm1",
    {
        "location": LOCATION,
        "identity": {"type": "SystemAssigned"},
        "properties": {"hardwareProfile": {"vmSize": "Standard_B1s"}},
    },
).result()
own = machine.identity.principal_id
both = compute.virtual_machines.begin_update(
    GROUP,
    "vm1",
    {"identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {identity.id: {}}}},
).result()
attached = list(both.identity.user_assigned_identities.values())[0]
one = compute.virtual_machines.begin_update(
    GROUP, "vm1", {"identity": {"type": "SystemAssigned", "userAssignedIdentities": {identity.id: None}}}
).result()
seen["machine"] = {
    "kept": both.identity.principal_id == own,
    "kind": both.identity.type,
    "attached": attached.client_id == identity.client_id,
    "after": one.identity.type,
    "state": [
        status.code
        for status in compute.virtual_machines.instance_view(GROUP, "vm1").statuses
        if status.code.startswith("PowerState")
    ],
}

(role,) = authorization.role_definitions.list(group.id, filter="roleName eq 'Reader'")
assignment = authorization.role_assignments.create(
    group.id,
    str(uuid.uuid4()),
    {"properties": {"roleDefinitionId": role.id, "principalId": own, "principalType": "ServicePrincipal"}},
)
assigned = authorization.role_assignments.list_for_scope(group.id, filter=f"principalId eq '{own}'")
seen["assigned"] = [each.name == assignment.name for each in assigned]

template = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "parameters": {"name": {"type": "string"}},
    "resources": [
        {
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
            "apiVersion": "2023-01-31",
            "name": "[parameters('name')]",
            "location": "[resourceGroup().location]",
        }
    ],
    "outputs": {"clientId": {"type": "string", "value": "[reference(parameters('name')).clientId]"}},
}
deployment = {
    "properties": {"mode": "Incremental", "template": template, "parameters": {"name": {"value": "deployed"}}}
}
predicted = deployments.deployments.begin_what_if(GROUP, "main", deployment).result()
deployed = deployments.deployments.begin_create_or_update(GROUP, "main", deployment).result()
made = identities.user_assigned_identities.get(GROUP, "deployed")
seen["deployment"] = {
    "state": deployed.properties.provisioning_state,
    "predicted": [change.change_type for change in predicted.changes if change.resource_id.endswith("/deployed")],
    "output": deployed.properties.outputs["clientId"]["value"] == made.client_id,
    "resources": names(resources.resources.list_by_resource_group(GROUP)),
}

locks.management_locks.create_or_update_at_resource_group_level(
    GROUP, "keep", {"properties": {"level": "CanNotDelete"}}
)
seen["locked"] = code_of(lambda: resources.resource_groups.begin_delete(GROUP))
seen["locks"] = names(locks.management_locks.list_at_resource_group_level(GROUP))
locks.management_locks.delete_at_resource_group_level(GROUP, "keep")
identities.federated_identity_credentials.delete(GROUP, "app", "main")
identities.user_assigned_identities.delete(GROUP, "app")
seen["deleted"] = code_of(lambda: identities.user_assigned_identities.get(GROUP, "app"))
resources.resource_groups.begin_delete(GROUP).result()
seen["exists"] = resources.resource_groups.check_existence(GROUP)
print(json.dumps(seen))
