// Package freeport finds ports for servers that must come back on the same one.
//
// Contract: a port that Pick returns lies below those that the kernel gives to
// clients, so it stays free while its server is down. It is not reserved:
// whoever listens first has it.
package freeport
