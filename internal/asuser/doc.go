// Package asuser does file work with the rights of another user, inside one
// process: whoever owns a folder may put symbolic links there, and then no check
// of a path can be trusted, but the kernel's check of the user's rights can.
//
// Contract: while root acts as a user, every file is reached, made and owned as
// if that user had done it; nothing else in the process changes. It must not
// know what the files are. Linux only.
package asuser
