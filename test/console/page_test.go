package console

import (
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience limits each step of a walk: it only ends one that would hang, well before the package's time is over.
const patience = 90 * time.Second

// Page is a window of the browser with cookies of its own, as one person has it.
type Page struct {
	t    testing.TB
	ctx  context.Context
	base string

	mu     sync.Mutex
	faults []string
	// expected are parts of what the browser's console may say, such as refusals that a walk provokes.
	expected []string
}

// Open opens a window at the console's login.
func (s *System) Open(t testing.TB) *Page {
	t.Helper()
	p := &Page{t: t, base: "http://" + s.Address}
	ctx, cancel := chromedp.NewContext(s.browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			p.picture()
		}
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, fault := range p.faults {
			t.Errorf("the browser says: %s", fault)
		}
	})
	p.must(chromedp.Do(ctx, chromedp.EmulateViewport(1440, 900)))
	return p
}

// As opens a window in which somebody is logged in, in English and the light theme.
func (s *System) As(t testing.TB, name, password string) *Page {
	t.Helper()
	p := s.Open(t)
	p.logIn(name, password)
	return p
}

func (p *Page) logIn(name, password string) {
	p.t.Helper()
	p.Go("/console/?lang=en")
	p.Eval(fmt.Sprintf(`localStorage.setItem('opsledger.theme', 'light');
		const r = await fetch('/v1/session', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({username: %s, password: %s})});
		if (!r.ok) throw new Error(await r.text());`, quoted(name), quoted(password)))
}

// listen notes what the browser complains of.
func (p *Page) listen(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = fmt.Sprintf("%+v", e.ExceptionDetails)
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			fault = e.Entry.Text + " " + e.Entry.URL
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" {
			fault = fmt.Sprintf("%s %v", e.Type, e.Args)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.expected {
		if strings.Contains(fault, known) {
			return
		}
	}
	if fault != "" {
		p.faults = append(p.faults, fault)
	}
}

// Expect says that the browser's console will have errors with this text.
func (p *Page) Expect(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, text)
}

func (p *Page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// Do carries out steps of chromedp, within the patience of tests.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	p.must(chromedp.Do(ctx, steps...))
}

// Go opens an address and returns when the page is there.
func (p *Page) Go(path string) {
	p.t.Helper()
	p.Do(chromedp.Navigate(p.base + path))
	p.Wait(`document.querySelector('h1') && !document.querySelector('.skeleton')`)
}

// Eval runs the body of an asynchronous function, and returns what that returns, as JSON has it.
func (p *Page) Eval(body string) any {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[any]("(async () => {"+body+"})()", chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%v in %s", err, body)
	}
	return v
}

// Wait waits until an expression holds. It asks again and again, so that it outlives a new document, and needs no
// frames, which a window behind others may not get.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	for look := time.NewTicker(20 * time.Millisecond); ; {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if holds {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			p.t.Fatalf("in vain: %s (%v)\nat %s", expression, err, p.text())
		}
	}
}

// WaitText waits until the page shows a text.
func (p *Page) WaitText(text string) {
	p.t.Helper()
	p.Wait(`document.body.innerText.includes(` + quoted(text) + `)`)
}

func (p *Page) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText"))
	if err != nil {
		return "a page that does not answer: " + err.Error()
	}
	return v
}

// at is the selector of a test id, or the selector itself.
func at(what string) string {
	if strings.ContainsAny(what, "[.# >") {
		return what
	}
	return `[data-testid="` + what + `"]`
}

// Click clicks what has a test id, or what a selector finds, once it is there to be clicked.
func (p *Page) Click(what string) {
	p.t.Helper()
	selector := at(what) + ":not(:disabled)"
	p.Wait(`document.querySelector(` + quoted(selector) + `)`)
	p.Do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// ClickText clicks the button, link or tab that shows a text.
func (p *Page) ClickText(text string) {
	p.t.Helper()
	find := `[...document.querySelectorAll('dialog[open] button, dialog[open] a'), ...document.querySelectorAll('button, a, [role=tab], [role^=menuitem]')].find((e) => e.innerText.trim() === ` + quoted(text) + ` && e.getClientRects().length)`
	p.Wait(find)
	p.Eval(find + `.click();`)
}

// Type replaces what a field has by a text.
func (p *Page) Type(what, text string) {
	p.t.Helper()
	p.Wait(`document.querySelector(` + quoted(at(what)) + `)`)
	p.Eval(`const e = document.querySelector(` + quoted(at(what)) + `); e.focus(); e.select?.();`)
	p.Keys(text)
}

// Label is the selector of the field with a label.
func (p *Page) Label(label string) string {
	p.t.Helper()
	find := `[...document.querySelectorAll('dialog[open] label'), ...document.querySelectorAll('label')].find((l) => l.innerText.replace('*', '').trim() === ` + quoted(label) + `)`
	p.Wait(find)
	return fmt.Sprintf(`[id="%v"]`, p.Eval(`return `+find+`.htmlFor;`))
}

// Keys presses keys where the focus is. The text of a key goes with the key, as a keyboard has it: a page
// that takes the key for itself gets no text of it.
func (p *Page) Keys(keys string) {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			down, up := events[0], events[len(events)-1]
			if len(events) == 3 {
				down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, e := range []*input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, *e); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// AltDown presses Alt and the arrow down where the focus is.
func (p *Page) AltDown() {
	p.t.Helper()
	p.Do(chromedp.KeyEvent(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierAlt)))
}

// Language and Theme choose one, as the menus of the bar do.
func (p *Page) Language(text string) { p.Click("language"); p.ClickText(text) }

// Theme sets the theme for the pages that follow.
func (p *Page) Theme(name string) {
	p.t.Helper()
	p.Eval(`localStorage.setItem('opsledger.theme', ` + quoted(name) + `);`)
}

// Choose shows this page in another theme, by the menu of the bar, in English.
func (p *Page) Choose(theme string) {
	p.t.Helper()
	p.Click("theme")
	p.ClickText(theme)
	p.Wait(`document.documentElement.dataset.theme === ` + quoted(strings.ToLower(theme)))
}

// Size sets the window's size.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	p.Do(chromedp.EmulateViewport(width, height))
}

//go:embed testdata/axe/axe.min.js
var axe string

// Accessible fails on each violation of axe-core.
func (p *Page) Accessible(where string) {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[any]("if (!window.axe) {"+axe+"}; true")(ctx, target)
		return err
	}))
	found := p.Eval(`const r = await axe.run(document, {resultTypes: ['violations']});
		return r.violations.map((v) => v.id + ': ' + v.help + '\n' + v.nodes.slice(0, 4).map((n) => '    ' + n.html.slice(0, 160) + '  ' + (n.any[0]?.message ?? '')).join('\n')).join('\n');`)
	if text, _ := found.(string); text != "" {
		p.t.Errorf("%s: axe-core finds\n%s", where, text)
	}
}

// picture keeps what the page looks like when a walk failed, where OPSLEDGER_PICTURES says.
func (p *Page) picture() {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if folder := os.Getenv("OPSLEDGER_PICTURES"); err == nil && folder != "" {
		name := folder + "/" + strings.ReplaceAll(p.t.Name(), "/", "-") + ".png"
		_ = os.WriteFile(name, png, 0o644)
		p.t.Logf("the page is in %s", name)
	} else if err == nil && testing.Verbose() {
		p.t.Logf("data:image/png;base64,%.200s…", base64.StdEncoding.EncodeToString(png))
	}
}
