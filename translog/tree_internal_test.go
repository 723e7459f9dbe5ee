package translog

import (
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// reference is a tree as the library keeps it: all hashes of all nodes.
type reference struct {
	hashes []tlog.Hash
	size   int64
}

func (r *reference) ReadHashes(indexes []int64) (list []tlog.Hash, err error) {
	for _, i := range indexes {
		list = append(list, r.hashes[i])
	}
	return list, nil
}

func (r *reference) add(t *testing.T, leaf tlog.Hash) {
	t.Helper()
	more, err := tlog.StoredHashesForRecordHash(r.size, leaf, r)
	if err != nil {
		t.Fatal(err)
	}
	r.hashes, r.size = append(r.hashes, more...), r.size+1
}

func leafOf(i int64) tlog.Hash { return tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(i))) }

// The tree has the library's root at each size, also when it is continued from its tiles.
func TestTreeIsTheLibrarys(t *testing.T) {
	t.Parallel()
	const size = 66_000
	r, tree, tiles := &reference{}, &Tree{}, map[Coord][]byte{}
	keep := func(c Coord, hashes []byte) { tiles[c] = hashes }
	tree.Tile = keep
	for i := range int64(size) {
		r.add(t, leafOf(i))
		tree.Add(leafOf(i))
		if n := i + 1; n > 1100 && n%256 > 1 && n != size {
			continue
		}
		want, err := tlog.TreeHash(tree.Size(), r)
		if err != nil {
			t.Fatal(err)
		}
		if tree.Root() != want {
			t.Fatalf("another root at %d", tree.Size())
		}
		for c, hashes := range tree.Edge() {
			tiles[c] = hashes
		}
		again, whole := Resume(tree.Size(), tiles)
		if !whole || again.Root() != want {
			t.Fatalf("cannot be continued at %d", tree.Size())
		}
		again.Tile, tree = keep, again
	}
	if _, whole := Resume(size+1, tiles); whole {
		t.Error("a hash was missing, and the tree went on")
	}
	for c, hashes := range tiles {
		if want := c.widthAt(size) * tlog.HashSize; len(hashes) != want {
			t.Errorf("tile %v has %d bytes, want %d", c, len(hashes), want)
		}
	}
	load := func([]Coord) (map[Coord][]byte, error) { return tiles, nil }
	proof, err := tlog.ProveTree(size, 12_345, HashReader(load))
	if err != nil {
		t.Fatal(err)
	}
	former, _ := tlog.TreeHash(12_345, r)
	if err := tlog.CheckTree(proof, size, tree.Root(), 12_345, former); err != nil {
		t.Error(err)
	}
}

func TestTileIndex(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]struct {
		n     int64
		width int
	}{
		"000": {0, 256}, "067": {67, 256}, "x001/x234/067": {1234067, 256}, "x001/000": {1000, 256},
		"000.p/1": {0, 1}, "x001/x234/067.p/255": {1234067, 255},
	} {
		n, width, ok := ParseTileIndex(path)
		if !ok || n != want.n || width != want.width {
			t.Errorf("%s: %d, %d, %v", path, n, width, ok)
		}
		if again := TileIndex(n, width); again != path {
			t.Errorf("%s is written %s", path, again)
		}
	}
	for _, path := range []string{
		"", "0", "00", "0000", "x000", "001/002", "x001/x002", "x000/001", "000.p/0", "000.p/256", "000.p/01", "000.p/", "000.p/+1",
		"-01", "+01", "x001/2x0", "000/", "/000", "x001/x001/x001/x001/001",
	} {
		if n, width, ok := ParseTileIndex(path); ok {
			t.Errorf("%q is read as %d, %d", path, n, width)
		}
	}
}
