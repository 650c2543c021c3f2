// Package natsim simulates hosts behind a translator, for tests only: clients,
// the host with its two taps, the networks on either side and the remotes. It
// writes what the taps would have recorded as pcapng files, and keeps the truth
// beside them: which record carries which packet, where packets were lost, and
// what nobody could tell from the two captures.
//
//	client ── network ── [tunnel tap] host, translator [WAN tap] ── network ── remote
//
// Packets are labelled outside their octets, so that nothing in a capture tells
// more than a real one. The package knows nothing of the code that it tests:
// it writes frames and files by itself. A run is drawn from one seed and is the
// same each time.
package natsim
