package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed all:web
var web embed.FS

// file is a file as it is sent.
type file struct {
	kind  string // its media type
	plain []byte
	gzip  func() []byte // the compressed bytes, which are made when somebody asks for them first
	tag   string        // its strong ETag; the one of the compressed bytes has "-gzip" in it
}

func newFile(name string, text []byte) (*file, error) {
	kind, known := kinds[path.Ext(name)]
	if !known {
		return nil, fmt.Errorf("console: %s has no media type", name)
	}
	return &file{kind: kind, plain: text, gzip: sync.OnceValue(func() []byte { return compressed(text) }), tag: digest(text)[:16]}, nil
}

func compressed(text []byte) []byte {
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is one that there is
	}
	_, _ = w.Write(text) // a buffer takes everything
	_ = w.Close()
	return zipped.Bytes()
}

// kinds are the media types by the ending of a name; the system's own table differs from host to host.
var kinds = map[string]string{
	".html": mime.FormatMediaType("text/html", utf8), ".js": mime.FormatMediaType("text/javascript", utf8),
	".css": mime.FormatMediaType("text/css", utf8), ".svg": "image/svg+xml", ".txt": mime.FormatMediaType("text/plain", utf8),
}

var utf8 = map[string]string{"charset": "utf-8"}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// readFiles reads what is served, by its path in the folder; its notes, in Markdown, are for those
// who read the source.
func readFiles(folder fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) == ".md" {
			return err
		}
		files[name], err = fs.ReadFile(folder, name)
		return err
	})
	return files, err
}

// version names a set of files: it is another one as soon as one of them is.
func version(files map[string][]byte) string {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&all, "%s %s\n", digest(files[name]), name)
	}
	return digest([]byte(all.String()))[:12]
}
