package webhooks

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/webhook"
)

// settleBehind is how far the note of a webhook for which nothing has come may be behind: so much
// of the log is looked through again after a start.
const settleBehind = 1000

// settle notes how far those are that had nothing to deliver, and destroys the keys that sign
// nothing any more.
func (t *turn) settle() error {
	now := t.cfg.Now()
	t.mu.Lock()
	var behind []webhook.Delivery
	var spent []uuid.UUID
	for _, h := range t.hooks {
		if h.run == nil && !h.resting() && h.upToDate() && t.to-h.delivery.Reached >= settleBehind {
			h.delivery.Reached, h.at = t.to, max(h.at, t.to)
			behind = append(behind, h.delivery)
		}
		if key, ok := h.spentKey(now); ok {
			h.spent, spent = true, append(spent, key)
		}
	}
	t.mu.Unlock()
	if len(spent) > 0 {
		if err := t.cfg.Vault.Erase(t.ctx, spent...); err != nil {
			return err // the next turn begins with it
		}
	}
	if len(behind) == 0 {
		return nil
	}
	saved, err := t.deliveries.Save(t.ctx, behind)
	if err == nil && len(saved) < len(behind) {
		err = errOvertaken
	}
	return err
}

// spentKey is the former key of a hook, if it signs nothing any more and is not known to be destroyed.
func (h *hook) spentKey(now time.Time) (uuid.UUID, bool) {
	if h.Former == "" || h.spent || webhook.FormerSigns(h.WebhookState, now) {
		return uuid.Nil, false
	}
	key, err := uuid.Parse(h.Former)
	return key, err == nil
}
