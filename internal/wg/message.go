// Package wg knows WireGuard's messages as they stand on the wire: their
// types, exact sizes, indices and counters, and the timers that shape the
// cadence of a session. It holds no keys, decrypts nothing and knows no flows.
//
// The layout follows section 5.4 of the WireGuard white paper
// (wireguard.com/papers/wireguard.pdf).
package wg

import (
	"encoding/binary"
	"fmt"
)

// MessageType is the first octet of a WireGuard message. Zero means that the
// datagram is no plain WireGuard message.
type MessageType uint8

// Specification constants: message types (white paper, section 5.4).
const (
	MessageUnknown     MessageType = 0
	MessageInitiation  MessageType = 1
	MessageResponse    MessageType = 2
	MessageCookieReply MessageType = 3
	MessageTransport   MessageType = 4
)

// Specification constants: sizes in octets of the UDP payload. The first three
// are exact; a transport message is never shorter than a keepalive.
const (
	MessageInitiationSize  = 148
	MessageResponseSize    = 92
	MessageCookieReplySize = 64
	MessageTransportHeader = 16
	MessageKeepaliveSize   = 32
	PaddingMultiple        = 16
)

// HeaderLen is how many octets of a payload ParseHeader needs to see at most.
const HeaderLen = MessageTransportHeader

// Header is what every observer can read of a message.
type Header struct {
	Type     MessageType
	Sender   uint32 // valid iff Type is initiation or response
	Receiver uint32 // valid iff Type is response, cookie reply or transport
	Counter  uint64 // valid iff Type is transport
}

// ParseHeader classifies a UDP payload of length octets (by the UDP header) of
// which payload was captured. It returns the zero Header for anything that is
// not exactly a plain WireGuard message: wrong size for its type, non-zero
// reserved octets, or too few octets captured to tell.
func ParseHeader(payload []byte, length int) Header {
	if len(payload) < 8 || length < MessageKeepaliveSize {
		return Header{}
	}
	word := binary.LittleEndian.Uint32(payload)
	switch {
	case word == uint32(MessageTransport):
		if len(payload) < MessageTransportHeader {
			return Header{}
		}
		return Header{
			Type:     MessageTransport,
			Receiver: binary.LittleEndian.Uint32(payload[4:]),
			Counter:  binary.LittleEndian.Uint64(payload[8:]),
		}
	case word == uint32(MessageInitiation) && length == MessageInitiationSize:
		return Header{Type: MessageInitiation, Sender: binary.LittleEndian.Uint32(payload[4:])}
	case word == uint32(MessageResponse) && length == MessageResponseSize:
		if len(payload) < 12 {
			return Header{}
		}
		return Header{
			Type:     MessageResponse,
			Sender:   binary.LittleEndian.Uint32(payload[4:]),
			Receiver: binary.LittleEndian.Uint32(payload[8:]),
		}
	case word == uint32(MessageCookieReply) && length == MessageCookieReplySize:
		return Header{Type: MessageCookieReply, Receiver: binary.LittleEndian.Uint32(payload[4:])}
	}
	return Header{}
}

// Reserved reports whether a UDP payload of length octets is a handshake message
// but for its reserved octets, which are not 0: the mark of dialects that put
// something of their own there (Cloudflare's WARP: the client's id).
func Reserved(payload []byte, length int) bool {
	switch length {
	case MessageInitiationSize, MessageResponseSize, MessageCookieReplySize:
	default:
		return false
	}
	if len(payload) < 4 || payload[1]|payload[2]|payload[3] == 0 {
		return false
	}
	switch MessageType(payload[0]) {
	case MessageInitiation:
		return length == MessageInitiationSize
	case MessageResponse:
		return length == MessageResponseSize
	case MessageCookieReply:
		return length == MessageCookieReplySize
	}
	return false
}

// TransportSize returns the UDP payload length in octets of the transport
// message that carries an inner packet of length octets through a tunnel with
// the given MTU in octets: the padding never exceeds the MTU (wireguard-linux
// send.c, calculate_skb_padding). An MTU of 0 means unknown: no cap.
func TransportSize(inner, mtu int) int {
	padded := (inner + PaddingMultiple - 1) &^ (PaddingMultiple - 1)
	if mtu > 0 && inner <= mtu {
		padded = min(padded, mtu)
	}
	return MessageKeepaliveSize + padded
}

// String returns the message's name in WireGuard's own words.
func (t MessageType) String() string {
	switch t {
	case MessageInitiation:
		return "handshake initiation"
	case MessageResponse:
		return "handshake response"
	case MessageCookieReply:
		return "cookie reply"
	case MessageTransport:
		return "transport data"
	}
	return fmt.Sprintf("MessageType(%d)", uint8(t))
}
