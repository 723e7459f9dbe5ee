package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// greet prints where everything is and, under dev, what to try. A new password
// counts as shown once it was written.
func (a *App) greet(ctx context.Context, w io.Writer) error {
	var text strings.Builder
	api := a.running().API()
	fmt.Fprintf(&text, "\nopsledger %s is ready\n  API    %s\n  NATS   %s\n  data   %s\n", version, api, redact(a.bus.url), a.cfg.Data)
	if a.engine != nil {
		fmt.Fprintf(&text, "  DNS    %s\n", a.engine.Addr())
	}
	if a.ddnsPort != nil {
		fmt.Fprintf(&text, "  DDNS   %s\n", a.ddnsPort.Addr())
	}
	if a.newPassword != "" {
		fmt.Fprintf(&text, "  admin  %s   (shown only now)\n", a.newPassword)
	}
	if a.passwordIgnored {
		text.WriteString("  admin  --admin-password is ignored, since there is a user already; " +
			"`opsledger reset-password admin` sets another one\n")
	}
	if a.engine != nil {
		text.WriteString(a.walk(ctx))
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return nil // standard output is gone: there is nobody to tell, and the next start tells again
	}
	if a.newPassword != "" {
		return a.forgetPassword()
	}
	return nil
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
