package console

import (
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

const (
	root   = "/console"
	folder = root + "/assets/"
	// smallest is how many bytes a file has at least that is worth compressing.
	smallest = 512
)

// policy is what a page may do: load what this program serves, and nothing else from anywhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the console, and gives all other requests to the next handler.
//
// Invariants:
//  1. Every reply of the console has the policy.
//  2. A file's address has the version of all files in it: what a browser keeps never belongs to
//     another version than the document that asked for it.
type Handler struct {
	next     http.Handler
	hasLogin func(*http.Request) bool
	prefix   string // of the addresses of files
	files    map[string]*file
	// stranger and known are the document for a browser without and with a login.
	stranger, known *file
}

// New returns a handler. HasLogin says whether a request shows a login, whatever it is worth: a page
// that knows that there is none need not ask.
func New(next http.Handler, hasLogin func(*http.Request) bool) (*Handler, error) {
	within, err := fs.Sub(web, "web")
	if err != nil {
		return nil, err
	}
	texts, err := readFiles(within)
	if err != nil {
		return nil, fmt.Errorf("files of the console: %w", err)
	}
	h := &Handler{next: next, hasLogin: hasLogin, files: map[string]*file{}, prefix: folder + version(texts)}
	for name, text := range texts {
		if h.files[name], err = newFile(name, text); err != nil {
			return nil, err
		}
	}
	delete(h.files, "index.html")
	if h.stranger, err = newFile("index.html", document(texts, h.prefix, "none")); err != nil {
		return nil, err
	}
	h.known, err = newFile("index.html", document(texts, h.prefix, "some"))
	return h, err
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/" && reads(r) && strings.Contains(r.Header.Get("Accept"), "text/html"):
		protect(w.Header())
		w.Header().Add("Vary", "Accept")
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, withQuery(root+"/", r), http.StatusFound)
	case path != root && !strings.HasPrefix(path, root+"/"):
		h.next.ServeHTTP(w, r)
	case !reads(r):
		protect(w.Header())
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case path == root:
		protect(w.Header())
		http.Redirect(w, r, withQuery(root+"/", r), http.StatusMovedPermanently)
	case strings.HasPrefix(path, folder):
		h.serveFile(w, r)
	default:
		h.serveDocument(w, r)
	}
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

func withQuery(path string, r *http.Request) string {
	if r.URL.RawQuery == "" {
		return path
	}
	return path + "?" + r.URL.RawQuery
}

// protect sets what holds for each reply of the console.
func protect(header http.Header) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// serveDocument serves the document that shows the page of the address.
func (h *Handler) serveDocument(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Cookie")
	w.Header().Set("Cache-Control", "private, no-cache")
	if h.hasLogin(r) {
		send(w, r, h.known)
		return
	}
	send(w, r, h.stranger)
}

func (h *Handler) serveFile(w http.ResponseWriter, r *http.Request) {
	name, ours := strings.CutPrefix(r.URL.Path, h.prefix+"/")
	f := h.files[name]
	if !ours || f == nil {
		protect(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, r, f)
}

// send sends a file, compressed to who takes that.
func send(w http.ResponseWriter, r *http.Request, f *file) {
	header, text, tag := w.Header(), f.plain, `"`+f.tag+`"`
	protect(header)
	header.Add("Vary", "Accept-Encoding")
	if takesGzip(r) && len(f.plain) > smallest {
		text, tag = f.gzip(), `"`+f.tag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", tag)
	if has(r.Header.Get("If-None-Match"), tag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.kind)
	header.Set("Content-Length", strconv.Itoa(len(text)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(text) // a client that has gone away needs no reply
}

// has says whether one of the tags of If-None-Match is this one; a weak one will do, too.
func has(tags, tag string) bool {
	for _, one := range strings.Split(tags, ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}

// takesGzip says whether the client takes gzip by name, as all browsers do; who writes it in another
// way gets the plain bytes.
func takesGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") && !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") {
			return true
		}
	}
	return false
}
