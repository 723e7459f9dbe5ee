package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/internal/wholefile"
	"github.com/opsledger/opsledger/webhook"
)

// The files of a backup.
const (
	backupLog   = "log.ndjson.zst"
	backupVault = "vault.age"
	// backupManifest is written last: a folder without it is no backup.
	backupManifest = "backup.json"
	backupFormat   = "opsledger backup 1"
)

// manifest says what a backup is of.
type manifest struct {
	Format string    `json:"format"`
	MadeAt time.Time `json:"made_at"`
	// Program is the version of the program that made it.
	Program string    `json:"program"`
	Log     uuid.UUID `json:"log"`
	// Origin, Position and Checkpoint are of the checkpoint that covers all of the log, Key is its verifier key.
	Origin     string `json:"origin"`
	Position   int64  `json:"position"`
	Checkpoint string `json:"checkpoint"`
	Key        string `json:"key"`
	Secrets    int    `json:"secrets"`
	// Webhooks is how far their deliveries were; null in a backup of a program that did not note it.
	Webhooks []webhook.Mark `json:"webhooks"`
	Files    []backupFile   `json:"files"`
}

type backupFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// backupFolder is a backup that is being written.
//
// Invariant: under its name there is a whole backup, on the disk, or nothing. What an
// interrupted one leaves has another name, and no manifest.
type backupFolder struct {
	out, staged string
	files       []backupFile
}

func newBackupFolder(out string) (*backupFolder, error) {
	out, err := filepath.Abs(out)
	if err != nil {
		return nil, named("--out", err)
	}
	if _, err := os.Lstat(out); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return nil, named("--out", errors.Join(fmt.Errorf("%s is there already; each backup is a folder of its own", out), err))
	}
	staged, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+".unfinished-*") // mode 0700
	return &backupFolder{out: out, staged: staged}, named("--out", err)
}

// drop removes an unfinished backup; after finish it does nothing.
func (b *backupFolder) drop() error { return os.RemoveAll(b.staged) }

// add writes a file of the backup, and returns when it is on the disk.
func (b *backupFolder) add(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(filepath.Join(b.staged, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := &summed{hash: sha256.New()}
	err = write(io.MultiWriter(f, sum))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	b.files = append(b.files, sum.file(name))
	return nil
}

// finish makes the folder a backup.
func (b *backupFolder) finish(m manifest) error {
	m.Format, m.Files = backupFormat, b.files
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := wholefile.Write(filepath.Join(b.staged, backupManifest), append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := os.Rename(b.staged, b.out); err != nil {
		return named("--out", err)
	}
	return wholefile.SyncFolder(filepath.Dir(b.out))
}

// summed computes what a manifest says of a file.
type summed struct {
	hash hash.Hash
	size int64
}

// Write implements [io.Writer].
func (s *summed) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	return s.hash.Write(p)
}

func (s *summed) file(name string) backupFile {
	return backupFile{name, s.size, hex.EncodeToString(s.hash.Sum(nil))}
}

// openBackup reads the manifest of a backup, and refuses one whose files are not those that were written.
func openBackup(dir string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, backupManifest))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is no backup, or one that was not finished: it has no %s", dir, backupManifest)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", backupManifest, err)
	}
	if m.Format != backupFormat {
		return m, fmt.Errorf("%s: it is of the format %.40q, and this program reads %q", backupManifest, m.Format, backupFormat)
	}
	written := map[string]backupFile{}
	for _, f := range m.Files {
		written[f.Name] = f
	}
	for _, name := range []string{backupLog, backupVault} {
		if err := sameAs(filepath.Join(dir, name), written[name]); err != nil {
			return m, err
		}
	}
	return m, nil
}

// sameAs refuses a file that is not the one that was written.
func sameAs(path string, written backupFile) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := &summed{hash: sha256.New()}
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	switch is := sum.file(filepath.Base(path)); {
	case is.Bytes != written.Bytes:
		return fmt.Errorf("%s is damaged: it has %d bytes, and %d were written", is.Name, is.Bytes, written.Bytes)
	case is != written:
		return fmt.Errorf("%s is damaged: its SHA-256 is not that of what was written", is.Name)
	}
	return nil
}
