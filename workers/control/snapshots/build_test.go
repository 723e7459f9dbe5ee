package snapshots

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/protocol"
)

// Chunks are small enough, whole, and together all rows in order.
func TestChunks(t *testing.T) {
	t.Parallel()
	for name, valueBytes := range map[string]int{"small rows": 20, "rows of a few KiB": 4000, "rows just under the limit": largeRow*3/4 - 400, "large rows": 100_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.NewChaCha8([32]byte{1}) // does not compress
			w := &writer{}
			total := (3 << 20) / (valueBytes + 200)
			for i := range total {
				value := make([]byte, valueBytes)
				_, _ = random.Read(value)
				if err := w.Record(dnsmodel.Record{ID: int64(i), RecordData: dns.RecordData{Value: base64.StdEncoding.EncodeToString(value)}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.closeChunk(); err != nil {
				t.Fatal(err)
			}
			next := int64(0)
			for i, chunk := range w.chunks {
				if len(chunk) > chunkMost {
					t.Errorf("chunk %d has %d bytes", i, len(chunk))
				}
				next = readChunk(t, chunk, next)
			}
			if w.rows != total || next != int64(total) {
				t.Errorf("%d rows written, %d read, want %d", w.rows, next, total)
			}
		})
	}
}

func readChunk(t *testing.T, chunk []byte, next int64) int64 {
	t.Helper()
	unzip, err := gzip.NewReader(bytes.NewReader(chunk))
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unzip)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row protocol.SnapshotRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || row.Record.ID != next {
			t.Fatalf("row %d: %v", next, err)
		}
		next++
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestAnEmptySnapshotHasNoChunks(t *testing.T) {
	t.Parallel()
	w := &writer{}
	if err := w.closeChunk(); err != nil || len(w.chunks) != 0 {
		t.Errorf("%d chunks, %v", len(w.chunks), err)
	}
}
