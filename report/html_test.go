package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// pageOf writes a report as HTML and reads it as a browser does.
func pageOf(t *testing.T, s sample) (source string, page *html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, Build(s.ev, s.d, s.info), nil); err != nil {
		t.Fatal(err)
	}
	n, err := html.Parse(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), n
}

// shape lists the elements and attributes of a page.
func shape(n *html.Node, see func(*html.Node)) {
	if n.Type == html.ElementNode || n.Type == html.CommentNode {
		see(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		shape(c, see)
	}
}

// TestHTMLStandsAlone: no script, nothing that is fetched, and a policy that
// would forbid both.
func TestHTMLStandsAlone(t *testing.T) {
	harmless := strings.Fields(`html head meta title style body header p h1 h2 main dl dt dd pre code figure figcaption details summary div
		table thead tbody tr th td ul li footer svg desc rect text g circle path`)
	attributes := strings.Fields(`lang charset http-equiv content name class id scope tabindex role aria-labelledby
		viewbox viewBox x y cx cy r rx width height d transform text-anchor font-size font-weight`)
	for _, s := range append(samples(), attackSample(`"><script>alert(1)</script>`)) {
		source, page := pageOf(t, s)
		var policy, style string
		shape(page, func(n *html.Node) {
			if !slices.Contains(harmless, n.Data) {
				t.Errorf("%s: the page has <%s>", s.name, n.Data)
			}
			for _, a := range n.Attr {
				if !slices.Contains(attributes, a.Key) {
					t.Errorf("%s: <%s> has %s=%q", s.name, n.Data, a.Key, a.Val)
				}
				if n.Data == "meta" && a.Val == "Content-Security-Policy" {
					policy = n.Attr[1].Val
				}
			}
			if n.Data == "style" {
				style = n.FirstChild.Data
			}
		})
		sum := sha256.Sum256([]byte(style))
		if want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.HasPrefix(policy, want) {
			t.Errorf("%s: the policy is %q, want %q", s.name, policy, want)
		}
		for _, fetch := range []string{"url(", "@import", "src=", "href="} {
			if strings.Contains(source, fetch) {
				t.Errorf("%s: the page has %s", s.name, fetch)
			}
		}
	}
}

// TestHTMLInjection: a page with hostile names has the elements of one with
// harmless names, and shows them as they are.
func TestHTMLInjection(t *testing.T) {
	outline := func(attack string) (list []string, page *html.Node) {
		_, page = pageOf(t, attackSample(attack))
		shape(page, func(n *html.Node) {
			list = append(list, n.Data)
			for _, a := range n.Attr {
				if a.Key != "content" {
					list = append(list, a.Key+"="+a.Val)
				}
			}
		})
		return list, page
	}
	want, _ := outline("wg0")
	for _, a := range append(attacks, `</style><script>`, `</title><script>`, `</svg><script>`, `]]>`, `' onload='x`, `" onload="x`) {
		got, page := outline(a)
		if !slices.Equal(got, want) {
			t.Errorf("%q changes the page", a)
		}
		if !strings.Contains(allText(page), a) {
			t.Errorf("%q is not shown", a)
		}
	}
}

// TestHTMLReadsAloud: headings in order, every drawing with its text, every
// table with its heads.
func TestHTMLReadsAloud(t *testing.T) {
	for _, s := range samples() {
		_, page := pageOf(t, s)
		count := map[string]int{}
		shape(page, func(n *html.Node) {
			count[n.Data]++
			if n.Data != "svg" {
				return
			}
			title, desc := n.FirstChild.NextSibling, n.FirstChild.NextSibling.NextSibling.NextSibling
			if title.Data != "title" || desc.Data != "desc" || allText(title) == "" || allText(desc) == "" {
				t.Errorf("%s: a drawing has no title and description", s.name)
			}
		})
		if count["h1"] != 1 || count["h2"] < 2 || count["svg"] < 1 || count["details"] != count["summary"] || count["table"] != count["thead"] {
			t.Errorf("%s: %v", s.name, count)
		}
		if s.name == "nat-missing" && count["svg"] < 2 {
			t.Errorf("%s: no time line", s.name)
		}
	}
}

// TestHTMLPath: the drawing breaks where the verdict does.
func TestHTMLPath(t *testing.T) {
	for _, s := range samples() {
		r := Build(s.ev, s.d, s.info)
		p := (&printer{r: r}).drawPath()
		cut := 0
		for _, a := range p.Arrows {
			if a.Cut {
				cut++
			}
		}
		want := strings.Count(strings.Join(r.picture(), ""), "X")
		if cut != want {
			t.Errorf("%s: %d crosses, want %d", s.name, cut, want)
		}
		if len(p.Boxes) != 6 {
			t.Errorf("%s: %d boxes", s.name, len(p.Boxes))
		}
	}
}

// TestHTMLLatency: what the drawing says aloud is what was measured.
func TestHTMLLatency(t *testing.T) {
	s := healthySample()
	r := Build(s.ev, s.d, s.info)
	r.Flows[0].Latency = Latencies{Remote: &Latency{Min: 8_000, Median: 12_500, P95: 30_000, Max: 2e6}}
	r.Flows = r.Flows[:1]
	c := (&printer{r: r}).drawLatency()
	if c == nil || !strings.HasSuffix(c.Text, "3 to 4, the internet: 8 ms - 12.5 ms - 2 s") {
		t.Errorf("%+v", c)
	}
	r.Flows[0].Latency = Latencies{}
	if c := (&printer{r: r}).drawLatency(); c != nil {
		t.Errorf("a drawing of nothing: %+v", c)
	}
}
