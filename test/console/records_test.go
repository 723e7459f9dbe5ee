package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"github.com/opsledger/opsledger/test/deployment"
)

// applied waits for the preview of a change, applies it by the Enter key, and waits until it is live: it, and
// not one before it, which may stand there as live already.
func (p *Page) applied() {
	p.t.Helper()
	p.Wait(`document.activeElement?.dataset.testid === 'apply'`)
	const newest = `(document.querySelector('.followed-title .dim')?.innerText ?? '')`
	before, _ := p.Eval(`return ` + newest + `;`).(string)
	p.Keys(kb.Enter)
	p.Wait(`document.querySelector('[data-testid=live-state][data-state=INSYNC]') && !document.querySelector('dialog[open]') && ` + newest + ` !== ` + quoted(before))
}

// zone makes a zone of some records in the view "world", and returns its address in the console.
func (s *System) zone(name string, records ...string) (id, address string) {
	id = s.Created(s.Post("/dns/zones", fmt.Sprintf(`{"name":%q,"zone_type":"master","view_ids":[2]}`, name)))
	for _, record := range records {
		host, value, _ := strings.Cut(record, " ")
		s.Post("/dns/records", fmt.Sprintf(`{"zone_id":%s,"view_name":"world","host":%q,"value":%q}`, id, host, value))
	}
	return id, "/console/zones/" + id
}

// The DNS walk of README: a zone, a record in it by keyboard alone, live on named; a value that is none is
// refused at its field and nothing enters the log.
func zoneWalk(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Expect("400") // what is wrong is refused
	p.Go("/console/zones")
	p.Click("zone-add")
	p.Type("zone-name", "walk.example")
	p.Keys(kb.Enter)
	p.applied()
	p.Wait(`/zones\/\d+$/.test(location.pathname) && document.querySelector('[data-testid=record-add]')`)
	p.Accessible("a zone without records")

	p.Keys("n")
	p.Type("record-host", "www")
	p.Keys(kb.Tab + kb.Tab + kb.Tab + "192.0.2.300" + kb.Tab)
	p.Wait(`document.querySelector('[name=value][aria-invalid=true]') && document.querySelector('.said .wrong')`)
	p.Accessible("a record that is typed wrong")
	p.Type("record-value", "192.0.2.1")
	p.Click("preview")
	p.Wait(`document.querySelector('[data-testid=diff] div.plus')?.innerText.includes('192.0.2.1')`)
	p.Accessible("a preview")
	p.applied()
	s.WantAnswer("www.walk.example.", "A", "192.0.2.1")
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 2`) // one in each view

	// In place, by keyboard: the cell, its new value, twice Enter.
	p.Eval(`document.querySelector('[role=grid]').focus();`)
	p.Keys(kb.ArrowDown + kb.ArrowRight + kb.ArrowRight + kb.ArrowRight + kb.Enter)
	p.Type("record-value", "192.0.2.9")
	p.Keys(kb.Enter)
	p.applied()
	p.Wait(`[...document.querySelectorAll('[data-testid=record-row]')].some((r) => r.innerText.includes('192.0.2.9'))`)

	// In bulk: all rows, another TTL, and away with them.
	p.Eval(`document.querySelector('[role=grid]').focus();`)
	p.Keys(kb.ArrowDown + kb.Delete)
	p.Click("preview")
	p.applied()
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 1`)
}

// Two people at one record: the second sees both versions, and nothing of the first one's is overwritten unseen.
func conflictWalk(t *testing.T, s *System) {
	id, address := s.zone("conflict.example", "www 192.0.2.1")
	p := s.As(t, "admin", deployment.Password)
	p.Expect("412")
	p.Go(address)
	p.Wait(`document.querySelector('[data-testid=record-row]')`)
	p.Eval(`document.querySelector('[role=grid]').focus();`)
	p.Keys(kb.ArrowDown + kb.ArrowRight + kb.ArrowRight + kb.ArrowRight + kb.Enter)
	p.Wait(`document.querySelector('.editor[data-version]')`)
	record := p.Eval(`return document.querySelector('.editor').dataset.version.split(' ')[0];`)
	s.Put(fmt.Sprintf("/dns/records/%v", record), fmt.Sprintf(`{"zone_id":%s,"host":"www","value":"192.0.2.2","view_name":"world"}`, id))
	p.Type("record-value", "192.0.2.3")
	p.Keys(kb.Enter)
	p.Wait(`document.querySelector('[data-testid=conflict]')`)
	text := fmt.Sprint(p.Eval(`return document.querySelector('[data-testid=conflict]').innerText;`))
	for _, value := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "admin"} {
		if !strings.Contains(text, value) {
			t.Errorf("the conflict does not show %s:\n%s", value, text)
		}
	}
	p.Accessible("a conflict")
	p.ClickText("Preview mine over it")
	p.applied()
	s.WantAnswer("www.conflict.example.", "A", "192.0.2.3")
}

// Time: a zone as it was is read-only; a change is undone from the history, and a deleted zone comes back.
func timeWalk(t *testing.T, s *System) {
	id, address := s.zone("time.example")
	first := deployment.Position(t, s.Post("/dns/records", `{"zone_id":`+id+`,"view_name":"world","host":"www","value":"192.0.2.1"}`))
	s.Post("/dns/records", `{"zone_id":`+id+`,"view_name":"world","host":"ftp","value":"192.0.2.2"}`)
	p := s.As(t, "admin", deployment.Password)
	p.Go(address)
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 2`)
	p.Type("as-of", fmt.Sprint(first))
	p.Keys(kb.Enter)
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 1 && !document.querySelector('[data-testid=record-add]') && location.search.includes('as_of=')`)
	p.WaitText("read-only")
	p.Accessible("the past")
	p.Click("as-of-now")
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 2 && document.querySelector('[data-testid=record-add]')`)

	p.ClickText("History")
	p.Wait(`document.querySelectorAll('[data-testid=change-row]').length === 3`)
	p.Accessible("a history")
	p.Click(`[data-testid=change-row]:first-child [data-testid=undo]`)
	p.Wait(`document.querySelector('[data-testid=diff] div.minus')?.innerText.includes('ftp')`)
	p.applied()
	s.WantNoAnswer("ftp.time.example.", "A")

	p.Go("/console/zones?q=time.example")
	p.Click(`[data-testid=zone-row] .c-does button`)
	p.applied()
	p.Wait(`!document.querySelector('[data-testid=zone-row]')`)
	p.ClickText("Deleted")
	p.Wait(`[...document.querySelectorAll('[data-testid=deleted-row]')].some((r) => r.innerText.includes('time.example'))`)
	p.Accessible("deleted zones")
	p.Eval(`[...document.querySelectorAll('[data-testid=deleted-row]')].find((r) => r.innerText.includes('time.example')).querySelector('[data-testid=undo]').click();`)
	p.applied()
	s.WantAnswer("www.time.example.", "A", "192.0.2.1")
}

// A zone file that is pasted: errors by line, then the difference, then the records.
func importWalk(t *testing.T, s *System) {
	_, address := s.zone("import.example", "old 192.0.2.1")
	p := s.As(t, "admin", deployment.Password)
	p.Expect("400")
	p.Go(address)
	p.Wait(`document.querySelector('[data-testid=record-row]')`)
	paste := `const data = new DataTransfer(); data.setData('text/plain', %q); document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));`
	p.Eval(fmt.Sprintf(paste, "www A 192.0.2.1\nftp A 192.0.2.300\n"))
	p.Wait(`document.querySelector('[data-testid=import-text]')?.value.includes('ftp')`)
	p.Accessible("an import")
	p.Click("import-preview")
	p.Wait(`document.querySelector('dialog .failure')?.innerText.includes('2')`)
	p.ClickText("Back")
	p.Eval(fmt.Sprintf(paste, "$TTL 300\nwww A 192.0.2.7\napi A 192.0.2.8\n"))
	p.Eval(`const mode = document.querySelector('[data-testid=import-mode]'); mode.value = 'replace'; mode.dispatchEvent(new Event('change', {bubbles: true}));`)
	p.Click("import-preview")
	p.Wait(`document.querySelector('[data-testid=diff] div.minus')?.innerText.includes('old')`)
	p.applied()
	s.WantAnswer("www.import.example.", "A", "192.0.2.7")
	s.WantNoAnswer("old.import.example.", "A")
	p.WaitText("2 records")
}

// Who may only look is offered nothing else, in Chinese as in English, and finds by typing.
func readerWalk(t *testing.T, s *System) {
	_, address := s.zone("reader.example", "www 192.0.2.1", "xn--fsqu00a 192.0.2.2")
	p := s.As(t, "carol", "secret")
	p.Go(address)
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 2`)
	p.WaitText("例子") // in its own script
	if offered := p.Eval(`return ['record-add', 'undo', 'preview', 'apply'].filter((id) => document.querySelector('[data-testid=' + id + ']'));`); fmt.Sprint(offered) != "[]" {
		t.Errorf("carol is offered %v", offered)
	}
	p.Language("中文")
	p.WaitText("记录")
	p.Accessible("a zone in Chinese")
	p.Theme("dark")
	p.Size(390, 844)
	p.Go(address + "?lang=zh")
	p.Accessible("a zone on a phone at night")

	p.Size(1440, 900)
	p.Go("/console/zones?lang=en")
	p.Keys("/")
	p.Keys("例子.reader")
	p.Wait(`[...document.querySelectorAll('[data-testid=search-hit]')].some((h) => h.innerText.includes('例子.reader.example'))`)
	p.Accessible("search")
	p.Keys(kb.Enter)
	p.Wait(`location.pathname === ` + quoted(address) + ` && document.querySelectorAll('[data-testid=record-row]').length === 1`)
}

// A zone of 100,000 records: the first of them are there soon, all can be found, and no frame waits while it is scrolled.
func largeWalk(t *testing.T, s *System) {
	address := s.large(t)
	p := s.As(t, "admin", deployment.Password)
	p.Go(address)
	p.Wait(`document.querySelector('.count')?.innerText.startsWith('100,000')`)
	t.Logf("long tasks while scrolling: %v", p.scroll()) // figures are for a quiet machine
	p.Wait(`[...document.querySelectorAll('[data-testid=record-row]')].length > 5`)
	began := time.Now()
	p.Type(".filter input", "b34463")
	p.Wait(`document.querySelectorAll('[data-testid=record-row]').length === 1`)
	t.Logf("one of 100,000 records is found in %v", time.Since(began))
}

// large makes a zone of 100,000 records, and returns its address in the console.
func (s *System) large(t *testing.T) string {
	t.Helper()
	id, address := s.zone("large.example")
	file := "$TTL 600\n$GENERATE 0-65535 a$ A 10.0.0.1\n$GENERATE 0-34463 b$ A 10.0.0.2\n"
	if reply, body := s.Call(http.MethodPost, "/v1/zones/"+id+"/import?view=world&mode=merge", file); reply.StatusCode != http.StatusAccepted {
		t.Fatalf("the import: %d %s", reply.StatusCode, body)
	}
	return address
}

// scroll goes through all of a table, and returns how long the long tasks of the browser were meanwhile.
func (p *Page) scroll() any {
	p.t.Helper()
	return p.Eval(`const observer = new PerformanceObserver(() => {}); observer.observe({type: 'longtask'});
		const grid = document.querySelector('[role=grid]'), began = performance.now(), turn = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
		for (let top = 0; top < grid.scrollHeight; top += 40000) { grid.scrollTop = top; await turn(); }
		await turn(); // an entry is queued once its task has ended
		return observer.takeRecords().filter((e) => e.startTime >= began).map((e) => e.duration);`)
}
