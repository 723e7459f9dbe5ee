package console

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/opsledger/opsledger/test/deployment"
)

// TestPictures writes what each page looks like, in both themes and on a phone, into the folder that
// OPSLEDGER_CONSOLE_PICTURES names: make console-pictures.
func TestPictures(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("OPSLEDGER_CONSOLE_PICTURES")
	if folder == "" {
		t.Skip("make console-pictures")
	}
	s := &System{Dev: deployment.StartDev(t, t.TempDir()), browser: startBrowser(t)}
	s.fill()
	shown := append(s.furnish(t), pages...)
	p := s.As(t, "admin", deployment.Password)
	for _, look := range []struct {
		name, theme   string
		width, height int64
	}{{"light", "light", 1440, 900}, {"dark", "dark", 1440, 900}, {"phone", "light", 390, 844}} {
		p.Theme(look.theme)
		p.Size(look.width, look.height)
		for _, page := range shown {
			p.Go(page.path)
			p.settle()
			if err := os.WriteFile(filepath.Join(folder, page.name+"-"+look.name+".webp"), p.webp(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.Size(1440, 900)
	p.Go("/console/?lang=zh")
	p.settle()
	if err := os.WriteFile(filepath.Join(folder, "overview-zh.webp"), p.webp(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// furnish gives the system more to show, and returns the pages of what it made.
func (s *System) furnish(t *testing.T) (made []shownPage) {
	t.Helper()
	for _, name := range []string{"example.org", "example.net", "shop.example", "mail.example", "10.in-addr.arpa"} {
		s.Post("/dns/zones", fmt.Sprintf(`{"name":%q,"zone_type":"master","view_ids":[1,2]}`, name))
	}
	for i, host := range strings.Fields("api app blog cdn db1 db2 docs ftp git grafana imap ldap login mx1 mx2 ns1 ns2 proxy shop smtp static vpn wiki") {
		s.Post("/dns/records", fmt.Sprintf(`{"zone_id":1,"view_name":"world","host":%q,"value":"192.0.2.%d"}`, host, 10+i))
	}
	for _, record := range []string{
		`"host":"_sip._tcp","record_type":"SRV","value":"10 5 5060 sip.example.com."`, `"host":"@","record_type":"TXT","value":"v=spf1 mx -all"`,
		`"host":"www","record_type":"AAAA","value":"2001:db8::1"`, `"host":"sip","value":"192.0.2.77","ttl":60,"comment":"moves on Friday"`,
		`"host":"xn--fsqu00a","record_type":"CNAME","value":"www.example.com."`,
	} {
		s.Post("/dns/records", `{"zone_id":1,"view_name":"world",`+record+`}`)
	}
	s.Put("/v1/rollout", `{"order":[["canary"],["fra","ams"]],"soak_s":30}`)
	s.Post("/v1/credentials", `{"name":"certbot","kind":"tsig","algorithm":"hmac-sha256","restrict":{"names":["_acme-challenge.**"],"types":["TXT"]}}`)
	s.Post("/v1/webhooks", `{"url":"https://hooks.example.com/opsledger","types":["RecordAdded","RecordDeleted"]}`)
	var machines struct {
		Info struct {
			Data []struct {
				Name string `json:"machine_name"`
				IP   string `json:"inside_ip"`
			}
		}
	}
	if _, body := s.Call("GET", "/api/machine?count=1", ""); json.Unmarshal([]byte(body), &machines) != nil || len(machines.Info.Data) == 0 {
		t.Fatal("dev has no machine: ", body)
	}
	machine := machines.Info.Data[0]
	task := s.NewTask(machine.IP, "hello", "everybody", "1.4.2", "good morning")
	s.NewTask(machine.IP, "hello", "tomorrow", "1.5.0", "planned")
	s.Execute(task, "update")
	s.AwaitEnd(task, "succeeded")
	return []shownPage{{"task", "/console/tasks/" + task}, {"task-history", "/console/tasks/" + task + "?tab=history"}, {"machine", "/console/machines/" + machine.Name}}
}

// settle waits until a table of zones or records has its rows, and a plot its lines.
func (p *Page) settle() {
	p.t.Helper()
	p.Wait(`!document.querySelector('.spinner, .skeleton') && [...document.querySelectorAll('.plot')].every((e) => e.querySelector('canvas'))
		&& (!document.querySelector('[role=grid]') || document.querySelector('[data-testid=record-row], [data-testid=zone-row]'))`)
}

// webp is a picture of the page for its readers, not for a comparison.
func (p *Page) webp() (picture []byte) {
	p.t.Helper()
	quality := int64(70)
	p.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		reply, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
		if err == nil {
			picture = reply.Data
		}
		return err
	}))
	return picture
}
