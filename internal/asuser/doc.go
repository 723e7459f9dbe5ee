// Package asuser does file work with the rights of another user, inside one
// process. The owner of a folder may put symbolic links into it at any moment, so
// no check of a path by root can be trusted. The kernel's own check of the user's
// rights can.
//
// Contract: while root acts as a user, every file is reached, made and owned as
// if that user had done it; nothing else in the process changes. The package must
// not know what the files are. Linux only.
package asuser
