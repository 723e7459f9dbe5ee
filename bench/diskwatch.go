package bench

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// syncEvery is the pause between two syncs of a disk watch.
const syncEvery = 20 * time.Millisecond

// A diskWatch appends to a small file and syncs it, again and again. named does so
// for each update, in the threads that answer: what the disk waits, they wait.
type diskWatch struct {
	file *os.File
	quit chan struct{}
	done chan error
	// longest is the longest sync, in nanoseconds.
	longest atomic.Int64
}

// watchDisk begins with a new file in the folder. stop it.
func watchDisk(dir string) (*diskWatch, error) {
	file, err := os.Create(filepath.Join(dir, "disk-watch"))
	if err != nil {
		return nil, err
	}
	d := &diskWatch{file: file, quit: make(chan struct{}), done: make(chan error, 1)}
	go func() { d.done <- d.run() }()
	return d, nil
}

func (d *diskWatch) run() error {
	for {
		select {
		case <-d.quit:
			return nil
		case <-time.After(syncEvery):
		}
		if _, err := d.file.Write(make([]byte, 512)); err != nil {
			return err
		}
		began := time.Now()
		if err := d.file.Sync(); err != nil {
			return err
		}
		if took := int64(time.Since(began)); took > d.longest.Load() {
			d.longest.Store(took)
		}
	}
}

func (d *diskWatch) stop() error {
	close(d.quit)
	return errors.Join(<-d.done, d.file.Close())
}
