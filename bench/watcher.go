package bench

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// watchEvery is how often the watcher asks.
const watchEvery = time.Millisecond

// A watcher asks named for a record that does not change, about every
// millisecond and without waiting for answers, and keeps the longest time
// without one. A second stream goes to a socket of this process that returns
// what it gets: the pauses that it sees are the machine's, not named's.
type watcher struct {
	named, echo *stream
	mirror      *net.UDPConn
	disk        *diskWatch
}

// stream is one sequence of questions and their answers.
type stream struct {
	conn     *net.UDPConn
	question []byte
	cancel   context.CancelFunc
	done     chan struct{}
	// longest is the longest time without an answer, in nanoseconds.
	longest atomic.Int64
}

// watch begins to ask named, which keeps its files in the folder, for the address
// of the name. stop it.
func watch(addr, name, dir string) (*watcher, error) {
	disk, err := watchDisk(dir)
	if err != nil {
		return nil, err
	}
	mirror, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, errors.Join(err, disk.stop())
	}
	go reflect(mirror)
	w := &watcher{mirror: mirror, disk: disk}
	if w.named, err = startStream(addr, name); err == nil {
		if w.echo, err = startStream(mirror.LocalAddr().String(), name); err == nil {
			return w, nil
		}
		w.named.stop()
	}
	return nil, errors.Join(err, mirror.Close(), disk.stop())
}

// reflect returns every datagram to its sender until the socket is closed.
func reflect(conn *net.UDPConn) {
	var buf [512]byte
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf[:])
		if err != nil {
			return
		}
		_, _ = conn.WriteToUDPAddrPort(buf[:n], from) // a lost datagram shows as a pause
	}
}

// pause is what a watcher saw.
type pause struct {
	// longest is the longest time in which named answered nothing, machine that of
	// the socket of this process, disk that of a sync.
	longest, machine, disk time.Duration
}

// lap returns what was seen since the last lap, and begins a new one.
func (w *watcher) lap() pause {
	return pause{
		longest: time.Duration(w.named.longest.Swap(0)), machine: time.Duration(w.echo.longest.Swap(0)),
		disk: time.Duration(w.disk.longest.Swap(0)),
	}
}

func (w *watcher) stop() {
	w.named.stop()
	w.echo.stop()
	_ = w.mirror.Close()
	_ = w.disk.stop() // its file goes with the run
}

func startStream(addr, name string) (*stream, error) {
	r, err := dialResolver(addr)
	if err != nil {
		return nil, err
	}
	const typeA = 1
	question, err := r.question(name, typeA)
	if err != nil {
		return nil, errors.Join(err, r.conn.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &stream{conn: r.conn, question: question, cancel: cancel, done: make(chan struct{})}
	go s.ask(ctx)
	go s.listen()
	return s, nil
}

func (s *stream) stop() {
	s.cancel()
	_ = s.conn.Close()
	<-s.done
}

func (s *stream) ask(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, _ = s.conn.Write(s.question) // what is not asked is not answered: a pause
	}
}

// listen notes the times between answers. Answers that were late come together,
// after the pause that held them up.
func (s *stream) listen() {
	defer close(s.done)
	var buf [512]byte
	last := time.Now()
	for {
		if _, err := s.conn.Read(buf[:]); err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // named is away: a pause
		}
		now := time.Now()
		if gap := int64(now.Sub(last)); gap > s.longest.Load() {
			s.longest.Store(gap)
		}
		last = now
	}
}
