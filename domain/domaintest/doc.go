// Package domaintest runs decisions against a log in memory: given events, when
// a command is decided, then events or an error. It also answers what no list
// of events can show: whether an event that comes in between would let the
// append fail.
package domaintest
