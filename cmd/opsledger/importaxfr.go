package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/bindio/transfer"
)

// zoneTransfer is what import axfr is about.
type zoneTransfer struct {
	zoneFile
	From, TSIG string
}

func importAXFRCommand() *cli.Command {
	var z zoneTransfer
	return &cli.Command{
		Name: "axfr", Usage: "bring a zone in from the name server that has it",
		Description: "Transfers a zone (AXFR) from a name server to this machine, and makes the zone here what came, as one change. Its " +
			"serials go on above those of the name server. A transfer that fails or breaks off changes nothing. What a signer has " +
			"made of the zone (RRSIG, NSEC, DNSKEY …) is left out, and said.",
		UsageText: "opsledger import axfr --from 192.0.2.53:53 --zone example.com --dry-run\n" +
			"opsledger import axfr --from 192.0.2.53:53 --zone example.com --tsig mover:hmac-sha256:$SECRET",
		Flags: append(group("Zone", append(z.importFlags(),
			textFlag("from", "`host:port` of the name server", "", &z.From),
			textFlag("tsig", "`name:algorithm:secret` of the key that signs; others see it unless it comes by OPSLEDGER_TSIG", "", &z.TSIG),
		)...), z.flags()...),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Present() {
				return errors.New("everything is said by flags: opsledger import axfr --from <host:port> --zone <zone>")
			}
			return z.run(ctx, cmd.Root().Writer, cmd.Root().ErrWriter)
		},
	}
}

// source is where the zone comes from.
func (z *zoneTransfer) source() (transfer.Source, error) {
	if z.Zone == "" {
		return transfer.Source{}, errors.New("--zone: is missing")
	}
	s := transfer.Source{Address: z.From}
	if _, port, err := net.SplitHostPort(z.From); err != nil || port == "" {
		return s, fmt.Errorf("--from: %q is not host:port", z.From)
	}
	if z.TSIG == "" {
		return s, nil
	}
	key, err := transfer.ParseKey(z.TSIG)
	s.Key = &key
	return s, named("--tsig", err)
}

// run transfers the whole zone before anything of it is sent on.
func (z *zoneTransfer) run(ctx context.Context, out, progress io.Writer) error {
	source, err := z.source()
	if err := cmp.Or(err, z.complete()); err != nil {
		return err
	}
	tell := newTicker(progress)
	zone, err := source.Fetch(ctx, z.Zone, func(records int) { tell.tell("transferred %d records", records) })
	if err != nil {
		return err
	}
	fmt.Fprintf(progress, "transferred %d records, serial %d\n", zone.Records, zone.Serial)
	if zone.LeftOut > 0 {
		fmt.Fprintf(progress, "warning: the zone is signed, and will not be: %d records that its signer made are left out\n", zone.LeftOut)
	}
	return z.send(ctx, bytes.NewReader(zone.Text), out, progress)
}
