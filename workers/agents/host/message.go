package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// maxMessage bounds the texts in a message, in bytes. As JSON a text may become six
	// times as long.
	maxMessage = protocol.MaxAgentMessage / 6
	// receiptWithin bounds the answer to one message.
	receiptWithin = 5 * time.Second
)

// message is one report to the control plane.
type message struct {
	follower *Follower
	reports  []executor.Report
	body     protocol.HostReport
	size     int
}

func newMessage(f *Follower) *message { return &message{follower: f} }

// add adds a report and says whether there was room for it.
func (m *message) add(r executor.Report) bool {
	said := describe(r)
	size := 200
	if said.End != nil {
		size += len(said.End.Result)
	}
	if m.size+size > maxMessage || len(m.reports) == protocol.MaxReportAttempts {
		return false
	}
	m.size += size
	m.reports, m.body.Attempts = append(m.reports, r), append(m.body.Attempts, said)
	return true
}

// receipt says which reports of one message the control plane took.
type receipt struct {
	reports []executor.Report
	taken   map[domain.Position]bool
	err     error
}

func (m *message) deliver(ctx context.Context, to chan<- receipt) {
	taken, err := m.request(ctx)
	to <- receipt{reports: m.reports, taken: taken, err: err}
}

func (m *message) request(ctx context.Context) (map[domain.Position]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, m.follower.receiptWithin)
	defer cancel()
	log, known := m.follower.log()
	if !known {
		return nil, errors.New("it is not known yet which log this host serves")
	}
	m.body.Log = log
	payload, err := json.Marshal(m.body)
	if err != nil {
		return nil, err
	}
	answer, err := m.follower.asker().Ask(ctx, protocol.ForReceipt, protocol.SubjectHostReport(m.follower.cfg.ID), payload)
	if err != nil {
		return nil, err
	}
	return readReceipt(answer)
}

func readReceipt(answer []byte) (map[domain.Position]bool, error) {
	var said protocol.HostReceipt
	if err := json.Unmarshal(answer, &said); err != nil {
		return nil, fmt.Errorf("not a receipt: %w", err)
	}
	taken := make(map[domain.Position]bool, len(said.Taken))
	for _, number := range said.Taken {
		taken[number] = true
	}
	if said.Error != "" {
		return taken, errors.New(said.Error)
	}
	return taken, nil
}
