package rest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections"
	"github.com/opsledger/opsledger/projections/accessmodel"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/oplog"
	"github.com/opsledger/opsledger/protocol"
	"github.com/opsledger/opsledger/workers/control/erasure"
)

// A deleted user's mail address, name, phone and place can be read nowhere any
// more: not in the log, whose hashes stay, nor in the read models, also when
// these are made anew, nor in the operation log.
func TestErasure(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.reader("gone")
	personal := m{"chinese_name": "王小明", "cellphone": "13800138000", "position": "值班工程师", "location": "上海浦东"}
	s.ok("PUT", "/admin/users/2", personal)
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int{2}})
	if got := s.do("GET", "/admin/users/2", nil); !strings.Contains(got.body, "gone@example.org") || !strings.Contains(got.body, "王小明") {
		t.Fatalf("before: %d %s", got.status, got.body)
	}
	s.ok("DELETE", "/admin/users/2", nil)
	before := s.hashes()
	must(t, erasure.New(erasure.Config{Store: s.store, Vault: s.cfg.Vault}).Sweep(t.Context()))
	if after := s.hashes(); strings.Join(after, "\n") != strings.Join(before, "\n") {
		t.Error("the log changed")
	}
	if opened := s.opened(2); len(opened) < 6 || strings.Join(opened, "") != "" {
		t.Errorf("what was sealed opens as %q", opened)
	}
	for range 2 {
		for _, path := range []string{"/dns/oplogs?pageSize=1000", "/admin/users", "/admin/users?email=gone", "/admin/users/2"} {
			body := s.do("GET", path, nil).body
			for _, text := range []string{"gone@example.org", "王小明", "13800138000", "值班工程师", "上海浦东"} {
				if strings.Contains(body, text) {
					t.Errorf("%s shows %s: %s", path, text, body)
				}
			}
		}
		if t.Failed() {
			return
		}
		// Once more with read models made anew.
		for _, model := range []projections.Model{accessmodel.New(), dnsmodel.New(oplog.NewUsernames(s.store), time.UTC)} {
			must(t, projections.Rebuild(t.Context(), s.pool, s.store, model, nil))
		}
	}
	// The name and the address are free again.
	s.reader("gone")
}

// opened opens every field of the user that was ever sealed into the log.
func (s *stack) opened(user domain.UserID) []string {
	s.t.Helper()
	var key string
	var texts []string
	open := func(p access.Profile) {
		id := uuid.MustParse(key)
		opener, err := s.cfg.Vault.Opener(s.t.Context(), []uuid.UUID{id})
		must(s.t, err)
		for _, field := range []access.Sealed{p.Mail, p.Nickname, p.Phone, p.Position, p.Location} {
			if field == "" {
				continue
			}
			plain, err := opener.Open(id, field)
			must(s.t, err)
			texts = append(texts, plain)
		}
	}
	for _, e := range s.log() {
		r, err := e.Decode(s.store.Codec())
		must(s.t, err)
		switch e := r.Event.(type) {
		case access.UserRegistered:
			if e.ID == user {
				key = e.PersonalKey
				open(e.Profile())
			}
		case access.UserProfileChanged:
			if e.ID == user {
				open(e.After)
			}
		}
	}
	return texts
}

func (s *stack) log() []protocol.Envelope {
	s.t.Helper()
	list, err := s.store.Read(s.t.Context(), 0, 1000)
	must(s.t, err)
	return list
}

func (s *stack) hashes() []string {
	s.t.Helper()
	var list []string
	for _, e := range s.log() {
		list = append(list, fmt.Sprintf("%x", eventstore.LeafHash(&e)))
	}
	return list
}
