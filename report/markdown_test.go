package report

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	unsafe "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"

	"github.com/wgtrace/wgtrace/correlate"
)

// attacks are texts that mean something to Markdown, to HTML, or to the filters
// that GitHub and GitLab run over a finished page.
var attacks = []string{
	`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `</summary></details><h1>owned</h1>`, `<!--`, `<?x`, `&lt;b&gt;`,
	`[click](https://evil.example)`, `![x](https://evil.example/p.png)`, `[a]: https://evil.example`, `<https://evil.example>`,
	`https://evil.example/`, `www.evil.example`, `(www.evil.example)`, `me@evil.example`, `mailto:me@evil.example`, `ftp://evil.example`,
	`@everyone`, `a @torvalds`, `#1`, `GH-1`, `torvalds/linux#1`, `!1`, `~bug`, `%v1`, `&1`, `$1`, `$x$`, `deadbeefdeadbeef`, `:tada:`, `[^1]`,
	"`", "```", "``` `", "a`b", `a|b`, `a\|b`, `\`, `x\`, `|`, `||`, `**bold**`, `_it_`, `~~gone~~`, `# head`, `- item`, `1. item`, `> quote`, `---`, `===`,
	"`|`", "\\`|[x](https://evil.example)", "é@user", "é`|`<b>é", `= = =`, `* * *`, `+ a`, `<details>`, `{{.}}`, `"><svg onload=alert(1)>`,
}

// page renders Markdown as GitHub does: tables, bare links and HTML are on.
func page(t *testing.T, source string) *html.Node {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(unsafe.WithUnsafe()))
	if err := md.Convert([]byte(source), &b); err != nil {
		t.Fatal(err)
	}
	n, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// elements counts the elements of a page, and gathers the text that stands
// outside of code.
func elements(n *html.Node, count map[string]int, text *strings.Builder) {
	switch n.Type {
	case html.ElementNode:
		count[n.Data]++
		if n.Data == "code" {
			text.WriteByte(' ')
			return
		}
	case html.TextNode:
		text.WriteString(n.Data)
	case html.CommentNode:
		count["comment"]++
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		elements(c, count, text)
	}
}

// TestMarkdownText: whatever a text says, it is a paragraph of text and code,
// and what is read is what was written.
func TestMarkdownText(t *testing.T) {
	for _, a := range attacks {
		for _, s := range []string{a, "see " + a, a + " there", "(" + a + ")", a + a, a + " " + a, "名" + a + "名"} {
			n := page(t, "before\n\n"+markdown(s)+"\n\nafter")
			count, text := map[string]int{}, &strings.Builder{}
			elements(n, count, text)
			for name := range count {
				if name != "html" && name != "head" && name != "body" && name != "p" && name != "code" {
					t.Errorf("%q becomes <%s>: %s", s, name, markdown(s))
				}
			}
			if count["p"] != 3 {
				t.Errorf("%q is %d paragraphs", s, count["p"]-2)
			}
			if all := allText(n); !strings.Contains(all, s) {
				t.Errorf("%q reads %q: %s", s, all, markdown(s))
			}
			if strings.ContainsAny(text.String(), "@#!~$&<`*_[]\\") {
				t.Errorf("%q leaves %q outside of code", s, text)
			}
		}
		n := page(t, "| a | b |\n| --- | --- |\n"+cells([]string{a, "end"})+"\n")
		count := map[string]int{}
		elements(n, count, &strings.Builder{})
		if count["td"] != 2 || !strings.Contains(allText(n), a) || !strings.Contains(allText(n), "end") {
			t.Errorf("%q breaks its row of a table: %s", a, cells([]string{a, "end"}))
		}
	}
}

func allText(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(allText(c))
	}
	return b.String()
}

// attackSample is a run whose every name comes from an attacker.
func attackSample(attack string) sample {
	s := natMissingSample()
	for i := range s.ev.Captures {
		c := &s.ev.Captures[i]
		c.Source, c.Interface.Name, c.Interface.Description, c.Interface.Filter = attack, attack, attack+" d", attack
	}
	for i := range s.d.Findings {
		f := &s.d.Findings[i]
		f.Args = map[string]any{"tunnel": attack, "wan": attack, "resolver": attack, "name": attack}
	}
	s.ev.Caveats = append(s.ev.Caveats, correlate.Caveat{ID: "relabelled", Args: map[string]any{"source": attack, "count": 2}})
	return s
}

// TestMarkdownInjection: the page of a hostile run has the elements of an
// ordinary one, and no more.
func TestMarkdownInjection(t *testing.T) {
	want := map[string]bool{}
	for _, name := range strings.Fields("html head body h2 h3 p strong code pre details summary table thead tbody tr th td ul li br sub") {
		want[name] = true
	}
	for _, a := range attacks {
		s := attackSample(a)
		var b bytes.Buffer
		if err := Markdown(&b, Build(s.ev, s.d, s.info), nil); err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		n := page(t, b.String())
		elements(n, count, &strings.Builder{})
		for name := range count {
			if !want[name] {
				t.Errorf("%q becomes <%s>", a, name)
			}
		}
		if count["h2"] != 1 || count["h3"] != 1 || count["details"] < 5 || count["details"] != count["summary"] {
			t.Errorf("%q changes the page: %v", a, count)
		}
		if !strings.Contains(allText(n), a) {
			t.Errorf("%q is not shown", a)
		}
	}
}

// TestMarkdownLimit: a ticket takes the report of any run.
func TestMarkdownLimit(t *testing.T) {
	s := attackSample(strings.Repeat("|`@x", 1500))
	f, m, p, c, at := s.ev.Flows[0], correlate.Mapping{}, s.ev.WireGuard.Peers[0], s.ev.Clients[0], s.ev.Captures[0]
	for i := range 500 {
		f.Client = netip.AddrPortFrom(netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:6666"), uint16(i))
		m.Inside, m.Outside, m.Remote = f.Client, f.Client, f.Client
		p.Endpoint = f.Client
		c.Addrs = []netip.Addr{f.Client.Addr()}
		s.ev.Flows, s.ev.NAT, s.ev.WireGuard.Peers = append(s.ev.Flows, f), append(s.ev.NAT, m), append(s.ev.WireGuard.Peers, p)
		s.ev.Clients, s.ev.Captures = append(s.ev.Clients, c), append(s.ev.Captures, at)
		s.ev.Caveats = append(s.ev.Caveats, correlate.Caveat{ID: "relabelled", Args: map[string]any{"source": fmt.Sprint("f", i), "count": 2}})
	}
	first := &s.d.Findings[0]
	for range 500 {
		first.Evidence = append(first.Evidence, first.Evidence[0])
		first.Fixes = append(first.Fixes, first.Fixes[0])
		first.Causes = append(first.Causes, first.Causes[0])
	}
	for _, lang := range []string{"en", "zh"} {
		s.info.Lang = lang
		var b bytes.Buffer
		if err := Markdown(&b, Build(s.ev, s.d, s.info), nil); err != nil {
			t.Fatal(err)
		}
		if b.Len() >= markdownLimit {
			t.Errorf("%s: %d octets", lang, b.Len())
		}
		count := map[string]int{}
		elements(page(t, b.String()), count, &strings.Builder{})
		if count["details"] < 3 || count["sub"] != 1 {
			t.Errorf("%s: the page ends early: %v", lang, count)
		}
		if lang == "en" && !strings.Contains(b.String(), "more not shown here") {
			t.Error("it does not say what is left out")
		}
	}
}
