package executor

import (
	"sync"
	"time"
)

// Line is one line of an attempt's log.
type Line struct {
	// Number counts from 1 within the attempt.
	Number int64     `json:"number"`
	Time   time.Time `json:"time"`
	// Stream is stdout, stderr, or agent for what the agent itself says.
	Stream string `json:"stream"`
	// Text is UTF-8 without line ends and other control characters but the tab.
	Text string `json:"text"`
}

// The streams.
const (
	stdoutStream = "stdout"
	stderrStream = "stderr"
	agentStream  = "agent"
)

// Range is a range of line numbers, both inclusive.
type Range struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Batch is a run of consecutive lines of one attempt. Batches of an attempt come
// in order, and each begins where the one before ended.
type Batch struct {
	Task    string `json:"task"`
	Attempt int64  `json:"attempt"`
	// Missing are lines before Lines that had to be dropped.
	Missing *Range `json:"missing,omitempty"`
	Lines   []Line `json:"lines"`
}

// Limits of the lines that wait for a reader. While an attempt's own limit is reached,
// its program waits for the reader, but at most patience until the next batch is
// taken.
const (
	mostWaiting    = 1 << 20
	mostWaitingAll = 32 << 20
	patience       = 2 * time.Second
	batchLines     = 500
	batchBytes     = 128 << 10
	lineOverhead   = 64
)

// logs holds the lines of all attempts that wait for a reader.
//
// Invariants:
//  1. The numbers of an attempt's lines have no gap that is not named in Missing.
//  2. A program waits at most patience for a reader, however slow the reader is.
//  3. The newest lines are the last to be dropped: they tell why a program failed.
type logs struct {
	mu    sync.Mutex
	order []*attemptLog
	bytes int
	// wake has a token when there may be something to take.
	wake chan struct{}
	// patience is the constant, except in tests.
	patience time.Duration
}

func newLogs() *logs { return &logs{wake: make(chan struct{}, 1), patience: patience} }

// attemptLog holds the lines of one attempt.
type attemptLog struct {
	all     *logs
	task    string
	attempt int64
	// last is the newest line's number; next is that of the line to hand over next.
	last, next int64
	waiting    []Line
	bytes      int
	closed     bool
	// skipWait: the reader was waited for in vain. The program does not wait again
	// before the reader has taken a batch.
	skipWait bool
	taken    chan struct{}
}

func (l *logs) open(task string, attempt int64) *attemptLog {
	a := &attemptLog{all: l, task: task, attempt: attempt, next: 1, taken: make(chan struct{}, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.order = append(l.order, a)
	return a
}

// add appends a line; its writer may have to wait for the reader.
func (a *attemptLog) add(stream, text string) {
	a.all.mu.Lock()
	defer a.all.mu.Unlock()
	if a.bytes >= mostWaiting && !a.skipWait {
		a.await()
	}
	a.last++
	a.waiting = append(a.waiting, Line{Number: a.last, Time: time.Now(), Stream: stream, Text: text})
	a.grow(len(text) + lineOverhead)
	if a.bytes > mostWaiting+mostWaiting/4 {
		a.drop(mostWaiting)
	}
	for _, other := range a.all.order {
		if a.all.bytes <= mostWaitingAll {
			break
		}
		other.drop(0)
	}
	a.all.signal()
}

// await releases the lock and waits until a batch was taken or patience is over.
func (a *attemptLog) await() {
	timer := time.NewTimer(a.all.patience)
	defer timer.Stop()
	for a.bytes >= mostWaiting && !a.skipWait {
		a.all.mu.Unlock()
		expired := false
		select {
		case <-a.taken:
		case <-timer.C:
			expired = true
		}
		a.all.mu.Lock()
		a.skipWait = a.skipWait || expired
	}
}

// drop removes the oldest lines until at most so many bytes wait.
func (a *attemptLog) drop(most int) {
	n := 0
	for ; n < len(a.waiting) && a.bytes > most; n++ {
		a.grow(-len(a.waiting[n].Text) - lineOverhead)
	}
	a.waiting = append([]Line(nil), a.waiting[n:]...)
}

func (a *attemptLog) grow(bytes int) {
	a.bytes += bytes
	a.all.bytes += bytes
}

// close notes that no more lines will come, and returns how many there were.
func (a *attemptLog) close() int64 {
	a.all.mu.Lock()
	defer a.all.mu.Unlock()
	a.closed = true
	a.all.signal()
	return a.last
}

func (l *logs) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// take returns the next batch of the attempt that has waited longest.
func (l *logs) take() (Batch, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 0; i < len(l.order); i++ {
		a := l.order[i]
		if a.next <= a.last {
			l.order = append(append(l.order[:i:i], l.order[i+1:]...), a)
			return a.batch(), true
		}
		if a.closed {
			l.order = append(l.order[:i:i], l.order[i+1:]...)
			i--
		}
	}
	return Batch{}, false
}

func (a *attemptLog) batch() Batch {
	b := Batch{Task: a.task, Attempt: a.attempt}
	first := a.last + 1
	if len(a.waiting) > 0 {
		first = a.waiting[0].Number
	}
	if first > a.next {
		b.Missing = &Range{From: a.next, To: first - 1}
	}
	n, bytes := 0, 0
	for ; n < len(a.waiting) && n < batchLines && bytes < batchBytes; n++ {
		bytes += len(a.waiting[n].Text) + lineOverhead
	}
	b.Lines = append(b.Lines, a.waiting[:n]...)
	a.waiting = a.waiting[n:]
	a.grow(-bytes)
	a.next = first + int64(n)
	a.skipWait = false
	select {
	case a.taken <- struct{}{}:
	default:
	}
	return b
}
