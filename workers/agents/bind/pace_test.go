package bind

import (
	"fmt"
	"sync"
	"testing"
	"time"

	mdns "github.com/miekg/dns"
)

func TestPace(t *testing.T) {
	t.Parallel()
	const took = 10 * time.Millisecond
	for _, c := range []struct {
		name      string
		dirty     string // d: more to do at the end of a job, c: nothing
		uncertain int
		want      time.Duration
	}{
		{"one change", "c", 0, 0},
		{"two at the same time", "dc", 0, 0},
		{"one after the other", "ccccccc", 0, 0},
		{"without pause", "dd", 0, restShare * took},
		{"with a short breath", "dddc", 0, restShare * took},
		{"calm again", "ddddddccc", 0, 0},
		{"with an uncertain end", "dddd", 1, 0},
	} {
		z := &zoneInView{uncertain: c.uncertain}
		var got time.Duration
		for _, dirty := range c.dirty {
			z.requeue = dirty == 'd'
			got = z.pace(took)
		}
		if got != c.want {
			t.Errorf("%s: rests %s, want %s", c.name, got, c.want)
		}
	}
	z := &zoneInView{requeue: true, streak: longestStreak}
	if least, most := z.pace(0), z.pace(time.Minute); least != restMin || most != restMax {
		t.Errorf("rests between %s and %s", least, most)
	}
}

// Invariant 1 of the queue, for a zone at rest.
func TestARestingZoneIsWithNobody(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	q := queue{ready: sync.NewCond(&mu), backgroundLimit: 1, open: true}
	mu.Lock()
	defer mu.Unlock()
	z := &zoneInView{}
	q.put(z, true)
	if got, _ := q.next(); got != z {
		t.Fatal("the change was not handed out")
	}
	z.queued, z.working = false, true
	q.busy++
	q.put(z, true)
	z.resting = true
	q.done(z, false)
	q.put(z, true)
	if got, _ := q.next(); got != nil {
		t.Fatal("a zone was handed out at rest")
	}
	q.endRest(z)
	if got, _ := q.next(); got != z {
		t.Fatal("what came before and while it rested is lost")
	}
	if got, _ := q.next(); got != nil {
		t.Fatal("it came back twice")
	}
}

// What prerequisites cannot prove is asked for.
func TestSplit(t *testing.T) {
	t.Parallel()
	set := func(ttl uint32, rdata ...string) *rrset { return &rrset{ttl: ttl, rdata: rdata} }
	key := func(i int) setKey { return setKey{owner: fmt.Sprint(i), rrtype: mdns.TypeA} }
	few := []change{{key: key(1), want: set(1, "a")}, {key: key(2), held: set(1, "a")}, {key: key(3), held: set(1, "a"), want: set(2, "a")}}
	if asked, compared := split(few); len(asked) != len(few) || len(compared) != 0 {
		t.Errorf("of few, %d are asked for", len(asked))
	}
	many := append([]change{{key: key(0), want: set(1, "a")}}, few...)
	asked, compared := split(many)
	if len(asked) != 2 || asked[0].key != key(0) || asked[1].key != key(3) || len(compared) != 2 {
		t.Errorf("asked %v, compared %v", asked, compared)
	}
}
