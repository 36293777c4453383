// Ordinary Azure programs by which a person signs in: on another device, in a browser, and at an API that acts for them.
// Prints what the person is to do, a line of JSON each, and what each token says in the end. Nothing here knows of Innate.
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
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

const (
	azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	host     = "https://login.microsoftonline.com/"
	arm      = "https://management.azure.com/.default"
	vault    = "https://vault.azure.net/.default"
)

var (
	ctx      = context.Background()
	tenant   = os.Getenv("AZURE_TENANT_ID")
	front    = os.Getenv("FRONT_CLIENT_ID")
	api      = os.Getenv("API_CLIENT_ID")
	apiScope = os.Getenv("API_SCOPE")
	secret   = os.Getenv("API_CLIENT_SECRET")
)

func tell(line map[string]any) error {
	return json.NewEncoder(os.Stdout).Encode(line)
}

func refusal(err error) string {
	if code := regexp.MustCompile(`AADSTS\d+`).FindString(err.Error()); code != "" {
		return code
	}
	return err.Error()
}

func claims(token string, err error) any {
	if err != nil {
		return refusal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return err.Error()
	}
	var read struct {
		Aud   string `json:"aud"`
		Scp   string `json:"scp"`
		Upn   string `json:"upn"`
		Appid string `json:"appid"`
	}
	if err := json.Unmarshal(payload, &read); err != nil {
		return err.Error()
	}
	return read
}

func tokenFor(credential azcore.TokenCredential, err error, scope string) (string, error) {
	if err != nil {
		return "", err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	return token.Token, err
}

func byDeviceCredential() any {
	credential, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		TenantID: tenant,
		UserPrompt: func(_ context.Context, message azidentity.DeviceCodeMessage) error {
			return tell(map[string]any{"userCode": message.UserCode, "verificationUri": message.VerificationURL})
		},
	})
	return []any{claims(tokenFor(credential, err, arm)), claims(tokenFor(credential, err, vault))}
}

func onAnotherDevice() any {
	client, err := public.New(azureCLI, public.WithAuthority(host+"organizations"))
	if err != nil {
		return refusal(err)
	}
	code, err := client.AcquireTokenByDeviceCode(ctx, []string{arm})
	if err != nil {
		return refusal(err)
	}
	prompt := map[string]any{"userCode": code.Result.UserCode, "verificationUri": code.Result.VerificationURL}
	if err := tell(prompt); err != nil {
		return refusal(err)
	}
	first, err := code.AuthenticationResult(ctx)
	if err != nil {
		return refusal(err)
	}
	elsewhere, err := client.AcquireTokenSilent(ctx, []string{vault}, public.WithSilentAccount(first.Account))
	return []any{claims(first.AccessToken, nil), claims(elsewhere.AccessToken, err)}
}

// The library listens for the browser to come back.
func inTheBrowser() (string, error) {
	client, err := public.New(front, public.WithAuthority(host+tenant))
	if err != nil {
		return "", err
	}
	open := public.WithOpenURL(func(url string) error { return tell(map[string]any{"browser": url}) })
	result, err := client.AcquireTokenInteractive(ctx, []string{apiScope}, open)
	return result.AccessToken, err
}

func onBehalfByMsal(assertion string, credential confidential.Credential, err error) any {
	if err != nil {
		return refusal(err)
	}
	client, err := confidential.New(host+tenant, api, credential)
	if err != nil {
		return refusal(err)
	}
	result, err := client.AcquireTokenOnBehalfOf(ctx, assertion, []string{arm})
	return claims(result.AccessToken, err)
}

func outcomes() (map[string]any, error) {
	pem, err := os.ReadFile(os.Getenv("API_CERTIFICATE_PATH"))
	if err != nil {
		return nil, err
	}
	certificates, key, err := azidentity.ParseCertificates(pem, nil)
	if err != nil {
		return nil, err
	}
	assertion, err := inTheBrowser()
	if err != nil {
		return nil, err
	}
	bySecret, secretErr := azidentity.NewOnBehalfOfCredentialWithSecret(tenant, api, assertion, secret, nil)
	byCertificate, certificateErr := azidentity.NewOnBehalfOfCredentialWithCertificate(
		tenant, api, assertion, certificates, key, nil)
	msalSecret, msalSecretErr := confidential.NewCredFromSecret(secret)
	msalCertificate, msalCertificateErr := confidential.NewCredFromCert(certificates, key)
	return map[string]any{
		"browser, msal":                    claims(assertion, nil),
		"device, msal":                     onAnotherDevice(),
		"device, identity":                 byDeviceCredential(),
		"on behalf, msal, secret":          onBehalfByMsal(assertion, msalSecret, msalSecretErr),
		"on behalf, msal, certificate":     onBehalfByMsal(assertion, msalCertificate, msalCertificateErr),
		"on behalf, identity, secret":      claims(tokenFor(bySecret, secretErr, arm)),
		"on behalf, identity, certificate": claims(tokenFor(byCertificate, certificateErr, arm)),
		"on behalf, without a grant":       claims(tokenFor(bySecret, secretErr, vault)),
	}, nil
}

func main() {
	found, err := outcomes()
	if err == nil {
		err = tell(map[string]any{"outcomes": found})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
