package embeddednats

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// authority is an operator with a system account and two others.
type authority struct {
	t                      *testing.T
	operator, system, a, b nkeys.KeyPair
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	w := &authority{t: t}
	for to, create := range map[*nkeys.KeyPair]func() (nkeys.KeyPair, error){
		&w.operator: nkeys.CreateOperator, &w.system: nkeys.CreateAccount, &w.a: nkeys.CreateAccount, &w.b: nkeys.CreateAccount,
	} {
		pair, err := create()
		if err != nil {
			t.Fatal(err)
		}
		*to = pair
	}
	return w
}

func (w *authority) key(pair nkeys.KeyPair) string {
	key, err := pair.PublicKey()
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

func (w *authority) account(pair nkeys.KeyPair, signer nkeys.KeyPair, revoked ...nkeys.KeyPair) string {
	claims := jwt.NewAccountClaims(w.key(pair))
	for _, r := range revoked {
		claims.Revoke(w.key(r))
	}
	return w.signed(claims.Encode(signer))
}

func (w *authority) signed(token string, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *authority) trust() *Trust {
	operator := jwt.NewOperatorClaims(w.key(w.operator))
	operator.SystemAccount = w.key(w.system)
	t := &Trust{Operator: w.signed(operator.Encode(w.operator)), SystemAccount: w.key(w.system), Accounts: map[string]string{}}
	for _, pair := range []nkeys.KeyPair{w.system, w.a, w.b} {
		t.Accounts[w.key(pair)] = w.account(pair, w.operator)
	}
	return t
}

// user returns a new user of the account, and how to connect as them.
func (w *authority) user(account nkeys.KeyPair) (nkeys.KeyPair, nats.Option) {
	w.t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		w.t.Fatal(err)
	}
	token := w.signed(jwt.NewUserClaims(w.key(pair)).Encode(account))
	return pair, nats.UserJWT(func() (string, error) { return token, nil }, pair.Sign)
}

func TestTrust(t *testing.T) {
	t.Parallel()
	w := newAuthority(t)
	_, own := w.user(w.a)
	s := startTest(t, Config{Listen: "127.0.0.1:0", Trust: w.trust(), Own: own})
	sub, err := connect(t, s).SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	_, forged := w.user(stranger)
	for _, o := range []nats.Option{nats.UserInfo("control", ""), nats.Name("nobody"), forged} {
		if nc, err := nats.Connect(s.URL(), o, nats.Timeout(time.Minute)); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("connected without right: %v %v", nc, err)
		}
	}
	for account, subject := range map[nkeys.KeyPair]string{w.b: "from.b", w.a: "from.a"} {
		_, option := w.user(account)
		nc, err := nats.Connect(s.URL(), option, nats.Timeout(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		if err := errors.Join(nc.Publish(subject, nil), nc.FlushTimeout(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := sub.NextMsg(time.Minute); err != nil || m.Subject != "from.a" {
		t.Errorf("got %v %v, want from.a alone", m, err)
	}
}

// A revocation closes the connections of whom it names, keeps them out, and
// leaves the others alone. Nobody but the operator revokes.
func TestUpdateAccount(t *testing.T) {
	t.Parallel()
	w := newAuthority(t)
	_, own := w.user(w.a)
	s := startTest(t, Config{Listen: "127.0.0.1:0", Trust: w.trust(), Own: own})
	pair, option := w.user(w.b)
	_, other := w.user(w.b)
	closed := make(chan struct{})
	nc, err := nats.Connect(s.URL(), option, nats.Timeout(time.Minute), nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	stays, err := nats.Connect(s.URL(), other, nats.Timeout(time.Minute), nats.NoReconnect())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stays.Close)
	b := w.key(w.b)
	for name, token := range map[string]string{
		"self-signed": w.account(w.b, w.b, pair), "of another account": w.account(w.a, w.operator), "nonsense": "x",
	} {
		if err := s.UpdateAccount(t.Context(), b, token); err == nil {
			t.Errorf("a statement that is %s was taken", name)
		}
	}
	if err := s.UpdateAccount(t.Context(), b, w.account(w.b, w.operator, pair)); err != nil {
		t.Fatal(err)
	}
	<-closed
	if _, err := nats.Connect(s.URL(), option, nats.Timeout(time.Minute)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a revoked user: %v", err)
	}
	if err := stays.FlushTimeout(time.Minute); err != nil {
		t.Errorf("another user of the account: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newAuthority(t)
	trust := w.trust()
	claims := jwt.NewAccountClaims(w.key(w.a))
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	trust.Accounts[w.key(w.a)] = w.signed(claims.Encode(w.operator))
	_, own := w.user(w.a)
	dir := t.TempDir()
	s := startTest(t, Config{Dir: dir, Trust: trust, Own: own})
	if accounts, err := Accounts(dir); err != nil || len(accounts) != 0 {
		t.Errorf("before the first stream: %v %v", accounts, err)
	}
	js, err := jetstream.New(connect(t, s))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"S", "T"} {
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if accounts, err := Accounts(dir); err != nil || len(accounts) != 1 || accounts[0] != w.key(w.a) {
		t.Errorf("%v %v, want %s", accounts, err, w.key(w.a))
	}
}
