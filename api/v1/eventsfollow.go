package v1

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/feed"
)

// maxStreams is how many streams of events are open at once, maxStreamsOfUser how many of one
// user.
const maxStreams, maxStreamsOfUser = 2000, 8

func placesOfStreams() *api.Places {
	return api.NewPlaces(api.PlaceLimits{What: "open streams of events", Most: maxStreams, Each: maxStreamsOfUser})
}

// notOfStream refuses what a stream, which goes on for ever and upwards, does not know.
func notOfStream(f eventsFilter, p eventsPage) error {
	for _, p := range []struct {
		name  string
		given bool
	}{
		{"before", f.before != nil}, {"until", f.until != nil}, {"order", p.order == "desc"},
		{"limit", p.limit != nil}, {"cursor", p.cursor != nil},
	} {
		if p.given {
			return domain.Invalid(p.name, "a stream of events does not know it")
		}
	}
	return nil
}

// followEvents sends the events behind a position, and then each new one as it comes.
func (a *API) followEvents(c echo.Context, filter eventsFilter, page eventsPage) error {
	if err := notOfStream(filter, page); err != nil {
		return err
	}
	leave, err := a.streams.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	ctx, stop := context.WithCancel(c.Request().Context())
	defer stop()
	defer api.WhenDraining(ctx, stop)()
	head, err := a.Store.Head(ctx)
	if err != nil {
		return err
	}
	of, err := a.selection(ctx, filter, head.Position)
	if err != nil {
		return err
	}
	after, err := beginningOf(c.Request(), filter, of.After, head.Position)
	if err != nil {
		return err
	}
	reader := a.Feed.Follow(ctx, a.Identity, api.Caller(c), of, after)
	defer reader.Close()
	out, err := newEventWriter(reader.Context(), c)
	if err != nil {
		return err
	}
	defer out.close()
	if c.Request().Method == http.MethodHead {
		return nil // whose client wants to know how the stream would begin
	}
	return sendEvents(reader, out)
}

// beginningOf is the position behind which a stream begins: that of the last event that the
// client had, unless it asks for later ones, else the one that it asks for, else the head.
func beginningOf(r *http.Request, f eventsFilter, asked, head domain.Position) (domain.Position, error) {
	if id := r.Header.Get(headerLastEventID); id != "" {
		last, ok := api.ParseInteger(id)
		if !ok || last < 0 {
			return 0, domain.Invalid(headerLastEventID, "必须是收到的最后一个事件的id！")
		}
		if domain.Position(last) > head {
			return 0, domain.Invalid(headerLastEventID, "the log has not reached the position")
		}
		return max(domain.Position(last), asked), nil
	}
	if f.after != nil || f.since != nil {
		return asked, nil
	}
	return head, nil
}

// sendEvents ends with the client, or with what it may read.
func sendEvents(reader *feed.Reader, out *eventWriter) error {
	told := reader.Position()
	err := out.position(told)
	for err == nil {
		var events []feed.Shown
		events, err = reader.Next(out.said.Add(followQuiet))
		at := reader.Position()
		switch {
		case errors.Is(err, feed.ErrBehind):
			return out.behind(at)
		case err != nil:
		case len(events) > 0:
			told, err = events[len(events)-1].Position, out.events(events)
		case at != told:
			told, err = at, out.position(at)
		default:
			err = out.keepAlive()
		}
	}
	if errors.Is(err, feed.ErrEnded) {
		return nil
	}
	return err
}

// position tells the client how far it has everything, as an id without data, of which clients
// take note and which is no event to them: so they resume there even if none has come.
func (w *eventWriter) position(at domain.Position) error {
	if err := w.write(idLine(at) + "\n"); err != nil {
		return err
	}
	return w.flush()
}

func idLine(at domain.Position) string { return "id: " + strconv.FormatInt(int64(at), 10) + "\n" }

// events writes events of the log.
func (w *eventWriter) events(list []feed.Shown) error {
	var text bytes.Buffer
	for _, e := range list {
		text.WriteString("event: " + e.Type + "\n" + idLine(e.Position) + "data: ")
		text.Write(e.JSON)
		text.WriteString("\n\n")
	}
	if err := w.write(text.String()); err != nil {
		return err
	}
	return w.flush()
}

// behind says that the client is too slow, and where it resumes.
func (w *eventWriter) behind(at domain.Position) error {
	if err := w.write("event: behind\n" + idLine(at) + `data: {"position":` + strconv.FormatInt(int64(at), 10) + "}\n\n"); err != nil {
		return err
	}
	return w.flush()
}
