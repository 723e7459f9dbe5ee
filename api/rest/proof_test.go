package rest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/verify"
	"github.com/opsledger/opsledger/workers/control/erasure"
)

// publicPaths are those that everybody may read, if that is said.
var publicPaths = []string{"checkpoint", "key", "keys", "proof?position=1", "tile/0/000.p/1", "tile/entries/000.p/1"}

// publish has checkpoints made of the log, and waits for one that covers all there is now.
func (s *stack) publish() translog.Checkpoint {
	s.t.Helper()
	testkit.Background(s.t, translog.NewPublisher(translog.Config{
		Pool: s.pool, Store: s.store, Vault: s.cfg.Vault, JS: s.js, Origin: translog.DefaultOrigin(s.store.LogID()),
		KeyFile: filepath.Join(s.t.TempDir(), "vault.key"), Log: slog.New(slog.DiscardHandler), Every: 50 * time.Millisecond,
	}).Run)
	return s.awaitCheckpoint()
}

func (s *stack) awaitCheckpoint() (c translog.Checkpoint) {
	s.t.Helper()
	head, err := s.store.Head(s.t.Context())
	must(s.t, err)
	testkit.Eventually(s.t, "a checkpoint of all", func() bool {
		c, err = s.cfg.Proofs.Checkpoint(s.t.Context())
		return err == nil && c.Size >= int64(head.Position)
	})
	return c
}

// bearer sends a token with each request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", string(b))
	return transport.RoundTrip(r)
}

// A client library of others reads the log by the key alone: every entry is in the tree, is
// that of its event, and checkpoint follows checkpoint.
func TestOthersReadTheLog(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	s.ok("POST", "/dns/zones", m{"name": "example.org", "zone_type": "master", "view_ids": []int{1}})
	var operations []m
	for i := range 300 {
		operations = append(operations, m{"method": "POST", "path": "/dns/records", "body": m{
			"zone_id": 1, "view_name": "office", "host": "h" + strconv.Itoa(i), "record_type": "A", "value": "192.0.2.1",
		}})
	}
	old := s.publish()
	if got := s.do("POST", "/v1/batch", m{"operations": operations}); got.status != 200 {
		t.Fatal(got.status, got.body)
	}
	s.awaitCheckpoint()

	key := s.do("GET", "/v1/log/key", nil)
	verifier, err := note.NewVerifier(key.body)
	must(t, err)
	fetcher, err := torchwood.NewTileFetcher(s.url+"/v1/log", torchwood.WithHTTPClient(&http.Client{Transport: bearer(s.admin)}))
	must(t, err)
	text, err := fetcher.ReadEndpoint(t.Context(), "checkpoint")
	must(t, err)
	opened, err := note.Open(text, note.VerifierList(verifier))
	must(t, err)
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	must(t, err)
	if want := "opsledger/" + s.store.LogID().String(); checkpoint.Origin != want || checkpoint.N < 302 {
		t.Errorf("the checkpoint is of %q and %d events", checkpoint.Origin, checkpoint.N)
	}

	client, err := torchwood.NewClient(fetcher)
	must(t, err)
	log := s.log()
	for _, index := range []int64{0, 1, 255, 256, checkpoint.N - 1} {
		entry, _, err := client.Entry(t.Context(), checkpoint.Tree, index)
		must(t, err)
		encoding := s.do("GET", "/v1/log/events/"+strconv.FormatInt(index+1, 10), nil)
		digest := sha256.Sum256([]byte(encoding.body))
		if want := append(binary.BigEndian.AppendUint64(nil, uint64(index+1)), digest[:]...); !bytes.Equal(entry, want) {
			t.Errorf("entry %d is %x, want %x", index, entry, want)
		}
		if !strings.Contains(encoding.body, string(log[index].Data)) {
			t.Errorf("the encoding of event %d is without its data", index+1)
		}
	}
	n := int64(0)
	for index := range client.Entries(t.Context(), checkpoint.Tree, 0) {
		if index != n {
			t.Fatalf("entry %d came as number %d", index, n)
		}
		n++
	}
	if must(t, client.Err()); n < 256 { // the library leaves the entries of a partial tile for later
		t.Errorf("%d entries", n)
	}

	reader := torchwood.TileHashReaderWithContext(t.Context(), checkpoint.Tree, fetcher)
	proof, err := tlog.ProveTree(checkpoint.N, old.Size, reader)
	must(t, err)
	must(t, tlog.CheckTree(proof, checkpoint.N, checkpoint.Hash, old.Size, old.Root))
}

// The proofs by themselves, and what is asked for wrongly.
func TestProofs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, path := range append(publicPaths, "proof?from=1&to=1") {
		if got := s.do("GET", "/v1/log/"+path, nil); got.status != 404 || !strings.Contains(got.body, "还没有涵盖它的检查点！") {
			t.Errorf("%s before the first checkpoint: %d %s", path, got.status, got.body)
		}
	}
	s.publish()
	s.ok("POST", "/dns/views", m{"name": "office", "acl": "any"})
	c := s.awaitCheckpoint()
	size := strconv.FormatInt(c.Size, 10)

	var inclusion struct {
		Size, Index int64
		Leaf        tlog.Hash
		Hashes      tlog.RecordProof
	}
	must(t, json.Unmarshal([]byte(s.do("GET", "/v1/log/proof?position=2&size="+size, nil).body), &inclusion))
	if inclusion.Size != c.Size || inclusion.Index != 1 {
		t.Errorf("%+v", inclusion)
	}
	must(t, tlog.CheckRecord(inclusion.Hashes, c.Size, c.Root, 1, inclusion.Leaf))
	s.expect(s.do("GET", "/v1/log/proof?from="+size+"&to="+size, nil), 200, `{"from":`+size+`,"to":`+size+`,"hashes":[]}`)

	for query, says := range map[string]string{
		"": "position", "position=0": "position", "position=1&from=1": "position", "from=1": "position", "to=1": "position",
		"size=2":      "position",
		"from=2&to=1": "from", "position=2&size=1": "size", "position=x": "position", "position=1&colour=red": "colour",
	} {
		if got := s.do("GET", "/v1/log/proof?"+query, nil); got.status != 400 || !strings.Contains(got.body, `"field":"`+says+`"`) {
			t.Errorf("?%s: %d %s", query, got.status, got.body)
		}
	}
	for path, status := range map[string]int{
		"tile/0/000.p/1": 200, "tile/entries/000.p/1": 200, "tile/00/000.p/1": 404, "tile/64/000.p/1": 404, "tile/-1/000.p/1": 404, "tile/0/000": 404,
		"tile/0/0.p/1": 404, "tile/0/000.p/0": 404, "tile/0/000.p/01": 404, "tile/0/x000/000.p/1": 404, "tile/data/000.p/1": 404,
		"events/0": 400, "events/x": 400, "events/99999999": 404, "proof?position=99999999": 404, "proof?from=1&to=99999999": 404,
	} {
		if got := s.do("GET", "/v1/log/"+path, nil); got.status != status {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for _, path := range []string{"tile/0/000.p/1", "tile/entries/000.p/1"} {
		if got := s.do("GET", "/v1/log/"+path, nil).header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s is cached as %q", path, got)
		}
	}
	if got := s.do("GET", "/v1/log/checkpoint", nil); got.header.Get("Cache-Control") != "no-store" || got.body+"\n" != c.Note {
		t.Errorf("%v\n%s", got.header, got.body)
	}
	var keys struct{ Keys []map[string]any }
	must(t, json.Unmarshal([]byte(s.do("GET", "/v1/log/keys", nil).body), &keys))
	if len(keys.Keys) != 1 || keys.Keys[0]["key"] != s.do("GET", "/v1/log/key", nil).body {
		t.Errorf("%v", keys)
	}
}

// After a rotation who trusts the first key finds the second one by an event of the tree.
func TestRotatedLogKey(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.publish()
	if _, err := translog.Rotate(t.Context(), s.store, s.cfg.Vault); err != nil {
		t.Fatal(err)
	}
	s.awaitCheckpoint()
	var list struct {
		Keys []struct {
			Key        string
			Since      int64
			Event      []byte
			Checkpoint string
		}
	}
	must(t, json.Unmarshal([]byte(s.do("GET", "/v1/log/keys", nil).body), &list))
	if len(list.Keys) != 2 {
		t.Fatalf("%+v", list)
	}
	next := list.Keys[1]
	handover, err := translog.ParseCheckpoint(next.Checkpoint)
	must(t, err)
	must(t, handover.SignedBy(list.Keys[0].Key))
	public, err := base64.StdEncoding.DecodeString(strings.SplitN(next.Key, "+", 3)[2])
	must(t, err)
	if !bytes.Contains(next.Event, []byte(base64.StdEncoding.EncodeToString(public[1:]))) {
		t.Error("the event does not name the key")
	}
	if got := s.do("GET", "/v1/log/key", nil); got.body != next.Key {
		t.Errorf("the key in force is %s", got.body)
	}
}

// Proofs are for everybody only where that is said, and events never.
func TestPublicProofs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.publish()
	open := s.reopened(func(c *config) { c.ProofsPublic = true })
	nobody := with("Authorization", "")
	for _, path := range publicPaths {
		if got := s.do("GET", "/v1/log/"+path, nil, nobody); got.status != 403 {
			t.Errorf("%s: %d", path, got.status)
		}
		if got := open.do("GET", "/v1/log/"+path, nil, nobody); got.status != 200 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := open.do("GET", "/v1/log/events/1", nil, nobody); got.status != 403 {
		t.Errorf("an event: %d", got.status)
	}
}

// manyLogins is a command that changes nothing but the log.
type manyLogins int

func (n manyLogins) Decide(domain.History, domain.Env) ([]domain.Event, error) {
	list := make([]domain.Event, n)
	for i := range list {
		list[i] = access.UserLoggedIn{ID: 1}
	}
	return list, nil
}

// A whole tile is cached for good, its entries never; and as many entries are made at once as
// there are places for, whoever asks.
func TestEntriesAreBounded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.publish()
	s.execute(manyLogins(256), nil)
	s.awaitCheckpoint()
	open := s.reopened(func(c *config) { c.ProofsPublic = true })
	for path, want := range map[string]string{"tile/0/000": "max-age=31536000, immutable", "tile/entries/000": "no-store"} {
		own, public := s.do("GET", "/v1/log/"+path, nil), open.do("GET", "/v1/log/"+path, nil, with("Authorization", ""))
		if want != "no-store" {
			want = "private, " + want
		}
		if got := own.header.Get("Cache-Control"); got != want {
			t.Errorf("%s is cached as %q", path, got)
		}
		if got := public.header.Get("Cache-Control"); got != strings.Replace(want, "private", "public", 1) {
			t.Errorf("%s of a public log is cached as %q", path, got)
		}
	}
	for _, c := range []struct {
		of     *stack
		header func(*http.Request)
		places int
	}{{s, func(*http.Request) {}, 2 + 30}, {open, with("Authorization", ""), 4 + 30}} {
		tx, err := s.pool.Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), "LOCK TABLE log.events IN ACCESS EXCLUSIVE MODE") // none of them ends before the lock
		must(t, err)
		replies := make(chan reply, c.places+1)
		for range c.places + 1 {
			go func() { replies <- c.of.do("GET", "/v1/log/tile/entries/000.p/1", nil, c.header) }()
		}
		if got := <-replies; got.status != 503 || got.header.Get("Retry-After") != "1" {
			t.Errorf("one too many: %d %s", got.status, got.body)
		}
		must(t, tx.Rollback(t.Context()))
		for range c.places {
			if got := <-replies; got.status != 200 {
				t.Errorf("with a place, or in the line: %d %s", got.status, got.body)
			}
		}
	}
}

// verifyFromOutside checks the log by what the API shows to the admin.
func (s *stack) verifyFromOutside(o verify.Options) (verify.Report, error) {
	return verify.Remote(s.t.Context(), func(_ context.Context, path string, most int64) ([]byte, error) {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/v1/log/"+path, http.NoBody)
		if err != nil {
			return nil, err
		}
		reply, err := bearer(s.admin).RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer reply.Body.Close()
		if reply.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", path, reply.Status)
		}
		return io.ReadAll(io.LimitReader(reply.Body, most))
	}, o)
}

// From outside an event that was changed is found by its position, a rotated key is followed,
// and the deletion of a user, whose personal data become unreadable, changes nothing.
func TestVerifyFromOutside(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	user := s.made("/auth/register_local", registration("alice"))
	old := s.publish()
	key := s.do("GET", "/v1/log/key", nil).body
	_, err := translog.Rotate(t.Context(), s.store, s.cfg.Vault)
	must(t, err)
	s.ok("DELETE", user, nil)
	must(t, erasure.New(erasure.Config{Store: s.store, Vault: s.cfg.Vault}).Sweep(t.Context()))
	newest := s.awaitCheckpoint()

	trust := verify.Options{Key: key, Since: []translog.Checkpoint{old}}
	report, err := s.verifyFromOutside(trust)
	must(t, err)
	if !report.Trusted || report.Sealed != newest.Size || len(report.Continues) != 1 {
		t.Errorf("%+v", report)
	}
	trust.Key = s.do("GET", "/v1/log/key", nil).body
	if report, err := s.verifyFromOutside(trust); err != nil || !report.Trusted {
		t.Errorf("with the second key: %+v, %v", report, err)
	}

	must(t, pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `ALTER TABLE log.events_1 DISABLE TRIGGER ALL; ALTER TABLE log.events DISABLE TRIGGER ALL;
			UPDATE log.events SET actor = actor + 1 WHERE position = 2`)
		return err
	}))
	var found *verify.Finding
	if _, err := s.verifyFromOutside(trust); !errors.As(err, &found) || found.Position != 2 || found.In != "entries" {
		t.Errorf("an event was changed: %v", err)
	}
}
