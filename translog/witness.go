package translog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/internal/backoff"
)

// Witness is somebody else who sees the log's checkpoints, makes sure that each continues the
// one before, and says so by a cosignature (C2SP tlog-witness, tlog-cosignature).
type Witness struct {
	// URL is the submission prefix.
	URL      string
	verifier cosigner
}

// ParseWitness reads the URL of a witness and its verifier key, which is one for Ed25519 cosignatures.
func ParseWitness(address, key string) (Witness, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return Witness{}, fmt.Errorf("%q is no http or https URL", address)
	}
	verifier, err := parseCosigner(key)
	return Witness{strings.TrimSuffix(address, "/"), verifier}, err
}

// algorithmCosignature is the type of keys for Ed25519 cosignatures in a signed note.
const algorithmCosignature = 4

// cosigner verifies Ed25519 cosignatures (C2SP tlog-cosignature).
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func parseCosigner(text string) (c cosigner, err error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \t\n") {
		return c, fmt.Errorf("%.100q is no verifier key", text)
	}
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(data) != 1+ed25519.PublicKeySize || data[0] != algorithmCosignature {
		return c, fmt.Errorf("%.100q is no verifier key for Ed25519 cosignatures", text)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	c = cosigner{parts[0], binary.BigEndian.Uint32(sum[:]), data[1:]}
	if parts[1] != fmt.Sprintf("%08x", c.hash) {
		return c, fmt.Errorf("%.100q is no verifier key: its id is not that of the key", text)
	}
	return c, nil
}

// Name implements [note.Verifier].
func (c cosigner) Name() string { return c.name }

// KeyHash implements [note.Verifier].
func (c cosigner) KeyHash() uint32 { return c.hash }

// made says whether a line of a signed note is by the name and the id of the key.
func (c cosigner) made(line string) bool {
	text, named := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "— "+c.name+" ")
	signature, err := base64.StdEncoding.DecodeString(text)
	return named && err == nil && len(signature) >= 4 && binary.BigEndian.Uint32(signature) == c.hash
}

// Verify implements [note.Verifier].
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	stamp := binary.BigEndian.Uint64(signature)
	signed := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", stamp, text)
	return stamp != 0 && stamp < 1<<63 && ed25519.Verify(c.key, signed, signature[8:])
}

const (
	// witnessLimit bounds one submission.
	witnessLimit = 10 * time.Second
	// witnessRetryMin and witnessRetryMax bound the wait after one that failed.
	witnessRetryMin, witnessRetryMax = time.Second, time.Minute
	// witnessReply is how long an answer may be, in bytes.
	witnessReply = 64 << 10
)

// submitter brings the newest checkpoints to one witness, while its process leads. Nobody
// waits for it: a checkpoint is published without the cosignature, which is added to it.
type submitter struct {
	*Publisher
	Witness
	http *http.Client
	// news receives the newest checkpoint; older ones that were not taken are dropped.
	news chan Checkpoint
	// old is the size of the checkpoint that the witness cosigned last, as far as is known.
	old  int64
	away bool
	// ahead: it was told that the witness has seen more than there is here.
	ahead bool
}

func newSubmitter(p *Publisher, w Witness) *submitter {
	// A witness is the one that was configured: where it sends to somebody else, it is away.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &submitter{
		Publisher: p, Witness: w, http: &http.Client{Timeout: witnessLimit, CheckRedirect: stay}, news: make(chan Checkpoint, 1),
	}
}

// offer hands over the newest checkpoint. One goroutine calls it.
func (s *submitter) offer(c Checkpoint) {
	select {
	case <-s.news:
	default:
	}
	s.news <- c
}

func (s *submitter) run(ctx context.Context) {
	defer s.http.CloseIdleConnections()
	pause := backoff.Growing{Least: witnessRetryMin, Most: witnessRetryMax}
	var newest Checkpoint
	for {
		select {
		case newest = <-s.news:
		case <-ctx.Done():
			return
		}
		for {
			err := s.submit(ctx, newest)
			if ctx.Err() != nil {
				return
			}
			s.tell(err)
			if err == nil {
				pause.Reset()
				break
			}
			if !pause.Wait(ctx, nil) {
				return
			}
			select {
			case newest = <-s.news:
			default:
			}
		}
	}
}

// tell says when a witness goes away and comes back, and when it knows a longer log.
func (s *submitter) tell(err error) {
	if errors.Is(err, errLonger) {
		if !s.ahead {
			s.Log.Error("a witness has cosigned a checkpoint that this log does not have", "witness", s.verifier.name, "error", err)
		}
		s.ahead = true
		return
	}
	s.ahead = false
	if away := err != nil; away != s.away {
		s.away = away
		s.Log.Warn("a witness of the checkpoints", "witness", s.verifier.name, "away", away, "error", err)
	}
}

// submit has the checkpoint cosigned, unless it is already, and adds the cosignature to the published one.
func (s *submitter) submit(ctx context.Context, c Checkpoint) error {
	if _, err := note.Open([]byte(c.Note), note.VerifierList(s.verifier)); err == nil {
		s.old = c.Size
		return nil
	}
	line, err := s.ask(ctx, c)
	var conflict *oldSizeError
	if errors.As(err, &conflict) {
		if conflict.size > c.Size {
			return s.later(ctx, c, conflict)
		}
		s.old = conflict.size
		line, err = s.ask(ctx, c)
	}
	if err != nil {
		return err
	}
	s.old = c.Size
	return s.attach(ctx, c, line)
}

// later returns nil if the later checkpoint that the witness has seen can be one of this log,
// which was signed in the meantime.
func (s *submitter) later(ctx context.Context, c Checkpoint, seen *oldSizeError) error {
	var newest int64
	if err := s.Pool.QueryRow(ctx, "SELECT signed_size FROM translog.tree WHERE origin = $1", c.Origin).Scan(&newest); err != nil {
		return err
	}
	if newest >= seen.size {
		return nil
	}
	return fmt.Errorf("%w: of position %d, and the newest here is of %d", errLonger, seen.size, newest)
}

// errLonger says that the witness has seen what this log does not have: another process signs
// another log in its name, or this one was set back.
var errLonger = errors.New("the witness has cosigned a later checkpoint")

// attach puts the line of the cosignature below the published checkpoint, if that is still the
// same, in the place of an earlier one by the witness's key.
func (s *submitter) attach(ctx context.Context, c Checkpoint, line string) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		var published string
		err := tx.QueryRow(ctx, "SELECT checkpoint FROM translog.tree WHERE origin = $1 AND signed_size = $2 FOR UPDATE", c.Origin, c.Size).
			Scan(&published)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && !strings.HasPrefix(published, c.text()+"\n") {
			return nil
		}
		if err != nil {
			return err
		}
		text := c.text() + "\n"
		for one := range strings.Lines(published[len(text):]) {
			if !s.verifier.made(one) {
				text += one
			}
		}
		_, err = tx.Exec(ctx, "UPDATE translog.tree SET checkpoint = $1 WHERE origin = $2", text+line, c.Origin)
		return err
	})
}

// oldSizeError says that the witness cosigned another size last.
type oldSizeError struct{ size int64 }

func (e *oldSizeError) Error() string {
	return fmt.Sprintf("the witness has seen position %d last", e.size)
}

// ask returns the line of the cosignature.
func (s *submitter) ask(ctx context.Context, c Checkpoint) (string, error) {
	body, err := s.request(ctx, c)
	if err != nil {
		return "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	reply, err := s.http.Do(r)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, witnessReply))
	if err != nil {
		return "", err
	}
	switch reply.StatusCode {
	case http.StatusOK:
		return s.cosignature(c, text)
	case http.StatusConflict:
		size, err := strconv.ParseInt(strings.TrimSuffix(string(text), "\n"), 10, 64)
		if err != nil || size < 0 {
			return "", fmt.Errorf("the witness answers %s: %.100q", reply.Status, text)
		}
		return "", &oldSizeError{size}
	default:
		return "", fmt.Errorf("the witness answers %s: %.100q", reply.Status, text)
	}
}

// request is what the witness wants: the size that it saw last, the proof that the checkpoint
// continues it, and the checkpoint.
func (s *submitter) request(ctx context.Context, c Checkpoint) ([]byte, error) {
	body := fmt.Appendf(nil, "old %d\n", s.old)
	if s.old > 0 && s.old < c.Size {
		proof, err := tlog.ProveTree(c.Size, s.old, stored(ctx, s.Pool, c.Origin, nil))
		if err != nil {
			return nil, err
		}
		for _, h := range proof {
			body = fmt.Appendf(body, "%s\n", base64.StdEncoding.EncodeToString(h[:]))
		}
	}
	return append(append(body, '\n'), c.Note...), nil
}

// cosignature returns the line of the witness's own signature among those that it answered.
func (s *submitter) cosignature(c Checkpoint, lines []byte) (string, error) {
	opened, err := note.Open([]byte(c.text()+"\n"+string(lines)), note.VerifierList(s.verifier))
	if err != nil { // also where there are others alone
		return "", fmt.Errorf("the witness answers no cosignature of its own: %w", err)
	}
	return fmt.Sprintf("— %s %s\n", s.verifier.name, opened.Sigs[0].Base64), nil
}
