// Package dns decides about name servers, views, zones, records and the BIND
// main configuration.
//
// Stage in the flow: between api, which builds its commands from inputs, and
// the log. The same value parsers serve the agent, so that what was accepted is
// what is rendered. See package domain for what "pure" means here.
//
// Contract: a command is built by its constructor alone, which checks the form
// of every field and names the one that is wrong; Decide checks what depends on
// the log. What is accepted loads in named and packs into DNS messages. Values
// are kept as the client wrote them and parsed again where they are rendered.
//
// It must not write text for named by putting clients' text together: records
// are built field by field ([RecordRR]), lists entry by entry ([ParseACL]), and
// the configuration statement by statement ([ParseBindConf]).
package dns
