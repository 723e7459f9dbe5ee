package allowance

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits are those of each sender.
type Limits struct {
	// PerSecond is what a sender may cost in a second for long, and Burst at once. The unit
	// is the caller's, such as a byte.
	PerSecond, Burst int
	// InWork is how many messages of a sender may be in work at once; 0 means any number.
	InWork int
}

const (
	// complainEvery is the least time between two lines of the log about one sender.
	complainEvery = time.Minute
	// maxSenders bounds the senders that are remembered, about 200 bytes each; then all begin
	// anew.
	maxSenders = 100_000
)

// Why a message is refused.
var (
	errTooMuch = errors.New("too much in a short time")
	errInWork  = errors.New("too many messages in work at once")
)

// Allowances are the allowances of all senders of one kind. A sender is known by a number.
//
// Invariants:
//  1. What a sender is allowed in any time is at most Burst and PerSecond for each second.
//  2. At most InWork messages of a sender are between Begin and End.
//  3. There is at most one line about a sender in complainEvery, which says how many
//     complaints there were since the last one.
type Allowances struct {
	limits Limits
	what   string
	log    *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	senders map[int64]*sender
}

type sender struct {
	rate   *rate.Limiter
	inWork int
	// complaints are those since the last line, which was logged at logged.
	complaints int
	logged     time.Time
}

// New returns full allowances. What the messages are is for the log, which nil discards.
func New(limits Limits, what string, log *slog.Logger) *Allowances {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Allowances{limits: limits, what: what, log: log, now: time.Now, senders: map[int64]*sender{}}
}

// Take takes the cost of a message out of a sender's allowance, and says whether that was
// possible. A refusal is logged by and by.
func (a *Allowances) Take(id int64, cost int) bool {
	err := a.take(id, cost, false)
	if err != nil {
		a.Complain(id, err)
	}
	return err == nil
}

// Begin is Take for a message that is then in work until End is called.
func (a *Allowances) Begin(id int64, cost int) bool {
	err := a.take(id, cost, true)
	if err != nil {
		a.Complain(id, err)
	}
	return err == nil
}

// End ends the work on a message that Begin allowed.
func (a *Allowances) End(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.senders[id]; s != nil && s.inWork > 0 {
		s.inWork--
	}
}

func (a *Allowances) take(id int64, cost int, work bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sender(id)
	switch {
	case work && a.limits.InWork > 0 && s.inWork >= a.limits.InWork:
		return errInWork
	case !s.rate.AllowN(a.now(), cost):
		return errTooMuch
	}
	if work {
		s.inWork++
	}
	return nil
}

// sender returns the sender of that number. The caller holds the lock.
func (a *Allowances) sender(id int64) *sender {
	s := a.senders[id]
	if s == nil {
		if len(a.senders) >= maxSenders {
			clear(a.senders)
		}
		s = &sender{rate: rate.NewLimiter(rate.Limit(a.limits.PerSecond), a.limits.Burst)}
		a.senders[id] = s
	}
	return s
}

// Complain logs what is wrong with a message of a sender, unless there was a line about
// the sender not long ago.
func (a *Allowances) Complain(id int64, reason error) {
	if n := a.complaint(id); n > 0 {
		a.log.LogAttrs(context.Background(), slog.LevelWarn, a.what+": messages were dropped",
			slog.Int64("sender", id), slog.Int("count", n), slog.Any("reason", reason))
	}
}

// complaint counts one more complaint, and returns how many are to be logged now.
func (a *Allowances) complaint(id int64) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, now := a.sender(id), a.now()
	s.complaints++
	if now.Sub(s.logged) < complainEvery {
		return 0
	}
	n := s.complaints
	s.complaints, s.logged = 0, now
	return n
}
