package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
	"golang.org/x/sync/errgroup"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/translog"
)

// remoteTiles is how many tiles are asked for at once.
const remoteTiles = 16

// maxReply bounds what is no tile, in bytes.
const maxReply = 1 << 20

// Get reads what is below /v1/log by the path behind that. A reply of more than most bytes is an error.
type Get func(ctx context.Context, path string, most int64) ([]byte, error)

// Remote checks a log by what it shows below /v1/log:
// that all entries are in the tiles, in order, that the tree of them is the checkpoint's, and
// its keys. The server makes the entries of the events, so that they tell of the events
// what they are now. The error is a [Finding], or says why the check could not be made.
func Remote(ctx context.Context, get Get, o Options) (Report, error) {
	r := &remote{get: get, o: o, digests: map[int64][sha256.Size]byte{}}
	text, err := get(ctx, "checkpoint", maxReply)
	if err != nil {
		return Report{}, err
	}
	if r.newest, err = translog.ParseCheckpoint(string(text)); err != nil {
		return Report{}, err
	}
	if err := r.readKeys(ctx); err != nil {
		return Report{}, err
	}
	sizes := sizesOf(r.newest, r.keys, o)
	for _, k := range r.keys {
		r.digests[k.Since] = [sha256.Size]byte{}
	}
	r.tree = newComputed(&translog.Tree{}, sizes)
	if err := r.readEntries(ctx); err != nil {
		return Report{}, err
	}
	if err := r.compareUpperTiles(ctx); err != nil {
		return Report{}, err
	}
	return r.report()
}

type remote struct {
	get    Get
	o      Options
	newest translog.Checkpoint
	keys   []translog.Key
	// named are the encodings of the events by which keys came.
	named map[int64][]byte
	// digests are those of the entries at these positions.
	digests map[int64][sha256.Size]byte
	tree    *computed
	found   findings
}

func (r *remote) readKeys(ctx context.Context) error {
	text, err := r.get(ctx, "keys", maxReply)
	if err != nil {
		return err
	}
	var list struct {
		Keys []struct {
			Key        string
			Since      int64
			Event      []byte
			Checkpoint string
		}
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	r.named = map[int64][]byte{}
	for _, k := range list.Keys {
		// One that came by an event before the first checkpoint of the origin is a first one.
		if k.Checkpoint == "" {
			k.Since = 0
		}
		if k.Since > r.newest.Size {
			break // it came after the checkpoint was read
		}
		r.keys = append(r.keys, translog.Key{Since: k.Since, Verifier: k.Key, Checkpoint: k.Checkpoint})
		r.named[k.Since] = k.Event
	}
	return nil
}

// readEntries reads the tiles of level 0 and the entries below them.
func (r *remote) readEntries(ctx context.Context) error {
	for from := int64(0); from < r.newest.Size; from += remoteTiles * translog.TileWidth {
		var tiles, bundles [remoteTiles][]byte
		group, ctx := errgroup.WithContext(ctx)
		for i := range int64(remoteTiles) {
			n := from/translog.TileWidth + i
			width := int(min(r.newest.Size-n*translog.TileWidth, translog.TileWidth))
			if width <= 0 {
				break
			}
			path := translog.TileIndex(n, width)
			group.Go(func() (err error) { tiles[i], err = r.get(ctx, "tile/0/"+path, int64(width)*tlog.HashSize); return err })
			group.Go(func() (err error) {
				bundles[i], err = r.get(ctx, "tile/entries/"+path, int64(width)*bundleEntry)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for i := range tiles {
			r.takeBundle(bundles[i], tiles[i])
		}
		if r.o.Progress != nil {
			r.o.Progress(r.tree.tree.Size(), r.newest.Size)
		}
	}
	return nil
}

// bundleEntry is how long an entry in a bundle is, with its length before it.
const bundleEntry = 2 + eventstore.EntrySize

func (r *remote) takeBundle(bundle, tile []byte) {
	const size = bundleEntry
	for len(tile) > 0 || len(bundle) > 0 {
		position := r.tree.tree.Size() + 1
		if len(tile) < tlog.HashSize || len(bundle) < size || binary.BigEndian.Uint16(bundle) != eventstore.EntrySize {
			r.found.add(&Finding{position, "entries", "they are not as many as the hashes, or have another form"})
			return
		}
		entry := bundle[2:size]
		leaf := tlog.RecordHash(entry)
		switch {
		case binary.BigEndian.Uint64(entry) != uint64(position):
			r.found.add(&Finding{position, "entries", fmt.Sprintf("the entry is that of position %d", binary.BigEndian.Uint64(entry))})
		case leaf != tlog.Hash(tile[:tlog.HashSize]):
			r.found.add(&Finding{position, "entries", "the event is not the one that was put into the tree"})
		}
		if _, wanted := r.digests[position]; wanted {
			r.digests[position] = [sha256.Size]byte(entry[8:])
		}
		r.tree.tree.Add(leaf)
		bundle, tile = bundle[size:], tile[tlog.HashSize:]
	}
}

func (r *remote) compareUpperTiles(ctx context.Context) error {
	all := r.tree.tree.Edge()
	for at, tile := range r.tree.tiles {
		all[at] = tile
	}
	for at, tile := range all {
		if at.Level == 0 {
			continue
		}
		got, err := r.get(ctx, "tile/"+strconv.Itoa(at.Level)+"/"+translog.TileIndex(at.N, len(tile)/tlog.HashSize),
			int64(len(tile)))
		if err != nil {
			return err
		}
		if i := firstOther(tile, got); i >= 0 || len(got) != len(tile) {
			covers := int64(1) << (translog.TileHeight * at.Level)
			r.found.add(&Finding{(at.N*translog.TileWidth+int64(max(i, 0)))*covers + 1, "tiles",
				fmt.Sprintf("tile %d of level %d is not made of those below it", at.N, at.Level)})
		}
	}
	return nil
}

func (r *remote) report() (Report, error) {
	report := Report{Events: r.newest.Size, Sealed: r.newest.Size, Checkpoint: r.newest}
	var err error
	if report.Continues, err = r.tree.judge(r.newest, r.keys, r.o, &r.found); err != nil {
		return report, err
	}
	named := rotations{}
	for position, encoding := range r.named {
		if sha256.Sum256(encoding) == r.digests[position] {
			if e, err := eventstore.DecodeForHash(encoding); err == nil {
				named[position] = keyNamedBy(&e)
			}
		}
	}
	report.Trusted = judgeKeys(r.newest, r.keys, named, r.o, &r.found)
	return report, r.found.err()
}
