package feed

import (
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for s, want := range map[string]Target{
		"ssh://router":                      {Host: "router"},
		"ssh://router/":                     {Host: "router"},
		"ssh://root@router/wg0":             {User: "root", Host: "router", Adapter: "wg0"},
		"ssh://root@192.0.2.1:2222/br-lan":  {User: "root", Host: "192.0.2.1", Port: 2222, Adapter: "br-lan"},
		"ssh://a.b-c_d@r.example:22":        {User: "a.b-c_d", Host: "r.example", Port: 22},
		"ssh://root@[2001:db8::1]:22/wg0.5": {User: "root", Host: "2001:db8::1", Port: 22, Adapter: "wg0.5"},
		"ssh://[2001:db8::1]/wg0":           {Host: "2001:db8::1", Adapter: "wg0"},
	} {
		got, err := ParseTarget(s)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", s, got, err, want)
		}
		if again, err := ParseTarget(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s, which is read as %+v, %v", s, got, again, err)
		}
	}
}

// TestParseTargetRefuses: nothing that ssh or a shell would take for something
// else than a name gets through.
func TestParseTargetRefuses(t *testing.T) {
	for _, s := range []string{
		"", "router", "ssh:/router", "ssh://", "ssh:///wg0", "ssh://@router", "ssh://root@",
		"ssh://-oProxyCommand=id/wg0", "ssh://root@-oProxyCommand=id", "ssh://-l@router", "ssh://-lx@router/wg0",
		"ssh://root:secret@router/wg0", "ssh://a b@router", "ssh://root@rou ter", "ssh://root@router;id/wg0",
		"ssh://root@$(id)/wg0", "ssh://root@router`id`/wg0", "ssh://root@router/wg0;id", "ssh://root@router/$(id)",
		"ssh://root@router/-i", "ssh://root@router/wg0'", "ssh://root@router/wg0\n", "ssh://root@router/../x", "ssh://root@router/.",
		"ssh://root@router/wg0/eth0", "ssh://root@router/sixteenletters00", "ssh://root@router:0", "ssh://root@router:65536",
		"ssh://root@router:", "ssh://root@router:-1", "ssh://root@router:22x", "ssh://[2001:db8::1", "ssh://[router]", "ssh://[fe80::1%eth0]/wg0",
		"ssh://[::1]x", "ssh://2001:db8::1/wg0", "ssh://root@router\x1b[2J/wg0", "ssh://röuter/wg0", "ssh://router/wg0?x", "ssh://router#wg0",
	} {
		if got, err := ParseTarget(s); err == nil {
			t.Errorf("%q was taken for %+v", s, got)
		}
	}
}

// TestCommand: scripts survive being one quoted word of any shell.
func TestCommand(t *testing.T) {
	for _, script := range []string{launch, tapScript, holdScript} {
		if strings.ContainsAny(script, "'\n\r!") {
			t.Errorf("a script holds what quotes do not cover: %s", script)
		}
	}
	got := command("echo", "wg0", "256")
	if !strings.HasSuffix(got, "' wgtrace 'echo' 'wg0' '256'") || strings.Count(got, "'")%2 != 0 {
		t.Errorf("%s", got)
	}
	s := &Session{target: Target{User: "root", Host: "router", Port: 2222}, ssh: "ssh"}
	args := strings.Join(s.options(nil), " ")
	if !strings.HasSuffix(args, " -p 2222 -l root -- router") {
		t.Errorf("%s", args)
	}
	for _, bad := range []string{"wg0'", "$(id)", "a b", "a\n", "`id`", "x;y"} {
		if _, err := s.Run(t.Context(), "true", bad); err == nil || !strings.Contains(err.Error(), "cannot be used") {
			t.Errorf("argument %q: %v", bad, err)
		}
		if _, err := s.Tap(t.Context(), bad, 256, Options{}); err == nil || !strings.Contains(err.Error(), "cannot be used") {
			t.Errorf("adapter %q: %v", bad, err)
		}
	}
}
