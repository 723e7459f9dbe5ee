// Package sqlfiles runs SQL files against a PostgreSQL database in one transaction,
// and finds out afterwards whether the transaction was committed.
//
// Stage in the flow: the executor's update_db hands over files that it has read
// and the database's address; before the commit it notes the transaction's id in
// its journal, so that an agent that was killed at that moment, or lost its
// connection, can ask the database whether the transaction was committed.
//
// Contract: either all files take effect or none; a file cannot end the transaction
// that it runs in. Errors name file and line and never contain the password.
package sqlfiles
