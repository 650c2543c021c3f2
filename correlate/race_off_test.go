//go:build !race

package correlate_test

const raceEnabled = false
