package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/identity/directory"
	"github.com/opsledger/opsledger/internal/publicdial"
	"github.com/opsledger/opsledger/translog"
)

// Config is what the flags of `serve` and `dev` say.
type Config struct {
	// HTTP is the address of the REST APIs, host:port; port 0 takes any.
	HTTP string
	// HTTPTLSCert and HTTPTLSKey are files with the certificate of the REST APIs and its
	// key; without them the APIs speak plain HTTP.
	HTTPTLSCert, HTTPTLSKey string
	// DNS is where dev's named listens; its host must be an address.
	DNS string
	// DDNS is where updates and transfers of zones are taken, host:port; empty for nowhere.
	DDNS string
	// NotifyPort is the port that secondaries are notified at.
	NotifyPort uint16
	// NATSListen is where the embedded NATS server listens for agents.
	NATSListen string
	// Data is the folder that everything private lives in.
	Data string
	// DatabaseURL and NATSURL replace the private PostgreSQL and the embedded
	// NATS server; empty means private.
	DatabaseURL string
	NATSURL     string
	// PublicNATSURL is where agents that redeem a token find the bus.
	PublicNATSURL string
	// NATSTLS is for an outside NATS.
	NATSTLS busTLS
	// NATSReplicas is the number of copies of each stream on an outside cluster, see
	// checkReplicas; 0, without the flag, leaves a stream that is there as it is.
	NATSReplicas int
	// KeyFile encrypts the vault; all serve processes share it. Empty: <Data>/vault.key.
	KeyFile string
	// AdminPassword is the password of user admin on the first start; empty
	// means a random one, printed once.
	AdminPassword string
	// Timezone is the zone of the times in the DNS dialect's replies.
	Timezone string
	// Register allows /auth/register_local.
	Register bool
	// LDAP is the directory that vouches for users; without URLs there is none.
	LDAP directory.Config
	// LDAPPasswordFile holds the password of LDAP.BindDN, instead of a flag.
	LDAPPasswordFile string
	// TrustedProxies are addresses or networks, separated by commas, whose
	// X-Forwarded-For is believed.
	TrustedProxies string
	// RequireTLS refuses programs whose token came unencrypted from another machine.
	RequireTLS bool
	// LogOrigin names the log in its checkpoints; empty: by its id.
	LogOrigin string
	// Witnesses are URLs and verifier keys in turn.
	Witnesses []string
	// LogPublic: the proofs of the log are for everybody, without a login.
	LogPublic bool
	// WebhookAllow is where webhooks may be sent besides the public Internet, see
	// publicdial.ParseAllowed.
	WebhookAllow []string
	// TaskDeadline is how long a task waits for its machine to begin; 0 is the
	// API's default.
	TaskDeadline time.Duration
	Logging      logging

	proxies  []netip.Prefix
	location *time.Location
	// witnesses are those of Witnesses.
	witnesses []translog.Witness
	dns       netip.AddrPort
	// webhookAllow is what WebhookAllow says.
	webhookAllow []publicdial.Allowed
}

// Validate checks every field and completes the derived ones.
func (c *Config) Validate() error {
	var errs []error
	if c.Data == "" { // would be the current folder
		errs = append(errs, named("--data", errors.New("no folder is given")))
	}
	abs, err := filepath.Abs(c.Data)
	errs = append(errs, named("--data", err))
	c.Data = abs
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.Data, "vault.key")
	}
	c.location, err = time.LoadLocation(c.Timezone)
	errs = append(errs, named("--timezone", err))
	errs = append(errs, c.Logging.check())
	if c.DNS != "" {
		c.dns, err = netip.ParseAddrPort(c.DNS)
		errs = append(errs, named("--dns", err))
	}
	errs = append(errs, checkPair("--http-tls-cert", c.HTTPTLSCert, "--http-tls-key", c.HTTPTLSKey))
	errs = append(errs, checkURL("--database-url", c.DatabaseURL), checkURL("--nats-url", c.NATSURL), c.NATSTLS.check(c.NATSURL))
	if c.TaskDeadline < 0 {
		errs = append(errs, named("--task-deadline", errors.New("cannot be negative")))
	}
	if c.LogOrigin != "" {
		errs = append(errs, named("--log-origin", translog.CheckOrigin(c.LogOrigin)))
	}
	c.witnesses, err = parseWitnesses(c.Witnesses)
	errs = append(errs, named("--witness", err))
	c.webhookAllow, err = parseAllowed(c.WebhookAllow)
	errs = append(errs, named("--webhook-allow", err))
	c.proxies, err = parseNetworks(c.TrustedProxies)
	errs = append(errs, named("--trusted-proxies", err), c.checkDirectory())
	return errors.Join(errs...)
}

func parseAllowed(texts []string) (list []publicdial.Allowed, err error) {
	for _, text := range texts {
		a, err := publicdial.ParseAllowed(text)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// parseWitnesses reads URLs and keys in turn: the command line has taken "URL,key" apart.
func parseWitnesses(texts []string) (list []translog.Witness, err error) {
	if len(texts)%2 != 0 {
		return nil, errors.New("want a URL and a verifier key, with a comma between them")
	}
	for pair := range slices.Chunk(texts, 2) {
		w, err := translog.ParseWitness(pair[0], pair[1])
		if err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, nil
}

// originOf is what the checkpoints name a log by.
func (c *Config) originOf(log uuid.UUID) string {
	return cmp.Or(c.LogOrigin, translog.DefaultOrigin(log))
}

func checkURL(flag, text string) error {
	if text == "" {
		return nil
	}
	// NATS takes several, separated by commas.
	for _, one := range strings.Split(text, ",") {
		if u, err := url.Parse(one); err != nil || u.Scheme == "" {
			// The text is not repeated: it may hold a password.
			return named(flag, errors.New("not a URL"))
		}
	}
	return nil
}

// checkPair refuses one of two files that are of no use alone.
func checkPair(flagA, a, flagB, b string) error {
	switch {
	case a == "" && b != "":
		return fmt.Errorf("%s: is missing beside %s", flagA, flagB)
	case a != "" && b == "":
		return fmt.Errorf("%s: is missing beside %s", flagB, flagA)
	}
	return nil
}

func named(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", flag, err)
}
