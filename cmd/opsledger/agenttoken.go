package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/identity"
)

func agentTokenCommand() *cli.Command {
	var cfg Config
	var e enrollConfig
	var lasts time.Duration
	return &cli.Command{
		Name:  "token",
		Usage: "make a token by which a host enrols its agent once, with `agent redeem`",
		Description: "It is printed once. POST /v1/enrolment-tokens does the same, GET /v1/enrolment-tokens lists them. Redeeming it " +
			"ends the trust in an agent that the server or machine has.",
		UsageText: "opsledger agent token --server 3\nopsledger agent token --machine web01 --lifetime 24h",
		Flags: append(group("Agent",
			&cli.Int64Flag{Name: "server", Usage: "the server's `id`", HideDefault: true, Destination: &e.Server, Sources: fromEnv("server")},
			textFlag("ip", "the server's `address`, instead of its id", "", &e.IP),
			textFlag("machine", "the `name` of a machine that runs tasks, instead of a server", "", &e.Machine),
			&cli.DurationFlag{Name: "lifetime", Usage: "`how long` it may be redeemed, 1m to 168h", Value: time.Hour, Destination: &lasts,
				Sources: fromEnv("lifetime")},
		), storageFlags(&cfg)...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return withoutVault(ctx, cmd, &cfg, func(l *openLog) error { return makeToken(ctx, cmd, l, e, lasts) })
		},
	}
}

func makeToken(ctx context.Context, cmd *cli.Command, l *openLog, e enrollConfig, lasts time.Duration) error {
	token, digest := identity.NewEnrolmentToken()
	command, err := tokenCommand(ctx, l, e, lasts, digest)
	if err != nil {
		return err
	}
	if _, err := l.store.Execute(ctx, eventstore.Request{Command: command, Actor: domain.System, Door: domain.DoorCommandLine}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.Root().Writer, token)
	return err
}

func tokenCommand(ctx context.Context, l *openLog, e enrollConfig, lasts time.Duration, digest string) (domain.Command, error) {
	seconds := int64(lasts / time.Second)
	order, err := access.ParseEnrolmentToken(&seconds, digest)
	if err != nil {
		return nil, named("--lifetime", err)
	}
	if e.Machine == "" && e.Server == 0 && e.IP == "" || e.Machine != "" && (e.Server != 0 || e.IP != "") {
		return nil, errors.New("give --server or --ip, or --machine")
	}
	who, err := e.find(ctx, l)
	switch {
	case err != nil:
		return nil, err
	case e.Machine != "":
		return ops.NewAddHostToken(e.Machine, order)
	case who.ID == 0:
		return nil, fmt.Errorf("no server has the address %s; add it by POST /dns/servers", e.IP)
	}
	return dns.NewAddServerToken(who.ID, order)
}
