// Package query reads lists from the tables of the read models, as they are or as they were.
//
// Stage: between the tables and the models' Readers. A Reader says what a row has
// and which rows are wanted; a [List] makes of it one statement for a page and the
// number of all rows. Contract: everything that comes from outside is an argument,
// never SQL. It must not know what the rows mean, nor who asks.
package query
