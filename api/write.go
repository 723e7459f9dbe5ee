package api

import (
	"errors"
	"io"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
)

// Write is a write as a dialect describes it: what it asks for, and what it says.
// The kernel does the rest.
type Write struct {
	// Kind is the kind of the resource that is written, whose id the path may have.
	Kind Resource
	// Takes are the sequences that the command takes ids from.
	Takes []domain.Sequence
	// Right is the right that the write needs. The kernel checks it for a bad request
	// alone, so that the reply is the one that a good request would get: 404 for an
	// unknown id, then 403, then 400. A good request meets the same rules in the
	// domain. Nil stands for a write that everybody may make, or whose route has the
	// right.
	Right Authority
	// Command makes the command of a request. It need not look at [Params.Err].
	Command func(*Request) (domain.Command, error)
	// Reply returns the reply to a write that was carried out, now or by an earlier
	// request with the same key. It is called after the read models have applied the
	// write. Nil stands for OK.
	Reply func(*Request, eventstore.Receipt) (info any, err error)
	// Keys are the parameters that the write knows, or that Choose does if there is one;
	// see [Reads]. Command sees no others.
	Keys Names
	// Unversioned: what the write is about has no version that the client could have
	// seen, so that If-Match cannot hold. What is created has none.
	Unversioned bool
	// Choose returns the write that a request asks for, where the route has several.
	// It is called first. If the write that it returns has a Choose, too, that one is
	// called next.
	Choose func(*Request) (Write, error)
	// FromLog: the states that the write leads to are of the log, and not of the request.
	FromLog bool
	// Places bounds how many requests are in work at once.
	Places *Places
	// Body reads the body of a route whose body is streamed, once it is known that the caller
	// has the right that the write needs. What is wrong with the content is for Command to say,
	// so that a repeat is answered first; an error is one of reading.
	Body func(*Request, io.Reader) error
	// End is called once a request that got as far as the write has ended, whatever came of it.
	// Nil stands for nothing.
	End func()
	// NoDryRun refuses a request that cannot be asked for as a dry run, and counts it for the
	// throttles as it counts without the header. Nil, also of the error, stands for one that can.
	NoDryRun func(*Request) error
}

// Knowing returns the write as one that knows these parameters.
func (w Write) Knowing(keys Names) Write {
	w.Keys = keys
	return w
}

// Creating returns the write as one that makes what it is about, see [Write.Unversioned].
func (w Write) Creating() Write {
	w.Unversioned = true
	return w
}

// Authority returns the right that a write needs. The error says that the write is
// about nothing that exists; [ErrOwn] that it is about the callers themselves.
type Authority func(*Request) (access.Right, error)

// ErrOwn says that a write is about the caller's own, and needs no right.
var ErrOwn = errors.New("the caller's own")

// Always is the authority of a write that needs the same right whatever it says.
func Always(r access.Right) Authority {
	return func(*Request) (access.Right, error) { return r, nil }
}

// write carries a write through.
func (k *Kernel) write(c echo.Context, route Route) error {
	w, err := k.parse(c, route)
	if err != nil {
		return err
	}
	leave, err := w.write.Places.Take(w.Context(), w.key.actor)
	if err != nil {
		return err
	}
	defer leave()
	if err := w.choose(); err != nil {
		return err
	}
	if w.write.End != nil {
		defer w.write.End()
	}
	if w.streamed {
		if err := k.receive(w); err != nil {
			return err
		}
	}
	if w.dry {
		return k.dryRun(w)
	}
	receipt, err := k.append(w)
	if err != nil {
		return err
	}
	return k.answer(w, receipt)
}

// append lets the store decide on the request's command and append what comes of
// it. A repeat is told what became of the first one; a refusal is kept for repeats.
func (k *Kernel) append(w *Request) (eventstore.Receipt, error) {
	if receipt, err := k.recall(w); err != nil || receipt.Replayed {
		return receipt, err
	}
	var receipt eventstore.Receipt
	err := w.fresh(func(cmd domain.Command) (err error) {
		receipt, err = k.Store.Execute(patient(w.echo), w.carrying(cmd))
		return err
	})
	if err != nil {
		k.unseal(patient(w.echo), w, err)
		return receipt, k.refuse(w, err)
	}
	return receipt, nil
}

// ErrStale is the refusal of a command that was made from what the read models showed, and which
// has changed since: the command is to be made anew.
var ErrStale = errors.New("what the command was made from has changed")

// maxStale is how often a command is made anew.
const maxStale = 15

// fresh makes the command of the request and has it decided, again if it is [ErrStale].
func (w *Request) fresh(decide func(domain.Command) error) error {
	for tries := 0; ; tries++ {
		cmd, err := w.command()
		if err == nil {
			err = decide(cmd)
		}
		switch {
		case !errors.Is(err, ErrStale):
			return err
		case tries == maxStale:
			return eventstore.ErrConflict
		}
	}
}

// command makes the command of the request.
func (w *Request) command() (domain.Command, error) {
	if err := w.refused(); err != nil {
		return nil, w.prefer(err)
	}
	cmd, err := w.write.Command(w)
	if w.Err != nil {
		err = w.Err
	}
	return cmd, w.prefer(err)
}

// refused returns what is wrong with a request whatever its parameters say.
func (w *Request) refused() error {
	if w.write.Unversioned && w.HTTP().Header.Get(HeaderIfMatch) != "" {
		return errNoVersion()
	}
	return w.remarks().refused
}

// prefer returns what is to be said to a request that is bad: that the caller may
// not do this anyway, or that there is nothing to do it to, comes first.
func (w *Request) prefer(err error) error {
	if err == nil || w.write.Right == nil {
		return err
	}
	w.Err = nil
	right, rightErr := w.write.Right(w)
	if rightErr != nil {
		var refused *domain.Error
		if errors.As(rightErr, &refused) && refused.Code == domain.CodeNotFound {
			return rightErr
		}
		return err
	}
	if forbidden := w.Caller.Require(right); forbidden != nil {
		return forbidden
	}
	return err
}
