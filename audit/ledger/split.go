package ledger

import "encoding/binary"

// splitFrame splits the first frame off a body that was checked before.
// prefixed is the record behind its zero byte.
func splitFrame(body []byte) (prefixed, rest []byte) {
	end := frameHeaderSize + int(binary.LittleEndian.Uint32(body[4:]))
	return body[frameHeaderSize-1 : end : end], body[end:]
}
