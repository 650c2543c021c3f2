package main

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

var getConsoleProcessList = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetConsoleProcessList")

// prepareConsole asks the console to obey the sequences for colours and for the
// cursor, which cmd.exe and PowerShell 5 have to be told; where it refuses, none
// are sent. Text needs no code page: Go writes UTF-16 to consoles and UTF-8 to
// everything else (os.File, WriteConsoleW).
func prepareConsole() {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		console := windows.Handle(f.Fd())
		var mode uint32
		if windows.GetConsoleMode(console, &mode) != nil {
			continue // redirected
		}
		if windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) != nil {
			os.Setenv("TERM", "dumb")
		}
	}
}

// ownWindow reports whether the console closes with this program: nobody else is
// attached to it, as after a double click (GetConsoleProcessList).
func ownWindow() bool {
	if getConsoleProcessList.Find() != nil {
		return false
	}
	var ids [2]uint32
	n, _, _ := getConsoleProcessList.Call(uintptr(unsafe.Pointer(&ids[0])), uintptr(len(ids)))
	return n == 1
}

// uiLanguage is the language that Windows speaks, as "zh-CN"; "" if it does not
// say.
func uiLanguage() string {
	names, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}
