package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// windowsScript asks Windows for what only its own commands tell. It is one
// script, because starting PowerShell takes a second; each part is caught by
// itself. Everything in it reads: Get-* commands, a registry value, and the
// sharing manager's list. Names of enumerations are not translated, messages are,
// so that errors are told by their HRESULT.
const windowsScript = `$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'
[Console]::OutputEncoding=[Text.Encoding]::UTF8
function Part($b) { try { @{ rows = @(& $b) } } catch { @{ error = ('{0:x8}' -f $_.Exception.HResult); text = $_.Exception.Message } } }
@{
forwarding = Part { Get-NetIPInterface | ForEach-Object { @{ alias = $_.InterfaceAlias; family = $_.AddressFamily.ToString(); forwarding = $_.Forwarding.ToString() } } }
router = Part { @{ value = (Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters').IPEnableRouter } }
netnat = Part { Get-NetNat | ForEach-Object { @{ name = $_.Name; prefix = $_.InternalIPInterfaceAddressPrefix; active = $_.Active.ToString() } } }
sharing = Part { $m = New-Object -ComObject HNetCfg.HNetShare; foreach ($c in $m.EnumEveryConnection) { $p = $m.NetConnectionProps.Invoke($c); $s = $m.INetSharingConfigurationForINetConnection.Invoke($c); @{ name = $p.Name; on = [bool]$s.SharingEnabled; kind = [int]$s.SharingConnectionType } } }
services = Part { Get-Service RemoteAccess,SharedAccess,winnat -ErrorAction SilentlyContinue | ForEach-Object { @{ name = $_.Name; status = $_.Status.ToString() } } }
profiles = Part { Get-NetConnectionProfile | ForEach-Object { @{ alias = $_.InterfaceAlias; category = $_.NetworkCategory.ToString() } } }
udp = Part { Get-NetUDPEndpoint | Where-Object { $_.LocalPort -eq 53 } | ForEach-Object { @{ address = $_.LocalAddress; port = [int]$_.LocalPort } } }
uptime = Part { @{ value = [int64]((Get-Date) - (Get-CimInstance Win32_OperatingSystem).LastBootUpTime).TotalSeconds } }
} | ConvertTo-Json -Depth 5 -Compress`

// invalidClass is the error of a management class that does not exist
// (WBEM_E_INVALID_CLASS): Windows without the NAT feature.
const invalidClass = "80041010"

// part is the answer to one question. Rows is nil where the question failed.
type part struct {
	Rows  []json.RawMessage
	Error string
	Text  string
}

// windowsRow holds the fields of every kind of row.
type windowsRow struct {
	Alias, Family, Forwarding    string
	Name, Prefix, Active, Status string
	Category, Address            string
	On                           bool
	Kind, Port                   int
	Value                        *int64
}

// sharedPublic and sharedPrivate are kinds of a shared connection
// (SHARINGCONNECTIONTYPE, netcon.h).
const (
	sharedPublic  = 0
	sharedPrivate = 1
)

// parseWindows reads the answer of windowsScript into s; elevated says whether it
// ran with an administrator's rights. Without them an empty answer is "not known":
// these commands then print nothing and report no error.
func parseWindows(raw []byte, s *Snapshot, elevated Fact) error {
	raw = bytes.TrimPrefix(bytes.TrimSpace(raw), []byte("\xef\xbb\xbf"))
	if len(raw) == 0 {
		return errors.New("an empty answer")
	}
	var parts map[string]part
	if err := json.Unmarshal(raw, &parts); err != nil {
		return fmt.Errorf("parse the answer of PowerShell: %w", err)
	}
	w := &Windows{Elevated: elevated}
	s.Windows = w
	rows := func(name, what string) []windowsRow {
		p := parts[name]
		if p.Error != "" {
			s.unread(what, plain(cut(p.Text)))
		}
		var list []windowsRow
		for _, r := range p.Rows {
			var row windowsRow
			if json.Unmarshal(r, &row) == nil && string(r) != "null" {
				list = append(list, row)
			}
		}
		return list
	}
	for _, r := range rows("forwarding", "switches") {
		for i := range s.Adapters {
			a := &s.Adapters[i]
			switch {
			case a.Name != r.Alias:
			case r.Family == "IPv4":
				a.Forwarding4 = switched(r.Forwarding)
			case r.Family == "IPv6":
				a.Forwarding6 = switched(r.Forwarding)
			}
		}
	}
	for _, r := range rows("router", "switches") {
		// A value that is missing counts as 0 (IPEnableRouter).
		s.Settings.Forwarding4 = FactOf(r.Value != nil && *r.Value != 0)
	}
	for _, r := range rows("uptime", "uptime") {
		if r.Value != nil && *r.Value > 0 {
			s.UptimeSeconds = *r.Value
		}
	}
	switch p := parts["netnat"]; {
	case p.Error == invalidClass:
		w.NetNatAvailable = FactNo
	case p.Error == "" && p.Rows != nil && elevated == FactYes:
		w.NetNatAvailable = FactYes
	}
	for _, r := range rows("netnat", "net-nat") {
		w.NetNatAvailable = FactYes
		if p, err := netip.ParsePrefix(r.Prefix); err == nil {
			w.NetNat = append(w.NetNat, NetNat{Name: r.Name, Prefix: p, Active: FactOf(strings.EqualFold(r.Active, "true"))})
		}
	}
	for _, r := range rows("sharing", "sharing") {
		if !r.On {
			if w.ICS == FactUnknown {
				w.ICS = FactNo
			}
			continue
		}
		w.ICS = FactYes
		switch r.Kind {
		case sharedPublic:
			w.ICSPublic = r.Name
		case sharedPrivate:
			w.ICSPrivate = r.Name
		}
	}
	for _, r := range rows("services", "services") {
		running := FactOf(r.Status == "Running")
		switch {
		case strings.EqualFold(r.Name, "RemoteAccess"):
			w.RRAS = running
		case strings.EqualFold(r.Name, "SharedAccess") && running == FactNo:
			w.ICS = FactNo // a connection that is marked as shared, and nobody shares it
		}
	}
	for _, r := range rows("profiles", "profiles") {
		if r.Category == "Public" {
			w.PublicProfile = append(w.PublicProfile, r.Alias)
		}
	}
	s.Listeners.Ports = []uint16{53}
	for _, r := range rows("udp", "listeners") {
		addr, err := netip.ParseAddr(r.Address)
		if err == nil && r.Port == 53 {
			s.Listeners.Sockets = append(s.Listeners.Sockets, Socket{"udp", addr.WithZone(""), 53})
		}
	}
	return nil
}

// switched reads a setting of an adapter.
func switched(s string) Fact {
	switch s {
	case "Enabled":
		return FactYes
	case "Disabled":
		return FactNo
	}
	return FactUnknown
}
