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
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

var (
	tenant = os.Getenv("AZURE_TENANT_ID")
	client = os.Getenv("AZURE_CLIENT_ID")
	secret = os.Getenv("AZURE_CLIENT_SECRET")
	scopes = policy.TokenRequestOptions{Scopes: []string{variable("TOKEN_SCOPE", "https://vault.azure.net/.default")}}
)

func variable(name, unset string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return unset
}

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

func projectedToken(context.Context) (string, error) {
	token, err := os.ReadFile(os.Getenv("AZURE_FEDERATED_TOKEN_FILE"))
	return string(token), err
}

func withMsal(credential confidential.Credential, err error, options ...confidential.Option) any {
	if err != nil {
		return err.Error()
	}
	app, err := confidential.New(variable("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com")+"/"+tenant, client, credential, options...)
	if err != nil {
		return err.Error()
	}
	result, err := app.AcquireTokenByCredential(context.Background(), scopes.Scopes)
	return claims(result.AccessToken, err)
}

func withMsalCertificate(path string, options ...confidential.Option) any {
	pem, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	certificates, key, err := confidential.CertFromPEM(pem, "")
	if err != nil {
		return err.Error()
	}
	credential, err := confidential.NewCredFromCert(certificates, key)
	return withMsal(credential, err, options...)
}

func outcome(credential azcore.TokenCredential, err error) any {
	if err != nil {
		return err.Error()
	}
	token, err := credential.GetToken(context.Background(), scopes)
	return claims(token.Token, err)
}

func claims(token string, err error) any {
	if err != nil {
		if code := regexp.MustCompile(`AADSTS\d+`).FindString(err.Error()); code != "" {
			return code
		}
		return err.Error()
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return err.Error()
	}
	var read struct {
		Oid      string `json:"oid"`
		Appidacr string `json:"appidacr"`
	}
	if err := json.Unmarshal(payload, &read); err != nil {
		return err.Error()
	}
	return read
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
		"assertion":         outcome(azidentity.NewClientAssertionCredential(tenant, client, projectedToken, nil)),
		"msal certificate":  withMsalCertificate(path),
		"msal chain":        withMsalCertificate(path, confidential.WithX5C()),
		"msal assertion": withMsal(confidential.NewCredFromAssertionCallback(
			func(ctx context.Context, _ confidential.AssertionRequestOptions) (string, error) {
				return projectedToken(ctx)
			}), nil),
		"wrong secret": outcome(withSecret("wrong")),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}
