// An ordinary Azure program: it names its vault and holds no credential. Nothing here knows of Innate.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

func main() {
	if err := readSecret(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func readSecret(vaultURL, name string) error {
	credential, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return err
	}
	client, err := azsecrets.NewClient(vaultURL, credential, nil)
	if err != nil {
		return err
	}
	secret, err := client.GetSecret(context.Background(), name, "", nil)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", name, *secret.Value)
	return nil
}
