package rest

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/webhook"
)

func (s *stack) happen(events ...domain.Event) {
	s.t.Helper()
	for part := range slices.Chunk(events, 1000) {
		_, err := s.store.Execute(s.t.Context(), eventstore.Request{Command: testkit.Events(part), Actor: access.AdminID, Door: domain.DoorV1})
		must(s.t, err)
	}
	s.awaitLog()
}

// hooksTo makes webhooks of users of their own, 20 each.
func (s *stack) hooksTo(first, n int, url string) {
	s.t.Helper()
	target, err := s.cfg.Vault.Put(s.t.Context(), "webhook", []byte(url))
	must(s.t, err)
	secret, err := s.cfg.Vault.Put(s.t.Context(), "webhook", []byte(webhook.NewSecret()))
	must(s.t, err)
	var events []domain.Event
	for i := range n {
		user := domain.UserID(1000 + (first+i)/20)
		if i%20 == 0 {
			events = append(events, access.UserRegistered{ID: user, Username: fmt.Sprint("u", user), Source: access.SourceService})
		}
		events = append(events, access.WebhookAdded{
			ID: access.WebhookID(1000 + first + i), User: user, Secret: secret.String(),
			Webhook: access.WebhookData{Origin: url, Target: target.String(), Types: []string{"ViewCreated"}},
		})
	}
	s.happen(events...)
}

// Two thousand webhooks, half of which have a receiver that answers nothing: the others get each
// event, and who writes is not kept up.
func TestManyWebhooks(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some time")
	}
	s := newStack(t)
	release := make(chan struct{})
	slow := newReceiver(t, nil, func(_ http.ResponseWriter, q *http.Request, _ delivered) {
		select {
		case <-release:
		case <-q.Context().Done():
		}
	})
	fast := newReceiver(t, nil, nil)
	const each = 1000
	s.hooksTo(0, each, slow.url)
	s.hooksTo(each, each, fast.url)
	look, stop := s.delivering(nil)
	look()
	for n := range 3 {
		position := s.addView(fmt.Sprint("v", n))
		for range each {
			fast.expect(position)
		}
	}
	close(release)
	stop()
	testkit.Eventually(t, "all that was delivered is noted", func() bool {
		var n int
		must(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM control.webhooks WHERE webhook >= 2000 AND reached >= $1", s.position()).Scan(&n))
		return n == each
	})
}
