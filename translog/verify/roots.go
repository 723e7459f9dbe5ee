package verify

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/translog"
)

// computed is the tree that is computed from the events, as far as roots of some sizes need it.
type computed struct {
	tree *translog.Tree
	// want are the numbers of the tiles of level 0 that the sizes end in.
	want  map[int64]bool
	tiles map[translog.Coord][]byte
}

func newComputed(tree *translog.Tree, sizes []int64) *computed {
	c := &computed{tree: tree, want: map[int64]bool{}, tiles: map[translog.Coord][]byte{}}
	for _, size := range sizes {
		c.want[size/translog.TileWidth] = true
	}
	c.tree.Tile = func(at translog.Coord, hashes []byte) {
		if at.Level > 0 || c.want[at.N] {
			c.tiles[at] = hashes
		}
	}
	return c
}

// sizesOf are the sizes of all checkpoints that are compared with the tree.
func sizesOf(newest translog.Checkpoint, keys []translog.Key, o Options) []int64 {
	sizes := []int64{newest.Size}
	for _, kept := range o.Since {
		sizes = append(sizes, kept.Size)
	}
	for _, k := range keys {
		if c, err := translog.ParseCheckpoint(k.Checkpoint); err == nil {
			sizes = append(sizes, c.Size)
		}
	}
	return sizes
}

// root is the root at one of the sizes, which is not beyond the tree's.
func (c *computed) root(size int64) (tlog.Hash, error) {
	edge := c.tree.Edge()
	return tlog.TreeHash(size, translog.HashReader(func(want []translog.Coord) (map[translog.Coord][]byte, error) {
		tiles := make(map[translog.Coord][]byte, len(want))
		for _, at := range want {
			tiles[at] = edge[at]
			if tile, is := c.tiles[at]; is {
				tiles[at] = tile
			}
		}
		return tiles, nil
	}))
}

// firstOther is the number of the first hash in which two tiles differ, as far as both go; -1
// if they are the same.
func firstOther(a, b []byte) int {
	n := min(len(a), len(b))
	if bytes.Equal(a[:n], b[:n]) {
		return -1
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i / tlog.HashSize
}

// judge compares the computed tree with the checkpoints: the newest one, those that were kept,
// and those by which keys came.
func (c *computed) judge(newest translog.Checkpoint, keys []translog.Key, o Options, found *findings) (continues []int64, err error) {
	check := func(k translog.Checkpoint, what string) error {
		if k.Size > c.tree.Size() {
			found.add(&Finding{c.tree.Size() + 1, "log.events", fmt.Sprintf("the log ends, and %s is of position %d", what, k.Size)})
			return nil
		}
		root, err := c.root(k.Size)
		if err == nil && root != k.Root {
			found.add(&Finding{k.Size, "checkpoint", "something at or before this position is not what " + what + " was signed of"})
		}
		return err
	}
	if err := check(newest, "the newest checkpoint"); err != nil {
		return nil, err
	}
	for _, k := range keys {
		handover, err := translog.ParseCheckpoint(k.Checkpoint)
		if k.Checkpoint == "" {
			continue
		}
		if err == nil {
			err = check(handover, "the checkpoint by which a key came")
		}
		if err != nil {
			return nil, err
		}
	}
	for _, kept := range o.Since {
		if kept.Origin != newest.Origin {
			found.add(&Finding{kept.Size, "checkpoint",
				fmt.Sprintf("the one that was kept is of %q, the log's is of %q", kept.Origin, newest.Origin)})
			continue
		}
		if err := check(kept, "the checkpoint that was kept"); err != nil {
			return nil, err
		}
		continues = append(continues, kept.Size)
	}
	return continues, nil
}
