package vaultfile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"filippo.io/age"
	"github.com/google/uuid"

	"github.com/opsledger/opsledger/eventstore/vault"
)

// Format is that of the files that Writer writes.
const Format = "opsledger vault 1"

// Header is the first line.
type Header struct {
	Format string `json:"format"`
	// Log is the id of the log whose events name the secrets.
	Log uuid.UUID `json:"log"`
}

// line is one of the others: a secret, or the last, which says how many there were.
type line struct {
	ID        *uuid.UUID `json:"id,omitempty"`
	Kind      string     `json:"kind,omitempty"`
	Name      string     `json:"name,omitempty"`
	Value     []byte     `json:"value,omitempty"`
	CreatedAt time.Time  `json:"created_at,omitzero"`
	Secrets   *int       `json:"secrets,omitempty"`
}

const (
	// leastPassphrase is how many characters a passphrase must have. All that keeps the file is
	// its passphrase, and whoever has the file may try as often as they like.
	leastPassphrase = 12
	// workFactor is the base-2 logarithm of scrypt's cost for a new file: a try takes about a
	// second, and 256 MiB. mostWork bounds what a file may ask for.
	workFactor, mostWork = 18, 20
)

// CheckPassphrase refuses a passphrase that is none for a new file.
func CheckPassphrase(passphrase string) error {
	if n := utf8.RuneCountInString(passphrase); n < leastPassphrase {
		return fmt.Errorf("the passphrase has %d characters, and needs %d at least", n, leastPassphrase)
	}
	return nil
}

// Writer writes a file. End it.
type Writer struct {
	encrypted io.WriteCloser
	buffered  *bufio.Writer
	lines     *json.Encoder
	count     int
}

// NewWriter begins a file.
func NewWriter(to io.Writer, passphrase string, log uuid.UUID) (*Writer, error) {
	return newWriter(to, passphrase, log, workFactor)
}

func newWriter(to io.Writer, passphrase string, log uuid.UUID, work int) (*Writer, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, err
	}
	recipient.SetWorkFactor(work)
	encrypted, err := age.Encrypt(to, recipient)
	if err != nil {
		return nil, err
	}
	w := &Writer{encrypted: encrypted, buffered: bufio.NewWriterSize(encrypted, 64<<10)}
	w.lines = json.NewEncoder(w.buffered)
	return w, w.lines.Encode(Header{Format, log})
}

// Add writes a secret.
func (w *Writer) Add(s vault.Secret) error {
	w.count++
	return w.lines.Encode(line{ID: &s.ID, Kind: s.Kind, Name: s.Name, Value: s.Value, CreatedAt: s.CreatedAt.UTC()})
}

// End ends the file and returns how many secrets it has. Without it nobody can read the file.
func (w *Writer) End() (int, error) {
	return w.count, errors.Join(w.lines.Encode(line{Secrets: &w.count}), w.buffered.Flush(), w.encrypted.Close())
}
