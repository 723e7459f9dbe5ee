// Package powerdns is the dialect of programs that know PowerDNS: the API of an Authoritative Server
// 4.9 over the views. What such a program calls a server is a view.
//
// Stage: like every dialect it only translates, a body into commands of package dns, rows into replies.
// Contract: replies, statuses and the texts of refusals are those that the programs know; what
// PowerDNS has and this has not is an empty list or a refusal. Records that are generated are shown
// as they are served, and may be written as they are. It must not decide about the domain.
package powerdns
