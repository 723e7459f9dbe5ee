package translog

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// TileHeight is the height of the part of the tree that a tile has.
	TileHeight = 8
	// TileWidth is how many hashes a whole tile has.
	TileWidth = 1 << TileHeight
	tileBytes = TileWidth * tlog.HashSize
)

// Coord says which tile is meant: the level, and its number in that level.
type Coord struct {
	Level int
	N     int64
}

// widthAt is how many hashes the tile has in a tree of the size, at most 256.
func (c Coord) widthAt(size int64) int {
	return int(min(max(size>>(TileHeight*c.Level)-c.N*TileWidth, 0), TileWidth))
}

// ParseTileIndex reads what C2SP tlog-tiles has behind a tile's level: "x001/x234/067" is
// number 1234067, and with ".p/8" behind it the first 8 hashes of it; width is 256 without.
func ParseTileIndex(path string) (n int64, width int, ok bool) {
	path, partial, cut := strings.Cut(path, ".p/")
	width = TileWidth
	if cut {
		w, err := strconv.Atoi(partial)
		if err != nil || w < 1 || w >= TileWidth || strconv.Itoa(w) != partial {
			return 0, 0, false
		}
		width = w
	}
	parts := strings.Split(path, "/")
	if len(parts) > 4 {
		return 0, 0, false
	}
	for i, part := range parts {
		digits, more := strings.CutPrefix(part, "x")
		if more != (i < len(parts)-1) || len(digits) != 3 || strings.Trim(digits, "0123456789") != "" {
			return 0, 0, false
		}
		three, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || i == 0 && more && three == 0 {
			return 0, 0, false // one way to write a number
		}
		n = n*1000 + three
	}
	return n, width, true
}

// TileIndex is what [ParseTileIndex] reads.
func TileIndex(n int64, width int) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < TileWidth {
		path += ".p/" + strconv.Itoa(width)
	}
	return path
}

// rootOf is the root of the tree whose leaves are the hashes, a power of two of them.
func rootOf(hashes []byte) tlog.Hash {
	if len(hashes) == tlog.HashSize {
		return tlog.Hash(hashes)
	}
	half := len(hashes) / 2
	return tlog.NodeHash(rootOf(hashes[:half]), rootOf(hashes[half:]))
}

// HashReader reads the hashes of the tree's nodes from tiles, which load gives.
func HashReader(load func([]Coord) (map[Coord][]byte, error)) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		want := make([]Coord, len(indexes))
		for i, index := range indexes {
			t := tlog.TileForIndex(TileHeight, index)
			want[i] = Coord{t.L, t.N}
		}
		tiles, err := load(want)
		if err != nil {
			return nil, err
		}
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			data := tiles[want[i]]
			t := tlog.Tile{H: TileHeight, L: want[i].Level, N: want[i].N, W: len(data) / tlog.HashSize}
			if hashes[i], err = tlog.HashFromTile(t, data, index); err != nil {
				return nil, fmt.Errorf("tile %d of level %d: %w", t.N, t.L, err)
			}
		}
		return hashes, nil
	})
}
