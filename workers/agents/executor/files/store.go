package files

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// ErrTooLarge is wrapped when a content exceeds the store's limit.
var ErrTooLarge = errors.New("the file is too large")

// Store keeps contents by their SHA-256, in a folder that only the agent can read.
type Store struct {
	dir string
	// limit is the size in bytes that a content may have.
	limit int64
}

// OpenStore uses the folder, which is made if missing.
func OpenStore(dir string, limit int64) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("content store: %w", err)
	}
	return &Store{dir: dir, limit: limit}, nil
}

// Put stores what the reader yields and returns its digest and size. When it returns,
// the content is durable.
func (s *Store) Put(r io.Reader) (digest string, size int64, err error) {
	f, err := os.CreateTemp(s.dir, ".new-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // only litter otherwise
		}
	}()
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, hash), io.LimitReader(r, s.limit+1))
	if err == nil && size > s.limit {
		err = fmt.Errorf("more than %d bytes: %w", s.limit, ErrTooLarge)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", 0, err
	}
	digest = hex.EncodeToString(hash.Sum(nil))
	if err = os.Rename(f.Name(), s.path(digest)); err != nil {
		return "", 0, err
	}
	return digest, size, wholefile.SyncFolder(s.dir)
}

// Open returns a content for reading. The last Read fails if the content does not match
// its digest.
func (s *Store) Open(digest string) (io.ReadCloser, error) {
	if len(digest) != hex.EncodedLen(sha256.Size) || filepath.Base(digest) != digest {
		return nil, fmt.Errorf("%q is not a digest", digest)
	}
	f, err := os.Open(s.path(digest))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the content %.12s… is no longer kept on this host", digest)
	}
	if err != nil {
		return nil, err
	}
	return &verifiedContent{File: f, want: digest, rest: sha256.New()}, nil
}

// Retain removes every content for which wanted is false.
func (s *Store) Retain(wanted func(digest string) bool) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var failed error
	for _, e := range entries {
		if !wanted(e.Name()) {
			failed = errors.Join(failed, os.Remove(filepath.Join(s.dir, e.Name())))
		}
	}
	return failed
}

func (s *Store) path(digest string) string { return filepath.Join(s.dir, digest) }

// verifiedContent is a content that is compared with its digest while it is read.
type verifiedContent struct {
	*os.File
	want string
	rest interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func (p *verifiedContent) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	_, _ = p.rest.Write(b[:n]) // a hash takes everything
	if errors.Is(err, io.EOF) && hex.EncodeToString(p.rest.Sum(nil)) != p.want {
		return n, fmt.Errorf("the kept content %.12s… is damaged", p.want)
	}
	return n, err
}

// WriteTo hides the method of the embedded file, which would bypass Read.
func (p *verifiedContent) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{p})
}
