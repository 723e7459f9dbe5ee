package api

import "slices"

// Names are the names of the parameters that a route knows.
type Names []string

// Reads returns the names of the parameters that a function reads, which must read all
// of them whatever there is: it is called once, with parameters that are all absent.
func Reads[T any](read func(*Params) T) Names {
	p := &Params{asked: &Names{}}
	read(p)
	return *p.asked
}

// And returns the names of both.
func (n Names) And(more Names) Names { return append(slices.Clone(n), more...) }

func (n Names) has(name string) bool { return slices.Contains(n, name) }

// ask notes that a parameter was asked for.
func (p *Params) ask(name string) {
	if p.asked != nil && !p.asked.has(name) {
		*p.asked = append(*p.asked, name)
	}
}

// without removes the parameters that are not among the names, and returns what they
// are called, in order.
func (p *Params) without(known Names) (unknown []string) {
	for name := range p.Object {
		if !known.has(name) {
			unknown = append(unknown, name)
			delete(p.Object, name)
		}
	}
	for name := range p.form {
		if !known.has(name) {
			unknown = append(unknown, name)
			delete(p.form, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
