package api

import (
	"compress/gzip"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// compressFrom is how many bytes a reply has at least that is compressed. A smaller one
// fits into a packet or two anyway.
const compressFrom = 1024

// compress compresses the replies to GET requests that accept gzip. A stream of events is
// sent as it is: its reader wants each event at once.
func compress(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		reply := c.Response()
		reply.Header().Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if !acceptsGzip(c.Request()) {
			return next(c)
		}
		w := &gzipWriter{ResponseWriter: reply.Writer}
		reply.Writer = w
		defer func() { reply.Writer = w.ResponseWriter }()
		err := next(c)
		if ended := w.end(); err == nil {
			err = ended
		}
		return err
	}
}

// acceptsGzip says whether the Accept-Encoding header admits gzip.
func acceptsGzip(r *http.Request) bool {
	accepts := false
	for _, part := range strings.Split(strings.Join(r.Header.Values(echo.HeaderAcceptEncoding), ","), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		named := strings.EqualFold(strings.TrimSpace(coding), "gzip")
		if !named && strings.TrimSpace(coding) != "*" {
			continue
		}
		accepts = !refusedWeight(weight)
		if named {
			return accepts
		}
	}
	return accepts
}

// refusedWeight says whether a parameter such as "q=0.5" is zero.
func refusedWeight(parameter string) bool {
	name, value, found := strings.Cut(parameter, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return found && strings.EqualFold(strings.TrimSpace(name), "q") && (err != nil || q <= 0)
}

// gzipWriters are writers that are not in use.
var gzipWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one that there is
	}
	return w
}}

// gzipWriter compresses a reply that turns out to be large enough. Until that is known it
// holds the reply's status and beginning.
type gzipWriter struct {
	http.ResponseWriter
	status int
	held   []byte
	// zip compresses what is written, plain says that nothing does; before it is
	// decided, neither is set.
	zip   *gzip.Writer
	plain bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *gzipWriter) WriteHeader(status int) {
	if status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status == 0 {
		w.status = status
	}
}

// Write implements [http.ResponseWriter].
func (w *gzipWriter) Write(p []byte) (int, error) {
	switch {
	case w.plain:
		return w.ResponseWriter.Write(p)
	case w.zip != nil:
		return w.zip.Write(p)
	}
	w.held = append(w.held, p...)
	if len(w.held) < compressFrom {
		return len(p), nil
	}
	return len(p), w.begin(w.compressible())
}

// FlushError sends what there is, as [http.ResponseController] asks for it.
func (w *gzipWriter) FlushError() error {
	if !w.plain && w.zip == nil {
		if err := w.begin(false); err != nil {
			return err
		}
	}
	if w.zip != nil {
		if err := w.zip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap gives [http.ResponseController] what this writer does not know.
func (w *gzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *gzipWriter) compressible() bool {
	header := w.Header()
	kind, _, err := mime.ParseMediaType(header.Get(echo.HeaderContentType))
	return err == nil && kind != "text/event-stream" && header.Get(echo.HeaderContentEncoding) == "" &&
		(w.status == 0 || w.status == http.StatusOK)
}

// begin sends the status and what is held.
func (w *gzipWriter) begin(zipped bool) error {
	if zipped {
		header := w.Header()
		header.Del(echo.HeaderContentLength)
		header.Set(echo.HeaderContentEncoding, "gzip")
		// The compressed bytes are others than the plain ones: a strong tag names bytes.
		if tag := header.Get(HeaderETag); tag != "" && !strings.HasPrefix(tag, "W/") {
			header.Set(HeaderETag, "W/"+tag)
		}
		w.zip = gzipWriters.Get().(*gzip.Writer)
		w.zip.Reset(w.ResponseWriter)
	}
	w.plain = !zipped
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
	held := w.held
	w.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := w.Write(held)
	return err
}

// end sends what is left to send of a reply, of which there may be nothing.
func (w *gzipWriter) end() error {
	if w.zip != nil {
		err := w.zip.Close()
		gzipWriters.Put(w.zip)
		return err
	}
	if w.plain || w.status == 0 && len(w.held) == 0 {
		return nil
	}
	return w.begin(false)
}
