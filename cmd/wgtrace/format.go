package main

import (
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wgtrace/wgtrace/report"
)

// endings are those of file names by which a format is known.
var endings = map[string]string{"text": ".txt", "markdown": ".md", "json": ".json", "html": ".html"}

// endings lists those of the formats that the command can write.
func (o *outputOptions) endings() []string {
	var list []string
	for _, f := range o.formats {
		list = append(list, endings[f])
	}
	return list
}

// checkFormat refuses a format that does not exist, or that the command has not.
func (o *outputOptions) checkFormat(format string) error {
	if slices.Contains(o.formats, format) {
		return nil
	}
	hint := "--format " + strings.Join(o.formats, " or --format ") + "; files: " + strings.Join(o.endings(), ", ")
	if endings[format] != "" {
		return usage(hint, "this command writes no %s", format)
	}
	return usage(hint, "unknown format %q", format)
}

// formatOf returns the format of a file by its ending.
func formatOf(name, fallback string) string {
	ending := strings.ToLower(filepath.Ext(name))
	for format, e := range endings {
		if e == ending {
			return format
		}
	}
	return fallback
}

// render writes a report in one format.
func (o *outputOptions) render(w io.Writer, r *report.Report, format string, color bool) error {
	location := time.Local
	if o.utc {
		location = time.UTC
	}
	switch format {
	case "json":
		return report.JSON(w, r)
	case "markdown":
		return report.Markdown(w, r, location)
	case "html":
		return report.HTML(w, r, location)
	}
	return report.Text(w, r, report.TextOptions{Width: width(w), Color: color, Verbose: o.verbose, Location: location})
}
