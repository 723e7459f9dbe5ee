package output

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// headerSize is where JetStream says the size of a message of which it sends no data.
	headerSize = "Nats-Msg-Size"
	// recordSize is about what the stream keeps of a message beside its data.
	recordSize = 128
	// measureWithin bounds the measuring of one host's share.
	measureWithin = time.Minute
)

// shares keep each host's output within a part of the stream: of what is too much, the
// host's own oldest messages go.
//
// Invariants:
//  1. A host has at most MaxPerHost in the stream and, for each process, what that process
//     stored since it last measured, which is at most a quarter of MaxPerHost and one
//     message for each handler.
//  2. A share is measured in the stream itself, so that it does not matter which process
//     stored what, and when it was started.
//  3. Messages of other hosts are never touched.
type shares struct {
	store *Store

	mu sync.Mutex
	// since is what this process has stored for each host since it measured that share.
	since map[int64]int64
	// measuring are the hosts whose share is being measured.
	measuring map[int64]bool
}

func newShares(s *Store) *shares {
	return &shares{store: s, since: map[int64]int64{}, measuring: map[int64]bool{}}
}

// add counts a message that was stored.
func (s *shares) add(host int64, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since[host] += int64(size) + recordSize
}

// settle measures the host's share if it may have become too large, and cuts it. It is
// called in one of the few handlers that a host may have, which holds the host up
// meanwhile.
func (s *shares) settle(ctx context.Context, host int64) {
	before, due := s.due(host)
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), measureWithin)
	defer cancel()
	err := s.cut(ctx, host)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.measuring, host)
	if err == nil {
		s.since[host] -= before
		return
	}
	s.store.cfg.Log.Warn("output: a host's share is not measured, will try again", "host", host, "error", err)
}

// due says whether the share is to be measured, and what was counted so far.
func (s *shares) due(host int64) (counted int64, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counted = s.since[host]
	if s.measuring[host] || counted < s.store.perHost()/4 {
		return 0, false
	}
	s.measuring[host] = true
	return counted, true
}

// stored is a message in the stream.
type stored struct {
	sequence uint64
	size     int64
}

// cut drops the host's oldest messages until three quarters of its share are left, or one
// message, if it has more than its share.
func (s *shares) cut(ctx context.Context, host int64) error {
	stream, err := s.store.open(ctx)
	if err != nil {
		return err
	}
	messages, err := measure(ctx, stream, host)
	if err != nil {
		return err
	}
	var sum, kept int64
	for _, m := range messages {
		sum += m.size
	}
	most := s.store.perHost()
	if sum <= most {
		return nil
	}
	first := len(messages)
	for first > 0 && (first == len(messages) || kept+messages[first-1].size <= most*3/4) { // the newest stays in any case
		first--
		kept += messages[first].size
	}
	upTo := messages[len(messages)-1].sequence + 1
	if first < len(messages) {
		upTo = messages[first].sequence
	}
	s.store.cfg.Log.Info("output: a host's oldest lines are dropped, it has more than its share", "host", host, "bytes", sum, "left", kept)
	return stream.Purge(ctx, jetstream.WithPurgeSubject(subjectOfHost(host)), jetstream.WithPurgeSequence(upTo))
}

func subjectOfHost(host int64) string { return fmt.Sprintf("output.%d.>", host) }

// measure lists all messages of a host, without their data.
func measure(ctx context.Context, stream jetstream.Stream, host int64) ([]stored, error) {
	last, err := stream.GetLastMsgForSubject(ctx, subjectOfHost(host))
	if err != nil {
		return nil, err
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{subjectOfHost(host)}, HeadersOnly: true, InactiveThreshold: measureWithin,
	})
	if err != nil {
		return nil, err
	}
	all, err := consumer.Messages()
	if err != nil {
		return nil, err
	}
	defer all.Stop()
	var list []stored
	for {
		m, err := all.Next(jetstream.NextContext(ctx))
		if err != nil {
			return nil, err
		}
		meta, err := m.Metadata()
		if err != nil {
			return nil, err
		}
		size, err := strconv.ParseInt(m.Headers().Get(headerSize), 10, 64)
		if err != nil {
			return nil, err
		}
		list = append(list, stored{meta.Sequence.Stream, size + recordSize})
		if meta.Sequence.Stream >= last.Sequence {
			return list, nil
		}
	}
}
