package translog

import (
	"golang.org/x/mod/sumdb/tlog"
)

// Tree is a tree that grows by its leaves: it keeps the last tile of each level, which is all
// that growing needs. The zero value is the empty tree.
type Tree struct {
	size int64
	// edge has the last tile of each level, empty where that would be a whole one.
	edge [][]byte
	// Tile is called with each tile that has become whole; nil for nobody.
	Tile func(Coord, []byte)
}

// Size is how many leaves the tree has.
func (t *Tree) Size() int64 { return t.size }

// Add adds a leaf.
func (t *Tree) Add(leaf tlog.Hash) {
	t.size++
	t.add(0, leaf)
}

// AddTile adds 256 leaves, with which a tree begins a tile or goes on with the next.
func (t *Tree) AddTile(leaves []byte) {
	t.size += TileWidth
	if t.Tile != nil {
		t.Tile(Coord{0, t.size/TileWidth - 1}, leaves)
	}
	if len(t.edge) == 0 {
		t.edge = append(t.edge, make([]byte, 0, tileBytes))
	}
	t.add(1, rootOf(leaves))
}

func (t *Tree) add(level int, h tlog.Hash) {
	if level == len(t.edge) {
		t.edge = append(t.edge, make([]byte, 0, tileBytes))
	}
	t.edge[level] = append(t.edge[level], h[:]...)
	if len(t.edge[level]) < tileBytes {
		return
	}
	whole := t.edge[level]
	t.edge[level] = make([]byte, 0, tileBytes)
	if t.Tile != nil {
		t.Tile(Coord{level, t.size>>(TileHeight*(level+1)) - 1}, whole)
	}
	t.add(level+1, rootOf(whole))
}

// Edge returns the last tile of each level that is not whole, by where it stands. The tiles
// are the caller's.
func (t *Tree) Edge() map[Coord][]byte {
	tiles := map[Coord][]byte{}
	for level, tile := range t.edge {
		if len(tile) > 0 {
			tiles[Coord{level, t.size >> (TileHeight * (level + 1))}] = append([]byte(nil), tile...)
		}
	}
	return tiles
}

// EdgeOf says which tiles [Tree.Edge] has for a size.
func EdgeOf(size int64) (want []Coord) {
	for level := 0; size>>(TileHeight*level) > 0; level++ {
		if c := (Coord{level, size >> (TileHeight * (level + 1))}); c.widthAt(size) > 0 {
			want = append(want, c)
		}
	}
	return want
}

// Resume continues a tree of the size, of which the tiles of [EdgeOf] are given; what they
// have beyond that size is left out. It returns false if they have less.
func Resume(size int64, tiles map[Coord][]byte) (*Tree, bool) {
	t := &Tree{size: size}
	for level := 0; size>>(TileHeight*level) > 0; level++ {
		c := Coord{level, size >> (TileHeight * (level + 1))}
		width := c.widthAt(size) * tlog.HashSize
		if len(tiles[c]) < width {
			return nil, false
		}
		t.edge = append(t.edge, append(make([]byte, 0, tileBytes), tiles[c][:width]...))
	}
	return t, true
}

// Root is the root of the tree. It needs no tiles but the tree's own.
func (t *Tree) Root() tlog.Hash {
	root, err := tlog.TreeHash(t.size, HashReader(func([]Coord) (map[Coord][]byte, error) { return t.Edge(), nil }))
	if err != nil {
		panic(err) // a root is made of the last tiles of the levels alone
	}
	return root
}
