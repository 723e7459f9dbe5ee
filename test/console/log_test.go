package console

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/opsledger/opsledger/test/deployment"
)

// audit shows the log by filters, what comes while it is looked at, and proves an event.
func audit(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/audit?lang=en&type=RecordAdded,RecordDeleted")
	p.Wait(`document.querySelectorAll('[data-testid=audit-row]').length >= 2`)
	s.Post("/dns/records", `{"zone_id":1,"view_name":"world","host":"audited","value":"192.0.2.77"}`)
	p.Wait(`document.querySelector('.log-entry.fresh')?.innerText.includes('audited.example.com')`)
	p.Click("audit-pause")
	s.Post("/dns/records", `{"zone_id":1,"view_name":"world","host":"paused","value":"192.0.2.78"}`)
	p.WaitText("1 new event")
	p.Click("audit-pause")
	p.Click(".log-entry.fresh .entry-head")
	p.WaitText(`"host": "paused"`)
	// No checkpoint may cover the event yet: one is made once a second.
	p.Wait(`(document.querySelector('[data-testid=audit-proved].good-text') || (document.querySelector('[data-testid=audit-prove]').click(), false))`)
	p.Accessible("an open event")

	p.Click(`.log-entry.open [data-testid="undo"]`)
	p.WaitText("paused")
	p.Click("apply")
	p.WaitText("deleted the record paused.example.com")
}

// proof keeps a checkpoint, and has the browser find out whether the log still holds: it does, until somebody
// changes an event in the database.
func proof(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/proof?lang=en")
	p.Click("proof-keep")
	p.Wait(`document.querySelector('[data-testid=proof-kept]').value.includes('opsledger/')`)
	s.Post("/dns/records", `{"zone_id":1,"view_name":"world","host":"proved","value":"192.0.2.79"}`)
	verdict := func(state, text string) {
		t.Helper()
		p.Click("proof-verify")
		p.Wait(`document.querySelector('[data-testid=proof-verdict]')?.dataset.state === ` + quoted(state))
		p.WaitText(text)
	}
	verdict("good", "The log holds.")
	p.Accessible("the proof")

	conn, err := pgx.Connect(t.Context(), s.Running().DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	const tampered = 3
	change := func(sign string) { // of what the other walks can read beside it: with another schema nobody could
		t.Helper()
		sql := fmt.Sprintf(`BEGIN; ALTER TABLE log.events DISABLE TRIGGER ALL; UPDATE log.events SET causation = causation %s 1 WHERE position = %d;
			ALTER TABLE log.events ENABLE TRIGGER ALL; COMMIT`, sign, tampered)
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	change("+")
	verdict("bad", fmt.Sprintf("The event at position %d is another than the one in the tree.", tampered))
	change("-")
	verdict("good", "The log holds.")

	// The kept checkpoint with another root, as of a log that was rewritten since.
	p.Eval(`const e = document.querySelector('[data-testid=proof-kept]'); const [origin, size, root, ...rest] = e.value.split('\n');
		e.value = [origin, size, btoa(atob(root).replace(/^./, (c) => (c === 'a' ? 'b' : 'a'))), ...rest].join('\n'); e.dispatchEvent(new Event('input', {bubbles: true}));`)
	verdict("bad", "The log does not continue the kept checkpoint")
	p.Type("proof-kept", "no checkpoint")
	verdict("bad", "This is no checkpoint.")
}
