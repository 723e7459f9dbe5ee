package console

import (
	"testing"

	"github.com/opsledger/opsledger/test/deployment"
)

// task is the walk of a task by mouse and keys: it is planned and run, its output is watched as it comes, it is taken back, and
// both outputs are compared.
func task(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/tasks?lang=en")
	p.Keys("n")
	p.Wait(`document.querySelector('[data-testid=task-machine] option:nth-child(2)')`)
	p.Eval(`const e = document.querySelector('[data-testid=task-machine]'); e.selectedIndex = 1; e.dispatchEvent(new Event('change', {bubbles: true}));`)
	p.Click("dialog-submit") // what is missing is said at its field
	p.Wait(`document.querySelector('dialog [aria-invalid=true]')`)
	p.Type("task-action", "hello")
	p.Type("task-target", "console")
	p.Type("task-version", "1.0")
	p.Type("task-content", "everybody")
	p.Type("task-description", "a walk")
	p.Click("task-plan-run")
	p.Wait(`/^\/console\/tasks\/[0-9a-f]{32}$/.test(location.pathname)`)

	p.Wait(`[...document.querySelectorAll('.log-text')].some((l) => l.innerText === 'hello everybody (10 %)')`)
	p.Wait(`document.querySelector('[data-testid=task-revert]')`) // it has succeeded, and the page knows by itself
	p.Wait(`document.querySelectorAll('.log-line').length === 11`)
	p.Type(`[type=search][placeholder="Find in the output"]`, "90 %")
	p.WaitText("1 line found")

	p.Click("task-revert")
	p.Click("confirm")
	p.Wait(`document.querySelectorAll('[data-testid=attempt-row]').length === 2`)
	p.WaitText("reverted")
	p.Eval(`document.querySelectorAll('[data-testid=attempt-row] input').forEach((box) => box.click());`)
	p.ClickText("Compare")
	p.Wait(`document.querySelector('.difference-line.added') && document.querySelector('.difference-line.removed')`)
	p.ClickText("History")
	p.Wait(`document.querySelectorAll('[data-testid=happening]').length > 3`)
	p.Accessible("a task's history")
}

// longOutput is a page with 100,000 lines: they come, scroll to both ends, and no task of the browser is long.
func longOutput(t *testing.T, s *System) {
	p := s.As(t, "admin", deployment.Password)
	p.Go("/console/tasks?lang=en")
	held := p.Eval(`
		const assets = document.querySelector('script[type=module]').src.replace(/app\.js$/, '');
		const [{ html, render }, { LogView }, { needTexts }] = await Promise.all(['kernel/view.js', 'pages/tasks/logview.js', 'kernel/text.js'].map((m) => import(assets + m)));
		await needTexts(['tasks']);
		const lines = Array.from({ length: 100000 }, (_, i) => ({ line: i + 1, at: '2026-12-01T00:00:00Z', err: false, text: 'line ' + (i + 1) }));
		const root = document.createElement('div');
		document.body.replaceChildren(root);
		render(html` + "`<main><h1>Log</h1><${LogView} lines=${lines} growing label=\"log\" /></main>`" + `, root);
		const log = document.querySelector('.log');
		const frame = () => new Promise(requestAnimationFrame);
		while (!document.querySelector('.log-shown').innerText.includes('line 100000')) await frame(); // it follows the end
		for (let step = 0; step < 60; step++) { log.scrollTop = (log.scrollHeight * step) / 60; await frame(); await frame(); }
		log.scrollTop = 0;
		while (!document.querySelector('.log-shown').innerText.includes('line 1\n')) await frame();
		return document.querySelectorAll('.log-line').length;`)
	if n, _ := held.(float64); n < 10 || n > 200 {
		t.Errorf("of 100,000 lines %v are in the document", held)
	}
}
