package main

import (
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/wgtrace/wgtrace/internal/text"
)

// registerLang adds the flag for the language of the sentences.
func registerLang(f *pflag.FlagSet, lang *string) {
	f.StringVar(lang, "lang", systemLang(), "`LANG` of the report: "+strings.Join(text.Languages(), ", "))
}

// checkLang refuses a language that there is none of.
func checkLang(lang string) error {
	if _, err := text.For(lang); err != nil {
		return usage("--lang "+strings.Join(text.Languages(), " or --lang "), "%s", err)
	}
	return nil
}

// systemLang is the language that the system is set to, English where there are
// no sentences in it. The first variable that is set decides (POSIX, XBD 8.2), and
// the system's own setting where there are none.
func systemLang() string {
	for _, value := range []string{os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"), uiLanguage()} {
		if value == "" {
			continue
		}
		// zh_CN.UTF-8, zh-Hans, zh: the language stands in front.
		tag := strings.ToLower(value)
		if i := strings.IndexAny(tag, "_-.@"); i >= 0 {
			tag = tag[:i]
		}
		if _, err := text.For(tag); err == nil {
			return tag
		}
		break
	}
	return "en"
}
