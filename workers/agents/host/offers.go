package host

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/backoff"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/agents/executor"
)

const (
	// lookAtOffersEvery is how often the host looks whether it offers something else, such
	// as another release.
	lookAtOffersEvery = time.Minute
	// offersWithin bounds the answer to offers.
	offersWithin = 5 * time.Second
	// maxReleases bounds how many names in a folder of releases are looked at.
	maxReleases = 10_000
)

// Offers are what the host's configuration lets tasks do, as it is now on the disk.
func Offers(s executor.Settings) protocol.HostOffers {
	o := protocol.HostOffers{Actions: []protocol.ActionOffer{}}
	for _, name := range slices.Sorted(maps.Keys(s.Actions)) {
		action, offer := s.Actions[name], protocol.ActionOffer{Action: name}
		for _, target := range slices.Sorted(maps.Keys(action.Targets)) {
			offer.Targets = append(offer.Targets, protocol.TargetOffer{Target: target, Versions: releases(action.Targets[target].Releases)})
		}
		for _, database := range slices.Sorted(maps.Keys(action.Databases)) {
			offer.Targets = append(offer.Targets, protocol.TargetOffer{Target: database})
		}
		offer.Any = executor.TakesAnyTarget(name)
		o.Actions = append(o.Actions, offer)
	}
	return o
}

// releases are the names in a folder of releases, the newest first; nil without such a
// folder, or if it cannot be read.
func releases(folder string) []string {
	if folder == "" {
		return nil
	}
	dir, err := os.Open(folder)
	if err != nil {
		return nil
	}
	defer dir.Close()
	entries, _ := dir.ReadDir(maxReleases) // what it returns with an error is as good
	type release struct {
		name string
		at   time.Time
	}
	var all []release
	for _, entry := range entries {
		info, err := os.Stat(filepath.Join(folder, entry.Name())) // an update follows symbolic links, too
		if err == nil && info.IsDir() {
			all = append(all, release{entry.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b release) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.name, a.name)) })
	names := []string{}
	for _, r := range all[:min(len(all), protocol.MaxVersions)] {
		names = append(names, r.name)
	}
	return names
}

// tellOffers tells the control plane what the host offers: at the start, after a
// reconnection, and when it offers something else. It is told again until there is a
// receipt.
func (f *Follower) tellOffers(ctx context.Context) error {
	if f.cfg.Offers == nil {
		return nil
	}
	connected := f.cfg.NC.StatusChanged(nats.CONNECTED)
	defer f.cfg.NC.RemoveStatusListener(connected)
	pause := backoff.Growing{Least: 100 * time.Millisecond, Most: lookAtOffersEvery}
	look := time.NewTimer(0)
	defer look.Stop()
	var told []byte
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-connected:
			told = nil
		case <-look.C:
		}
		var err error
		if told, err = f.tellNewOffers(ctx, told); err != nil {
			f.cfg.Log.Debug("what the host offers was not told, will try again", "error", err)
			look.Reset(pause.Next())
			continue
		}
		pause.Reset()
		look.Reset(backoff.Jitter(lookAtOffersEvery))
	}
}

// tellNewOffers tells the offers if they are not those that were told before, and returns
// those that the control plane has.
func (f *Follower) tellNewOffers(ctx context.Context, told []byte) ([]byte, error) {
	log, known := f.log()
	if !known {
		return told, errors.New("the log is not known yet")
	}
	offers := f.cfg.Offers()
	offers.Log = log
	payload, err := offers.Encode()
	if err != nil || bytes.Equal(payload, told) {
		return told, err
	}
	ctx, cancel := context.WithTimeout(ctx, offersWithin)
	defer cancel()
	answer, err := f.asker().Ask(ctx, protocol.ForOffers, protocol.SubjectHostOffers(f.cfg.ID), payload)
	if err != nil {
		return told, err
	}
	var receipt protocol.OffersReceipt
	if err := json.Unmarshal(answer, &receipt); err != nil {
		return told, err
	}
	if receipt.Error != "" {
		return told, fmt.Errorf("the control plane: %s", receipt.Error)
	}
	return payload, nil
}
