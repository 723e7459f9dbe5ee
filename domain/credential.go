package domain

// CredentialID names what a program acted with in place of a login. 0 stands for none.
type CredentialID int64
