package executor

import (
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/internal/testkit"
)

// collect takes all batches and joins them to numbers, checking that none is lost unsaid.
func collect(t *testing.T, l *logs) (lines, missing int64) {
	t.Helper()
	next := int64(1)
	for {
		b, ok := l.take()
		if !ok {
			return lines, missing
		}
		if b.Missing != nil {
			if b.Missing.From != next || b.Missing.To < next {
				t.Fatalf("missing %+v, want from %d", *b.Missing, next)
			}
			missing += b.Missing.To - b.Missing.From + 1
			next = b.Missing.To + 1
		}
		for _, line := range b.Lines {
			if line.Number != next {
				t.Fatalf("line %d, want %d", line.Number, next)
			}
			next++
			lines++
		}
	}
}

// Nobody reads: the writer waits once, goes on, and what is dropped is said. The
// newest lines are there.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	l := newLogs()
	l.patience = 20 * time.Millisecond
	a := l.open("t", 1)
	text := strings.Repeat("x", 1000)
	const total = 10_000
	began := time.Now()
	for range total {
		a.add(stdoutStream, text)
	}
	if took := time.Since(began); took < l.patience || took > total*l.patience/4 {
		t.Errorf("the writer took %v", took)
	}
	if a.bytes > 2*mostWaiting {
		t.Errorf("%d bytes wait", a.bytes)
	}
	if n := a.close(); n != total {
		t.Errorf("%d lines", n)
	}
	lines, missing := collect(t, l)
	if lines+missing != total || missing == 0 || lines < 500 {
		t.Errorf("%d lines and %d missing", lines, missing)
	}
	if l.bytes != 0 || len(l.order) != 0 {
		t.Errorf("%d bytes of %d logs are left", l.bytes, len(l.order))
	}
}

// A reader that is only slow loses nothing: the writer waits for it.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	l := newLogs()
	l.patience = testkit.Patience
	a := l.open("t", 1)
	done := make(chan struct{})
	const total = 5000
	go func() {
		defer close(done)
		for range total {
			a.add(stdoutStream, strings.Repeat("x", 1000))
		}
		a.close()
	}()
	var lines, missing int64
	for lines+missing < total {
		<-l.wake
		n, m := collectFrom(l)
		lines, missing = lines+n, missing+m
	}
	<-done
	if missing != 0 {
		t.Errorf("%d missing", missing)
	}
}

func collectFrom(l *logs) (lines, missing int64) {
	for {
		b, ok := l.take()
		if !ok {
			return lines, missing
		}
		if b.Missing != nil {
			missing += b.Missing.To - b.Missing.From + 1
		}
		lines += int64(len(b.Lines))
	}
}

// All logs together have a limit as well, and a dropped tail is said, too.
func TestManyLogs(t *testing.T) {
	t.Parallel()
	l := newLogs()
	l.patience = 0
	for range 60 {
		a := l.open("t", 1)
		for range 1000 {
			a.add(stdoutStream, strings.Repeat("x", 1000))
		}
		a.close()
	}
	if l.bytes > mostWaitingAll+mostWaiting {
		t.Errorf("%d bytes wait", l.bytes)
	}
	if lines, missing := collectFrom(l); lines+missing != 60_000 {
		t.Errorf("%d lines and %d missing", lines, missing)
	}
}

func TestSplitter(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("y", longestLine)
	for in, want := range map[string]string{
		"a\nb\r\nc\rd":          "a|b|c|d",
		"\n\n":                  "|",
		"10%\r20%\r\nend\n":     "10%|20%|end",
		"\xe4\xb8\xad\xe4\n\t.": "中\\xe4|\t.",
		long + "z\n":            long + "|z",
		long + "\n":             long,
		"\x1b]0;x\x07\u202e":    `\x1b]0;x\x07\xe2\x80\xae`,
		"a\u3000b\u00a0c":       "a\u3000b\u00a0c",
		"👩\u200d💻 🏴\U000e0067\U000e007f \u2764\ufe0f می\u200cخواهم \ue0b0": "👩\u200d💻 🏴\U000e0067\U000e007f \u2764\ufe0f می\u200cخواهم \ue0b0",
		"a\u200eb\u2067c\u2028d\u0085e\u061c":                              `a\xe2\x80\x8eb\xe2\x81\xa7c\xe2\x80\xa8d\xc2\x85e\xd8\x9c`,
		strings.Repeat("中", 6000):                                          strings.Repeat("中", longestLine/3) + "|" + strings.Repeat("中", 6000-longestLine/3),
		"xx" + strings.Repeat("👩", 8000) + "\nz":                           "xx" + strings.Repeat("👩", longestLine/4-1) + "|" + strings.Repeat("👩", 8000-(longestLine/4-1)) + "|z",
		strings.Repeat("x", longestLine-1) + "\xe4\xb8":                    strings.Repeat("x", longestLine-1) + `|\xe4\xb8`,
	} {
		for _, size := range []int{1, 3, len(in)} {
			var got []string
			s := &splitter{line: func(text string) { got = append(got, text) }}
			for rest := in; len(rest) > 0; {
				n := min(size, len(rest))
				_, _ = s.Write([]byte(rest[:n]))
				rest = rest[n:]
			}
			s.flush()
			if strings.Join(got, "|") != want {
				t.Errorf("%.40q by %d: %.60q, want %.60q", in, size, got, want)
			}
		}
	}
}

// A message and what the agent says are as safe as a program's lines, and are cut between
// two characters.
func TestBrief(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\u3000b\nc":                   "a\u3000b\nc",
		"a\x1b[2Jb\u202ec\xff":          `a\x1b[2Jb\xe2\x80\xaec\xff`,
		"x" + strings.Repeat("中", 700):  "x" + strings.Repeat("中", 666) + "…",
		"xx" + strings.Repeat("中", 666): "xx" + strings.Repeat("中", 666),
	} {
		if got := brief(in); got != want {
			t.Errorf("%.30q: %q, want %q", in, got, want)
		}
	}
	j := &job{logs: newLogs().open("t", 1)}
	j.say("NOTICE: a\u3000\u202e\nsecond\n")
	var got []string
	for _, line := range j.logs.waiting {
		got = append(got, line.Text)
	}
	if strings.Join(got, "|") != "NOTICE: a\u3000\\xe2\\x80\\xae|second" {
		t.Errorf("said %q", got)
	}
}

// An end that waits is not replaced, and of progress only the newest is kept.
func TestOutbox(t *testing.T) {
	t.Parallel()
	o := newOutbox()
	for _, r := range []Report{{Attempt: 1, State: ops.Running}, {Attempt: 2, State: ops.Running}, {Attempt: 1, State: ops.Running, Percent: 9}, {Attempt: 2, State: ops.Succeeded}, {Attempt: 2, State: ops.Running}} {
		o.put(r)
	}
	first, _ := o.take()
	second, _ := o.take()
	if _, more := o.take(); more || first.Percent != 9 || second.State != ops.Succeeded {
		t.Errorf("%+v %+v", first, second)
	}
}
