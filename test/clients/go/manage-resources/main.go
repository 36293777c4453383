// A program as written for Azure: an operator makes a group, an identity with a federated credential, a machine with
// identities, a role assignment and a deployment, looks at them, and takes them away. Prints what it saw as JSON.
// Nothing here knows of Innate.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"
	"github.com/google/uuid"
)

const (
	group          = "golang"
	computeVersion = "2024-07-01"
)

var (
	ctx      = context.Background()
	location = to.Ptr("westeurope")
	polling  = &runtime.PollUntilDoneOptions{Frequency: time.Second}
)

func main() {
	subscription := os.Getenv("AZURE_SUBSCRIPTION_ID")
	credential := must(azidentity.NewClientSecretCredential(
		os.Getenv("AZURE_TENANT_ID"), os.Getenv("AZURE_CLIENT_ID"), os.Getenv("AZURE_CLIENT_SECRET"), nil))
	resources := must(armresources.NewClientFactory(subscription, credential, nil))
	groups := resources.NewResourceGroupsClient()
	deployments := resources.NewDeploymentsClient()
	msi := must(armmsi.NewClientFactory(subscription, credential, nil))
	identities := msi.NewUserAssignedIdentitiesClient()
	federated := msi.NewFederatedIdentityCredentialsClient()
	generic := resources.NewClient()
	authorization := must(armauthorization.NewClientFactory(subscription, credential, nil))
	seen := map[string]any{}

	made := must(groups.CreateOrUpdate(ctx, group, armresources.ResourceGroup{Location: location}, nil))
	app := must(identities.CreateOrUpdate(ctx, group, "app", armmsi.Identity{Location: location}, nil))
	trust := armmsi.FederatedIdentityCredential{Properties: &armmsi.FederatedIdentityCredentialProperties{
		Issuer:    to.Ptr("https://token.actions.githubusercontent.com"),
		Subject:   to.Ptr("repo:contoso/orders:ref:refs/heads/main"),
		Audiences: []*string{to.Ptr("api://AzureADTokenExchange")},
	}}
	must(federated.CreateOrUpdate(ctx, group, "app", "main", trust, nil))
	credentials := federated.NewListPager(group, "app", nil)
	for credentials.More() {
		for _, each := range must(credentials.NextPage(ctx)).Value {
			seen["subject"] = each.Properties.Subject
		}
	}

	vmID := *made.ID + "/providers/Microsoft.Compute/virtualMachines/vm1"
	vm := must(must(generic.BeginCreateOrUpdateByID(ctx, vmID, computeVersion, armresources.GenericResource{
		Location:   location,
		Identity:   &armresources.Identity{Type: to.Ptr(armresources.ResourceIdentityTypeSystemAssigned)},
		Properties: map[string]any{"hardwareProfile": map[string]any{"vmSize": "Standard_B1s"}},
	}, nil)).PollUntilDone(ctx, polling))
	own := vm.Identity.PrincipalID
	both := must(must(generic.BeginUpdateByID(ctx, vmID, computeVersion, armresources.GenericResource{
		Identity: &armresources.Identity{
			Type: to.Ptr(armresources.ResourceIdentityTypeSystemAssignedUserAssigned),
			UserAssignedIdentities: map[string]*armresources.IdentityUserAssignedIdentitiesValue{
				*app.ID: {},
			},
		},
	}, nil)).PollUntilDone(ctx, polling))
	seen["kind"] = both.Identity.Type
	seen["kept"] = *both.Identity.PrincipalID == *own
	for id, value := range both.Identity.UserAssignedIdentities {
		seen["attached"] = strings.EqualFold(id, *app.ID) && *value.ClientID == *app.Properties.ClientID
	}

	roles := authorization.NewRoleDefinitionsClient().NewListPager(*made.ID,
		&armauthorization.RoleDefinitionsClientListOptions{Filter: to.Ptr("roleName eq 'Reader'")})
	role := must(roles.NextPage(ctx)).Value[0]
	assignments := authorization.NewRoleAssignmentsClient()
	assignment := must(assignments.Create(ctx, *made.ID, uuid.NewString(), armauthorization.RoleAssignmentCreateParameters{
		Properties: &armauthorization.RoleAssignmentProperties{
			RoleDefinitionID: role.ID,
			PrincipalID:      own,
			PrincipalType:    to.Ptr(armauthorization.PrincipalTypeServicePrincipal),
		},
	}, nil))
	assigned := assignments.NewListForScopePager(*made.ID,
		&armauthorization.RoleAssignmentsClientListForScopeOptions{Filter: to.Ptr(url.PathEscape("principalId eq '" + *own + "'"))})
	listed := must(assigned.NextPage(ctx)).Value
	seen["assigned"] = len(listed) == 1 && *listed[0].Name == *assignment.Name

	template := map[string]any{
		"$schema":        "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
		"contentVersion": "1.0.0.0",
		"resources": []any{map[string]any{
			"type":       "Microsoft.ManagedIdentity/userAssignedIdentities",
			"apiVersion": "2023-01-31",
			"name":       "deployed",
			"location":   "[resourceGroup().location]",
		}},
		"outputs": map[string]any{
			"clientId": map[string]any{"type": "string", "value": "[reference('deployed').clientId]"},
		},
	}
	mode := to.Ptr(armresources.DeploymentModeIncremental)
	predicted := must(must(deployments.BeginWhatIf(ctx, group, "main", armresources.DeploymentWhatIf{
		Properties: &armresources.DeploymentWhatIfProperties{Mode: mode, Template: template},
	}, nil)).PollUntilDone(ctx, polling))
	for _, change := range predicted.Properties.Changes {
		if strings.HasSuffix(*change.ResourceID, "/deployed") {
			seen["predicted"] = change.ChangeType
		}
	}
	deployed := must(must(deployments.BeginCreateOrUpdate(ctx, group, "main", armresources.Deployment{
		Properties: &armresources.DeploymentProperties{Mode: mode, Template: template},
	}, nil)).PollUntilDone(ctx, polling))
	identity := must(identities.Get(ctx, group, "deployed", nil))
	output := deployed.Properties.Outputs.(map[string]any)["clientId"].(map[string]any)["value"]
	seen["output"] = output == *identity.Properties.ClientID

	must(federated.Delete(ctx, group, "app", "main", nil))
	must(identities.Delete(ctx, group, "app", nil))
	_, err := identities.Get(ctx, group, "app", nil)
	seen["deleted"] = codeOf(err)
	must(must(groups.BeginDelete(ctx, group, nil)).PollUntilDone(ctx, polling))
	seen["exists"] = must(groups.CheckExistence(ctx, group, nil)).Success
	fmt.Println(string(must(json.Marshal(seen))))
}

// The status and the code of a refusal, as the client tells them apart.
func codeOf(err error) string {
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%d %s", refused.StatusCode, refused.ErrorCode)
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
