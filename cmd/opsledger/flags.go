package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/api/opsapi"
)

// fromEnv gives a flag its environment variable: --nats-url is OPSLEDGER_NATS_URL.
func fromEnv(flag string) cli.ValueSourceChain {
	return cli.EnvVars("OPSLEDGER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")))
}

func textFlag(name, usage, value string, to *string) *cli.StringFlag {
	return &cli.StringFlag{Name: name, Usage: usage, Value: value, Destination: to, Sources: fromEnv(name)}
}

// group puts flags below a title in the help.
func group(title string, flags ...cli.Flag) []cli.Flag {
	for _, f := range flags {
		if f, ok := f.(cli.CategorizableFlag); ok {
			f.SetCategory(title)
		}
	}
	return flags
}

// flagKeyFile says where the vault's key is, flagData where everything private is.
const flagKeyFile, flagData = "key-file", "data"

// storageFlags are those of every command that opens the log.
func storageFlags(c *Config) []cli.Flag {
	return slices.Concat(group("Data",
		textFlag(flagData, "`folder` of everything private", "./data", &c.Data),
		textFlag("database-url", "PostgreSQL to use instead of a private one, postgres://…", "", &c.DatabaseURL),
		textFlag(flagKeyFile, "`file` with the key of the vault, shared by all serve processes (default: <data>/vault.key)", "", &c.KeyFile),
		textFlag("timezone", "time zone of the DNS dialect's times", "Asia/Shanghai", &c.Timezone),
	), c.Logging.flags())
}

// proofFlags are about the log's checkpoints.
func proofFlags(c *Config) []cli.Flag {
	return group("Proof of the log",
		textFlag("log-origin", "`name` of the log in its checkpoints; under a new one their history begins anew (default: opsledger/<log id>)", "", &c.LogOrigin),
		&cli.StringSliceFlag{Name: "witness", Usage: "`URL,key` of a witness (C2SP tlog-witness) that is to cosign the checkpoints; may be repeated",
			Destination: &c.Witnesses, Sources: fromEnv("witness")},
		&cli.BoolFlag{Name: "log-public", Usage: "let everybody read checkpoints and proofs (/v1/log), without a login",
			Destination: &c.LogPublic, Sources: fromEnv("log-public")},
	)
}

// webhookFlags are about where events are sent.
func webhookFlags(c *Config) []cli.Flag {
	return group("Webhooks", &cli.StringSliceFlag{Name: "webhook-allow",
		Usage: "`host`, address or CIDR (host and address also with a port) that webhooks may be sent to though it is not public, by http as well; " +
			"repeated, or with commas", Destination: &c.WebhookAllow, Sources: fromEnv("webhook-allow")})
}

// busFlags are those of every command that needs JetStream.
func busFlags(c *Config) []cli.Flag {
	return group("NATS", append([]cli.Flag{
		textFlag("nats-url", "NATS with JetStream to use instead of the embedded one, nats://…", "", &c.NATSURL),
		textFlag("public-nats-url", "where agents that redeem a token find NATS (default: where this process does)", "", &c.PublicNATSURL),
		textFlag("nats-listen", "`host:port` where the embedded NATS server listens for agents", "127.0.0.1:4222", &c.NATSListen),
		&cli.IntFlag{Name: "nats-replicas", HideDefault: true,
			Usage:       "copies of each stream on an outside NATS cluster (default: as many as the stream has, a new one has one)",
			Destination: &c.NATSReplicas, Sources: fromEnv("nats-replicas"), Validator: checkReplicas},
	}, c.NATSTLS.flags()...)...)
}

// ddnsFlags are those of updates and transfers of zones, which dev takes unless told otherwise.
func ddnsFlags(c *Config, dev bool) []cli.Flag {
	address := ""
	if dev {
		address = "127.0.0.1:5301"
	}
	return group("Updates and transfers of zones",
		textFlag("ddns", "`host:port` where signed updates (RFC 2136), AXFR and IXFR are taken, by UDP and TCP; --ddns= takes none", address, &c.DDNS),
		&cli.Uint16Flag{Name: "ddns-notify-port", Usage: "port at which those who transferred a zone are notified of its changes",
			Value: 53, Destination: &c.NotifyPort, Sources: fromEnv("ddns-notify-port")},
	)
}

// checkReplicas refuses a number of copies that JetStream does not keep.
func checkReplicas(n int) error {
	if n < 1 || n > 5 {
		return errors.New("want 1 to 5")
	}
	return nil
}

// serveFlags are those of serve and dev. Of the two, dev lets anyone register unless told
// otherwise.
func serveFlags(c *Config, dev bool) []cli.Flag {
	flags := group("APIs",
		textFlag("http", "`host:port` of the REST APIs, port 0 takes any", "127.0.0.1:8080", &c.HTTP),
		textFlag("http-tls-cert", "`file` with the certificate (PEM) of the REST APIs, which then speak HTTPS alone", "", &c.HTTPTLSCert),
		textFlag("http-tls-key", "`file` with the key of that certificate; both are read again when they change", "", &c.HTTPTLSKey),
		textFlag("admin-password", "password of user admin on the first start (default: random, printed once)", "", &c.AdminPassword),
		textFlag("trusted-proxies", "addresses or networks, comma separated, whose X-Forwarded-For is believed", "", &c.TrustedProxies),
		&cli.BoolFlag{Name: "require-tls", Usage: "refuse programs' tokens that come unencrypted from another machine",
			Destination: &c.RequireTLS, Sources: fromEnv("require-tls")},
		&cli.BoolFlag{Name: "register", Usage: "let anyone register a local account; --register=false does not", Value: dev,
			Destination: &c.Register, Sources: fromEnv("register")},
		&cli.DurationFlag{Name: "task-deadline", Usage: "how long a task waits for its machine to begin until it expires", Value: opsapi.DefaultAttemptWithin,
			Destination: &c.TaskDeadline, Sources: fromEnv("task-deadline")},
	)
	return slices.Concat(flags, storageFlags(c), ddnsFlags(c, dev), busFlags(c), proofFlags(c), webhookFlags(c), group("LDAP", ldapFlags(c)...))
}
