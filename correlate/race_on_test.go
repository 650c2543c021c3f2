//go:build race

package correlate_test

const raceEnabled = true
