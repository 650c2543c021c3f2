// Package privilege gives up what the program may do beyond its work, and takes
// back, on one thread and for one purpose, what had to be set aside. It knows the
// kernel's capabilities alone: the user stays who they are.
package privilege

// Needs are the purposes for which more is needed later than to capture and to
// read settings.
type Needs struct {
	Enter bool // entering another network namespace
	Files bool // writing into another person's folder, and giving files to them
}
