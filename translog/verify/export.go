package verify

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/translog"
	"github.com/opsledger/opsledger/translog/logfile"
)

// progressEvents is after how many events of a file the progress is told.
const progressEvents = 10_000

// Export checks a log that was written to a file: the chain of its events, and that the tree
// of them is that of the checkpoint. Of a file that does not begin with the first event, the
// checkpoint proves the tree before it as well. The error is a [Finding], or says why the
// check could not be made.
func Export(ctx context.Context, from io.Reader, o Options) (Report, error) {
	file, err := logfile.NewReader(from)
	if err != nil {
		return Report{}, err
	}
	defer file.Close()
	x := &export{o: o, file: file, rotations: rotations{}}
	if x.newest, err = translog.ParseCheckpoint(file.Header.Checkpoint); err != nil {
		return Report{}, err
	}
	tree, whole := file.Tree()
	if !whole {
		return Report{}, &Finding{file.Header.From, "file", "it lacks a part of the tree of the events before it"}
	}
	for _, kept := range o.Since {
		if kept.Size < tree.Size() {
			return Report{}, fmt.Errorf("the file begins at position %d, and says nothing of the checkpoint of position %d",
				file.Header.From, kept.Size)
		}
	}
	x.tree, x.chain = newComputed(tree, sizesOf(x.newest, file.Header.Keys, o)), newFollower(domain.Position(file.Header.From))
	if err := x.readEvents(ctx); err != nil {
		return Report{}, err
	}
	return x.report()
}

type export struct {
	o         Options
	file      *logfile.Reader
	newest    translog.Checkpoint
	chain     *follower
	tree      *computed
	rotations rotations
	events    int64
	found     findings
}

func (x *export) readEvents(ctx context.Context) error {
	for ctx.Err() == nil {
		e, err := x.file.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("behind position %d: %w", x.chain.next-1, err)
		}
		expected := x.chain.next
		if wrong := x.chain.check(&e); wrong != "" {
			x.found.add(&Finding{int64(min(expected, e.Position)), fmt.Sprintf("file, line %d", x.file.Line()), wrong})
		}
		if key := keyNamedBy(&e); key != nil {
			x.rotations[int64(e.Position)] = key
		}
		x.tree.tree.Add(eventstore.LeafHash(&e))
		if x.o.Event != nil && x.found.err() == nil {
			if err := x.o.Event(&e); err != nil {
				return fmt.Errorf("line %d: %w", x.file.Line(), err)
			}
		}
		if x.events++; x.events%progressEvents == 0 && x.o.Progress != nil {
			x.o.Progress(x.tree.tree.Size(), x.newest.Size)
		}
	}
	return ctx.Err()
}

func (x *export) report() (Report, error) {
	r := Report{Events: x.events, Sealed: x.events, Checkpoint: x.newest}
	if x.file.Footer.Checkpoint != x.file.Header.Checkpoint {
		x.found.add(&Finding{x.newest.Size, "file", "its last line has another checkpoint than its first"})
	}
	if x.chain.more > 0 {
		x.found.add(&Finding{int64(x.chain.next) - 1, "file", "it ends inside a change"})
	}
	if x.tree.tree.Size() > x.newest.Size {
		x.found.add(&Finding{x.newest.Size + 1, "file", "it goes on behind its checkpoint"})
	}
	var err error
	if r.Continues, err = x.tree.judge(x.newest, x.file.Header.Keys, x.o, &x.found); err != nil {
		return r, err
	}
	r.Trusted = judgeKeys(x.newest, x.file.Header.Keys, x.rotations, x.o, &x.found)
	return r, x.found.err()
}
