package console

import "testing"

// login is a login by hand, with a wrong password first, in the other language, and out again.
func login(t *testing.T, s *System) {
	p := s.Open(t)
	p.Expect("403") // the wrong password, and what the open page asks for when its session has ended
	p.Go("/console/zones?lang=en")
	p.Type("login-username", "carol")
	p.Type("login-password", "wrong")
	p.Click("login-submit")
	p.WaitText("The name or the password is wrong")
	p.Type("login-password", "secret")
	p.Keys("\r")
	p.Wait(`document.querySelector('[data-testid=nav-zones]') && location.pathname === '/console/zones'`)

	if cookies := p.Eval(`return document.cookie;`); cookies != "" {
		t.Errorf("a script reads %v", cookies)
	}
	if users := p.Eval(`return Boolean(document.querySelector('[data-testid=nav-users]'));`); users != false {
		t.Error("carol is offered the users")
	}
	p.Language("中文")
	p.WaitText("总览")
	p.Keys("?")
	p.WaitText("键盘快捷键")
	p.Keys("\x1b")
	p.Click("user-menu")
	p.ClickText("退出登录")
	p.Wait(`document.querySelector('[data-testid=login-submit]')`)
	if status := p.Eval(`return (await fetch('/v1/session')).status;`); status != 403.0 {
		t.Errorf("after the logout the session is %v", status)
	}
}
