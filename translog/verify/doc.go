// Package verify checks a log against its tree and its checkpoints: in the database
// ([Database]), or from outside, by what /v1/log shows ([Remote]).
//
// Contract: what is wrong is a [Finding], which names the first position that is wrong and in
// what. Nothing that a table or a server says is believed that can be computed; what cannot,
// the newest checkpoint, is as good as its signature and the checkpoints that somebody kept.
//
// It must not write.
package verify
