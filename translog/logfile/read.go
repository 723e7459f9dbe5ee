package logfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/translog"
)

// maxLine is more than a line can have: the data and tags of an event, each byte of the tags
// escaped.
const maxLine = 8*eventstore.MaxEventBytes + 1<<20

// zstdMagic begins a file that is compressed.
var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Reader reads a file. Close it.
type Reader struct {
	Header Header
	// Footer is known once Next has returned io.EOF.
	Footer Footer

	lines  *bufio.Scanner
	number int
	ended  bool
	close  func()
}

// NewReader reads the first line.
func NewReader(from io.Reader) (*Reader, error) {
	buffered := bufio.NewReaderSize(from, 1<<20)
	r := &Reader{close: func() {}}
	var plain io.Reader = buffered
	if begin, err := buffered.Peek(len(zstdMagic)); err == nil && bytes.Equal(begin, zstdMagic) {
		unpacked, err := zstd.NewReader(buffered, zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, err
		}
		plain, r.close = unpacked, unpacked.Close
	}
	r.lines = bufio.NewScanner(plain)
	r.lines.Buffer(make([]byte, 1<<20), maxLine)
	line, err := r.line()
	if err == nil {
		err = json.Unmarshal(line, &r.Header)
	}
	if err == nil && r.Header.From < 1 {
		err = errors.New("its first line names no first position")
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("not a file of a log: %w", err)
	}
	return r, nil
}

// Close ends the reading.
func (r *Reader) Close() { r.close() }

// Line is the number of the line that was read last.
func (r *Reader) Line() int { return r.number }

func (r *Reader) line() ([]byte, error) {
	r.number++
	if !r.lines.Scan() {
		if err := r.lines.Err(); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.number, err)
		}
		return nil, io.ErrUnexpectedEOF
	}
	return r.lines.Bytes(), nil
}

// Next returns the next event, and io.EOF behind the last one. A file that breaks off is
// io.ErrUnexpectedEOF.
func (r *Reader) Next() (protocol.Envelope, error) {
	var e protocol.Envelope
	if r.ended {
		return e, io.EOF
	}
	line, err := r.line()
	if err != nil {
		return e, err
	}
	if !bytes.HasPrefix(line, []byte(`{"checkpoint":`)) {
		if err := json.Unmarshal(line, &e); err != nil {
			return e, fmt.Errorf("line %d: %w", r.number, err)
		}
		return e, nil
	}
	if err := json.Unmarshal(line, &r.Footer); err != nil {
		return e, fmt.Errorf("line %d: %w", r.number, err)
	}
	if r.lines.Scan() {
		return e, fmt.Errorf("line %d: something stands behind the last line", r.number+1)
	}
	r.ended = true
	return e, io.EOF
}

// Tree is the tree of the events before the first one, false if the file does not have it.
func (r *Reader) Tree() (*translog.Tree, bool) {
	tiles := map[translog.Coord][]byte{}
	size := r.Header.From - 1
	for _, at := range translog.EdgeOf(size) {
		if at.Level < len(r.Header.Edge) {
			tiles[at] = r.Header.Edge[at.Level]
		}
	}
	return translog.Resume(size, tiles)
}
