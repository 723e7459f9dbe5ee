package embeddednats

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
)

// Trust is decentralised authentication by JWT: whoever shows a statement that
// one of the accounts signed belongs to that account.
type Trust struct {
	// Operator is the statement of who signs for the accounts.
	Operator string
	// SystemAccount is the public key of the servers' own account, one of Accounts.
	SystemAccount string
	// Accounts maps public keys to statements.
	Accounts map[string]string
}

// configure lets the server trust t; nil changes nothing.
func (t *Trust) configure(opts *server.Options) error {
	if t == nil {
		return nil
	}
	operator, err := jwt.DecodeOperatorClaims(t.Operator)
	if err != nil {
		return fmt.Errorf("operator: %w", err)
	}
	resolver := &server.MemAccResolver{}
	for account, token := range t.Accounts {
		if err := resolver.Store(account, token); err != nil {
			return fmt.Errorf("account %s: %w", account, err)
		}
	}
	opts.TrustedOperators = []*jwt.OperatorClaims{operator}
	opts.SystemAccount, opts.AccountResolver = t.SystemAccount, resolver
	return nil
}

// UpdateAccount replaces the statement about an account at once; connections
// that it revokes are closed. The statement must be the operator's.
func (s *Server) UpdateAccount(_ context.Context, account, token string) error {
	resolver := s.inner.AccountResolver()
	if resolver == nil {
		return errors.New("embedded NATS: it trusts everybody")
	}
	claims, err := jwt.DecodeAccountClaims(token)
	if err != nil {
		return fmt.Errorf("embedded NATS: account %s: %w", account, err)
	}
	if claims.Subject != account || !s.trusts(claims.Issuer) {
		return fmt.Errorf("embedded NATS: the statement is not one of the operator about account %s", account)
	}
	if err := resolver.Store(account, token); err != nil {
		return fmt.Errorf("embedded NATS: account %s: %w", account, err)
	}
	known, err := s.inner.LookupAccount(account)
	if err != nil {
		return fmt.Errorf("embedded NATS: account %s: %w", account, err)
	}
	s.inner.UpdateAccountClaims(known, claims)
	return nil
}

func (s *Server) trusts(issuer string) bool {
	for _, o := range s.operators {
		if o.Subject == issuer || o.SigningKeys.Contains(issuer) {
			return true
		}
	}
	return false
}

// Accounts lists the accounts that have streams in a data directory, whoever
// runs on it now, by public key; $G stands for a server without a Trust.
func Accounts(dir string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(dir, server.JetStreamStoreDir, "*", "streams", "*"))
	if err != nil {
		return nil, fmt.Errorf("embedded NATS: %w", err)
	}
	accounts := make([]string, len(found))
	for i, stream := range found {
		accounts[i] = filepath.Base(filepath.Dir(filepath.Dir(stream)))
	}
	slices.Sort(accounts)
	return slices.Compact(accounts), nil
}
