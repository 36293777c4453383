// An ordinary API: it validates the tokens that it is called with by go-oidc, which finds the keys through discovery at
// the exact issuer. Prints what it read from each token, or why it refused it, as JSON. Nothing here knows of Innate.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

type sent struct {
	Token    string `json:"token"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
}

func outcome(ctx context.Context, s sent) any {
	provider, err := oidc.NewProvider(ctx, s.Issuer)
	if err != nil {
		return err.Error()
	}
	token, err := provider.Verifier(&oidc.Config{ClientID: s.Audience}).Verify(ctx, s.Token)
	if err != nil {
		return err.Error()
	}
	return map[string]string{"aud": token.Audience[0], "iss": token.Issuer}
}

func main() {
	var tokens map[string]sent
	if err := json.Unmarshal([]byte(os.Getenv("TOKENS")), &tokens); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	outcomes := map[string]any{}
	for name, s := range tokens {
		outcomes[name] = outcome(context.Background(), s)
	}
	text, err := json.Marshal(outcomes)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(text))
}
