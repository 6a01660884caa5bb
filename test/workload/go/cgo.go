//go:build cgo

package main

// #include <unistd.h>
import "C"

// With a call into C the program is linked to the C library, and begins there.
var _ = C.getpid()
