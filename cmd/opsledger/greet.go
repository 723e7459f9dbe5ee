package main

import (
	"fmt"
	"io"
	"strings"
)

// greet prints where everything is and, under dev, what to try. A new password
// counts as shown once it was written.
func (a *App) greet(w io.Writer) error {
	var text strings.Builder
	api := a.running().API()
	fmt.Fprintf(&text, "\nopsledger %s is ready\n  API    %s\n  NATS   %s\n  data   %s\n", version, api, redact(a.bus.url), a.cfg.Data)
	if a.engine != nil {
		fmt.Fprintf(&text, "  DNS    %s\n", a.engine.Addr())
	}
	password := "YOUR-PASSWORD" // without a quote: it stands in a command to paste
	if a.newPassword != "" {
		password = a.newPassword
		fmt.Fprintf(&text, "  admin  %s   (shown only now)\n", a.newPassword)
	}
	if a.passwordIgnored {
		text.WriteString("  admin  --admin-password is ignored, since there is a user already; " +
			"`opsledger reset-password admin` sets another one\n")
	}
	if a.engine != nil {
		addr := a.engine.Addr()
		curl := "curl -s"
		if a.certificate != nil {
			curl = "curl -sk" // whoever signed the certificate, and for whatever name
		}
		text.WriteString(walk(curl, api, password, addr.Addr().String(), addr.Port()))
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return nil // standard output is gone: there is nobody to tell, and the next start tells again
	}
	if a.newPassword != "" {
		return a.forgetPassword()
	}
	return nil
}

// walk is the copy-and-paste example: a record, from POST to dig.
func walk(curl, api, password, host string, port uint16) string {
	if host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	return fmt.Sprintf(`
Try it:
  API=%[2]s
  TOKEN=$(%[1]s $API/auth/login_local -d username=admin --data-urlencode password='%[3]s' | sed 's/.*"token": *"\([^"]*\)".*/\1/')
  %[1]s -H "Authorization: $TOKEN" $API/dns/views -d name=office -d acl=any
  %[1]s -H "Authorization: $TOKEN" $API/dns/zones -d name=example.com -d zone_type=master -d view_ids='[1]'
  POSITION=$(%[1]si -H "Authorization: $TOKEN" $API/dns/records -d zone_id=1 -d view_name=office -d host=www \
    -d record_type=A -d ttl=600 -d value=192.0.2.1 -d comment=walk | sed -n 's/^[Oo]psledger-[Pp]osition: *\([0-9]*\).*/\1/p')
  %[1]s -H "Authorization: $TOKEN" "$API/v1/changes/$POSITION?wait=5s"
  dig @%[4]s -p %[5]d www.example.com A +short

Ctrl-C stops everything.

`, curl, api, password, host, port)
}

// redact hides the passwords of a list of URLs.
func redact(urls string) string {
	list := strings.Split(urls, ",")
	for i, u := range list {
		if scheme, rest, ok := strings.Cut(u, "://"); ok {
			if _, host, ok := strings.Cut(rest, "@"); ok {
				list[i] = scheme + "://" + host
			}
		}
	}
	return strings.Join(list, ",")
}
