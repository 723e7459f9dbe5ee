package vaultfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"

	"github.com/opsledger/opsledger/eventstore/vault"
)

var (
	// ErrPassphrase: the file was encrypted with another passphrase.
	ErrPassphrase = errors.New("the passphrase is not the one of this file (or the file's first lines were changed)")
	// ErrDamaged: the file was changed, or has lost its end.
	ErrDamaged = errors.New("the file is damaged")
	errForeign = errors.New("not a file of a vault")
)

// maxLine is more than a line can have: a configuration's secrets are the largest.
const maxLine = 16 << 20

// Reader reads a file.
type Reader struct {
	Header Header
	lines  *bufio.Scanner
	count  int
	ended  bool
}

// NewReader reads the first line. It takes about a second to find out about the passphrase.
func NewReader(from io.Reader, passphrase string) (*Reader, error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, err
	}
	identity.SetMaxWorkFactor(mostWork)
	plain, err := age.Decrypt(bufio.NewReader(from), identity)
	var none *age.NoIdentityMatchError
	switch {
	case errors.As(err, &none) && slices.Equal(none.StanzaTypes, []string{"scrypt"}):
		return nil, ErrPassphrase
	case errors.As(err, &none):
		return nil, fmt.Errorf("%w: it is not encrypted with a passphrase", errForeign)
	case err != nil:
		return nil, fmt.Errorf("%w, or damaged in its first bytes: %w", errForeign, err)
	}
	r := &Reader{lines: bufio.NewScanner(plain)}
	r.lines.Buffer(make([]byte, 64<<10), maxLine)
	text, err := r.line()
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(text, &r.Header) != nil || r.Header.Format == "" {
		return nil, fmt.Errorf("%w: line 1: it is encrypted, and says nothing of a vault", errForeign)
	}
	if r.Header.Format != Format {
		return nil, fmt.Errorf("line 1: it is of the format %.40q, and this program reads %q", r.Header.Format, Format)
	}
	return r, nil
}

func (r *Reader) line() ([]byte, error) {
	more := r.lines.Scan()
	err := r.lines.Err() // also beside the beginning of a line
	if more && err == nil {
		return r.lines.Bytes(), nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("behind secret %d: %w: %w", r.count, ErrDamaged, err)
}

// Next returns the next secret, and io.EOF behind the last one of a whole file.
func (r *Reader) Next() (s vault.Secret, err error) {
	if r.ended {
		return s, io.EOF
	}
	text, err := r.line()
	if err != nil {
		return s, err
	}
	var l line
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&l); err != nil || (l.ID == nil) == (l.Secrets == nil) {
		return s, fmt.Errorf("behind secret %d: a line is neither a secret nor the end: %w", r.count, errors.Join(errForeign, err))
	}
	if l.Secrets == nil {
		r.count++
		return vault.Secret{ID: *l.ID, Kind: l.Kind, Name: l.Name, Value: l.Value, CreatedAt: l.CreatedAt}, nil
	}
	if *l.Secrets != r.count {
		return s, fmt.Errorf("%w: it has %d secrets, and says that it has %d", ErrDamaged, r.count, *l.Secrets)
	}
	if r.lines.Scan() {
		return s, fmt.Errorf("%w: something stands behind its end", ErrDamaged)
	}
	if err := r.lines.Err(); err != nil { // the end of what is encrypted is proved by reading it
		return s, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	r.ended = true
	return s, io.EOF
}
