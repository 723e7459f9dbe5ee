package sessions

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// table is what the rows of one agent become, question by question.
type table map[uuid.UUID]Process

// ask returns who has the session after a process of an instance has asked.
func (tb table) ask(name string, enrolment domain.Position, now time.Time, hears time.Duration) string {
	var all []Process
	for _, p := range tb {
		all = append(all, p)
	}
	instance, _, _ := strings.Cut(name, "'") // a' is a process of the instance a
	asks := Process{Boot: id(name), Instance: id("instance " + instance), Enrolment: enrolment, Host: name}
	granted, changed := decide(all, asks, now, hears)
	for _, p := range changed {
		tb[p.Boot] = p
	}
	holder := "-"
	for _, p := range tb {
		if p.Holds {
			holder = p.Host
		}
	}
	return fmt.Sprint(holder, " ", granted)
}

// holders counts those that have the session.
func (tb table) holders() (n int) {
	for _, p := range tb {
		if p.Holds {
			n++
		}
	}
	return n
}

func id(name string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)) }

func TestDecide(t *testing.T) {
	t.Parallel()
	const always = time.Hour
	type question struct {
		at   time.Duration
		who  string
		want string
	}
	for name, test := range map[string]struct {
		hears     time.Duration
		questions []question
	}{
		"the first has it and keeps it": {always, []question{{0, "a", "a true"}, {5 * time.Second, "a", "a true"}, {time.Hour, "a", "a true"}}},
		"a younger one waits": {always, []question{
			{0, "a", "a true"}, {time.Second, "b", "a false"}, {5 * time.Second, "a", "a true"}, {19 * time.Second, "b", "a false"},
		}},
		"until the older one is silent":            {always, []question{{0, "a", "a true"}, {14 * time.Second, "b", "a false"}, {15 * time.Second, "b", "b true"}, {16 * time.Second, "a", "b false"}}},
		"but no process that was deaf gives it up": {10 * time.Second, []question{{0, "a", "a true"}, {time.Minute, "b", "a false"}, {61 * time.Second, "a", "a true"}}},
		"a restart has it at once":                 {0, []question{{0, "a", "a true"}, {time.Second, "a'", "a' true"}, {6 * time.Second, "a'", "a' true"}}},
		"again and again":                          {0, []question{{0, "a", "a true"}, {1, "a'", "a' true"}, {2, "a''", "a'' true"}, {time.Second, "b", "a'' false"}}},
		"its last question comes late":             {0, []question{{0, "a", "a true"}, {time.Second, "a'", "a' true"}, {2 * time.Second, "a", "a' false"}}},
		"a copy of the folder": {always, []question{
			{0, "a", "a true"}, {time.Second, "a'", "a' true"}, {5 * time.Second, "a", "a true"}, {6 * time.Second, "a'", "a false"},
			{10 * time.Second, "a", "a true"}, {11 * time.Second, "a'", "a false"}, {16 * time.Second, "a'", "a false"},
			{25 * time.Second, "a'", "a' true"}, {26 * time.Second, "a''", "a'' true"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb, start := table{}, time.Now()
			for _, q := range test.questions {
				if got := tb.ask(q.who, 7, start.Add(q.at), test.hears); got != q.want || tb.holders() != 1 {
					t.Fatalf("%v: %s asks: %s with %d holders, want %s", q.at, q.who, got, tb.holders(), q.want)
				}
			}
		})
	}
}

// What held a session under an enrolment that is over holds up nobody.
func TestSessionsEndWithTheEnrolment(t *testing.T) {
	t.Parallel()
	tb, now := table{}, time.Now()
	if got := tb.ask("a", 7, now, 0); got != "a true" {
		t.Fatal(got)
	}
	if got := tb.ask("b", 9, now, 0); got != "b true" || tb.holders() != 1 {
		t.Errorf("%s, %d holders", got, tb.holders())
	}
}

// An agent that asks when it is to ask has its session all the time.
func TestLeaseIsSeveralQuestions(t *testing.T) {
	t.Parallel()
	if protocol.SessionLease < 2*protocol.SessionEvery || lateAfter >= protocol.SessionEvery {
		t.Error("one late question loses a session, or a copy of a folder is never seen")
	}
}
