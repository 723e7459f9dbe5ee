package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nats-io/nkeys"
	"github.com/urfave/cli/v3"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/loopback"
	"github.com/opsledger/opsledger/internal/wholefile"
)

// redeemConfig is what the flags of `agent redeem` say.
type redeemConfig struct {
	control client
	// token is the one-time token.
	token string
	Creds string
	// NATSURL replaces what the control plane says of where NATS is.
	NATSURL string
}

func agentRedeemCommand() *cli.Command {
	var cfg redeemConfig
	return &cli.Command{
		Name:  "redeem",
		Usage: "on the host: enrol its agent by a token from `agent token`, and write its credentials",
		Description: "The agent's key is made here and never leaves the host. If no answer comes, run it again with the same token and " +
			"file: it goes on with the same key, and the control plane answers as before.",
		UsageText: "OPSLEDGER_TOKEN=ole_… opsledger agent redeem --url https://control.example.com --creds ns1.creds",
		Flags: group("Agent",
			textFlag("token", "the `token`, better given as OPSLEDGER_TOKEN, which other users do not see", "", &cfg.token),
			textFlag("url", "`URL` of the control plane's APIs, https but on this machine", "", &cfg.control.URL),
			textFlag("ca", "`file` with the certificate (PEM) that signed that of the URL, where the system does not know it", "", &cfg.control.CAFile),
			textFlag("creds", "credentials `file` to write", "./agent.creds", &cfg.Creds),
			textFlag("nats-url", "where the agent finds NATS (default: what the control plane says)", "", &cfg.NATSURL),
		),
		Action: func(ctx context.Context, cmd *cli.Command) error { return redeemToken(ctx, cmd, cfg) },
	}
}

func redeemToken(ctx context.Context, cmd *cli.Command, cfg redeemConfig) error {
	if err := cfg.check(); err != nil {
		return err
	}
	pair, err := cfg.key()
	if err != nil {
		return err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return err
	}
	reply, err := cfg.control.send(ctx, http.MethodPost, "/v1/enrolments", map[string]string{"token": cfg.token, "public_key": public}, http.Header{})
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	var granted v1.Enrolment
	if err := json.NewDecoder(reply.Body).Decode(&granted); err != nil {
		return fmt.Errorf("the answer of the control plane: %w", err)
	}
	granted.URL = cmp.Or(cfg.NATSURL, granted.URL)
	seed, err := pair.Seed()
	if err != nil {
		return err
	}
	credentials := credentialsOfEnrolment(granted, seed)
	if err := credentials.WriteFile(cfg.Creds); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.Root().Writer, "%s has an agent; its credentials are in %s\n", credentials.Identity(), filepath.Clean(cfg.Creds))
	return errors.Join(err, os.Remove(cfg.keyFile()))
}

// check refuses what would spend or show the token in vain.
func (c *redeemConfig) check() error {
	if _, formed := identity.EnrolmentDigest(c.token); !formed {
		return errors.New("--token: is missing, or not from `opsledger agent token`")
	}
	c.control.URL = strings.TrimSuffix(c.control.URL, "/")
	u, err := url.Parse(c.control.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("--url: %q is no http or https URL", c.control.URL)
	}
	if u.Scheme == "http" && !loopback.Names(u.Hostname()) {
		return errors.New("--url: must be https: others could read the token, or answer in the control plane's place")
	}
	if _, err := os.Lstat(c.Creds); !errors.Is(err, fs.ErrNotExist) {
		return named("--creds", fmt.Errorf("%s is there already; remove it, or name another file", c.Creds))
	}
	return nil
}

// keyFile has the key until the credentials are written: its first line says for which token it was made.
func (c *redeemConfig) keyFile() string { return c.Creds + ".key" }

// key is that of an earlier try with the same token, or a new one, which is kept before anybody hears of it.
func (c *redeemConfig) key() (nkeys.KeyPair, error) {
	digest, _ := identity.EnrolmentDigest(c.token)
	text, err := os.ReadFile(c.keyFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, named("--creds", err)
	}
	if of, seed, _ := bytes.Cut(text, []byte("\n")); string(of) == digest {
		if pair, err := nkeys.FromSeed(bytes.TrimSpace(seed)); err == nil {
			return pair, nil
		}
	}
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, err
	}
	seed, err := pair.Seed()
	if err != nil {
		return nil, err
	}
	return pair, named("--creds", wholefile.Write(c.keyFile(), []byte(digest+"\n"+string(seed)+"\n"), 0o600))
}
