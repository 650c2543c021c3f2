package text

// enExplain: Search is what people type who have the fault and not its name.
// Signs and Alike call the places by the numbers of the picture: 1 and 6
// encrypted, 2 and 5 in the tunnel, 3 and 4 on the WAN.
var enExplain = map[string]ExplainText{
	// No verdict.
	"no-traffic": {
		Search: `WireGuard tunnel is active but the phone sends nothing`,
		Signs:  `Nothing comes out of the tunnel at 2. Outside there are at most handshakes and keepalives of 32 octets, which carry no packet of the phone.`,
		Alike:  `With no-outer-packets nothing arrives either; that is said only if the phone is known to have tried. With decrypted-then-dropped large encrypted packets arrive at 1 while 2 stays empty.`,
	},
	"too-little-evidence": {
		Search: `WireGuard troubleshooting: not enough traffic to say what is wrong`,
		Signs:  `Packets pass, but fewer than three requests (a connection, a ping, a name lookup) to two addresses were seen from beginning to end.`,
		Alike:  `A path that works and a path that is dead look the same until requests had 5 seconds to be answered.`,
	},
	"capture-lossy": {
		Search: `tcpdump "packets dropped by kernel" while debugging WireGuard`,
		Signs:  `The capture counts packets that the system could not hand over, in the seconds in which requests went missing.`,
		Alike:  `packets-lost-in-host is said only where both captures lost nothing themselves.`,
	},
	"capture-one-sided": {
		Search: `tcpdump shows WireGuard UDP packets but not what is inside`,
		Signs:  `Only the tunnel or only the WAN was captured. The WAN alone still shows by the rhythm of the encrypted packets whether the handshake works and whether the server has anything to send back.`,
		Alike:  `With wrong-capture-adapter both sides were captured, one of them on an adapter that the phone's packets do not use. On Windows without Npcap one trace holds all adapters: "pktmon start --capture --comp nics --pkt-size 0 -f run.etl", then "pktmon stop", then "pktmon etl2pcap run.etl -o run.pcapng".`,
	},
	"captures-unrelated": {
		Search: `compare two tcpdump captures of wg0 and eth0`,
		Signs:  `No packet of the one capture is in the other, and no encrypted packet outside fits one inside by size and time.`,
		Alike:  `With not-forwarded nothing of the phone is at 3 either, but the encrypted packets at 1 tie the two captures together.`,
	},
	"wrong-capture-adapter": {
		Search: `tcpdump on WireGuard server shows no packets`,
		Signs:  `Packets come out of the tunnel, but the captured WAN adapter carries none of the encrypted packets that they came in; or a session works whose packets show in no captured tunnel.`,
		Alike:  `With no-outer-packets the adapter is the right one, and other traffic comes in on it.`,
	},
	"phone-side": {
		Search: `WireGuard works but one website or app does not load on the phone`,
		Signs:  `Everything that left the phone through the tunnel was answered at 5, and a try was marked as failed all the same.`,
		Alike:  `With client-allowedips-too-narrow the page's packets never enter the tunnel; here the tunnel carries other websites.`,
	},

	// Tunnel.
	"no-outer-packets": {
		Search: `WireGuard no handshake: phone says active, server receives nothing`,
		Signs:  `The WAN adapter carries other traffic for 15 seconds and longer, but not one packet for WireGuard's port at 1, although the phone tried.`,
		Alike:  `With wg-port-unreachable and handshake-unanswered the phone's packets do arrive at 1. An idle phone gives no-traffic.`,
	},
	"wg-port-unreachable": {
		Search: `WireGuard handshake fails: ICMP udp port unreachable 51820`,
		Signs:  `A handshake initiation (148 octets) every 5 seconds at 1; for each the server sends an ICMP error: port unreachable (3/3), or prohibited (3/10, 3/13).`,
		Alike:  `With handshake-unanswered the server is silent. The code tells: 3/3 mostly means that nobody listens, 3/10 and 3/13 are said by firewalls.`,
	},
	"handshake-unanswered": {
		Search: `WireGuard "Handshake did not complete after 5 seconds": server does not answer`,
		Signs:  `A handshake initiation (148 octets) every 5 seconds at 1, and no response (92 octets) at 6.`,
		Alike:  `server-key-mismatch looks the same; the check value in the initiation (mac1) tells them apart once the server's public key is known. wg-port-unreachable sends an ICMP error back.`,
	},
	"server-key-mismatch": {
		Search: `WireGuard wrong server public key: no handshake, no error`,
		Signs:  `Handshake initiations at 1 whose mac1 was not made with this server's public key. This is proved by cryptography.`,
		Alike:  `With handshake-unanswered the mac1 is right, or the server's key is not known.`,
	},
	"handshake-not-completed": {
		Search: `WireGuard handshake response sent but the phone keeps retrying`,
		Signs:  `Pairs of initiation (1) and response (6) every 5 seconds, and never a data packet from the phone. A lost response and a wrong preshared key give the same packets.`,
		Alike:  `With data-blocked-after-handshake the pairs come every 15 seconds: then the phone did accept the response.`,
	},
	"data-blocked-after-handshake": {
		Search: `WireGuard handshake OK but no data: VPN blocked by the network (DPI)`,
		Signs:  `Pairs of initiation (1) and response (6) every 15 seconds: the phone took the response, sent data, and heard nothing.`,
		Alike:  `With handshake-not-completed the pairs come every 5 seconds. With the fault behind the tunnel, keepalives of the server do reach the phone and the session lasts.`,
	},
	"not-plain-wireguard": {
		Search: `AmneziaWG or WARP client with a plain WireGuard server`,
		Signs:  `Datagrams for WireGuard's port that do not begin with 1 to 4 and three zero octets, some of one size repeated every 5 seconds.`,
		Alike:  `With handshake-unanswered the packets are plain WireGuard. Scanners come once and from many addresses.`,
	},
	"same-config-on-two-devices": {
		Search: `WireGuard same config on two devices: connection drops`,
		Signs:  `Two addresses hold sessions of one key, and the server sends packets of the one's session to the other.`,
		Alike:  `A phone that moves between Wi-Fi and mobile data changes its address too, but then the old one falls silent.`,
	},
	"under-load-cookie": {
		Search: `WireGuard cookie reply, server under load`,
		Signs:  `Cookie replies (64 octets) at 6; the phone then repeats its initiation with a second check value (mac2).`,
		Alike:  `With handshake-unanswered nothing goes back at all.`,
	},
	"idle-session-unreachable": {
		Search: `WireGuard phone not reachable after some minutes, PersistentKeepalive`,
		Signs:  `Data goes to the phone at 6, and errors (ICMP unreachable) come back from its network.`,
		Alike:  `With same-config-on-two-devices the phone moved for another reason: a second device. A tunnel without any traffic is no fault.`,
	},
	"decrypted-then-dropped": {
		Search: `WireGuard handshake OK, received bytes grow, but no packets on wg0`,
		Signs:  `Data packets of more than 32 octets arrive at 1 in a session that the server accepted, and nothing comes out of the tunnel at 2.`,
		Alike:  `With not-forwarded the packets do come out at 2. If another tunnel adapter shows them, the wrong one was captured.`,
	},

	// Inside the host.
	"not-forwarded": {
		Search: `WireGuard handshake OK but no internet: server does not forward (ip_forward)`,
		Signs:  `The phone's packets come out of the tunnel at 2, and none leaves at 3; no error goes back to the phone. Outside only the server's keepalives of 32 octets are seen, every 10 seconds.`,
		Alike:  `With nat-missing the packets do leave at 3, with the phone's own address. Where ping still passes it is ufw-deny-routed, where an error comes back forward-rejected.`,
	},
	"ufw-deny-routed": {
		Search: `WireGuard with ufw: ping works but no websites`,
		Signs:  `Pings pass at 3 and come back; names and pages of the same phone end between 2 and 3, without an error.`,
		Alike:  `With not-forwarded ping is dead too. With dns-unanswered pages by address work.`,
	},
	"forward-rejected": {
		Search: `WireGuard: every site "connection refused" at once, ICMP host prohibited`,
		Signs:  `Each packet at 2 is answered at 5 by the server itself: ICMP prohibited (3/13 firewalld, 3/10 Oracle's images), or a reset and port unreachable (OpenWrt, REJECT). Nothing leaves at 3.`,
		Alike:  `With upstream-rejects the refusal came in from outside at 4. With not-forwarded there is no answer at all.`,
	},
	"no-default-route": {
		Search: `WireGuard server "network is unreachable", no default route`,
		Signs:  `The server answers at 5 with ICMP network unreachable (3/0) from its own address; nothing leaves at 3.`,
		Alike:  `With gateway-unreachable the error is host unreachable (3/1) and comes about 3 seconds later. 3/0 from another router is beyond this server.`,
	},
	"gateway-unreachable": {
		Search: `WireGuard server: ARP who-has gateway, no reply, host unreachable`,
		Signs:  `On the WAN only questions for the router's address (ARP who-has) are seen, without a reply; the server answers at 5 with host unreachable (3/1).`,
		Alike:  `With no-default-route the error is network unreachable (3/0) and comes at once. With upstream-silent packets do leave at 3.`,
	},
	"server-default-route-hijacked": {
		Search: `WireGuard AllowedIPs 0.0.0.0/0 on the server: server loses internet`,
		Signs:  `Packets for the internet come out of the tunnel at 2 and enter it again at 5, one hop older; the server sends redirects (ICMP 5/1). Nothing leaves at 3.`,
		Alike:  `Packets from one device in the tunnel to another do the same and are right: their address is inside the tunnel.`,
	},
	"return-not-forwarded": {
		Search: `WireGuard: replies reach eth0 but not wg0`,
		Signs:  `Translated packets leave at 3 and answers arrive at 4; none enters the tunnel at 5, and the server does not refuse them.`,
		Alike:  `With nat-reply-not-recognised the server tells the website that nobody asked. With tunnel-return-route-missing the answers leave the WAN again.`,
	},
	"tunnel-return-route-missing": {
		Search: `WireGuard replies go out of eth0 instead of wg0: Address /32, Table = off`,
		Signs:  `Answers arrive at 4, their translation is undone, and they leave the same WAN adapter again with the phone's inner address.`,
		Alike:  `A server that routes without translation shows inner addresses on the WAN too, but on packets that come in. With return-not-forwarded nothing leaves again.`,
	},
	"routing-loop": {
		Search: `WireGuard packets loop between server and router, TTL exceeded`,
		Signs:  `Packets that left at 3 come back in on the WAN with fewer hops to live, and leave again.`,
		Alike:  `traceroute makes errors of the same kind (ICMP 11/0) on purpose, without packets that come back.`,
	},
	"lan-only-forwarding": {
		Search: `WireGuard can access LAN but not internet`,
		Signs:  `Requests to local addresses are answered; those to the internet come out at 2 and never leave at 3.`,
		Alike:  `With not-forwarded local addresses are dead too. With nat-missing the packets for the internet do leave.`,
	},
	"client-to-client-blocked": {
		Search: `WireGuard clients cannot ping each other`,
		Signs:  `Packets for another device of the tunnel come out at 2 and do not go in again at 5.`,
		Alike:  `If they do go in at 5 and no answer comes, the other device is off or its own firewall holds them back.`,
	},
	"packets-lost-in-host": {
		Search: `WireGuard slow, packet loss inside the server`,
		Signs:  `At least 3 packets and 0.5% of the connections that work vanish between 2 and 3, or between 4 and 5, while both captures lost none.`,
		Alike:  `With capture-lossy the capture itself lost packets. Loss further out shows as repeats that did leave at 3.`,
	},

	// Translation and the network behind.
	"nat-missing": {
		Search: `WireGuard connected but no internet: packets leave with 10.8.0.x`,
		Signs:  `The phone's packets leave at 3 with their own private address, no packet is translated, and no answer comes at 4.`,
		Alike:  `With not-forwarded nothing leaves at 3. If answers to the inner address do come in, the network routes it and no translation is needed.`,
	},
	"nat-wrong-source-address": {
		Search: `WireGuard SNAT wrong address: no reply, ARP who-has unanswered`,
		Signs:  `Packets leave at 3 with an address that is neither the phone's nor the server's; the router asks for it (ARP who-has) and nobody answers.`,
		Alike:  `With upstream-silent the address is the server's own. With nat-missing it is the phone's.`,
	},
	"upstream-silent": {
		Search: `WireGuard NAT works but no reply from the internet`,
		Signs:  `Packets leave at 3 with an address that can be answered, and nothing comes at 4, from any of several addresses.`,
		Alike:  `With nat-missing the address on the packets is the phone's. If only names are dead it is dns-blocked-upstream. A second line to the internet may bring the answers in: capture it too.`,
	},
	"upstream-rejects": {
		Search: `WireGuard: connection refused by the website or the provider`,
		Signs:  `Resets or ICMP errors arrive at 4 from outside and are passed on at 5.`,
		Alike:  `With forward-rejected the server itself makes the refusal: it is at 5 and not at 4.`,
	},
	"asymmetric-return": {
		Search: `WireGuard server with two uplinks: replies come in on the other interface, rp_filter`,
		Signs:  `Packets leave at 3 on one adapter, and their answers come in at 4 on another one; none enters the tunnel at 5. Both adapters must be captured to see it.`,
		Alike:  `With one adapter captured it is upstream-silent. With return-not-forwarded the answers come in where the packets left. A server that accepts answers on any line is healthy.`,
	},
	"nat-reply-not-recognised": {
		Search: `WireGuard server sends RST to replies, conntrack NOTRACK`,
		Signs:  `Answers arrive at 4, and the server itself answers the website: a reset to SYN-ACKs, port unreachable to UDP. Nothing enters the tunnel at 5.`,
		Alike:  `With return-not-forwarded the server says nothing to the website.`,
	},
	"new-flows-not-forwarded": {
		Search: `nf_conntrack: table full, dropping packet: new WireGuard connections hang`,
		Signs:  `From some moment on new connections come out at 2 and do not leave at 3, while older ones go on and no error is sent.`,
		Alike:  `With not-forwarded older connections are dead too.`,
	},

	// Names, AllowedIPs, IPv6.
	"client-allowedips-too-narrow": {
		Search: `WireGuard split tunnel by accident: AllowedIPs 10.8.0.0/24, websites bypass the VPN`,
		Signs:  `Only packets for addresses of the tunnel come out at 2, never one for the internet, although the phone loads websites.`,
		Alike:  `A phone on which nobody opens a website gives the same packets; so does a tunnel that is meant for one network only.`,
	},
	"dns-no-listener": {
		Search: `WireGuard works by IP but not by name: DNS port 53 refused`,
		Signs:  `Questions for names go to the server at 2, and it answers each with ICMP port unreachable (3/3) at 5.`,
		Alike:  `With dns-unanswered nothing comes back, with dns-refused an answer with an error code.`,
	},
	"dns-unanswered": {
		Search: `WireGuard DNS timeout: server does not answer port 53 on wg0`,
		Signs:  `Questions for names go to the server at 2, and nothing comes back at 5, while other packets to the server are answered.`,
		Alike:  `With dns-no-listener the server says that nobody listens. With dns-blocked-upstream the questions leave at 3.`,
	},
	"dns-refused": {
		Search: `WireGuard Pi-hole or dnsmasq REFUSED for VPN clients`,
		Signs:  `The name service answers at 5 with REFUSED (code 5) or SERVFAIL (code 2).`,
		Alike:  `Newer dnsmasq stays silent towards strangers: then it looks like dns-unanswered. Single names that do not exist (NXDOMAIN) are no fault.`,
	},
	"dns-wrong-source": {
		Search: `WireGuard DNS "reply from unexpected source"`,
		Signs:  `A question goes to one address at 2, and the answer with its id comes from another one at 5; the phone asks again.`,
		Alike:  `With dns-unanswered there is no answer at all.`,
	},
	"dns-blocked-upstream": {
		Search: `WireGuard DNS does not resolve but ping 1.1.1.1 works: port 53 blocked`,
		Signs:  `Questions leave translated at 3, and no answer comes at 4, while other connections of the phone are answered.`,
		Alike:  `With upstream-silent nothing else is answered either. With dns-unanswered the questions end inside the server.`,
	},
	"ipv6-blackhole": {
		Search: `WireGuard slow, some apps do not load: IPv6 ::/0 but no IPv6 on the server`,
		Signs:  `IPv6 comes out of the tunnel at 2 and ends there, or leaves at 3 with a private address, and nothing is answered, while IPv4 of the same phone is.`,
		Alike:  `Where the server answers "no route" (ICMPv6 1/0) the phone falls back to IPv4 at once, and it is no fault.`,
	},

	// Sizes.
	"mtu-outer-blackhole": {
		Search: `WireGuard connects but pages hang: MTU, small packets pass, big ones do not`,
		Signs:  `Large segments enter the tunnel at 5 again and again and are never confirmed, while small ones are; the encrypted ones leave at 6.`,
		Alike:  `With frag-needed-lost the large packets never reach 5. A phone that has closed its window confirms nothing either, and says so.`,
	},
	"frag-needed-lost": {
		Search: `WireGuard "fragmentation needed" ignored, path MTU discovery black hole`,
		Signs:  `Large packets arrive at 4, the server answers each with "packet too big" (ICMP 3/4), and they keep coming; none enters the tunnel at 5.`,
		Alike:  `A few such errors followed by smaller packets are how it should be.`,
	},
	"path-mtu-upstream": {
		Search: `WireGuard upload hangs, MTU problem behind the server`,
		Signs:  `Large segments of the phone leave at 3 again and again, nobody confirms them, and no error comes back.`,
		Alike:  `With mtu-outer-blackhole it is the way to the phone that is too narrow. A website that is merely slow confirms in the end.`,
	},
	"jumbo-tunnel-mtu": {
		Search: `WireGuard on AWS or Oracle Cloud: MTU 8920, fragmented UDP`,
		Signs:  `The phone offers segments larger than 1460 octets, or encrypted packets leave at 6 in IP fragments.`,
		Alike:  `Captures show packets larger than the line allows where the network card glues them together; these are not fragments and no fault.`,
	},
}
