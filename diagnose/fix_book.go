package diagnose

// book lists the fixes of each cause, per system in the order in which to try
// them. Causes that the same commands cure share them: a rule with the right
// adapter or subnet works whatever the wrong one was.
var book = map[string][]recipe{
	// handshake-unanswered
	"server-key-mismatch":            {keyPhoneLinux, keyPhoneWindows, keyPhoneMacOS, keyPhoneOpenWrt, keyPhoneRouterOS},
	"client-key-unknown":             {peerLinux, peerOpenWrt, peerWindows},
	"host-firewall-blocks-wg-port":   {portNFT, portLinux, portLinuxUFW, portLinuxFirewalld, portWindows, portRouterOS},
	"handshake-replay-clock":         {clockLinux, clockWindows, clockPhone},
	"port-forward-missing":           {portRouter},
	"wrong-endpoint":                 {endpointPhone},
	"cgnat":                          {aroundCGNAT},
	"tested-from-own-lan":            {endpointPhone},
	"wg-not-listening":               {startLinux, listenLinux, startOpenWrt, startWindows, startMacOS},
	"vpn-filter":                     {portChangeLinux, portChangeWindows},
	"obfuscated-client":              {sameDialect},
	"warp-reserved":                  {sameDialect},
	"same-config-on-two-devices":     {ownProfile},
	"no-keepalive":                   {keepalivePhone},
	"handshake-response-lost":        {portChangeLinux, portChangeWindows},
	"preshared-key-mismatch":         {pskLinux, pskWindows, pskPhone},
	"peer-allowedips-overlap":        {aipLinux, aipOpenWrt, aipWindows},
	"server-allowedips-lacks-client": {aipLinux, aipOpenWrt, aipWindows},
	"wrong-capture-adapter":          {captureAgain},

	// not-forwarded
	"ip-forwarding-off":          {fwdLinux, fwdLinux6, fwdWindows, fwdMacOS, fwdFreeBSD},
	"windows-forwarding-off":     {fwdWindows},
	"forward-policy-drop":        {filterNFT, filterIptables, filterOpenWrt, filterRouterOS},
	"docker-forward-drop":        {filterDocker},
	"ufw-deny-routed":            {filterUFW},
	"firewalld-no-policy":        {filterFirewalld},
	"two-firewalls":              {filterNFT, filterBothIptables},
	"rp-filter-drop":             {rpFilterLinux, rpFilterFirewalld, rpFilterOpenWrt},
	"netnat-conflict":            {natRRAS, natNetNat, natNetNatShared, natICS},
	"windows-netnat-unavailable": {natRRAS, natICS},

	// nat-missing; also first among the causes of not-forwarded on Windows,
	// where one New-NetNat makes the host forward and translate (learn.microsoft.com,
	// "Set up a NAT network": the guide never switches forwarding on).
	"nat-missing":             {natNFT, natIptables, natRRAS, natNetNat, natICS, natMacOS, natOpenWrt, natRouterOS},
	"nat-wrong-out-interface": {natNFT, natIptables, natMacOS, natOpenWrt, natRouterOS, natNetNat},
	"nat-wrong-subnet":        {natNFT, natIptables, natNetNat, natMacOS, natRouterOS},
	"nat-gone-after-reboot":   {natNFT, natIptables, natRRAS, natNetNat, natICS, natMacOS, natRouterOS},

	// upstream-silent
	"upstream-offline":  {upstreamUnix, upstreamWindows, upstreamOther},
	"upstream-filtered": {upstreamUnix, upstreamWindows, upstreamOther},
	"prefix-not-routed": {natNFT, natIptables, natMacOS, natRouterOS, upstreamUnix, upstreamWindows},

	asymmetricReturnID: {natLineNFT, captureLines},
	// forward-rejected
	"oracle-forward-reject":      {filterIptables, filterNFT},
	"openwrt-zone-not-forwarded": {filterOpenWrt, filterNFT, filterIptables},
	"forward-reject-rule":        {filterNFT, filterIptables, filterUFW, filterOpenWrt, filterRouterOS},
	// no-default-route, gateway-unreachable, server-default-route-hijacked
	"no-default-route":             {routeDefaultLinux, routeDefaultWindows, routeDefaultMacOS},
	"gateway-dead":                 {gatewayLinux, gatewayWindows, gatewayOther},
	"gateway-address-wrong":        {gatewayLinux, gatewayWindows, gatewayOther},
	"server-allowedips-everything": {hijackLinux, aipOpenWrt, aipWindows},
	"second-vpn-default-route":     {upstreamUnix, upstreamWindows, upstreamOther},
	// tunnel-return-route-missing, routing-loop
	"tunnel-route-missing":   {routeTunnelLinux, routeTunnelLinux6, routeTunnelWindows},
	"tunnel-subnet-overlaps": {routeTunnelLinux, routeTunnelLinux6, routeTunnelWindows},
	"router-sends-back":      {routeLoop},
	// lan-only-forwarding, client-to-client-blocked
	"forward-rule-lan-only":  {filterNFT, filterIptables, filterUFW, filterOpenWrt},
	"client-forward-missing": {filterClientsNFT, filterClientsIptables, filterClientsUFW},
	// nat-wrong-source-address, nat-reply-not-recognised, new-flows-not-forwarded
	"snat-address-not-ours": {natFirstNFT, natIptables, natAddressWindows},
	"notrack-rule":          {notrackLinux},
	"second-nat":            {notrackLinux, natRestartWindows},
	"nat-state-lost":        {natRestartWindows},
	"nat-table-full":        {conntrackMax, natRestartWindows},
	"connection-limit":      {filterNFT, filterIptables},
	"nat-ports-exhausted":   {natFirstNFT, natIptables, natRestartWindows},
	// return-not-forwarded
	"forward-return-path-blocked": {filterNFT, filterIptables, filterUFW, filterOpenWrt},

	// Names.
	"dns-no-listener":              {dnsPhoneLinux, dnsResolved, dnsDnsmasq, dnsRouterOS, dnsPhone},
	"dns-host-firewall":            {dnsPortNFT, dnsPortIptables, dnsPortUFW, dnsPortFirewalld, dnsPortWindows, dnsRouterOS, dnsPhone},
	"dns-refused":                  {dnsPihole, dnsDnsmasq, dnsUnbound, dnsRouterOS, dnsPhone},
	"dns-resolver-upstream":        {upstreamUnix, upstreamWindows, dnsPhone},
	"dns-wrong-source":             {dnsDnsmasq, dnsUnbound, dnsPhone},
	"dns-blocked-upstream":         {dnsPhone},
	"dns-lan-resolver-unreachable": {dnsPhone},

	"client-allowedips-too-narrow": {aipPhone},

	// ipv6-blackhole
	"ipv6-forwarding-off": {fwdLinux6, v6Phone},
	"ipv6-forward-drop":   {filterNFT, filterIptables, v6Phone},
	"ipv6-nat-missing":    {natNFT, natIptables, v6Phone},
	"ipv6-upstream-dead":  {v6Phone},

	// Sizes.
	"mtu-outer-blackhole": {mtuNFT, mtuIptables, mtuWindows, mtuRouterOS, mtuPhone},
	"frag-needed-lost":    {mtuNFT, mtuIptables, mtuWindows, mtuRouterOS, mtuPhone},
	"path-mtu-upstream":   {mtuNFT, mtuIptables, mtuWindows, mtuRouterOS, mtuPhone},
	"jumbo-tunnel-mtu":    {mtuNFT, mtuLower, mtuWindows, mtuPhone},
}
