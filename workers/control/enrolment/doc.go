// Package enrolment enrols agents whose hosts have a token for that.
//
// Stage in the flow: control plane; package api/v1 → the log (one append that enrols the agent and ends the token) →
// package busauth, which signs what the agent connects with.
//
// Contract: [Desk.Redeem] enrols at most one key by a token, whichever process is asked, and says the same to whoever has
// the token and that key again. Why a token is refused is said to nobody. The agent's seed never comes here.
package enrolment
