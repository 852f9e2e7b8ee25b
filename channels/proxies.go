package channels

import (
	"bytes"
	"net/netip"
)

// proxies are the addresses of the reverse proxies that stand before us, and
// whose word on where a request came from is taken.
type proxies []netip.Prefix

// client is the address that a request came from: that of the other end of the
// connection, or, where a proxy of ours is there, the right-most address of its
// X-Forwarded-For that is no proxy of ours. What stands left of that one was
// written by whoever sent the request. sure is false where a proxy of ours says
// something that can not be read: then it is its own address that comes back.
func (p proxies) client(peer netip.Addr, h header) (addr netip.Addr, sure bool) {
	if !within(p, peer) {
		return peer, true
	}
	addr = peer
	lines := h.PeekAll("X-Forwarded-For") // of several, each proxy may have added one of its own
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var last []byte
			at := bytes.LastIndexByte(rest, ',')
			rest, last, more = rest[:max(at, 0)], rest[at+1:], at >= 0
			one, ok := forwardedAddr(string(bytes.TrimSpace(last)))
			if !ok {
				return peer, false
			}
			if addr = one; !within(p, addr) {
				return addr, true
			}
		}
	}
	return addr, true
}

// forwardedAddr reads an address as proxies write it: some with a port.
func forwardedAddr(s string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}

// within says whether an address is in one of the networks.
func within(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
