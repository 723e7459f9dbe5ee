package logimport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logfile"
	"github.com/opsledger/opsledger/translog/verify"
)

// As is what the log in the database is to the log in the file.
type As int

const (
	// Move makes it the same log, which must not go on elsewhere.
	Move As = iota + 1
	// Copy makes it another log, which begins with the same events.
	Copy
)

// Checked is a file that may be imported.
type Checked struct {
	verify.Report
	// Log is the id of the log that was written into the file.
	Log uuid.UUID

	codec  *domain.Codec
	keys   []translog.Key
	living *living
}

// Check reads the file to its end, and refuses one that is not a whole log of events that this
// program knows, proved by its checkpoint; o says by which key and kept checkpoints, too.
func Check(ctx context.Context, file io.ReadSeeker, codec *domain.Codec, o verify.Options) (c Checked, err error) {
	header, err := readHeader(file)
	if err != nil {
		return c, err
	}
	c.codec, c.keys, c.living = codec, header.Keys, newLiving()
	if header.From != 1 {
		return c, fmt.Errorf("line 1: the file begins with position %d; only a whole log, written without --from, can be imported", header.From)
	}
	if c.Log, err = uuid.Parse(header.Log); err != nil {
		return c, fmt.Errorf("line 1: %.60q is no id of a log", header.Log)
	}
	if len(header.Keys) > 0 && header.Keys[0].Since != 0 {
		return c, fmt.Errorf("line 1: its first key is one that came by event %d", header.Keys[0].Since)
	}
	o.Event = func(e *protocol.Envelope) error {
		r, err := eventstore.CheckRestored(codec, e)
		if err != nil {
			return err
		}
		c.living.apply(r)
		return checkErasable(e, r.Event)
	}
	if c.Report, err = verify.Export(ctx, file, o); err != nil {
		return c, err
	}
	for _, event := range c.living.ends() { // which a copy appends, and a user of a move some day
		if err := namesSecrets(event); err != nil {
			return c, fmt.Errorf("what its %s would end: %w", event.EventType(), err)
		}
	}
	// An origin that has an id in it proves the id.
	name, named := strings.CutPrefix(c.Checkpoint.Origin, "opsledger/")
	if id, err := uuid.Parse(name); named && err == nil && id != c.Log {
		return c, fmt.Errorf("line 1: it is of log %s, and the checkpoint is of %q", c.Log, c.Checkpoint.Origin)
	}
	return c, nil
}

// checkErasable refuses an event that has something destroyed which no vault can have: serve, which
// destroys what the log says, would never start.
func checkErasable(e *protocol.Envelope, event domain.Event) error {
	if !slices.Contains(e.Tags, access.TagErasable) {
		return nil
	}
	if err := namesSecrets(event); err != nil {
		return fmt.Errorf("event %d: %w", e.Position, err)
	}
	return nil
}

// namesSecrets says whether what the event has destroyed is named as secrets are.
func namesSecrets(event domain.Event) error {
	for _, name := range access.Erasable(event) {
		if _, err := uuid.Parse(name); err != nil && name != "" {
			return fmt.Errorf("it has %.60q destroyed, which is no id of a secret", name)
		}
	}
	return nil
}

// readHeader leaves the file at its beginning.
func readHeader(file io.ReadSeeker) (h logfile.Header, err error) {
	reader, err := logfile.NewReader(file)
	if err != nil {
		return h, err
	}
	h = reader.Header
	reader.Close()
	_, err = file.Seek(0, io.SeekStart)
	return h, err
}

// Imported is what an import did.
type Imported struct {
	// Log is the id of the log in the database, Head its end.
	Log  uuid.UUID
	Head eventstore.Head
	// Agents, Credentials and Webhooks are how many of them a copy has ended.
	Agents, Credentials, Webhooks int
}

// Write reads the file once more and writes the log in the transaction, which is to be
// committed if there is no error. progress is told how many of so many events were written.
// The error is [eventstore.ErrNotEmpty] if there is a log already.
func Write(ctx context.Context, tx pgx.Tx, file io.ReadSeeker, c Checked, as As, progress func(done, of int64)) (done Imported, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return done, err
	}
	reader, err := logfile.NewReader(file)
	if err != nil {
		return done, err
	}
	defer reader.Close()
	w := &writing{Checked: c, reader: reader, progress: progress}
	done.Log = c.Log
	origin := c.Checkpoint.Origin
	if as == Copy {
		done.Log, origin = uuid.New(), ""
	}
	if w.log, err = eventstore.Restore(ctx, tx, done.Log); err != nil {
		return done, err
	}
	w.tree = translog.NewRegrowth(tx, origin)
	if err := w.events(ctx); err != nil {
		return done, err
	}
	if err := w.tree.End(ctx, done.Log, c.Checkpoint, c.keys); err != nil {
		return done, fmt.Errorf("the file is another one than a moment ago: %w", err)
	}
	if as == Copy {
		done.Agents, done.Credentials, done.Webhooks = c.living.agents(), len(c.living.credentials)+len(c.living.tokens), len(c.living.webhooks)
		if err := w.log.Append(ctx, c.codec, c.living.ends()); err != nil {
			return done, err
		}
		if err := translog.Reserve(ctx, tx, c.Checkpoint.Origin, c.Log); err != nil {
			return done, err
		}
	}
	done.Head, err = w.log.End(ctx)
	return done, err
}

// writing is the second reading of a file.
type writing struct {
	Checked
	reader   *logfile.Reader
	log      *eventstore.Restoration
	tree     *translog.Regrowth
	progress func(done, of int64)
}

func (w *writing) events(ctx context.Context) error {
	for n := int64(0); ; {
		e, err := w.reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = w.event(ctx, &e)
		}
		if err != nil {
			return err
		}
		if n++; n%progressEvents == 0 {
			w.progress(n, w.Checkpoint.Size)
		}
	}
}

// progressEvents is after how many events the progress is told.
const progressEvents = 1_000

func (w *writing) event(ctx context.Context, e *protocol.Envelope) error {
	if err := w.log.Add(ctx, e); err != nil {
		return err
	}
	return w.tree.Add(ctx, eventstore.LeafHash(e))
}
