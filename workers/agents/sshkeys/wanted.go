package sshkeys

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/opsledger/opsledger/internal/wholefile"
)

// remembered is the content of a Keeper's file.
type remembered struct {
	// Wanted are the lines that were asked for, by account; Written those that were last
	// written to its block.
	Wanted  map[string][]string `json:"wanted"`
	Written map[string][]string `json:"written"`
}

func (k *Keeper) load() error {
	r := remembered{Wanted: map[string][]string{}, Written: map[string][]string{}}
	text, err := os.ReadFile(k.cfg.File)
	if err == nil {
		err = json.Unmarshal(text, &r)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", k.cfg.File, err)
	}
	k.wanted, k.written = r.Wanted, r.Written
	return nil
}

// save replaces the file whole and returns when it is on the disk.
func (k *Keeper) save() error {
	text, err := json.Marshal(remembered{Wanted: k.wanted, Written: k.written})
	if err != nil {
		return fmt.Errorf("ssh keys: %w", err)
	}
	if err := wholefile.Write(k.cfg.File, text, 0o600); err != nil {
		return fmt.Errorf("ssh keys: %w", err)
	}
	return nil
}
