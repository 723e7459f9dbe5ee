package executor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/ops"
)

func reopen(t *testing.T, path string) (*journal, []entry, error) {
	t.Helper()
	var all []entry
	j, err := openJournal(path, func(e entry) { all = append(all, e) })
	if err == nil {
		t.Cleanup(func() { _ = j.close() })
	}
	return j, all, err
}

func TestJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j, _, err := reopen(t, path)
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= 3; n++ {
		end, err := j.add(entry{Task: "t", Attempt: n})
		if err == nil {
			err = j.sync(end)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		j, got, err := reopen(t, path)
		if err != nil {
			t.Fatalf("torn at %d: %v", cut, err)
		}
		if _, err := j.add(entry{Task: "t", Attempt: 99}); err != nil {
			t.Fatal(err)
		}
		if _, again, err := reopen(t, path); err != nil || len(again) != len(got)+1 || again[len(got)].Attempt != 99 {
			t.Fatalf("torn at %d, then written: %v %v", cut, again, err)
		}
	}
	if err := os.WriteFile(path, append([]byte("{\n"), whole...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := reopen(t, path); err == nil {
		t.Error("a damaged journal was opened")
	}
}

func TestJournalFailure(t *testing.T) {
	t.Parallel()
	j, _, err := reopen(t, filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	_ = j.file.Close()
	if _, err := j.add(entry{Task: "t"}); err == nil {
		t.Fatal("wrote to a closed file")
	}
	j.file, err = os.Create(filepath.Join(t.TempDir(), "other"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = j.add(entry{Task: "t"})
	if info, statErr := j.file.Stat(); err == nil || statErr != nil || info.Size() != 0 {
		t.Errorf("went on after a write had failed: %v", err)
	}
}

// Ends in a journal of an earlier version are read as they are written today.
func TestOlderJournal(t *testing.T) {
	t.Parallel()
	for state, want := range map[ops.AttemptState]Report{
		"ok": {State: ops.Succeeded}, "failed": {State: ops.Failed}, "interrupted": {State: ops.Failed, Interrupted: true},
	} {
		var a attempt
		a.replay(entry{Ended: &Report{State: state}})
		if a.ended.State != want.State || a.ended.Interrupted != want.Interrupted {
			t.Errorf("%s is read as %+v", state, *a.ended)
		}
	}
}

// What is forgotten is not taken as new, and contents that nobody needs go.
func TestForget(t *testing.T) {
	t.Parallel()
	const task = "0358c3c78f5211e685855cf9389306a2"
	cfg := Config{Dir: t.TempDir(), Supervisor: []string{"/bin/false"}, Settings: Settings{Keep: time.Hour}}
	j, _, err := reopen(t, filepath.Join(cfg.Dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	for n, ended := range map[int64]time.Time{5: time.Now().Add(-2 * time.Hour), 6: time.Now()} {
		a := attempt{Assignment: Assignment{Task: task, Attempt: n}, ended: &Report{Attempt: n, State: ops.Succeeded, Ended: ended}, acknowledged: true}
		for _, e := range a.entries() {
			if _, err := j.add(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 { // it holds over restarts
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.attempts) != 1 || e.forgotten != 5 {
			t.Errorf("%d attempts, forgotten up to %d", len(e.attempts), e.forgotten)
		}
		if err := e.Assign(Assignment{Task: "f" + task[1:], Attempt: 5, Mode: ops.ModeUpdate}); err == nil {
			t.Error("a forgotten attempt was taken as new")
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
