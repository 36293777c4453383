// An ordinary Azure program: an application signs in with each kind of credential. Prints the kind of proof that each
// token names, or the code of the refusal, as JSON. Nothing here knows of Innate.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

var (
	tenant = os.Getenv("AZURE_TENANT_ID")
	client = os.Getenv("AZURE_CLIENT_ID")
	secret = os.Getenv("AZURE_CLIENT_SECRET")
)

func withCertificate(path string, options *azidentity.ClientCertificateCredentialOptions) (azcore.TokenCredential, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	certificates, key, err := azidentity.ParseCertificates(pem, nil)
	if err != nil {
		return nil, err
	}
	return azidentity.NewClientCertificateCredential(tenant, client, certificates, key, options)
}

func withSecret(value string) (azcore.TokenCredential, error) {
	return azidentity.NewClientSecretCredential(tenant, client, value, nil)
}

func withTokenFile(path string) (azcore.TokenCredential, error) {
	return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{TokenFilePath: path})
}

func outcome(credential azcore.TokenCredential, err error) any {
	if err != nil {
		return err.Error()
	}
	scopes := policy.TokenRequestOptions{Scopes: []string{"https://vault.azure.net/.default"}}
	token, err := credential.GetToken(context.Background(), scopes)
	if err != nil {
		if code := regexp.MustCompile(`AADSTS\d+`).FindString(err.Error()); code != "" {
			return code
		}
		return err.Error()
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Token, ".")[1])
	if err != nil {
		return err.Error()
	}
	var claims struct {
		Oid      string `json:"oid"`
		Appidacr string `json:"appidacr"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err.Error()
	}
	return claims
}

func main() {
	path := os.Getenv("AZURE_CLIENT_CERTIFICATE_PATH")
	chain := &azidentity.ClientCertificateCredentialOptions{SendCertificateChain: true}
	text, err := json.Marshal(map[string]any{
		"secret":            outcome(withSecret(secret)),
		"certificate":       outcome(withCertificate(path, nil)),
		"chain":             outcome(withCertificate(path, chain)),
		"other certificate": outcome(withCertificate(os.Getenv("OTHER_CERTIFICATE_PATH"), nil)),
		"workload":          outcome(withTokenFile("")),
		"other workload":    outcome(withTokenFile(os.Getenv("OTHER_FEDERATED_TOKEN_FILE"))),
		"wrong secret":      outcome(withSecret("wrong")),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}
