package verify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logfile"
	"github.com/opsledger/opsledger/translog/verify"
)

// export writes the log from a position on.
func (s *sealed) export(from int64) string {
	s.t.Helper()
	conn, err := s.pool.Acquire(s.t.Context())
	must(s.t, err)
	defer conn.Release()
	var out strings.Builder
	n, err := logfile.Write(s.t.Context(), conn.Conn(), &out, from, func(int64, int64) {})
	must(s.t, err)
	if want := strings.Count(out.String(), "\n") - 2; int(n) != want {
		s.t.Errorf("%d events were written in %d lines", n, want)
	}
	return out.String()
}

func (s *sealed) check(file string, o verify.Options) (verify.Report, error) {
	s.t.Helper()
	return verify.Export(s.t.Context(), strings.NewReader(file), o)
}

// A file is checked without the database: whole or from a position on, compressed or not, with
// a checkpoint of before and the key; what was changed in it is found.
func TestExport(t *testing.T) {
	t.Parallel()
	s := newSealed(t)
	stop := s.publish()
	s.add(300)
	old := s.await()
	first := s.key
	_, err := translog.Rotate(t.Context(), s.store, s.vault)
	must(t, err)
	s.await() // the checkpoint by which the second key comes
	s.add(399)
	newest := s.await()
	stop()

	trust := verify.Options{Key: first, Since: []translog.Checkpoint{old}}
	whole := s.export(1)
	if r, err := s.check(whole, trust); err != nil || !r.Trusted || r.Events != newest.Size || len(r.Continues) != 1 {
		t.Errorf("whole: %+v, %v", r, err)
	}
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	must(t, err)
	_, err = io.WriteString(z, whole)
	must(t, errors.Join(err, z.Close()))
	if _, err := s.check(packed.String(), trust); err != nil {
		t.Errorf("compressed: %v", err)
	}
	for _, from := range []int64{2, 256, 257, 301, 302, 600, newest.Size} {
		part := s.export(from)
		r, err := s.check(part, verify.Options{})
		if err != nil || r.Events != newest.Size-from+1 {
			t.Errorf("from %d: %+v, %v", from, r, err)
		}
		if _, err := s.check(part, verify.Options{Since: trust.Since}); (err == nil) != (from <= old.Size+1) {
			t.Errorf("from %d, with a checkpoint of %d: %v", from, old.Size, err)
		}
	}

	lines := strings.Split(whole, "\n")
	if got := lines[400]; !strings.HasPrefix(got, `{"position":400,"prev":`) || !strings.Contains(got, `"credential":0,"door":"v1"`) {
		t.Errorf("an event is written %s", got)
	}
	for name, c := range map[string]struct {
		change func(l []string) []string
		at     int64 // 0: no finding, but an error
	}{
		"an event is another": {replaced(333, `"actor":1`, `"actor":2`), newest.Size},
		"data has a blank":    {replaced(333, `"data":`, `"data": `), -1},
		"in data is a blank":  {replaced(333, `"data":{`, `"data":{ `), newest.Size},
		"an event is gone":    {func(l []string) []string { return append(l[:333:333], l[334:]...) }, 333},
		"two are exchanged":   {func(l []string) []string { l[333], l[334] = l[334], l[333]; return l }, 333},
		"an event too many":   {func(l []string) []string { return append(append(l[:333:333], l[333]), l[333:]...) }, 333},
		"the end is gone":     {func(l []string) []string { return l[:500] }, 0},
		"the last is another": {func(l []string) []string { l[len(l)-2] = `{"checkpoint":""}`; return l }, newest.Size},
		"more behind the end": {func(l []string) []string { return append(l[:len(l)-1], "{}", "") }, 0},
		"another first line":  {func(l []string) []string { l[0] = `{"log":""}`; return l }, 0},
		"another checkpoint":  {replaced(0, `\n700\n`, `\n701\n`), 701},
	} {
		var found *verify.Finding
		_, err := s.check(strings.Join(c.change(append([]string(nil), lines...)), "\n"), trust)
		switch {
		case c.at < 0:
			must(t, err) // the file's own blank, which is not of the data
		case err == nil, c.at == 0 && errors.As(err, &found), c.at > 0 && (!errors.As(err, &found) || found.Position != c.at):
			t.Errorf("%s: %v", name, err)
		}
	}
	var header logfile.Header
	must(t, json.Unmarshal([]byte(s.export(302)[:strings.Index(s.export(302), "\n")]), &header))
	header.Edge = nil
	text, err := json.Marshal(header)
	must(t, err)
	var found *verify.Finding
	if _, err := s.check(string(text)+"\n", verify.Options{}); !errors.As(err, &found) {
		t.Errorf("without the tree before it: %v", err)
	}
}

// replaced changes a line.
func replaced(line int, from, to string) func([]string) []string {
	return func(l []string) []string {
		l[line] = strings.Replace(l[line], from, to, 1)
		return l
	}
}
