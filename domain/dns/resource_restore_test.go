package dns_test

import (
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

func TestRestoreOfViews(t *testing.T) {
	t.Parallel()
	made := view(1, "v1").(dns.ViewCreated)
	gone := dns.ViewDeleted{ID: 1, View: made.View, Privilege: made.Privilege}
	back := made
	back.Birth = &dns.Birth{Created: 1}
	restore := func(at domain.Position) domain.Command { return dns.NewRestoreView(gone, at) }
	given := func(more ...domain.Event) []domain.Event { return append([]domain.Event{made, gone}, more...) }
	runDecisions(t, []decision{
		{name: "gone", given: given(), when: restore(2), then: []domain.Event{back}},
		{name: "gone for the second time", given: given(back, gone), when: restore(4), then: []domain.Event{back}},
		{name: "there again", given: given(back), when: restore(2), code: domain.CodeChanged, text: "view 1 was restored since"},
		{name: "was there again since", given: given(back, gone), when: restore(2), code: domain.CodeChanged, text: "view 1 was restored since"},
		{name: "name taken", given: given(view(2, "v1")), when: restore(2), code: domain.CodeRefused, text: "重复的View"},
		{name: "by who may not make one", given: users(given(view(2, "v1"))...), as: guest, when: restore(6), code: domain.CodeForbidden, text: "VIEW_ADD"},
		{name: "undone", given: given(back), when: dns.NewUndoViewCreated(back), then: []domain.Event{gone}},
	})
	runRaces(t, []race{
		{"there again", given(), restore(6), back, true},
		{"name taken", given(), restore(6), view(2, "v1"), true},
	})
}

func TestRestoreOfServers(t *testing.T) {
	t.Parallel()
	made := server(1, "s1", "1.1.1.1").(dns.ServerCreated)
	gone := dns.ServerDeleted{ID: 1, Server: made.Server, Privilege: made.Privilege}
	back := made
	back.Birth = &dns.Birth{Created: 1}
	restore := func(at domain.Position) domain.Command { return dns.NewRestoreServer(gone, at) }
	given := func(more ...domain.Event) []domain.Event {
		return append([]domain.Event{made, dns.ServerEnrolled{ID: 1}, gone}, more...)
	}
	runDecisions(t, []decision{
		{name: "gone", given: given(), when: restore(3), then: []domain.Event{back}},
		{name: "there again", given: given(back), when: restore(3), code: domain.CodeChanged, text: "server 1 was restored since"},
		{name: "host taken", given: given(server(2, "S1", "2.2.2.2")), when: restore(3), code: domain.CodeRefused, text: "重复的Server"},
		{name: "address taken", given: given(server(2, "s2", "1.1.1.1")), when: restore(3), code: domain.CodeRefused, text: "重复的Server"},
		{name: "by who may not make one", given: users(given(back)...), as: guest, when: restore(7), code: domain.CodeForbidden, text: "SERVER_ADD"},
		{name: "undone, without an agent", given: given(back), when: dns.NewUndoServerCreated(back), then: []domain.Event{gone}},
	})
	runRaces(t, []race{
		{"there again", given(), restore(7), back, true},
		{"address taken", given(), restore(7), server(2, "s2", "1.1.1.1"), true},
	})
}

// Invariant 3 of what is restored: whoever brings a resource back does not become its creator, and
// the creator stays.
func TestRestoredKeepCreators(t *testing.T) {
	t.Parallel()
	made := view(1, "v1").(dns.ViewCreated)
	gone := dns.ViewDeleted{ID: 1, View: made.View, Privilege: made.Privilege}
	back := made
	back.Birth = &dns.Birth{Created: 5, Creator: guest}
	remove := must(dns.NewDeleteView(1, nil))
	s := domaintest.Given(users()...).By(guest, made).By(admin, gone)
	s.As(admin).When(dns.NewRestoreView(gone, 6)).Then(t, back)
	s = s.By(other, back)
	s.As(guest).When(remove).Then(t, gone)
	s.As(other).When(remove).ThenError(t, domain.CodeForbidden, "VIEW#v1#DELETE")
}

func TestUndoOfTheOrderOfViews(t *testing.T) {
	t.Parallel()
	first, second := dns.ViewsOrdered{ViewIDs: []int64{2, 1}}, dns.ViewsOrdered{ViewIDs: []int64{1, 2}}
	none := dns.ViewsOrdered{ViewIDs: []int64{}}
	given := []domain.Event{view(1, "v1"), view(2, "v2"), first, second}
	gone := dns.ViewDeleted{ID: 2, View: dns.ViewData{Name: "v2", ACL: "any"}, Privilege: privilegeOf(2)}
	runDecisions(t, []decision{
		{name: "the first", given: given[:3], when: dns.NewUndoViewsOrdered(first, nil), then: []domain.Event{none}},
		{name: "another", given: given, when: dns.NewUndoViewsOrdered(second, first), then: []domain.Event{first}},
		{name: "a view is gone", given: append(given[:4:4], gone), when: dns.NewUndoViewsOrdered(second, first), then: []domain.Event{first}},
		{name: "changed since", given: given, when: dns.NewUndoViewsOrdered(first, nil), code: domain.CodeChanged, text: "the order of views was changed since"},
		{name: "by who may not", given: users(given...), as: guest, when: dns.NewUndoViewsOrdered(first, nil), code: domain.CodeForbidden, text: "admin"},
	})
	runRaces(t, []race{{"changed", given, dns.NewUndoViewsOrdered(second, first), first, true}})
}

func TestUndoOfBindConf(t *testing.T) {
	t.Parallel()
	conf := func(text, secret string) dns.BindConfChanged {
		key := "key \"k\" {\n\talgorithm hmac-sha256;\n\tsecret \"vault:" + secret + "\";\n};\n"
		return dns.BindConfChanged{Text: key + text, Secrets: []string{secret}}
	}
	const yes, no = "options { recursion yes; };\n", "options { recursion no; }; # c\n"
	plain := dns.BindConfChanged{Text: yes}
	undo := func(e dns.BindConfChanged, former domain.Event) domain.Command { return dns.NewUndoBindConf(e, former) }
	runDecisions(t, []decision{
		{name: "to the default", given: []domain.Event{plain}, when: undo(plain, nil), then: []domain.Event{dns.BindConfChanged{Text: dns.DefaultBindConf}}},
		{name: "to another", given: []domain.Event{conf(yes, "a"), conf(no, "a")}, when: undo(conf(no, "a"), conf(yes, "a")), then: []domain.Event{conf(yes, "a")}},
		{name: "with a new secret", given: []domain.Event{conf(yes, "a"), conf(no, "b")}, when: undo(conf(no, "b"), conf(yes, "a")), then: []domain.Event{conf(yes, "b")}},
		{name: "with a secret of since", given: []domain.Event{conf(yes, "a"), conf(no, "a"), conf(no, "c")}, when: undo(conf(no, "a"), conf(yes, "a")), then: []domain.Event{conf(yes, "c")}},
		{name: "of a new key", given: []domain.Event{plain, conf(yes, "a")}, when: undo(conf(yes, "a"), plain), then: []domain.Event{plain}},
		{name: "changed since", given: []domain.Event{conf(no, "a"), conf(yes, "a")}, when: undo(conf(no, "a"), nil), code: domain.CodeChanged, text: "the BIND configuration was changed since"},
		{name: "by who may not", given: users(conf(no, "a")), as: guest, when: undo(plain, nil), code: domain.CodeForbidden, text: "BIND_CONF_EDIT"},
	})
	runRaces(t, []race{{"changed", []domain.Event{conf(yes, "a"), conf(no, "a")}, undo(conf(no, "a"), conf(yes, "a")), conf(yes, "a"), true}})
	for name, c := range map[string]struct {
		e      dns.BindConfChanged
		former domain.Event
		final  bool
	}{
		"a secret alone":        {conf(yes, "b"), conf(yes, "a"), true},
		"a key that went":       {plain, conf(yes, "a"), true},
		"a key that came":       {conf(yes, "a"), plain, false},
		"a secret and a text":   {conf(no, "b"), conf(yes, "a"), false},
		"the first of the log":  {plain, nil, false},
		"the default once more": {dns.BindConfChanged{Text: dns.DefaultBindConf}, nil, true},
	} {
		if final := dns.NewUndoBindConf(c.e, c.former).Final(); final != c.final {
			t.Errorf("%s is final: %v", name, final)
		}
	}
}
