package webhooks

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/webhook"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A log that has moved goes on with its deliveries where they were; what is noted of a later
// moment than the log counts for nothing, and of what nobody has noted anything, nothing is sent again.
func TestTakeUp(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), testkit.Postgres(t)
	store, err := eventstore.Open(ctx, eventstore.Config{Pool: pool, Codec: testkit.Codec()})
	must(t, err)
	t.Cleanup(store.Close)
	testkit.Background(t, store.Run)
	add := func(id access.WebhookID) domain.Event {
		return access.WebhookAdded{ID: id, User: 1, Webhook: access.WebhookData{Origin: "https://a.example"}}
	}
	r, err := store.Execute(ctx, eventstore.Request{Command: testkit.Events{
		add(1), add(2), add(3), add(4), access.WebhookDeleted{ID: 3, User: 1}, access.WebhookChanged{ID: 2, User: 1, Cursor: new(domain.Position)},
	}, Door: domain.DoorSystem})
	must(t, err)
	head := r.Last // 6
	_, err = pool.Exec(ctx, `INSERT INTO control.webhooks (webhook, since, reached, given_up) VALUES
		(1, 1, 5, 'gone'), (2, 9, 9, ''), (3, 3, 3, ''), (7, 7, 7, '')`)
	must(t, err)
	var noted []webhook.Mark
	takenUp := func(marks func(pgx.Tx) []webhook.Mark) (now []webhook.Mark) {
		t.Helper()
		must(t, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			list := marks(tx)
			if _, err := tx.Exec(ctx, "DELETE FROM control.webhooks"); err != nil {
				return err
			}
			if err := TakeUpIn(ctx, tx, testkit.Codec(), list, head); err != nil {
				return err
			}
			now, err = webhook.Marks(ctx, tx)
			return err
		}))
		return now
	}
	got := takenUp(func(tx pgx.Tx) []webhook.Mark {
		noted, err = webhook.Marks(ctx, tx)
		must(t, err)
		return noted
	})
	want := []webhook.Mark{{Webhook: 1, Since: 1, Reached: 5, GivenUp: "gone"}, {Webhook: 2, Since: 6, Reached: 6}}
	if len(noted) != 4 || !slices.Equal(got, want) {
		t.Errorf("of %v are taken up %v, want %v", noted, got, want)
	}
	if got := takenUp(func(pgx.Tx) []webhook.Mark { return []webhook.Mark{} }); got == nil || len(got) != 0 {
		t.Errorf("of those that had not begun are taken up %v", got)
	}
	got = takenUp(func(pgx.Tx) []webhook.Mark { return nil })
	want = []webhook.Mark{{Webhook: 1, Since: 1, Reached: 6}, {Webhook: 2, Since: 6, Reached: 6}, {Webhook: 4, Since: 4, Reached: 6}}
	if !slices.Equal(got, want) {
		t.Errorf("of a log alone are taken up %v, want %v", got, want)
	}
	begun, err := webhook.NewDeliveries(pool).Begin(ctx, []access.WebhookState{{ID: 2, Since: 6, CursorSince: 6}})
	must(t, err)
	if begun[2].Reached != 6 {
		t.Errorf("it begins behind %d", begun[2].Reached)
	}
}
