package busauth

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// ErrOldCredentials says that a file has the credentials of before agents verified what
// they are told.
var ErrOldCredentials = errors.New("the credentials do not have the control plane's key")

// ErrNotEnrolled says that a server or machine has no enrolled agent.
var ErrNotEnrolled = errors.New("not enrolled")

// ErrOwnKey says that the agent has made its key itself: nobody else can write its credentials.
var ErrOwnKey = errors.New("the agent was enrolled by a token and has a key of its own; withdraw it first, or have the host redeem another token")

// Credentials are what an agent connects with. Their file is a NATS credentials
// file whose first line says, in JSON, for whom it is.
type Credentials struct {
	// URL is the bus's address.
	URL string `json:"url"`
	// Kind and ID are those of the [Identity].
	Kind Kind  `json:"kind"`
	ID   int64 `json:"id"`
	// Log is the log whose control plane gave the credentials.
	Log uuid.UUID `json:"log"`
	// Key is the key by which the agent knows what the control plane has signed, see
	// package signing.
	Key ed25519.PublicKey `json:"key"`
	// Pins are those of the certificates that the embedded bus shows, now and after the
	// next rotation. An outside bus has none: there the certificate is verified as usual.
	Pins []string `json:"pins,omitempty"`
	// Token is the signed user JWT; Seed is the key that it names.
	Token string `json:"-"`
	Seed  []byte `json:"-"`
}

// Credentials returns the credentials of an enrolled agent, or ErrNotEnrolled, or ErrOwnKey. For the
// same enrolment they always have the same key.
func (a *Authority) Credentials(ctx context.Context, who Identity, url string) (Credentials, error) {
	one, err := a.enrolment(ctx, who)
	if err != nil {
		return Credentials{}, err
	}
	if one.key != "" {
		return Credentials{}, fmt.Errorf("%s: %w", who, ErrOwnKey)
	}
	return a.sign(ctx, one, url)
}

// Grant returns the credentials of an agent that was enrolled with a key of its own, without the seed, which is on its
// host alone. It is ErrNotEnrolled if another enrolment is in force.
func (a *Authority) Grant(ctx context.Context, who Identity, key, url string) (Credentials, error) {
	one, err := a.enrolment(ctx, who)
	if err == nil && (key == "" || one.key != key) {
		err = fmt.Errorf("%s: %w", who, ErrNotEnrolled)
	}
	if err != nil {
		return Credentials{}, err
	}
	return a.sign(ctx, one, url)
}

// Spent says whether an agent was ever enrolled with the key, which is never trusted for another enrolment.
func (a *Authority) Spent(ctx context.Context, key string) (bool, error) {
	all, err := a.enrolments(ctx)
	if err != nil {
		return false, err
	}
	for _, list := range all.of {
		if slices.ContainsFunc(list, func(e enrolment) bool { return e.key == key }) {
			return true, nil
		}
	}
	return false, nil
}

// enrolment is the one of an agent that is in force, or ErrNotEnrolled.
func (a *Authority) enrolment(ctx context.Context, who Identity) (enrolment, error) {
	all, err := a.enrolments(ctx)
	if err != nil {
		return enrolment{}, err
	}
	one, enrolled := all.inForce(who)
	if !enrolled {
		return one, fmt.Errorf("%s: %w", who, ErrNotEnrolled)
	}
	return one, nil
}

// CredentialsOfAll returns the credentials of every enrolled agent of a kind whose key is not its own, and reads
// the log only once.
func (a *Authority) CredentialsOfAll(ctx context.Context, kind Kind, url string) ([]Credentials, error) {
	all, err := a.enrolments(ctx)
	if err != nil {
		return nil, err
	}
	var list []Credentials
	for who := range all.of {
		one, enrolled := all.inForce(who)
		if who.Kind != kind || !enrolled || one.key != "" {
			continue
		}
		c, err := a.sign(ctx, one, url)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// sign makes the credentials of one enrolment.
func (a *Authority) sign(ctx context.Context, one enrolment, url string) (Credentials, error) {
	who := one.who
	claims := jwt.NewUserClaims(one.public(a.keys))
	claims.Name, claims.IssuerAccount = who.Name(), public(a.keys.agents())
	claims.Tags.Add(idTag + ":" + strconv.FormatInt(who.ID, 10))
	// A user whose JWT a scoped key signs has no permissions but those of the scope.
	claims.UserPermissionLimits = jwt.UserPermissionLimits{}
	c := Credentials{URL: url, Kind: who.Kind, ID: who.ID, Log: a.cfg.Store.LogID()}
	c.Key, c.Pins = a.signer.Known(ctx)
	var err error
	if c.Token, err = claims.Encode(a.keys.signer(who.Kind)); err != nil {
		return Credentials{}, fmt.Errorf("sign the credentials of %s: %w", who, err)
	}
	if one.key == "" {
		c.Seed, err = a.keys.agent(who, one.at).Seed()
	}
	return c, err
}

// Identity says for whom the credentials are.
func (c Credentials) Identity() Identity { return Identity{c.Kind, c.ID} }

// Option makes a connection use the credentials, and verify that it leads to the bus.
// Without a token the bus has users of its own.
func (c Credentials) Option() nats.Option {
	return func(o *nats.Options) error {
		c.secure(o)
		if c.Token == "" {
			return nil
		}
		return nats.UserJWT(func() (string, error) { return c.Token, nil }, c.signNonce)(o)
	}
}

func (c Credentials) signNonce(nonce []byte) ([]byte, error) {
	pair, err := nkeys.FromSeed(c.Seed)
	if err != nil {
		return nil, err
	}
	return pair.Sign(nonce)
}

// checkKey refuses credentials of before agents verified what they are told.
func (c Credentials) checkKey(path string) error {
	if len(c.Key) != ed25519.PublicKeySize {
		return fmt.Errorf("%s: %w, without which nothing that the bus brings can be believed: write the file anew by `opsledger agent enroll`",
			path, ErrOldCredentials)
	}
	return nil
}

// WriteFile writes the credentials to a file that only its owner can read (mode 0600). It
// replaces an existing file as a whole.
func (c Credentials) WriteFile(path string) error {
	head, err := json.Marshal(c)
	if err != nil {
		return err
	}
	body, err := jwt.FormatUserConfig(c.Token, c.Seed)
	if err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	if err := wholefile.Write(path, append(append(head, '\n'), body...), 0o600); err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	return nil
}

// ReadCredentials reads a file that WriteFile wrote. It refuses a file that others may
// read. With ErrOldCredentials it still says whose they are.
func ReadCredentials(path string) (Credentials, error) {
	c, err := readCredentials(path)
	if err != nil {
		return Credentials{Kind: c.Kind, ID: c.ID, Log: c.Log}, fmt.Errorf("read credentials: %w", err)
	}
	return c, nil
}

func readCredentials(path string) (c Credentials, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return c, err
	}
	if others := info.Mode().Perm() & fs.FileMode(0o077); others != 0 {
		return c, fmt.Errorf("%s has mode %04o, others must have no rights: chmod 600", path, info.Mode().Perm())
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	if err := json.Unmarshal(head, &c); err != nil {
		return c, fmt.Errorf("%s: the first line is not opsledger's: %w", path, err)
	}
	if c.Token, err = jwt.ParseDecoratedJWT(body); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	pair, err := jwt.ParseDecoratedUserNKey(body)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if c.Seed, err = pair.Seed(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if c.URL == "" || c.ID <= 0 || c.Kind != KindServer && c.Kind != KindHost {
		return c, fmt.Errorf("%s is incomplete", path)
	}
	return c, c.checkKey(path)
}
