package busauth

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
)

// WriteConfig writes what the configuration of every server of an outside NATS cluster
// has to include to trust this control plane and its agents: the operator, and a resolver
// with the accounts as they are now. The servers keep accounts in dir and take later
// versions from the control plane.
func (a *Authority) WriteConfig(ctx context.Context, w io.Writer, dir string) error {
	trust, err := a.Trust(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "# Whom these servers trust. Made by `opsledger nats-config`; include it in the\n"+
		"# configuration of each, and let JetStream be on.\n"+
		"operator: %s\nsystem_account: %s\nresolver: {\n  type: full\n  dir: %s\n  allow_delete: false\n  interval: \"2m\"\n}\nresolver_preload: {\n",
		trust.Operator, trust.SystemAccount, strconv.Quote(dir))
	if err != nil {
		return err
	}
	for _, account := range slices.Sorted(maps.Keys(trust.Accounts)) {
		if _, err := fmt.Fprintf(w, "  %s: %s\n", account, trust.Accounts[account]); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "}\n")
	return err
}
