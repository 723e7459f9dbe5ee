package sshkeys

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// remembered is the file of a Keeper.
type remembered struct {
	// Wanted are the lines asked for, by account; Written those in its block.
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
	f, err := os.OpenFile(k.cfg.File+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("ssh keys: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), k.cfg.File)
	}
	if err != nil {
		return fmt.Errorf("ssh keys: %w", err)
	}
	d, err := os.Open(filepath.Dir(k.cfg.File))
	if err != nil {
		return fmt.Errorf("ssh keys: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
