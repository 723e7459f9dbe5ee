package console

import (
	"fmt"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/test/deployment"
)

// configuration is a text that named refuses, with the line that is wrong, one that goes out at once, and two that go
// out in stages, of which one is stopped; and then the order of the views, by keyboard. One walk has all of it: a
// rollout that is under way refuses all other changes of this kind.
func configuration(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Expect("400")
	p.Go("/console/conf?lang=en")
	p.configure("options {\n\n\trecursion maybe;\n};\n")
	p.Wait(`document.querySelector('.conf-editor-numbers .wrong')?.innerText === '3'`)
	p.WaitText("boolean expected near 'maybe'")
	p.configure("options {\n\tversion \"wrong\";\n\trecursion yes; }\n};\n")
	p.Wait(`document.querySelector('.conf-editor-numbers .wrong')?.innerText === '4'`)
	p.Accessible("a configuration that is refused")
	version := func(text string) {
		p.configure("options {\n\tversion \"" + text + "\";\n};\n")
		p.Click("apply")
	}
	named := func(text string) {
		t.Helper()
		testkit.Eventually(t, "named is "+text, func() bool { return s.Chaos("version.bind.") == text })
	}
	version("first")
	named("first")

	p.Click("plan-edit")
	p.Type("plan-order", fmt.Sprint(p.Eval(`return (await (await fetch('/dns/servers')).json()).servers[0].host;`))+", canary")
	p.Type("plan-soak", "3600")
	p.Accessible("the stages")
	p.Click("dialog-submit")
	p.WaitText("watched for 3,600 seconds")
	version("second")
	p.Wait(`document.querySelector('[data-testid=rollout-state][data-state=running]')`)
	named("second")
	p.Accessible("a rollout")
	p.Go("/console/")
	p.Wait(`document.querySelectorAll('[data-testid=rollout-stage]').length === 2`)
	p.Click("rollout-stop")
	p.Click("confirm")
	p.WaitText("was stopped")
	named("first")
	p.Accessible("an overview after a rollout")

	p.Go("/console/conf")
	version("third")
	p.Click("rollout-continue")
	p.Wait(`document.querySelector('[data-testid=rollout-state][data-state=done]')`)
	named("third")
	p.Click("plan-edit")
	p.Type("plan-order", " ")
	p.Click("dialog-submit")
	p.WaitText("No stages")
	viewOrder(p)
}

// configure replaces the text of the configuration, and asks whether named takes it.
func (p *Page) configure(text string) {
	p.t.Helper()
	p.Wait(`document.querySelector('[data-testid=conf-text]')`)
	p.Eval(`const e = document.querySelector('[data-testid=conf-text]'); e.value = ` + quoted(text) + `; e.dispatchEvent(new Event('input', {bubbles: true}));`)
	p.Click("preview")
}

// viewOrder moves the first view behind the second, and back.
func viewOrder(p *Page) {
	p.t.Helper()
	names := `[...document.querySelectorAll('[data-testid=view-row] b')].map((e) => e.innerText).join()`
	p.Go("/console/views")
	p.Accessible("the views")
	for _, order := range []string{"world,office", "office,world"} {
		p.Eval(`document.querySelector('[data-testid=view-row]').focus();`)
		p.AltDown()
		p.Wait(names + ` === ` + quoted(order))
		p.Click("order-save")
		p.Wait(`!document.querySelector('[data-testid=order-save]')`)
		p.Go("/console/views")
		p.Wait(names + ` === ` + quoted(order))
	}
}
