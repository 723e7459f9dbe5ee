package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
)

// pieceEvents is how many events a connection reads at a time: whole tiles.
const pieceEvents = 64 * translog.TileWidth

// DatabaseConfig says which database is checked, and with how many connections at once.
type DatabaseConfig struct {
	Connect     func(context.Context) (*pgx.Conn, error)
	Connections int
	// SkipTags leaves the tag index out.
	SkipTags bool
}

// Database checks the log that is in a database, whether somebody appends to it or not: each
// event against its hash in the tiles, the tiles against the checkpoint, the chain of the
// events, the tag index against the events' tags, and the head. Of a log that is not signed
// yet it checks all but hashes, tiles and checkpoint. The error is a [Finding], or
// says why the check could not be made.
func Database(ctx context.Context, cfg DatabaseConfig, o Options) (Report, error) {
	conn, err := cfg.Connect(ctx)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	d := &database{cfg: cfg, o: o, rotations: rotations{}}
	d.state, err = translog.ReadState(ctx, conn)
	if d.unsigned = errors.Is(err, translog.ErrNotPublished); err != nil && !d.unsigned {
		return Report{}, fmt.Errorf("read the tree: %w", err)
	}
	if d.unsigned && (o.Key != "" || len(o.Since) > 0) {
		return Report{}, &Finding{0, "checkpoint", "the log is not signed, and a key or a checkpoint of it was kept"}
	}
	// The head is read after the checkpoint, so that it cannot be behind.
	var last domain.Position
	if d.head, d.log, last, err = eventstore.AuditHead(ctx, conn); errors.Is(err, pgx.ErrNoRows) {
		return Report{}, &Finding{1, "log.head", "there is no row"}
	} else if err != nil {
		return Report{}, err
	}
	if d.head.Position != last {
		d.found.add(&Finding{int64(min(d.head.Position, last)) + 1, "log.head",
			fmt.Sprintf("position is %d, and the last event is %d", d.head.Position, last)})
		d.head.Position = last
	}
	if err := d.events(ctx, conn); err != nil {
		return Report{}, err
	}
	return d.report()
}

// database is a check of a database.
type database struct {
	cfg   DatabaseConfig
	o     Options
	state translog.State
	// unsigned: there is no checkpoint yet, and nothing to compare the events with.
	unsigned bool
	head     eventstore.Head
	log      string
	found    findings
	// chain and tree take the events in order.
	chain     *follower
	tree      *computed
	rotations rotations
	// other is the first hash of a tile that differs from the computed one, nil for none.
	other *other
	// otherTags is the first event whose entries of the tag index are others, 0 for none.
	otherTags domain.Position
	entries   int64
}

// other is a tile that is not the computed one, from the event at the position on.
type other struct {
	at       translog.Coord
	position int64
}

func (d *database) differs(at translog.Coord, position int64) {
	if d.other == nil || position < d.other.position {
		d.other = &other{at, position}
	}
}

func (d *database) events(ctx context.Context, conn *pgx.Conn) error {
	sizes := sizesOf(d.state.Checkpoint, d.state.Keys, d.o)
	d.chain, d.tree = newFollower(1), newComputed(&translog.Tree{}, sizes)
	partitions, err := eventstore.AuditPartitions(ctx, conn)
	if err != nil {
		return err
	}
	for i, from := range partitions {
		to := d.head.Position + 1
		if i+1 < len(partitions) {
			to = min(to, partitions[i+1])
		}
		if from < to {
			if err := d.partition(ctx, from, to); err != nil {
				return err
			}
		}
	}
	return d.compareUpperTiles(ctx, conn)
}

// partition checks the events of a partition: many connections read pieces of it, one
// goroutine takes them in order, and another reads the partition's tag index.
func (d *database) partition(ctx context.Context, from, to domain.Position) error {
	group, ctx := errgroup.WithContext(ctx)
	var sum *eventstore.TagSum
	var have []uint64
	if !d.cfg.SkipTags {
		sum, have = eventstore.NewTagSum(), make([]uint64, to-from)
		group.Go(func() error { return d.readTags(ctx, from, to, sum.Clone(), have) })
	}
	want := make([]uint64, len(have))
	pieces := make(chan piece)
	ready := make(chan (<-chan []translogEvent), d.cfg.Connections)
	group.Go(func() error { return cutPieces(ctx, from, to, pieces, ready) })
	for range d.cfg.Connections {
		group.Go(func() error { return d.readPieces(ctx, pieces, sum.Clone()) })
	}
	group.Go(func() error { return d.takePieces(ctx, ready, from, want) })
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range have {
		if have[i] != want[i] && d.otherTags == 0 {
			d.otherTags = from + domain.Position(i)
		}
	}
	return nil
}

// piece is a part of the log that one connection reads.
type piece struct {
	from, to domain.Position
	done     chan<- []translogEvent
}

// translogEvent is an event without its data and tags, with what was computed of these and with
// the hash that the tiles have, zero for none.
type translogEvent struct {
	protocol.Envelope
	leaf, stored [32]byte
	tags         uint64
	key          []byte
}

// cutPieces gives out pieces, and says in which order they come.
func cutPieces(ctx context.Context, from, to domain.Position, pieces chan<- piece, ready chan<- (<-chan []translogEvent)) error {
	defer close(pieces)
	defer close(ready)
	for from < to {
		// A piece ends where a tile ends: tile n begins with the event at n·256+1.
		end := min(to, (from-1)/pieceEvents*pieceEvents+pieceEvents+1)
		done := make(chan []translogEvent, 1)
		select {
		case ready <- done:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case pieces <- piece{from, end, done}:
		case <-ctx.Done():
			return ctx.Err()
		}
		from = end
	}
	return nil
}

func (d *database) readPieces(ctx context.Context, pieces <-chan piece, sum *eventstore.TagSum) error {
	conn, err := d.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for p := range pieces {
		list, err := d.readPiece(ctx, conn, p, sum)
		if err != nil {
			return err
		}
		p.done <- list // which has room
	}
	return nil
}

func (d *database) readPiece(ctx context.Context, conn *pgx.Conn, p piece, sum *eventstore.TagSum) ([]translogEvent, error) {
	var want []translog.Coord
	for n := int64(p.from-1) / translog.TileWidth; n <= int64(p.to-2)/translog.TileWidth; n++ {
		want = append(want, translog.Coord{Level: 0, N: n})
	}
	tiles, err := translog.ReadTiles(ctx, conn, d.state.Checkpoint.Origin, want)
	if err != nil {
		return nil, err
	}
	list := make([]translogEvent, 0, p.to-p.from)
	err = eventstore.AuditEvents(ctx, conn, p.from, p.to, sum, func(e eventstore.AuditedEvent) error {
		t := translogEvent{Envelope: *e.Envelope, leaf: e.Leaf, tags: e.Tags, key: keyNamedBy(e.Envelope)}
		t.Data, t.Envelope.Tags = nil, nil
		index := int64(e.Position) - 1
		tile := tiles[translog.Coord{Level: 0, N: index / translog.TileWidth}]
		if at := int(index % translog.TileWidth * 32); len(tile) >= at+32 {
			copy(t.stored[:], tile[at:])
		}
		list = append(list, t)
		return nil
	})
	return list, err
}

func (d *database) takePieces(ctx context.Context, ready <-chan (<-chan []translogEvent), from domain.Position, tags []uint64) error {
	for done := range ready {
		var list []translogEvent
		select {
		case list = <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
		for i := range list {
			d.take(&list[i])
			if at := int(list[i].Position - from); at >= 0 && at < len(tags) {
				tags[at] = list[i].tags
			}
		}
		if d.o.Progress != nil {
			d.o.Progress(d.tree.tree.Size(), int64(d.head.Position))
		}
	}
	return nil
}

// take checks the next event.
func (d *database) take(e *translogEvent) {
	position := int64(e.Position)
	expected := d.chain.next
	if wrong := d.chain.check(&e.Envelope); wrong != "" {
		d.found.add(&Finding{int64(min(expected, e.Position)), "log.events", wrong})
	}
	if position <= d.state.Size && e.leaf != e.stored {
		d.differs(translog.Coord{Level: 0, N: (position - 1) / translog.TileWidth}, position)
	}
	if e.key != nil {
		d.rotations[position] = e.key
	}
	d.tree.tree.Add(e.leaf)
}

func (d *database) readTags(ctx context.Context, from, to domain.Position, sum *eventstore.TagSum, have []uint64) error {
	conn, err := d.cfg.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return eventstore.AuditTags(ctx, conn, from, to, sum, func(position domain.Position, entry uint64) {
		have[position-from] += entry
		d.entries++
	})
}

// compareUpperTiles compares the tiles that are made of tiles, unless something below is
// wrong already.
func (d *database) compareUpperTiles(ctx context.Context, conn *pgx.Conn) error {
	if d.unsigned || d.other != nil || d.found.err() != nil {
		return nil
	}
	all := d.tree.tree.Edge()
	for at, tile := range d.tree.tiles {
		all[at] = tile
	}
	var want []translog.Coord
	for at := range all {
		if at.Level > 0 {
			want = append(want, at)
		}
	}
	for part := range slices.Chunk(want, 100) {
		tiles, err := translog.ReadTiles(ctx, conn, d.state.Checkpoint.Origin, part)
		if err != nil {
			return err
		}
		for _, at := range part {
			covers := int64(1) << (translog.TileHeight * at.Level) // events below each hash
			width := int(min(max(d.state.Size/covers-at.N*translog.TileWidth, 0), translog.TileWidth)) * 32
			have := tiles[at]
			if i := firstOther(all[at], have); i >= 0 {
				d.differs(at, (at.N*translog.TileWidth+int64(i))*covers+1)
			} else if len(have) < min(width, len(all[at])) {
				d.differs(at, (at.N*translog.TileWidth+int64(len(have)/32))*covers+1)
			}
		}
	}
	return nil
}

// report brings together what was found.
func (d *database) report() (Report, error) {
	r := Report{Events: int64(d.head.Position), Sealed: d.state.Checkpoint.Size, Entries: d.entries, Checkpoint: d.state.Checkpoint}
	if d.chain.more > 0 {
		d.found.add(&Finding{int64(d.head.Position), "log.events", "the log ends inside a change"})
	}
	// Of several findings on one event the first is told: an event that was changed has other tags.
	d.judgeTiles()
	if d.otherTags > 0 {
		d.found.add(&Finding{int64(d.otherTags), "log.event_tags", "the entries of the event are not those of its tags"})
	}
	d.judgeHead()
	if d.unsigned {
		return r, d.found.err()
	}
	var err error
	if r.Continues, err = d.tree.judge(d.state.Checkpoint, d.state.Keys, d.o, &d.found); err != nil {
		return r, err
	}
	r.Trusted = judgeKeys(d.state.Checkpoint, d.state.Keys, d.rotations, d.o, &d.found)
	return r, d.found.err()
}

// judgeTiles says of what differs whether the event is wrong or the tile: the checkpoint knows.
func (d *database) judgeTiles() {
	first := d.other
	if first == nil {
		return
	}
	size := d.state.Checkpoint.Size
	if d.tree.tree.Size() >= size {
		if root, err := d.tree.root(size); err == nil && root == d.state.Checkpoint.Root && first.position <= size {
			d.found.add(&Finding{first.position, "translog.tiles", fmt.Sprintf(
				"tile %d of level %d is wrong; the events are those of the checkpoint", first.at.N, first.at.Level)})
			return
		}
	}
	d.found.add(&Finding{first.position, "log.events", "the event is not the one that was put into the tree"})
}

func (d *database) judgeHead() {
	last := int64(d.head.Position)
	add := func(position int64, format string, args ...any) {
		d.found.add(&Finding{max(position, 1), "log.head", fmt.Sprintf(format, args...)})
	}
	if !d.unsigned && d.log != d.state.Log {
		add(last, "log is %s, and the tree is of log %s", d.log, d.state.Log)
	}
	if last > 0 && !d.head.RecordedAt.Equal(d.chain.at) {
		add(last, "recorded_at is %v, and the last event was recorded at %v", d.head.RecordedAt, d.chain.at)
	}
	for _, c := range domain.Contexts() {
		if d.head.Last[c] != d.chain.last[c] {
			add(int64(d.chain.last[c]), "last_%s is %d, and the last event of that context is %d", c, d.head.Last[c], d.chain.last[c])
		}
	}
}
