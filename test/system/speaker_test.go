package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/test/deployment"
	"github.com/opsledger/opsledger/workers/agents/host"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// speaker says what a host could say, true or not, with the credentials of one.
type speaker struct {
	t     *testing.T
	creds busauth.Credentials
	nc    *nats.Conn
	// refusals are what NATS does not let it do.
	refusals chan error
}

// newSpeaker registers a machine at the server.
func newSpeaker(t *testing.T, s *deployment.Server, name, ip string) *speaker {
	t.Helper()
	file := filepath.Join(t.TempDir(), "creds")
	deployment.Command(t, "agent", "enroll", "--data", s.Data, "--machine", name, "--create", "--inside-ip", ip,
		"--creds", file, "--log-level", "error")
	creds, err := busauth.ReadCredentials(file)
	if err != nil {
		t.Fatal(err)
	}
	refusals := make(chan error, 8)
	note := nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		select {
		case refusals <- err:
		default: // more than a test provokes
		}
	})
	nc, err := nats.Connect(creds.URL, append(host.Options(creds.ID), creds.Option(), note, nats.Timeout(testkit.Patience))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return &speaker{t, creds, nc, refusals}
}

// message is what says something about attempts.
func (p *speaker) message(attempts []protocol.AttemptReport) []byte {
	payload, err := json.Marshal(protocol.HostReport{Log: p.creds.Log, Attempts: attempts})
	if err != nil {
		p.t.Error(err)
	}
	return payload
}

// report says something about attempts and returns which of them are taken.
func (p *speaker) report(attempts ...protocol.AttemptReport) ([]domain.Position, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), testkit.Patience)
	defer cancel()
	reply, err := p.nc.RequestWithContext(ctx, protocol.SubjectHostReport(p.creds.ID), p.message(attempts))
	if err != nil {
		return nil, err
	}
	var receipt protocol.HostReceipt
	if err := json.Unmarshal(reply.Data, &receipt); err != nil || receipt.Error != "" {
		return nil, fmt.Errorf("%w: %s", err, reply.Data)
	}
	return receipt.Taken, nil
}

// cannotReportAs wants NATS to refuse what it says on another's subject.
func (p *speaker) cannotReportAs(other *speaker, attempts ...protocol.AttemptReport) {
	p.t.Helper()
	subject := protocol.SubjectHostReport(other.creds.ID)
	if err := p.nc.Publish(subject, p.message(attempts)); err != nil {
		p.t.Fatal(err)
	}
	err := testkit.Await(p.t, "the report is refused", p.refusals)
	if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), subject) {
		p.t.Errorf("on another's subject: %v", err)
	}
}

// told reports for the host itself; all of it must be taken.
func (p *speaker) told(attempts ...protocol.AttemptReport) {
	p.t.Helper()
	taken, err := p.report(attempts...)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(taken) != len(attempts) {
		p.t.Errorf("taken %v of %v", taken, attempts)
	}
}
