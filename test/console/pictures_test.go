package console

import (
	"os"
	"path/filepath"
	"testing"

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
	p := s.As(t, "admin", deployment.Password)
	for _, look := range []struct {
		name, theme   string
		width, height int64
	}{{"light", "light", 1440, 900}, {"dark", "dark", 1440, 900}, {"phone", "light", 390, 844}} {
		p.Theme(look.theme)
		p.Size(look.width, look.height)
		for _, page := range pages {
			p.Go(page.path)
			if err := os.WriteFile(filepath.Join(folder, page.name+"-"+look.name+".png"), p.Picture(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
