package executor

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// journal is a file of entries, one a line, in the order in which they happened.
//
// Invariants:
//  1. After any crash the journal has every entry up to the end that sync was last
//     called with.
//  2. A torn last line is dropped. Any other line that cannot be read stops the
//     agent, which might otherwise run an attempt again.
//  3. After a failed write nothing more is written, since the file's end is not known.
type journal struct {
	path string

	mu     sync.Mutex
	file   *os.File
	size   int64
	broken error

	// syncing is held while one caller waits for the disk; it syncs for the others, too.
	syncing sync.Mutex
	synced  int64
}

// entry is one step of one attempt. Exactly one of the pointers is set.
type entry struct {
	Task    string `json:"task"`
	Attempt int64  `json:"attempt"`

	Accepted     *Assignment `json:"accepted,omitempty"`
	Begun        *start      `json:"begun,omitempty"`
	Processes    *processes  `json:"running,omitempty"`
	Intent       *intent     `json:"doing,omitempty"`
	Ended        *Report     `json:"ended,omitempty"`
	Acknowledged *struct{}   `json:"settled,omitempty"`
	// Forgotten is a log position: no attempt up to it is run any more.
	Forgotten *int64 `json:"forgotten,omitempty"`
}

// openJournal reads the file, if there is one, and calls replay for each entry.
func openJournal(path string, replay func(entry)) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &journal{path: path, file: f}
	if err := j.read(replay); err != nil {
		return nil, errors.Join(fmt.Errorf("journal %s: %w", path, err), f.Close())
	}
	return j, wholefile.SyncFolder(filepath.Dir(path))
}

func (j *journal) read(replay func(entry)) error {
	in := bufio.NewReader(j.file)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(line) == 0 {
				return nil
			}
			return j.cut() // torn: add never returned for it
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		replay(e)
		j.size += int64(len(line))
	}
}

func (j *journal) cut() error {
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	_, err := j.file.Seek(j.size, io.SeekStart)
	return err
}

// add appends an entry and returns the journal's end, for sync.
func (j *journal) add(e entry) (int64, error) {
	line, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return 0, j.broken
	}
	n, err := j.file.Write(append(line, '\n'))
	j.size += int64(n)
	if err != nil {
		j.broken = fmt.Errorf("journal: %w", err)
	}
	return j.size, j.broken
}

// sync waits until everything before the given end is on the disk. Callers that
// come while another one waits share the next wait.
func (j *journal) sync(end int64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= end {
		return nil
	}
	j.mu.Lock()
	file, size, broken := j.file, j.size, j.broken
	j.mu.Unlock()
	if broken != nil {
		return broken
	}
	if err := file.Sync(); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.broken = fmt.Errorf("journal: %w", err)
		return j.broken
	}
	j.synced = size
	return nil
}

// rewrite replaces the file's content by the entries, before the journal is used.
func (j *journal) rewrite(entries []entry) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, e := range entries {
		if err := encoder.Encode(e); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	f, err := os.OpenFile(j.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = f.Write(text.Bytes())
	if err = errors.Join(err, f.Sync()); err == nil {
		err = os.Rename(f.Name(), j.path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), f.Close())
	}
	old := j.file
	j.file, j.size, j.synced = f, int64(text.Len()), int64(text.Len())
	return errors.Join(wholefile.SyncFolder(filepath.Dir(j.path)), old.Close())
}

func (j *journal) close() error { return j.file.Close() }
