// Package wording has the texts of refusals in a second language: Chinese ones in
// English and the other way round.
//
// Stage in the flow: api says a [domain.Text] in the language of the reply. The text's
// format, as it stands where the text is made, is its name here.
//
// Contract: what the API documents print is said as it is in every language. Every other
// text that a client may be refused with has an entry, which a test sees to that reads
// the source; a text without one would be said as it was written.
//
// It must not know where a text is used.
package wording
