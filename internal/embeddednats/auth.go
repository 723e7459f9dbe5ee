package embeddednats

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/nats-io/nats-server/v2/server"
)

// controlUser is the user name of the process's own connections.
const controlUser = "control"

// gate lets the process itself in by a secret that only its memory holds, and
// everybody else as Authenticate says, into the account made for them.
//
// Invariant: nobody but the process enters before that account exists.
type gate struct {
	secret string
	others Authenticate
	// account is where others belong, nil until it was made.
	account atomic.Pointer[server.Account]
}

// Check implements [server.Authentication].
func (g *gate) Check(c server.ClientAuthentication) bool {
	if c.Kind() != server.CLIENT {
		return false
	}
	o := c.GetOpts()
	if o.Username == controlUser {
		if subtle.ConstantTimeCompare([]byte(o.Password), []byte(g.secret)) != 1 {
			return false
		}
		c.RegisterUser(&server.User{Username: controlUser})
		return true
	}
	account := g.account.Load()
	if account == nil {
		return false
	}
	permissions, ok := g.others(o.Username, o.Password)
	if !ok {
		return false
	}
	c.RegisterUser(&server.User{Username: o.Username, Permissions: permissions, Account: account})
	return true
}

// open makes the account of the others and lets them in.
func (g *gate) open(inner *server.Server, isolate Isolate) error {
	account := inner.GlobalAccount()
	if isolate != nil {
		var err error
		if account, err = isolate(inner); err != nil {
			return err
		}
	}
	g.account.Store(account)
	return nil
}

func newSecret() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("draw a secret: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
