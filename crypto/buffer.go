package crypto

import "unsafe"

// wellFormed reports whether b has the shape of a sealed value.
func wellFormed(b []byte) bool {
	if len(b) == 0 || len(b) > subjectPrefix+nonceSize+MaxPlaintext+tagSize {
		return false
	}
	switch b[0] {
	case formatTink:
		return len(b) >= tinkPrefix+nonceSize+tagSize
	case formatSubject:
		return len(b) >= subjectPrefix+nonceSize+tagSize
	}
	return false
}

// room returns dst with room for n more bytes that do not overlap src, in a
// new array if it must. (The ciphers panic on a partial overlap.)
func room(dst, src []byte, n int) []byte {
	if cap(dst)-len(dst) >= n && !overlap(dst[len(dst):len(dst)+n], src) {
		return dst
	}
	out := make([]byte, len(dst), len(dst)+n)
	copy(out, dst)
	return out
}

// extend returns b, which is plaintext and the Sealer's own, with room for n
// bytes more. An array that it leaves for a larger one is cleared.
func extend(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	out := make([]byte, len(b), max(2*cap(b), len(b)+n))
	copy(out, b)
	clear(b[:cap(b)])
	return out
}

// overlap reports whether a and b share memory. The addresses are compared,
// never followed.
func overlap(a, b []byte) bool {
	return len(a) > 0 && len(b) > 0 &&
		uintptr(unsafe.Pointer(&a[0])) <= uintptr(unsafe.Pointer(&b[len(b)-1])) &&
		uintptr(unsafe.Pointer(&b[0])) <= uintptr(unsafe.Pointer(&a[len(a)-1]))
}

// unescaped returns b, and hides from the compiler that b goes into a cipher.
// A cipher is an interface, so the compiler must think that it keeps what it
// gets, and would put every place on the heap; it keeps nothing. The address is
// a number for one instruction only: what comes back is a pointer again, which
// the runtime moves with the stack. Even so it is asked for in the arguments of
// the cipher and nowhere else.
//
//go:nocheckptr
func unescaped(b []byte) []byte {
	address := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), len(b))
}
