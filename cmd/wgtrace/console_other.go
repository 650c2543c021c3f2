//go:build !windows

package main

// prepareConsole: terminals obey.
func prepareConsole() {}

// ownWindow: a terminal stays when a program ends.
func ownWindow() bool { return false }

// uiLanguage: the environment says it.
func uiLanguage() string { return "" }
