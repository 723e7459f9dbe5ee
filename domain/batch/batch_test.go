package batch_test

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/batch"
	"github.com/opsledger/opsledger/domain/domaintest"
)

// added says that a counter went up.
type added struct{ Counter int }

func (added) EventType() string    { return "Added" }
func (e added) Tags() []domain.Tag { return []domain.Tag{counterTag(e.Counter)} }
func (added) SubjectKey() int64    { return 0 }

func counterTag(n int) domain.Tag { return domain.Tag("counter:" + strconv.Itoa(n)) }

// counter is the fold of one counter.
type counter struct{ number, value int }

func (c *counter) Item() domain.Item     { return domain.Item{Tag: counterTag(c.number)} }
func (c *counter) Apply(domain.Recorded) { c.value++ }
func (c *counter) Snapshot() any         { return c.value }
func (c *counter) Restore(s any)         { c.value = s.(int) }

// countUp goes from counter to counter, reading each for itself, until it finds
// one that stands at its goal, and lets that one go up.
type countUp struct{ goal, among int }

func (c countUp) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	for i := range c.among {
		at := counter{number: i}
		if err := h.Load(&at); err != nil {
			return nil, err
		}
		if at.value == c.goal {
			return []domain.Event{added{i}}, nil
		}
	}
	return nil, domain.Refused("none is at %d", c.goal)
}

// blindly lets a counter go up without a look.
type blindly int

func (n blindly) Decide(domain.History, domain.Env) ([]domain.Event, error) {
	return []domain.Event{added{int(n)}}, nil
}

// following reads one more counter once the first ones are up, and lets the one
// go up that it points to.
type following struct{ first, then int }

func (f following) Decide(h domain.History, _ domain.Env) ([]domain.Event, error) {
	for i := range f.first {
		at := counter{number: i}
		if err := h.Load(&at); err != nil || at.value == 0 {
			return nil, err
		}
	}
	last := counter{number: f.then}
	if err := h.Load(&last); err != nil {
		return nil, err
	}
	return []domain.Event{added{100 + last.value}}, nil
}

// countingHistory counts the round trips and remembers what they gave.
type countingHistory struct {
	domain.History
	trips int
	fail  error
	given map[*counter]int
}

func (h *countingHistory) Load(folds ...domain.Fold) error {
	if len(folds) > 0 {
		h.trips++
	} else if h.fail != nil {
		return h.fail
	}
	err := h.History.Load(folds...)
	for _, f := range folds {
		if c, ok := f.(*counter); ok && h.given != nil {
			h.given[c] = c.value
		}
	}
	return err
}

func env() domain.Env { return domaintest.Env(domain.System, countUp{}) }

// However deep operations read, and however much that depends on the operations
// before, the batch decides as they would; only the round trips differ.
func TestRounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ operations, among, most int }{
		{1, 1, 2},
		{100, 1, 2},
		{6, 6, 8},
		{40, 40, 42},
	} {
		commands := make([]batch.Operation, c.operations)
		var want []domain.Event
		for i := range commands {
			commands[i] = batch.Of(countUp{among: c.among}, nil)
			if c.among > 1 {
				want = append(want, added{i})
			} else if i == 0 {
				want = append(want, added{0})
			} else {
				commands[i] = batch.Of(countUp{goal: i, among: 1}, nil)
				want = append(want, added{0})
			}
		}
		cmd := domaintest.Must(batch.New(commands))
		h := &countingHistory{History: domaintest.NewHistory()}
		got, err := cmd.Decide(h, env())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
		if h.trips > c.most {
			t.Errorf("%+v: %d round trips", c, h.trips)
		}
	}
}

// What is read late, when the batch has changed it already, is read with the change.
func TestLateReadsSeeTheBatch(t *testing.T) {
	t.Parallel()
	const deep = 12
	commands := []batch.Operation{batch.Of(blindly(50), nil)}
	for range deep {
		commands = append(commands, batch.Of(countUp{among: deep}, nil))
	}
	commands = append(commands, batch.Of(following{first: deep, then: 50}, nil))
	together := domaintest.Must(batch.New(commands))
	for _, c := range []batch.Command{together, together.AtOnce()} {
		events, err := c.Decide(domaintest.NewHistory(added{50}), env())
		if err != nil || len(events) != deep+2 || events[deep+1] != (added{102}) {
			t.Errorf("decided %v, %v", events, err)
		}
	}
}

// What happens while a state still waits to be read is no part of what is read.
func TestReadsDoNotSeeLaterOperations(t *testing.T) {
	t.Parallel()
	commands := []batch.Operation{batch.Of(following{then: 50}, nil), batch.Of(blindly(50), nil)}
	together := domaintest.Must(batch.New(commands))
	for _, c := range []batch.Command{together, together.AtOnce()} {
		events, err := c.Decide(domaintest.NewHistory(added{50}), env())
		if err != nil || !reflect.DeepEqual(events, []domain.Event{added{101}, added{50}}) {
			t.Errorf("decided %v, %v", events, err)
		}
	}
}

// The store keeps what it read beyond the decision: it gets it back as it was,
// whether the batch was accepted or refused.
func TestFoldsAreHandedBackAsTheyWereRead(t *testing.T) {
	t.Parallel()
	for _, last := range []int{1, 7} {
		up := batch.Of(countUp{goal: 0, among: 20}, nil)
		commands := []batch.Operation{up, up, up, up, up, up, up, up, up, up, up, up, batch.Of(countUp{goal: last, among: 2}, nil)}
		h := &countingHistory{History: domaintest.NewHistory(added{30}), given: map[*counter]int{}}
		events, err := domaintest.Must(batch.New(commands)).Decide(h, env())
		if (err == nil) != (last == 1) || (len(events) > 0) != (last == 1) {
			t.Fatalf("decided %v, %v", events, err)
		}
		if len(h.given) == 0 {
			t.Fatal("nothing was read")
		}
		for c, value := range h.given {
			if c.value != value {
				t.Errorf("counter %d was read as %d and handed back as %d", c.number, value, c.value)
			}
		}
	}
}

func TestTheHistorysErrorEndsIt(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	h := &countingHistory{History: domaintest.NewHistory(), fail: broken}
	cmd := domaintest.Must(batch.New([]batch.Operation{batch.Of(countUp{among: 1}, nil)}))
	if _, err := cmd.Decide(h, env()); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestNewChecksTheOperations(t *testing.T) {
	t.Parallel()
	one := batch.Of(countUp{}, nil)
	creates := batch.Operation{Takes: []domain.Sequence{domain.SequenceZone}, Build: one.Build}
	uses := func(i int) batch.Operation { return batch.Operation{Uses: []int{i}, Build: one.Build} }
	many := make([]batch.Operation, batch.MaxOperations+1)
	for _, c := range []struct {
		name       string
		operations []batch.Operation
		ok         bool
	}{
		{"none", nil, false},
		{"most", many[1:], true},
		{"too many", many, false},
		{"uses a creation before it", []batch.Operation{creates, uses(0)}, true},
		{"uses what creates nothing", []batch.Operation{one, uses(0)}, false},
		{"uses itself", []batch.Operation{creates, uses(1)}, false},
		{"uses a later one", []batch.Operation{uses(1), creates}, false},
		{"uses none", []batch.Operation{uses(-1)}, false},
	} {
		if _, err := batch.New(c.operations); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A batch whose operations have many events each ends before it holds all of them.
func TestTooManyEvents(t *testing.T) {
	t.Parallel()
	decided := 0
	operations := make([]batch.Operation, 100)
	for i := range operations {
		operations[i] = batch.Operation{Build: func([]int64) (domain.Command, error) { return counting{&decided}, nil }}
	}
	_, err := domaintest.Must(batch.New(operations)).Decide(domaintest.NewHistory(), env())
	if !errors.Is(err, batch.ErrTooManyEvents) || decided > 25 {
		t.Errorf("after %d operations: %v", decided, err)
	}
}

// counting lets a counter go up a thousand times, and counts how often it was asked to.
type counting struct{ decided *int }

func (c counting) Decide(domain.History, domain.Env) ([]domain.Event, error) {
	*c.decided++
	return slices.Repeat([]domain.Event{added{1}}, 1000), nil
}
