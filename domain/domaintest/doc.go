// Package domaintest runs decisions against a log in memory: given events, when a
// command is decided, then events or an error. It also tells whether an event
// that comes between a decision and its append would make the append fail, which
// no list of events can show.
package domaintest
