package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
)

// toExample is what a request for a webhook says.
func toExample(types ...string) access.WebhookInput {
	return access.WebhookInput{Origin: new("https://h.example"), Target: new("t1"), Types: &types}
}

func hooked(id access.WebhookID, user domain.UserID) access.WebhookAdded {
	return access.WebhookAdded{ID: id, User: user, Webhook: access.WebhookData{Origin: "https://h.example", Target: "t1"}, Secret: "s1"}
}

func TestWebhookDecisions(t *testing.T) {
	t.Parallel()
	add := must(access.NewAddWebhook(toExample("B", "A", "B"), "s1"))
	added := hooked(100, guest)
	added.Webhook.Types = []string{"A", "B"}
	var full []domain.Event
	for i := range 20 {
		full = append(full, hooked(access.WebhookID(i+1), guest))
	}
	was := hooked(4, guest).Webhook
	moved := access.WebhookData{Origin: "https://i.example", Target: "t2"}
	move := must(access.NewChangeWebhook(4, access.WebhookInput{Origin: &moved.Origin, Target: &moved.Target, Cursor: new(domain.Position(7))}))
	paused := was
	paused.Paused = true
	pause := must(access.NewChangeWebhook(4, access.WebhookInput{Paused: new(true)}))
	rotate, remove := must(access.NewRotateWebhook(4, "s2")), must(access.NewDeleteWebhook(4))
	rotated := access.WebhookRotated{ID: 4, User: guest, Secret: "s2", Former: "s1"}
	runDecisions(t, []decision{
		{name: "own", given: given(), as: guest, when: add, then: []domain.Event{added}},
		{name: "by a stranger", given: given(), as: 55, when: add, code: domain.CodeUnauthenticated},
		{name: "too many", given: given(full...), as: guest, when: add, code: domain.CodeRefused},
		{name: "one less", given: given(append(slices.Clone(full), access.WebhookDeleted{ID: 7, User: guest})...), as: guest, when: add, then: []domain.Event{added}},
		{name: "others' do not count", given: given(full...), as: admin, when: add, then: []domain.Event{func() domain.Event { e := added; e.User = admin; return e }()}},
		{name: "move", given: given(hooked(4, guest)), as: guest, when: move,
			then: []domain.Event{access.WebhookChanged{ID: 4, User: guest, Before: was, After: moved, Cursor: new(domain.Position(7))}}},
		{name: "move another's", given: given(hooked(4, admin)), as: guest, when: move, code: domain.CodeNotFound},
		{name: "move another's by admin", given: given(hooked(4, guest)), as: admin, when: move, code: domain.CodeForbidden},
		{name: "pause another's by admin", given: given(hooked(4, guest)), as: admin, when: pause,
			then: []domain.Event{access.WebhookChanged{ID: 4, User: guest, Before: was, After: paused}}},
		{name: "nothing, which begins anew", given: given(hooked(4, guest)), as: guest, when: must(access.NewChangeWebhook(4, access.WebhookInput{})),
			then: []domain.Event{access.WebhookChanged{ID: 4, User: guest, Before: was, After: was}}},
		{name: "rotate", given: given(hooked(4, guest)), as: guest, when: rotate, then: []domain.Event{rotated}},
		{name: "rotate twice", given: given(hooked(4, guest), access.WebhookRotated{ID: 4, User: guest, Secret: "s9", Former: "s1"}), as: guest, when: rotate,
			then: []domain.Event{access.WebhookRotated{ID: 4, User: guest, Secret: "s2", Former: "s9", Spent: "s1"}}},
		{name: "rotate another's by admin", given: given(hooked(4, guest)), as: admin, when: rotate, code: domain.CodeForbidden},
		{name: "delete", given: given(hooked(4, guest), rotated), as: guest, when: remove,
			then: []domain.Event{access.WebhookDeleted{ID: 4, User: guest, Webhook: was, Secret: "s2", Former: "s1"}}},
		{name: "delete another's by admin", given: given(hooked(4, guest)), as: admin, when: remove,
			then: []domain.Event{access.WebhookDeleted{ID: 4, User: guest, Webhook: was, Secret: "s1"}}},
		{name: "delete twice", given: given(hooked(4, guest), access.WebhookDeleted{ID: 4, User: guest}), as: guest, when: remove, code: domain.CodeNotFound},
		{name: "its user is deleted", given: given(hooked(4, guest), hooked(5, guest), hooked(6, admin)), as: admin, when: must(access.NewDeleteUser(guest, nil)),
			then: []domain.Event{
				access.UserDeleted{ID: guest, Username: "Guest", PasswordHash: "c2", PersonalKey: "k2"},
				access.WebhookDeleted{ID: 4, User: guest, Webhook: was, Secret: "s1"}, access.WebhookDeleted{ID: 5, User: guest, Webhook: was, Secret: "s1"},
			}},
	})
	runRaces(t, guest, []race{
		{"too many at once", given(full[:19]...), add, hooked(20, guest), true},
		{"rotated at once", given(hooked(4, guest)), rotate, rotated, true},
	})
	runRaces(t, admin, []race{{"one more of who is deleted", given(hooked(4, guest)), must(access.NewDeleteUser(guest, nil)), hooked(5, guest), true}})
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint("T", i)
	}
	if _, err := access.NewAddWebhook(toExample(many...), "s"); err == nil {
		t.Error("101 types are taken")
	}
}

// Whatever ends the use of something in the vault names it, and nothing else does.
func TestWebhooksLeaveNoSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		event domain.Event
		want  []string
	}{
		{hooked(4, guest), nil},
		{access.WebhookChanged{Before: access.WebhookData{Target: "a"}, After: access.WebhookData{Target: "b"}}, []string{"a"}},
		{access.WebhookChanged{Before: access.WebhookData{Target: "a"}, After: access.WebhookData{Target: "a", Paused: true}}, nil},
		{access.WebhookRotated{Secret: "b", Former: "a"}, nil},
		{access.WebhookRotated{Secret: "c", Former: "b", Spent: "a"}, []string{"a"}},
		{access.WebhookDeleted{Webhook: access.WebhookData{Target: "t"}, Secret: "b", Former: "a"}, []string{"t", "b", "a"}},
	} {
		named := slices.DeleteFunc(access.Erasable(c.event), func(id string) bool { return id == "" })
		if !slices.Equal(named, c.want) || slices.Contains(c.event.Tags(), access.TagErasable) != (len(c.want) > 0) {
			t.Errorf("%T: %v, tags %v; want %v", c.event, named, c.event.Tags(), c.want)
		}
	}
}
