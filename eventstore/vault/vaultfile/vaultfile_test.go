package vaultfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"github.com/opsledger/opsledger/eventstore/vault"
	"github.com/opsledger/opsledger/eventstore/vault/vaultfile"
)

const passphrase = "correct horse battery"

var log = uuid.MustParse("7d0a1e6e-9d60-4b8f-b3f5-2a9d8c1a0001")

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func secrets(n int) (list []vault.Secret) {
	for i := range n {
		s := vault.Secret{
			ID: uuid.NewSHA1(log, []byte{byte(i), byte(i >> 8)}), Kind: "password", Value: bytes.Repeat([]byte{byte(i)}, i%100),
			CreatedAt: time.Date(2026, 11, 30, 1, 2, i, 4000, time.UTC),
		}
		if i%7 == 0 {
			s.Kind, s.Name = "named", fmt.Sprintf("name %d", i)
		}
		list = append(list, s)
	}
	return list
}

// cheap is a cost of trying passphrases that tests can pay often.
const cheap = 10

func write(t *testing.T, list []vault.Secret) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := vaultfile.NewWriterAt(&file, passphrase, log, cheap)
	must(t, err)
	for _, s := range list {
		must(t, w.Add(s))
	}
	n, err := w.End()
	if must(t, err); n != len(list) {
		t.Errorf("%d secrets were written of %d", n, len(list))
	}
	return file.Bytes()
}

// read reads to the end.
func read(file []byte, passphrase string) (h vaultfile.Header, list []vault.Secret, err error) {
	r, err := vaultfile.NewReader(bytes.NewReader(file), passphrase)
	if err != nil {
		return h, nil, err
	}
	for {
		s, err := r.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, vaultfile.ErrDamaged) {
			return r.Header, list, nil
		}
		if err != nil {
			return r.Header, list, err
		}
		list = append(list, s)
	}
}

// A file gives back every secret as it was, and tells nothing of them.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 2_000} {
		want := secrets(n)
		file := write(t, want)
		h, got, err := read(file, passphrase)
		must(t, err)
		same := func(a, b vault.Secret) bool {
			return a.ID == b.ID && a.Kind == b.Kind && a.Name == b.Name && bytes.Equal(a.Value, b.Value) && a.CreatedAt.Equal(b.CreatedAt)
		}
		if h != (vaultfile.Header{Format: vaultfile.Format, Log: log}) || !slices.EqualFunc(want, got, same) {
			t.Errorf("%d secrets: got %+v and %d secrets", n, h, len(got))
		}
		if !bytes.HasPrefix(file, []byte("age-encryption.org/v1\n-> scrypt ")) || bytes.Contains(file, []byte("password")) {
			t.Errorf("the file begins with %.60q", file)
		}
	}
}

// Another passphrase, a bit that is another, and an end that is missing are told, at every part
// of a file.
func TestDamage(t *testing.T) {
	t.Parallel()
	file := write(t, secrets(2_000)) // some chunks of what is encrypted
	if _, _, err := read(file, passphrase+"!"); !errors.Is(err, vaultfile.ErrPassphrase) {
		t.Errorf("another passphrase: %v", err)
	}
	header := bytes.Index(file, []byte("\n--- ")) + 1
	for _, at := range []int{3, 30, header - 5, header + 10, header + 60, header + 70_000, len(file) - 70_000, len(file) - 1} {
		other := bytes.Clone(file)
		other[at] ^= 4
		_, _, err := read(other, passphrase)
		if err == nil || at > header+60 && !errors.Is(err, vaultfile.ErrDamaged) {
			t.Errorf("byte %d of %d is another: %v", at, len(file), err)
		}
	}
	const chunk = 64<<10 + 16
	for _, n := range []int{0, 10, header, header + 48, len(file) - 1, len(file) - len(file)%chunk, header + 64 + chunk} {
		if _, _, err := read(file[:n], passphrase); err == nil {
			t.Errorf("the first %d bytes of %d are taken for a file", n, len(file))
		}
	}
	for what, err := range map[string]error{"twice": second(read(append(bytes.Clone(file), file...), passphrase)), "text": second(read([]byte("hello"), passphrase))} {
		if err == nil {
			t.Errorf("%s: taken for a file", what)
		}
	}
}

func second(_ vaultfile.Header, _ []vault.Secret, err error) error { return err }

// What is encrypted with the passphrase, and is no vault or one of another program, is refused.
func TestForeignContents(t *testing.T) {
	t.Parallel()
	const first = `{"format":"opsledger vault 1","log":"7d0a1e6e-9d60-4b8f-b3f5-2a9d8c1a0001"}` + "\n"
	const secret = `{"id":"7d0a1e6e-9d60-4b8f-b3f5-2a9d8c1a0002","kind":"password","value":"eA==","created_at":"2026-11-30T01:02:03Z"}` + "\n"
	for text, says := range map[string]string{
		"":        "behind secret 0: the file is damaged",
		"hello\n": "says nothing of a vault",
		strings.Replace(first, "vault 1", "vault 2", 1): `of the format "opsledger vault 2"`,
		first:                                   "behind secret 0: the file is damaged",
		first + secret:                          "behind secret 1: the file is damaged",
		first + secret + `{"secrets":2}`:        "it has 1 secrets, and says that it has 2",
		first + secret + "{}\n":                 "behind secret 1: a line is neither",
		first + `{"id":"x"}`:                    "behind secret 0: a line is neither",
		first + `{"future":1,"secrets":0}`:      "behind secret 0: a line is neither",
		first + `{"secrets":0}` + "\n" + secret: "something stands behind its end",
	} {
		recipient, err := age.NewScryptRecipient(passphrase)
		must(t, err)
		recipient.SetWorkFactor(cheap)
		var file bytes.Buffer
		w, err := age.Encrypt(&file, recipient)
		must(t, err)
		_, err = io.WriteString(w, text)
		must(t, errors.Join(err, w.Close()))
		if _, _, err := read(file.Bytes(), passphrase); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, which does not say %q", text, err, says)
		}
	}
	key, err := age.GenerateX25519Identity()
	must(t, err)
	var file bytes.Buffer
	w, err := age.Encrypt(&file, key.Recipient())
	must(t, errors.Join(err, w.Close()))
	if _, _, err := read(file.Bytes(), passphrase); err == nil || !strings.Contains(err.Error(), "not encrypted with a passphrase") {
		t.Errorf("of a key: %v", err)
	}
}

// A file that asks for more memory than any of ours is refused before it is given.
func TestCostlyFile(t *testing.T) {
	t.Parallel()
	file := bytes.Replace(write(t, nil), []byte(" 10\n"), []byte(" 21\n"), 1)
	if _, _, err := read(file, passphrase); err == nil || !strings.Contains(err.Error(), "work factor too large") {
		t.Error(err)
	}
}

func TestPassphrases(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{"": false, "elf letters": false, "zwölf Zeich.": true, "十二个字的口令足够安全了": true, "十二个字的口令": false} {
		if err := vaultfile.CheckPassphrase(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	var file bytes.Buffer
	w, err := vaultfile.NewWriter(&file, "十二个字的口令足够安全了", log)
	must(t, err)
	_, err = w.End()
	if must(t, err); !bytes.Contains(file.Bytes()[:100], []byte(" 18\n")) {
		t.Errorf("the cost of trying passphrases is another: %.100q", file.Bytes())
	}
	if _, err := vaultfile.NewWriter(io.Discard, "short", log); err == nil {
		t.Error("a short passphrase was taken")
	}
}
