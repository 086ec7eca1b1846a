package audit

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// The headers in which proxies say whom they speak for.
const (
	forwardedFor = "X-Forwarded-For"
	forwarded    = "Forwarded"
)

// maxHops bounds how many addresses of a header are looked at, from the right.
const maxHops = 32

// client returns the network address of whoever sent req: the other side of the
// connection, or what trusted proxies say. Only they are believed: the header
// is read from the right, where the nearest proxy has put what it saw, and the
// first address that is no trusted proxy is the client's. What stands left of
// it is the client's own word, and garbage ends the walk.
func (r *Recorder) client(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		host = req.RemoteAddr
	}
	if len(r.proxies) == 0 {
		if !strings.ContainsAny(host, "%") && !strings.HasPrefix(host, "::ffff:") {
			return host
		}
		return canonical(host)
	}
	addr, ok := parseAddr(host)
	if !ok {
		return host
	}
	lines := req.Header[r.header]
	for hops, i := 0, len(lines)-1; i >= 0; i-- {
		for rest, more := lines[i], true; more; hops++ {
			if hops == maxHops || !r.trusts(addr) {
				return addr.String()
			}
			var last string
			last, rest, more = lastElement(rest)
			next, ok := r.element(last)
			if !ok {
				return addr.String()
			}
			addr = next
		}
	}
	return addr.String()
}

// trusts reports whether addr is one of the trusted proxies.
func (r *Recorder) trusts(addr netip.Addr) bool {
	for _, p := range r.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// lastElement splits the last element off a list with commas. Quoted commas
// are not told apart: an address has none, and what is cut wrong is garbage.
func lastElement(list string) (last, rest string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return list, "", false
	}
	return list[i+1:], list[:i], true
}

// element returns the address in one element of the header.
func (r *Recorder) element(s string) (netip.Addr, bool) {
	if r.header == forwarded {
		var ok bool
		if s, ok = forParameter(s); !ok {
			return netip.Addr{}, false
		}
	}
	return parseAddr(strings.Trim(s, " \t"))
}

// forParameter returns the value of "for" (RFC 7239, section 5.2) without its
// quotes.
func forParameter(s string) (string, bool) {
	for pair := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		return value, true
	}
	return "", false
}

// parseAddr reads an address with or without a port, brackets or a zone. An
// IPv4 address in an IPv6 one is the IPv4 address, and the zone, which means
// something on one host only, is dropped.
func parseAddr(s string) (netip.Addr, bool) {
	if len(s) > 128 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = ap.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

// canonical returns the one spelling of an address, or s if it is none.
func canonical(s string) string {
	if addr, ok := parseAddr(s); ok {
		return addr.String()
	}
	return s
}
