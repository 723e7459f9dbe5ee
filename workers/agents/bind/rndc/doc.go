// Package rndc speaks named's control protocol (isccc), as the program rndc
// does, over one kept connection: a command costs a round trip instead of a
// process.
//
// Contract: a [Client] proves with every message, by HMAC-SHA256, that it and
// named hold the same key, so an answer also proves which named answered.
// Commands are lines of text; names that go into them are quoted with [Quote].
package rndc
