package oplog_test

import (
	"context"
	"errors"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/projections/modeltest"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/protocol"
)

// taggedLog answers from a map and counts the questions.
type taggedLog struct {
	events map[domain.Tag]protocol.Envelope
	reads  int
	err    error
}

func (l *taggedLog) Codec() *domain.Codec { return testkit.Codec() }

func (l *taggedLog) ReadTag(_ context.Context, tag domain.Tag, _ domain.Position, _ int) ([]protocol.Envelope, error) {
	l.reads++
	if e, ok := l.events[tag]; ok {
		return []protocol.Envelope{e}, l.err
	}
	return nil, l.err
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	log := &taggedLog{events: map[domain.Tag]protocol.Envelope{}}
	for id, name := range map[domain.UserID]string{1: "admin", 2: "wang"} {
		descriptor, data, err := log.Codec().Encode(modeltest.Registered(id, name))
		if err != nil {
			t.Fatal(err)
		}
		log.events[access.TagUser(id)] = protocol.Envelope{Type: descriptor.Name, Schema: descriptor.Schema(), Data: data}
	}
	names := oplog.NewUsernames(log)
	ctx := t.Context()
	modeltest.Same(t, "names", modeltest.Must(names(ctx, []domain.UserID{1, 2})), map[domain.UserID]string{1: "admin", 2: "wang"})
	modeltest.Same(t, "names", modeltest.Must(names(ctx, []domain.UserID{2, 9})), map[domain.UserID]string{2: "wang"})
	if log.reads != 3 {
		t.Errorf("%d reads, want one for each user", log.reads)
	}
	log.err = errors.New("away")
	if _, err := names(ctx, []domain.UserID{2}); err != nil {
		t.Errorf("a known name needs the log: %v", err)
	}
	if _, err := names(ctx, []domain.UserID{9}); !errors.Is(err, log.err) {
		t.Errorf("log away: %v", err)
	}
}
