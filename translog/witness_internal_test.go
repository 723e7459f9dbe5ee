package translog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/internal/testkit"
)

// witness is one of C2SP tlog-witness, whose cosignatures a library of others makes.
type witness struct {
	*httptest.Server
	signer *torchwood.CosignatureSigner
	// log is the verifier key of the log.
	log func() string

	mu   sync.Mutex
	last torchwood.Checkpoint
	// down: it answers nothing but errors.
	down bool
}

func newWitness(t *testing.T, log func() string) *witness {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	w := &witness{log: log}
	w.signer, err = torchwood.NewCosignatureSigner("witness.example/"+strings.ToLower(rand.Text()[:4]), key)
	must(t, err)
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *witness) setDown(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

// ServeHTTP is add-checkpoint.
func (w *witness) ServeHTTP(reply http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || w.down || r.Method != http.MethodPost || r.URL.Path != "/add-checkpoint" {
		reply.WriteHeader(http.StatusInternalServerError)
		return
	}
	status, text := w.add(string(body))
	if status == http.StatusConflict {
		reply.Header().Set("Content-Type", "text/x.tlog.size")
	}
	reply.WriteHeader(status)
	_, _ = io.WriteString(reply, text)
}

func (w *witness) add(body string) (status int, text string) {
	head, signed, _ := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if err != nil {
		return http.StatusBadRequest, ""
	}
	verifier, err := note.NewVerifier(w.log())
	if err != nil {
		return http.StatusNotFound, ""
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return http.StatusForbidden, ""
	}
	c, err := torchwood.ParseCheckpoint(opened.Text)
	if err != nil || old > c.N {
		return http.StatusBadRequest, ""
	}
	if old != w.last.N {
		return http.StatusConflict, fmt.Sprintf("%d\n", w.last.N)
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return http.StatusBadRequest, ""
		}
		proof = append(proof, h)
	}
	switch {
	case old == 0 && len(proof) > 0, old == c.N && c.Hash != w.last.Hash:
		return http.StatusUnprocessableEntity, ""
	case old > 0 && old < c.N && tlog.CheckTree(proof, c.N, c.Hash, old, w.last.Hash) != nil:
		return http.StatusUnprocessableEntity, ""
	}
	cosigned, err := note.Sign(&note.Note{Text: opened.Text}, w.signer)
	if err != nil {
		return http.StatusInternalServerError, ""
	}
	w.last = c
	_, own, _ := strings.Cut(string(cosigned), "\n\n")
	return http.StatusOK, "— somebody.else AAAAAAAA\n" + own
}

// cosigned says whether a checkpoint has the cosignature of the witness.
func (w *witness) cosigned(c Checkpoint) bool {
	_, err := note.Open([]byte(c.Note), note.VerifierList(w.signer.Verifier()))
	return err == nil
}

// configured is the witness as the command line has it.
func (w *witness) configured(t *testing.T) Witness {
	t.Helper()
	configured, err := ParseWitness(w.URL+"/", w.signer.Verifier().String())
	must(t, err)
	return configured
}

// Witnesses cosign each checkpoint that is still the newest when they answer; one that is
// dead stops nobody, and comes back by itself, also to a process that knows nothing of it.
func TestWitnesses(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	key := s.keyOfLog
	one, two, dead := newWitness(t, key), newWitness(t, key), newWitness(t, key)
	with := func(c *Config) { c.Witnesses = []Witness{dead.configured(t), one.configured(t), two.configured(t)} }
	dead.Close()
	two.setDown(true)
	seen := func(what string, by ...*witness) (c Checkpoint) {
		t.Helper()
		testkit.Eventually(t, what, func() bool {
			var err error
			c, err = s.reader().Checkpoint(t.Context())
			all := err == nil
			for _, w := range by {
				all = all && w.cosigned(c)
			}
			return all
		})
		return c
	}
	stop := testkit.Background(t, s.publisher(with).Run)
	first := s.published(s.add(300))
	seen("the first cosignature", one)
	two.setDown(false)
	s.published(s.add(5))
	c := seen("both cosignatures", one, two)
	if c.SignedBy(key()) != nil || c.Size <= first.Size {
		t.Errorf("%d: %v", c.Size, c.SignedBy(key()))
	}
	stop()
	testkit.Background(t, s.publisher(with).Run)
	last := s.published(s.add(400))
	if c := seen("those of a restarted process", one, two); c.Head != last.Head {
		t.Errorf("%+v, want %+v", c.Head, last.Head)
	}
}

func TestParseWitness(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	signer, err := torchwood.NewCosignatureSigner("witness.example/w1", key)
	must(t, err)
	good := signer.Verifier().String()
	if w, err := ParseWitness("https://witness.example/", good); err != nil || w.URL != "https://witness.example" {
		t.Errorf("%+v, %v", w, err)
	}
	plain, err := note.NewEd25519VerifierKey("witness.example/w1", ed25519.PublicKey(key[32:]))
	must(t, err)
	for address, key := range map[string]string{
		"witness.example": good, "ftp://witness.example": good, "https://": good,
		"https://a.example": plain, "https://b.example": "w+00000000+" + base64.StdEncoding.EncodeToString(append([]byte{4}, key[32:]...)),
		"https://c.example": "w", "https://d.example": "", "https://e.example": "w+x+AAAA",
	} {
		if _, err := ParseWitness(address, key); err == nil {
			t.Errorf("%s, %q was taken", address, key)
		}
	}
}

// submitterTo is one that does each step when it is told to.
func (s *system) submitterTo(t *testing.T, w *witness, change ...func(*Config)) *submitter {
	t.Helper()
	return newSubmitter(s.publisher(change...), w.configured(t))
}

// keyOfLog is the verifier key in force, empty before there is one.
func (s *system) keyOfLog() string {
	keys, err := s.reader().Keys(s.t.Context())
	if err != nil {
		return ""
	}
	return keys[len(keys)-1].Verifier
}

// However often a checkpoint is brought to a witness, it has one cosignature of its key, which
// is the last; one that has it is not brought there again.
func TestOneCosignatureOfAWitness(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := newWitness(t, s.keyOfLog)
	c := s.publishes(s.publisher(), 300)
	sub := s.submitterTo(t, w)
	for range 3 {
		must(t, sub.submit(t.Context(), c)) // as a process that knows nothing of those before
	}
	now, err := s.reader().Checkpoint(t.Context())
	must(t, err)
	if n := strings.Count(now.Note, "\n— "); n != 2 || !w.cosigned(now) || now.SignedBy(s.keyOfLog()) != nil {
		t.Errorf("%d signatures:\n%s", n, now.Note)
	}
	w.setDown(true)
	if err := s.submitterTo(t, w).submit(t.Context(), now); err != nil {
		t.Errorf("it was brought again: %v", err)
	}
	// A line of another key under the same name is not of the witness.
	other := fmt.Sprintf("— %s %s\n", sub.verifier.name, base64.StdEncoding.EncodeToString(make([]byte, 76)))
	s.exec("UPDATE translog.tree SET checkpoint = checkpoint || $1", other)
	w.setDown(false)
	must(t, sub.submit(t.Context(), c))
	if now, err = s.reader().Checkpoint(t.Context()); err != nil || strings.Count(now.Note, "\n— ") != 3 || !w.cosigned(now) {
		t.Errorf("%v:\n%s", err, now.Note)
	}
}

// Signatures that are too many to be read are not called those of an unknown key.
func TestFaultOfSignature(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	c := s.publishes(s.publisher(), 3)
	known := []string{s.keyOfLog()}
	if fault := faultOfSignature(c, known); fault != "" {
		t.Errorf("as it was signed: %s", fault)
	}
	forged := c
	forged.Note = strings.Replace(c.Note, "\n3\n", "\n4\n", 1)
	for name, f := range map[string]Checkpoint{"key": forged, "be read": {c.Head, c.Note + strings.Repeat("— a AAAAAAAA\n", 101)}} {
		if fault := faultOfSignature(f, known); !strings.Contains(fault, name) {
			t.Errorf("%q: %s", name, fault)
		}
	}
}

// A witness that has cosigned more than there is here is told, once; what another process has
// signed in the meantime is no reason to.
func TestWitnessOfALongerLog(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := newWitness(t, s.keyOfLog)
	stop := testkit.Background(t, s.publisher().Run)
	c := s.published(s.add(3))
	newest := s.published(s.add(300))
	stop()
	log := &lines{}
	must(t, s.submitterTo(t, w).submit(t.Context(), newest))
	sub := s.submitterTo(t, w, log.set)
	if err := sub.submit(t.Context(), c); err != nil {
		t.Errorf("behind what another process has signed: %v", err)
	}
	s.exec("UPDATE translog.tree SET signed_size = 3, checkpoint = $1", c.Note)
	for range 3 {
		err := sub.submit(t.Context(), c)
		if !errors.Is(err, errLonger) {
			t.Fatalf("set back behind the witness: %v", err)
		}
		sub.tell(err)
	}
	if n := log.Count("level=ERROR"); n != 1 {
		t.Errorf("it was told %d times", n)
	}
}

// A checkpoint goes to the witness that is configured, wherever that one sends it.
func TestWitnessDoesNotSendElsewhere(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	w := newWitness(t, s.keyOfLog)
	c := s.publishes(s.publisher(), 3)
	away := httptest.NewServer(http.RedirectHandler(w.URL+"/add-checkpoint", http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)
	sub := s.submitterTo(t, w)
	sub.URL = away.URL
	if err := sub.submit(t.Context(), c); err == nil || !strings.Contains(err.Error(), "307") {
		t.Errorf("it followed: %v", err)
	}
}
