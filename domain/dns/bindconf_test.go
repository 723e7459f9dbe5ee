package dns_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/domaintest"
)

const secretID = "018f0000-0000-7000-8000-000000000001"

// acceptedConf has much of what a client may write, in every form of comment and quote.
const acceptedConf = `# shell comment with "quote and { brace
// C++ comment ;
/* C comment
   over lines } */
acl internal { 10.0.0.0/8; !192.0.2.1; { 127.0.0.1; ::1; }; !{ 10.1.0.0/16; }; key xfer; };
key "xfer" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"; }; // the key
options {
	recursion yes; allow-recursion { internal; localhost; };
	allow-transfer { key xfer; };
	forwarders port 53 { 192.0.2.53; 192.0.2.54 port 5353; };
	forward first;
	version "none of; your } business #//";
	max-cache-size 50%;
	rate-limit { responses-per-second 100; exempt-clients { internal; }; };
	rrset-order { class IN type A name "a.com" order random; order cyclic; };
	query-source address * ;
	cookie-secret "0123456789abcdef0123456789abcdef";
	dnssec-validation no;
	DENY-answer-addresses { 10.0.0.0/8; } except-from { "a.com"; };
};
logging {
	channel queries { file "queries.log" versions 3 size 20m; severity info; print-time yes; };
	category queries { queries; default_stderr; };
};
server 192.0.2.0/24 { edns no; keys xfer; };
primaries up { 192.0.2.1 key xfer; };
statistics-channels { inet 127.0.0.1 port 8053 allow { 127.0.0.1; }; };
trust-anchors { example.com static-ds 1 8 2 "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"; };
`

func TestBindConfAccepts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"default": dns.DefaultBindConf, "rich": acceptedConf,
		"two of a kind":   "acl a { any; }; acl b { none; };",
		"any text":        `options { hostname "a; b // {"; };`,
		"slashes":         `key k { algorithm hmac-sha256; secret "ab//cdef"; };`,
		"own empty zones": `options { empty-zones-enable yes; empty-server ns.a.test; disable-empty-zone "10.in-addr.arpa"; };`,
	} {
		conf, err := dns.ParseBindConf(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := conf.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkConf(t, text)
		checkConf(t, conf.String())
		again, err := dns.ParseBindConf(conf.String())
		if err != nil || again.String() != conf.String() {
			t.Errorf("%s: writing and reading again (%v) gave\n%s\nwant\n%s", name, err, again, conf)
		}
		whole := len(conf.Others())
		if len(conf.Options()) > 0 {
			whole++
		}
		if whole != len(conf.Statements) {
			t.Errorf("%s: options and others are %d statements of %d", name, whole, len(conf.Statements))
		}
	}
}

func TestBindConfRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                               "没有任何语句",
		"// nothing":                     "没有任何语句",
		"line1\nline2":                   "缺少“;”",
		"line1;":                         `不允许的语句"line1"`,
		"options {":                      "缺少“}”",
		"options { };}":                  "多余的“}”",
		"options { } options { };":       "options语句不正确",
		"options { }; options { };":      "options语句只能有一个",
		"logging { };\nlogging { };":     "第2行：logging语句只能有一个",
		"options { ; };":                 "空语句",
		"options { recursion yes };":     "缺少“;”",
		"/* no end":                      "注释没有结束",
		"/*/ options { };":               "注释没有结束",
		`key "a`:                         "双引号没有配对",
		"acl \"a\nb\" { any; };":         "双引号内",
		`acl "a\" { any; };`:             "双引号内",
		"acl a { `; };":                  "不能识别的字符",
		"acl a = { any; };":              "不能识别的字符",
		"acl a\x00 { any; };":            "控制字符",
		"acl \xff { any; };":             "UTF-8",
		strings.Repeat("acl a {", 20):    "嵌套过深",
		strings.Repeat(" ", 257<<10):     "字节",
		"view x { };":                    `不允许的语句"view"`,
		`zone "a.com" { type master; };`: `不允许的语句"zone"`,
		"Controls { };":                  `不允许的语句"controls"`,
		`INCLUDE "/etc/passwd";`:         `不允许的语句"include"`,
		`include/**/"/etc/passwd";`:      "第1行：注释不能紧跟在词的后面",
		`include /**/ "/etc/passwd";`:    `不允许的语句"include"`,
		`dyndb "x" "y" { };`:             `不允许的语句"dyndb"`,
		`plugin query "x.so";`:           `不允许的语句"plugin"`,
		`dlz x { database "y"; };`:       `不允许的语句"dlz"`,
		"managed-keys { };":              `不允许的语句"managed-keys"`,
		"lwres { };":                     `不允许的语句"lwres"`,
		"{ options { }; };":              `不允许的语句""`,

		"options {\n\tdirectory \"/\";\n};":                       `第2行：选项"directory"由系统生成，不能设置`,
		"options { Listen-On { any; }; };":                        `"listen-on"由系统生成`,
		"options { listen-on-v6 port 5 { any; }; };":              "由系统生成",
		"options { pid-file none; };":                             "由系统生成",
		"options { session-keyfile \"x\"; };":                     "由系统生成",
		"options { server-id \"x\"; };":                           "由系统生成",
		"options { allow-new-zones no; };":                        "由系统生成",
		"options { allow-update { any; }; };":                     "由系统生成",
		"options { check-names master fail; };":                   "由系统生成",
		"options { max-records-per-type 1; };":                    "由系统生成",
		"options { include \"x\"; };":                             `不允许的选项"include"`,
		"options { dnssec-policy default; };":                     `不允许的选项"dnssec-policy"`,
		"options { response-policy { zone \"x\"; }; };":           "不允许的选项",
		"options { tkey-gssapi-keytab \"x\"; };":                  "不允许的选项",
		"options { blackhole { any; }; };":                        "不允许的选项",
		"options { allow-query-on { 192.0.2.1; }; };":             `不允许的选项"allow-query-on"`,
		"options { allow-transfer port 853 { any; }; };":          `选项"allow-transfer"只能是一个地址列表`,
		"options { empty-server ns.a.test; };":                    `选项"empty-server"不起作用`,
		"options { disable-empty-zone 10.in-addr.arpa; };":        `选项"disable-empty-zone"不起作用`,
		"options { http-listener-clients 5; };":                   `选项"http-listener-clients"不起作用`,
		`http local { endpoints { "/dns-query"; }; };`:            "http语句不起作用",
		"options { \"x\\\" 1; };":                                 "双引号内",
		"options { rate-limit { include \"x\"; }; };":             `不允许的语句"include"`,
		"options { cookie-secret \"zz\"; };":                      "十六进制",
		"options { { recursion yes; }; };":                        `不允许的选项""`,
		"acl opsledger-x { any; };":                               `不能以"opsledger-"开头`,
		"acl \"OpsLedger-x\" { any; };":                           `不能以"opsledger-"开头`,
		`key opsledger-a { algorithm hmac-md5; secret "YQ=="; };`: `不能以"opsledger-"开头`,
		`key a { algorithm hmac-md5; secret "not base64!"; };`:    "secret必须是base64",
		`key a { algorithm hmac-md5; secret "vault:x"; };`:        "vault:",
		`key a { secret "vault:` + secretID + `"; };`:             "vault:",
		`key a { secret x { }; };`:                                "secret必须是base64",
		`key a { include "x"; };`:                                 `不允许的语句"include"`,
		`server 1.1.1.1 { include "x"; };`:                        "include",
		`tls a { key-file "/etc/shadow"; };`:                      `不允许的语句"key-file"`,
		`acl a { { include "x"; }; };`:                            "include",
		`logging { channel a { file "/etc/passwd.log"; }; };`:     "日志文件",
		`logging { channel a { file "../a.log"; }; };`:            "日志文件",
		`logging { channel a { file "named.conf"; }; };`:          "日志文件",
		`logging { channel a { file ".log"; }; };`:                "日志文件",
		`logging { channel a { FILE "x"; }; };`:                   "日志文件",
		`logging { channel a { include "x"; }; };`:                "include",
		`logging { include "x"; };`:                               "include",
		`logging { category a { include "x"; }; };`:               "include",
		// Every quoted text must mean the same to a named that does not know the option.
		`acl "a; }; include" { none; };`:                                "第1行：双引号内不能有",
		"acl a { any; };\nacl \"a # b\" { none; };":                     "第2行：双引号内不能有",
		`options { dns64-contact "a//b.c"; };`:                          "双引号内不能有",
		`options { empty-contact "/*"; };`:                              "双引号内不能有",
		`options { version "a;" "b"; };`:                                "双引号内不能有",
		`server 1.1.1.1 { keys "a{"; };`:                                "双引号内不能有",
		`key "k" { algorithm "x; include"; secret "YQ=="; };`:           "双引号内不能有",
		`"options" { };`:                                                `不允许的语句""`,
		`options { "recursion" yes; };`:                                 `不允许的选项""`,
		`server 1.1.1.1 { "bogus" yes; };`:                              `不允许的语句""`,
		`statistics-channels { inet 0.0.0.0; };`:                        "只能监听本机地址",
		"statistics-channels {\n\tinet * port 8053 allow { any; };\n};": "第2行：statistics-channels只能监听本机地址",
		`statistics-channels { inet ::; };`:                             "只能监听本机地址",
		`statistics-channels { inet 127.0.0.1; inet 10.0.0.1; };`:       "只能监听本机地址",
		`statistics-channels { inet ::ffff:127.0.0.1; };`:               "只能监听本机地址",
		`statistics-channels { inet localhost; };`:                      "只能监听本机地址",
		`statistics-channels { inet { any; }; };`:                       "statistics-channels",
		`statistics-channels { unix "/x"; };`:                           `不允许的语句"unix"`,
		`statistics-channels { inet 127.0.0.1; } { inet ::; };`:         "statistics-channels语句不正确",
		`key a { algorithm hmac-md5; } { include "x"; };`:               "key语句不正确",
		`key a { algorithm hmac-md5; secret "YQ=="; file "x"; };`:       `不允许的语句"file"`,
		`server 1.1.1.1 { request-sit yes; };`:                          `不允许的语句"request-sit"`,
		`tls a { ca-file "/etc/shadow"; };`:                             `不允许的语句"ca-file"`,
		`tls a { cert-file "/etc/shadow"; };`:                           `不允许的语句"cert-file"`,
		`tls a { dhparam-file "/etc/shadow"; };`:                        `不允许的语句"dhparam-file"`,
		`http a { include "x"; };`:                                      `不允许的语句"include"`,
		`options { dns64 64:ff9b::/96 { plugin query "x"; }; };`:        `不允许的语句"plugin"`,
		`options { dns64 64:ff9b::/96 { } { include "x"; }; };`:         "dns64语句不正确",
		`options { rate-limit { dyndb "x" "y" { }; }; };`:               `不允许的语句"dyndb"`,
		`options { allow-query { include "x"; }; };`:                    `不允许的语句"include"`,
		`logging { channel a { syslog; } { file "/x"; }; };`:            "channel语句不正确",
		`key-store x { directory "/"; };`:                               `不允许的语句"key-store"`,
		`dnssec-policy x { };`:                                          `不允许的语句"dnssec-policy"`,
		`template x { file "/etc/shadow"; };`:                           `不允许的语句"template"`,
		// What stands behind something that is allowed is looked at, too.
		`server 1.1.1.1 { edns no; request-sit yes; };`:                  `不允许的语句"request-sit"`,
		`server 1.1.1.1 { edns no; keys "a{"; };`:                        "双引号内不能有",
		`acl a { { b; }; include "x"; };`:                                `不允许的语句"include"`,
		`options { rate-limit { slip 1; }; rate-limit { plugin x; }; };`: `不允许的语句"plugin"`,
		`logging { category a { b; }; channel b { file "/x.log"; }; };`:  "日志文件",
		`statistics-channels { inet 127.0.0.1; }; http a { };`:           "http语句不起作用",
		`statistics-channels { inet ::1%lo; };`:                          "只能监听本机地址",
		`acl a { file; };`:                                               `不允许的语句"file"`,
		`acl a { directory; };`:                                          `不允许的语句"directory"`,
		`acl a { x-file; };`:                                             `不允许的语句"x-file"`,
		`acl a { x-directory; };`:                                        `不允许的语句"x-directory"`,
		`options x;`:                                                     "options语句不正确",
		`options { allow-query any; };`:                                  `选项"allow-query"只能是一个地址列表`,
		`options { allow-transfer { any; } port 853; };`:                 `选项"allow-transfer"只能是一个地址列表`,
		`options { empty-zones-enable no; empty-server ns.a.test; };`:    `选项"empty-server"不起作用`,
		`key a { algorithm hmac-md5; secret "YQ==" "x"; };`:              "secret必须是base64",
		`key a { algorithm hmac-md5; secret { x; }; };`:                  "secret必须是base64",
		`key a { algorithm hmac-md5; secret "YWJ"; };`:                   "secret必须是base64",
		`key a { algorithm hmac-md5; secret ""; };`:                      "secret必须是base64",
		`trust-anchors { "ab//cdef" static-key 257 3 8 "YQ=="; };`:       "双引号内不能有",
		"acl a { any; };\racl b { any; };":                               "第1行：回车符后面缺少换行符",
		"acl a { any; };\n\u0085":                                        "第2行：不能包含控制字符",
		"acl a { any; };\n\x0b":                                          "第2行：不能包含控制字符",
		"acl é { any; };":                                                `不能识别的字符"é"`,
		"acl a\u00a0{ any; };":                                           "不能识别的字符",
		"acl a { any; };\u2028acl b { any; };":                           "不能识别的字符",
		"\ufeffacl a { any; };":                                          "不能识别的字符",
		"acl a/b { any; };":                                              `"a/b"不是网段`,
		"acl a { 10.0.0.0 / 8; };":                                       `"/"不是网段`,
		"options { recursion/ yes; };":                                   `"recursion/"不是网段`,
		"acl a { (any); };":                                              "不能识别的字符",
		"acl a { 'any'; };":                                              "不能识别的字符",
		"acl a\\ b { any; };":                                            "不能识别的字符",
		"acl " + strings.Repeat("a", 4097) + " { any; };":                "一个词不能超过4096字节",
		`acl "` + strings.Repeat("a", 4097) + `" { any; };`:              "双引号内不能超过4096字节",
		"acl a " + strings.Repeat("{", 15) + strings.Repeat("a;", 1<<16) + strings.Repeat("};", 15): "重新排版后不能超过",
		"options { recursion yes; }; # ok\ncontrols { };":                                           "第2行",
		"options { recursion yes; }; /* \n\n */ controls { };":                                      "第3行",
		"options { forwarders { 1.1.1.1; }; }; }; zone \"a\" { }; {":                                "多余的“}”",
	} {
		conf, err := dns.ParseBindConf(text)
		if err == nil {
			err = conf.Validate()
		}
		var refusal *domain.Error
		if !errors.As(err, &refusal) || refusal.Field != "bind_conf" || !strings.Contains(refusal.Message, says) {
			t.Errorf("%q: got %v, want a refusal that says %s", shortened(text), err, says)
		}
	}
}

// touchingComments are texts that named reads as other statements than we do: at the
// end of a comment inside of a word it reads the "/" again.
var touchingComments = []string{
	`acl ab/**/* "*/{ none; }; include "/etc/shadow"; //" ;`,
	`acl ab/**/* "*/{ none; }; plugin query "/tmp/x.so"; //" ;`,
	`acl ab/***/* "*/{ none; }; include "/etc/shadow"; //" ;`,
	"acl a { 10.0.0.1/**// ;}; zone \"x\" { }; acl b { any\n; }; ",
	`acl ab/* */ { none; };`,
	`acl "ab"/* */ { none; };`,
	`acl /* */ab { none; };`,
	`acl /* */"ab" { none; };`,
	"acl ab//\n { none; };",
	"acl ab# x\n { none; };",
	"acl \"ab\"# x\n { none; };",
	"acl a { !/* */10.0.0.1; };",
	"acl a { any; };/**//**/",
	"acl a { any; }; /**//\n",
}

func TestCommentsStandApart(t *testing.T) {
	t.Parallel()
	for _, text := range touchingComments {
		var refusal *domain.Error
		_, err := dns.ParseBindConf("\n" + text)
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Message, "第") || !strings.Contains(refusal.Message, "注释") {
			t.Errorf("%q: %v, want a refusal that speaks of a comment", text, err)
		}
		if _, err := dns.ReadBindConf(text); err != nil && !strings.HasSuffix(text, "/**//\n") {
			t.Errorf("%q was accepted once, and is to be read: %v", text, err)
		}
	}
	for _, text := range []string{
		"acl a { any; };// x", "acl a { any; };/* x */", "/**/ acl a { any; };", "acl a { # x\nany; };",
		"acl a {/***/ any /**/;/* */};/* x */\n// y", "# only a comment in front\r\nacl a { any; };\r\n",
	} {
		if _, err := dns.ParseBindConf(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func shortened(text string) string { return text[:min(len(text), 80)] }

// Each line of a written configuration is that of the statement in the author's text.
func TestSourceLines(t *testing.T) {
	conf, err := dns.ParseBindConf("// first\n\noptions {\n\n  recursion yes; allow-query { any;\n   none; };\n};\n" +
		"/* more\n*/ logging { category default { null; }; };\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []int{3, 5, 5, 5, 6, 5, 3, 9, 9, 9, 9, 9}
	for i, line := range strings.Split(strings.TrimSpace(conf.String()), "\n") {
		if got := conf.SourceLine(i + 1); got != want[i] {
			t.Errorf("%q is from line %d, want %d", line, got, want[i])
		}
	}
	for _, none := range []int{0, -1, len(want) + 1} {
		if got := conf.SourceLine(none); got != 0 {
			t.Errorf("line %d, which is not written, is from %d", none, got)
		}
	}
}

func TestBindConfSecrets(t *testing.T) {
	t.Parallel()
	conf := must(dns.ParseBindConf(acceptedConf))
	var kept []string
	text, ids, err := conf.CutSecrets(func(secret string) (string, error) {
		kept = append(kept, secret)
		return strings.Replace(secretID, "018f", "018"+string(rune('0'+len(kept))), 1), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "0123456789abcdef0123456789abcdef"}; !slices.Equal(kept, want) {
		t.Errorf("cut %q, want %q", kept, want)
	}
	for _, secret := range kept {
		if strings.Contains(text, secret) {
			t.Errorf("%q is still in the text", secret)
		}
	}
	if !strings.Contains(text, "// the key") {
		t.Error("a comment was lost")
	}
	back, err := dns.FillSecrets(text, map[string]string{ids[0]: kept[0], ids[1]: kept[1]})
	if err != nil || back != acceptedConf {
		t.Errorf("filled back (%v):\n%s", err, back)
	}
	if _, err := dns.FillSecrets(text, map[string]string{ids[0]: kept[0]}); err == nil {
		t.Error("a missing secret was not noticed")
	}
	if _, err := dns.FillSecrets(text, map[string]string{ids[0]: `x"; }; zone`, ids[1]: kept[1]}); err == nil {
		t.Error("a secret that is none was filled in")
	}
	cmd := must(dns.NewChangeBindConf(text, ids, nil))
	domaintest.Given().When(cmd).Then(t, dns.BindConfChanged{Text: text, Secrets: ids})
	if _, err := dns.NewChangeBindConf(text, ids[:1], nil); err == nil {
		t.Error("an unlisted secret was accepted")
	}
	failed := errors.New("vault is away")
	if _, _, err := conf.CutSecrets(func(string) (string, error) { return "", failed }); !errors.Is(err, failed) {
		t.Errorf("got %v, want the vault's error", err)
	}
}

// What is written anew of a text that is as large as it may be can be read again.
func TestLargeConfigurationIsReadAgain(t *testing.T) {
	t.Parallel()
	text := "acl a {" + strings.Repeat("1.1.1.1;", 32_000) + "};"
	conf := must(dns.ParseBindConf(text))
	if err := conf.Validate(); err != nil || len(conf.String()) < 256<<10 {
		t.Fatalf("%d octets, %v", len(conf.String()), err)
	}
	if again, err := dns.ReadBindConf(conf.String()); err != nil || again.Validate() != nil || again.String() != conf.String() {
		t.Error(err)
	}
}

func TestChangeBindConfDecisions(t *testing.T) {
	t.Parallel()
	const a, b = "options { recursion yes; };\n", "options { recursion no; };\n"
	change := func(text string, ifMatch *domain.Position) domain.Command {
		return must(dns.NewChangeBindConf(text, nil, ifMatch))
	}
	given := []domain.Event{dns.BindConfChanged{Text: a}}
	runDecisions(t, []decision{
		{name: "first", when: change(a, nil), then: given},
		{name: "first, of the default", when: change(a, new(domain.Position(0))), then: given},
		{name: "again the same", given: given, when: change(a, nil)},
		{name: "another", given: given, when: change(b, new(domain.Position(1))), then: []domain.Event{dns.BindConfChanged{Text: b}}},
		{name: "other version", given: given, when: change(b, new(domain.Position(0))), code: domain.CodePrecondition},
		{name: "guest may not", given: users(), as: guest, when: change(a, nil), code: domain.CodeForbidden, text: "BIND_CONF_EDIT"},
	})
	if _, err := dns.NewChangeBindConf("zone a { };", nil, nil); err == nil {
		t.Error("a zone statement was accepted")
	}
	runRaces(t, []race{
		{"changed", given, change(b, nil), dns.BindConfChanged{Text: "x"}, true},
		{"something else", given, change(b, nil), view(1, "v"), false},
	})
}
