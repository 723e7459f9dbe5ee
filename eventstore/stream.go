package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
)

// maxStreamConsumers bounds the stream's consumers: each agent and each running
// projection has one. The server's own default is 1,000.
const maxStreamConsumers = 20_000

// StreamConfig says how the EVENTS stream is kept. The zero value keeps every
// event, in one copy if the stream is new.
type StreamConfig struct {
	// Replicas is the number of copies in a cluster. 0 leaves that of a stream which is
	// there as it is, and means 1 for a new one: who does not know of copies takes none away.
	Replicas int
	// MaxMsgs, MaxBytes and MaxAge bound what the stream keeps; 0 is no bound.
	// Who needs older events reads Postgres or takes a snapshot. A lost stream is
	// refilled from the first event that MaxMsgs and MaxAge let it keep.
	MaxMsgs  int64
	MaxBytes int64
	MaxAge   time.Duration
}

// EnsureStream creates the EVENTS stream, or checks that the one that is there
// belongs to the store's log and holds nothing that the log does not; a stream
// that is merely behind is fine, the relay refills it. It returns
// [ErrForeignStream], [ErrStreamAhead] or [ErrStreamDiverged], with a text for
// the operator, when stream and log do not belong together.
func EnsureStream(ctx context.Context, js jetstream.JetStream, store *Store, cfg StreamConfig) error {
	info, err := ensureStream(ctx, js, store, cfg)
	if err != nil {
		return fmt.Errorf("ensure stream %s: %w", protocol.StreamEvents, err)
	}
	_, err = checkStream(ctx, js, store, info)
	return err
}

func ensureStream(ctx context.Context, js jetstream.JetStream, store *Store, cfg StreamConfig) (*jetstream.StreamInfo, error) {
	stream, err := js.Stream(ctx, protocol.StreamEvents)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return createStream(ctx, js, store, cfg)
	}
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	if owner := info.Config.Metadata[protocol.MetadataLog]; owner != store.LogID().String() {
		return nil, foreignStream(owner, store)
	}
	return updateStream(ctx, js, info, cfg)
}

// createStream may race with another process's: the loser's call fails, or finds
// the same configuration, and either way the next look sees the winner's stream.
func createStream(ctx context.Context, js jetstream.JetStream, store *Store, cfg StreamConfig) (*jetstream.StreamInfo, error) {
	first, err := firstKept(ctx, store, cfg)
	if err != nil {
		return nil, err
	}
	full := jetstream.StreamConfig{
		Name: protocol.StreamEvents, Subjects: []string{protocol.SubjectEvents + ".>"},
		Description: "The opsledger log; sequence numbers are log positions",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxConsumers: maxStreamConsumers,
		DenyDelete:   true, DenyPurge: true, AllowDirect: true,
		FirstSeq: uint64(first),
		Metadata: map[string]string{protocol.MetadataLog: store.LogID().String()},
	}
	cfg.writeTo(&full)
	stream, err := makeStream(ctx, js, full)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		stream, err = js.Stream(ctx, protocol.StreamEvents)
	}
	if err != nil {
		return nil, err
	}
	return stream.CachedInfo(), nil
}

const (
	// makePatience is how long a stream that was just deleted may be on its way out.
	makePatience = 5 * time.Second
	// storeFailed is JetStream's code for a stream that it cannot make in its folder now.
	storeFailed jetstream.ErrorCode = 10049
)

// makeStream repeats where the server cannot make the stream's files: those of a deleted
// stream of that name may still be there.
func makeStream(ctx context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	pause := backoff.Growing{Least: 20 * time.Millisecond, Most: 500 * time.Millisecond}
	for began := time.Now(); ; pause.Wait(ctx, nil) {
		stream, err := js.CreateStream(ctx, cfg)
		var refused *jetstream.APIError
		if !errors.As(err, &refused) || refused.ErrorCode != storeFailed || time.Since(began) > makePatience {
			return stream, err
		}
	}
}

// updateStream brings replicas and bounds to what is configured now. The rest
// never changes, and what others added, such as placement, is kept.
func updateStream(ctx context.Context, js jetstream.JetStream, info *jetstream.StreamInfo, cfg StreamConfig) (*jetstream.StreamInfo, error) {
	want := info.Config
	want.Metadata = maps.Clone(want.Metadata)
	cfg.writeTo(&want)
	have := info.Config
	if have.Replicas == want.Replicas && have.MaxMsgs == want.MaxMsgs && have.MaxBytes == want.MaxBytes && have.MaxAge == want.MaxAge {
		return info, nil
	}
	stream, err := js.UpdateStream(ctx, want)
	if err != nil {
		return nil, err
	}
	return stream.CachedInfo(), nil
}

func (c StreamConfig) writeTo(full *jetstream.StreamConfig) {
	full.Replicas = cmp.Or(c.Replicas, full.Replicas, 1)
	full.MaxMsgs, full.MaxBytes, full.MaxAge = -1, -1, c.MaxAge
	if c.MaxMsgs > 0 {
		full.MaxMsgs = c.MaxMsgs
	}
	if c.MaxBytes > 0 {
		full.MaxBytes = c.MaxBytes
	}
}

// firstKept is the first position that a new stream starts at: 1, or what the
// bounds would keep of the log, so that a log of millions of events is not
// published only to be discarded.
func firstKept(ctx context.Context, store *Store, cfg StreamConfig) (domain.Position, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return 0, err
	}
	first := domain.Position(1)
	if cfg.MaxMsgs > 0 {
		first = max(first, head.Position-domain.Position(cfg.MaxMsgs)+1)
	}
	if cfg.MaxAge > 0 {
		young, err := store.FirstSince(ctx, head.Position, time.Now().Add(-cfg.MaxAge))
		if err != nil {
			return 0, err
		}
		first = max(first, young)
	}
	return first, nil
}
