package console

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/opsledger/opsledger/test/deployment"
)

// watched is JavaScript that returns how many milliseconds it takes from doing something until an expression holds, by frames.
func watched(do, until string) string {
	return `const began = performance.now(); ` + do + `; while (!(` + until + `)) await new Promise(requestAnimationFrame); return Math.round(performance.now() - began);`
}

// TestFigures says how long people wait, beside 10,000 zones and in a zone of 100,000 records, where OPSLEDGER_CONSOLE_FIGURES
// asks for it: decision 0179 has the figures of a quiet machine. Only a hang fails it.
func TestFigures(t *testing.T) {
	if os.Getenv("OPSLEDGER_CONSOLE_FIGURES") == "" {
		t.Skip("OPSLEDGER_CONSOLE_FIGURES=1")
	}
	s := &System{Dev: deployment.StartDev(t, t.TempDir()), browser: startBrowser(t)}
	s.fill()
	for first := range 10 {
		var zones []string
		for i := range 1000 {
			zones = append(zones, fmt.Sprintf(`{"method":"POST","path":"/dns/zones","body":{"name":"z%d.example","zone_type":"master","view_ids":[2]}}`, first*1000+i))
		}
		s.Post("/v1/batch", `{"operations":[`+strings.Join(zones, ",")+`]}`)
	}
	address := s.large(t)
	p := s.As(t, "admin", deployment.Password)
	p.Go(address)
	p.Wait(`document.querySelector('.count')?.innerText.startsWith('100,000')`)
	s.LiveAt(s.Head())

	for _, path := range []string{"/console/", "/console/zones"} {
		p.Go(path)
		t.Logf("%s is drawn, and has loaded all, after %v ms", path, p.Eval(`const all = performance.getEntriesByType('resource').filter((e) => !e.name.endsWith('/v1/events'));
			return [performance.getEntriesByName('first-contentful-paint')[0].startTime, Math.max(...all.map((e) => e.responseEnd))].map(Math.round);`))
	}
	p.Go("/console/zones?q=large.example")
	p.Wait(`document.querySelector('[data-testid=zone-row] a')`)
	t.Logf("the large zone has rows after %v ms", p.Eval(watched(`document.querySelector('[data-testid=zone-row] a').click()`, `document.querySelector('[data-testid=record-row]')`)))
	p.Wait(`document.querySelector('.count')?.innerText.startsWith('100,000')`)
	t.Logf("long tasks while scrolling: %v", p.scroll())
	t.Logf("a search has hits after %v ms", p.Eval(watched(`const field = document.querySelector('.search input'); field.focus(); field.value = 'z77.example';
		field.dispatchEvent(new Event('input', {bubbles: true}))`, `document.querySelector('[data-testid=search-hit]')`)))
	t.Logf("of which its request took %v ms", p.Eval(`return performance.getEntriesByType('resource').filter((e) => e.name.includes('search?')).map((e) => Math.round(e.duration));`))
	for i := range 5 {
		_, address := s.zone(fmt.Sprintf("edited%d.example", i), "www 192.0.2.1")
		p.Go(address)
		p.Wait(`document.querySelector('[data-testid=record-row]')`)
		p.Eval(`document.querySelector('[role=grid]').focus();`)
		p.Keys(kb.ArrowDown + kb.ArrowRight + kb.ArrowRight + kb.ArrowRight + kb.Enter)
		p.Type("record-value", "192.0.2.9")
		p.Keys(kb.Enter)
		p.applied()
		t.Logf("an edit is live after %v", p.Eval(`return document.querySelector('[data-testid=live-took]').innerText;`))
	}
}
