package eventstore_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

// A database is restored from a backup that lacks the log's last events, which
// JetStream has: they come back exactly as they were.
func TestRecover(t *testing.T) {
	t.Parallel()
	pool, js := testkit.Postgres(t), testkit.JetStream(t, testkit.NATS(t))
	s := run(t, pool)
	execute(t, s, note(noted{ID: 1, On: []domain.Tag{"a", "zone:7"}}, booked{noted{On: []domain.Tag{"a"}}}))
	backup := backupOf(t, pool)
	command := uuid.NewSHA1(uuid.NameSpaceOID, []byte("client's key"))
	for i := range 5 {
		execute(t, s, note(noted{ID: 2, Text: "<ä>\u2028 \\u0000", On: []domain.Tag{"a", "zone:40", "zonename:in/x"}}, booked{noted{On: []domain.Tag{"b"}}}))
		if i == 2 {
			if _, err := s.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take("name:x"), CommandID: command}); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := wholeLog(t, s)
	stop, _ := relay(t, s, js)
	awaitStream(t, js, domain.Position(len(want)))
	stop()

	restored := run(t, backup)
	done, err := eventstore.Recover(t.Context(), restored, js)
	if err != nil || done != (eventstore.Recovered{Events: len(want) - 2}) {
		t.Fatalf("%+v recovered, %v; want %d events", done, err, len(want)-2)
	}
	if got := wholeLog(t, restored); !reflect.DeepEqual(got, want) {
		t.Errorf("recovered\n%+v, want\n%+v", got, want)
	}
	if byTag, err := restored.ReadTag(t.Context(), "zone:40", 0, 100); err != nil || len(byTag) != 5 {
		t.Errorf("%d events by tag, %v; want 5", len(byTag), err)
	}
	if done, err := eventstore.Recover(t.Context(), restored, js); done != (eventstore.Recovered{}) || err != nil {
		t.Errorf("a second run recovered %+v, %v", done, err)
	}
	// The command's repetition is known, a name stays taken, ids are not given twice.
	again, err := restored.Execute(t.Context(), eventstore.Request{Door: domain.DoorSystem, Command: take("name:x"), CommandID: command})
	if err != nil || !again.Replayed || len(again.Events) != 1 {
		t.Errorf("the repetition was answered with %+v, %v", again, err)
	}
	var id int64
	if err := backup.QueryRow(t.Context(), "SELECT nextval('log.id_zone')").Scan(&id); err != nil || id <= 40 {
		t.Errorf("the next zone's id is %d, %v; want more than 40", id, err)
	}
	// The log goes on, and so does the stream.
	relay(t, restored, js)
	execute(t, restored, notes(2))
	sameAsLog(t, restored, js)
}

func TestRecoverRefusals(t *testing.T) {
	t.Parallel()
	pool, js := testkit.Postgres(t), testkit.JetStream(t, testkit.NATS(t))
	s := run(t, pool)
	if done, err := eventstore.Recover(t.Context(), s, js); done.Events != 0 || !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("without a stream: %+v, %v", done, err)
	}
	execute(t, s, notes(5))
	backup := run(t, backupOf(t, pool))
	execute(t, s, notes(5))
	if err := eventstore.EnsureStream(t.Context(), js, s, eventstore.StreamConfig{MaxMsgs: 3}); err != nil {
		t.Fatal(err)
	}
	stop, _ := relay(t, s, js)
	awaitStream(t, js, 10)
	stop()
	if done, err := eventstore.Recover(t.Context(), backup, js); done.Events != 0 || err == nil {
		t.Errorf("what was between is lost, yet %+v was recovered, %v", done, err)
	}
	stranger := run(t, testkit.Postgres(t))
	if done, err := eventstore.Recover(t.Context(), stranger, js); done.Events != 0 || !errors.Is(err, eventstore.ErrForeignStream) {
		t.Errorf("another log: %+v, %v", done, err)
	}
	wholeLog(t, backup)
}

// What JetStream has of a change without its end does not come back: it would be a change
// that nobody ever has whole.
func TestRecoverGivesUpHalfAChange(t *testing.T) {
	t.Parallel()
	pool, js := testkit.Postgres(t), testkit.JetStream(t, testkit.NATS(t))
	s := run(t, pool)
	execute(t, s, notes(2))
	backup := backupOf(t, pool)
	execute(t, s, notes(3))
	execute(t, s, notes(4))
	stop, _ := relay(t, s, js)
	awaitStream(t, js, 9)
	stop()
	want := wholeLog(t, s)
	if want[2].More != 2 || want[4].More != 0 || want[5].More != 3 || want[5].MoreOwn != 3 {
		t.Fatalf("%+v", want)
	}
	cutStream(t, js, s, want[:7]) // the second event of the last change is the stream's last
	restored := run(t, backup)
	done, err := eventstore.Recover(t.Context(), restored, js)
	if err != nil || done != (eventstore.Recovered{Events: 3, GivenUp: 2}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := wholeLog(t, restored); !reflect.DeepEqual(got, want[:5]) {
		t.Errorf("recovered\n%+v, want\n%+v", got, want[:5])
	}
	relay(t, restored, js)
	execute(t, restored, notes(2))
	sameAsLog(t, restored, js)
}

// cutStream makes the stream anew with these events alone.
func cutStream(t *testing.T, js jetstream.JetStream, s *eventstore.Store, events []protocol.Envelope) {
	t.Helper()
	if err := js.DeleteStream(t.Context(), protocol.StreamEvents); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the stream is made anew", func() bool {
		return eventstore.EnsureStream(t.Context(), js, s, eventstore.StreamConfig{}) == nil
	})
	for i := range events {
		payload, err := protocol.AppendMessage(nil, &events[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(t.Context(), protocol.Subject(events[i]), payload); err != nil {
			t.Fatal(err)
		}
	}
}
