package eventstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// What PostgreSQL would refuse or change is refused before it enters a batch.
func TestBadEvents(t *testing.T) {
	t.Parallel()
	s := run(t, testkit.Postgres(t))
	x := []domain.Tag{"x"}
	for _, c := range []struct {
		name  string
		event noted
		large bool
	}{
		{"NUL", noted{Text: "a\x00b", On: x}, false},
		{"not UTF-8", noted{Text: "a\xffb", On: x}, false},
		{"too large", noted{Text: strings.Repeat("a", eventstore.MaxEventBytes), On: x}, true},
		{"empty tag", noted{On: []domain.Tag{""}}, false},
		{"long tag", noted{On: []domain.Tag{domain.Tag(strings.Repeat("t", eventstore.MaxTagBytes+1))}}, false},
		{"tag with a blank", noted{On: []domain.Tag{"a b"}}, false},
		{"tag with a line feed", noted{On: []domain.Tag{"a\nb"}}, false},
		{"tag with a control character", noted{On: []domain.Tag{"a\x7f"}}, false},
		{"tag that is not UTF-8", noted{On: []domain.Tag{"a\xff"}}, false},
		{"tag given twice", noted{On: []domain.Tag{"a", "b", "a"}}, false},
	} {
		_, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: note(noted{On: x}, c.event)})
		if err == nil || errors.Is(err, eventstore.ErrTooLarge) != c.large {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	many := make([]domain.Event, 10_001)
	for i := range many {
		many[i] = noted{}
	}
	if _, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: note(many...)}); !errors.Is(err, eventstore.ErrTooLarge) {
		t.Errorf("too many events: %v", err)
	}
	if _, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take("")}); err == nil {
		t.Error("a fold without a tag was loaded")
	}
	good := noted{Text: "\\u0000 � \U0001f600 \\\\ufffd", On: []domain.Tag{domain.Tag(strings.Repeat("t", eventstore.MaxTagBytes)), "ß:/*"}}
	if r := execute(t, s, note(good)); r.First != 1 {
		t.Errorf("the first good event has position %d", r.First)
	}
	if e := wholeLog(t, s); len(e) == 1 {
		if r, err := e[0].Decode(s.Codec()); err != nil || r.Event.(noted).Text != good.Text {
			t.Errorf("came back as %+v, %v", r.Event, err)
		}
	}
}
