package review

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Bounds of a distinct: exact up to maxExact, then estimated from registers
// (HyperLogLog, Flajolet et al. 2007; standard error 1.04/√1024 = 3.3 %).
const (
	maxExact  = 128
	registers = 1 << 10
	maxRank   = 64 - 10 + 1
)

// A distinct counts different values in at most about 1 KiB. The zero value
// has counted none.
type distinct struct {
	exact []uint64
	regs  []uint8
	sum   float64 // of 2^-register
	zeros int
}

// hash64 is FNV-1a with the finaliser of MurmurHash3. Tokens are the output
// of a keyed function, so nobody can aim at a collision.
func hash64(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// add counts h unless it has been.
func (d *distinct) add(h uint64) {
	if len(d.regs) > 0 {
		d.register(h)
		return
	}
	for _, have := range d.exact {
		if have == h {
			return
		}
	}
	if len(d.exact) < maxExact {
		d.exact = append(d.exact, h)
		return
	}
	d.regs, d.sum, d.zeros = make([]uint8, registers), registers, registers
	for _, have := range d.exact {
		d.register(have)
	}
	d.exact = nil
	d.register(h)
}

func (d *distinct) register(h uint64) {
	i := h % registers
	rank := uint8(min(bits.TrailingZeros64(h>>10)+1, maxRank))
	old := d.regs[i]
	if rank <= old {
		return
	}
	if old == 0 {
		d.zeros--
	}
	d.regs[i] = rank
	d.sum += math.Ldexp(1, -int(rank)) - math.Ldexp(1, -int(old))
}

// count is exact up to maxExact.
func (d *distinct) count() uint64 {
	if len(d.regs) == 0 {
		return uint64(len(d.exact))
	}
	const m = float64(registers)
	e := 0.7213 / (1 + 1.079/m) * m * m / d.sum
	if e <= 2.5*m && d.zeros > 0 {
		e = m * math.Log(m/float64(d.zeros))
	}
	return max(uint64(e+0.5), maxExact)
}

// take moves what from has counted to d; from is empty then. Memory is used
// again.
func (d *distinct) take(from *distinct) {
	exact := d.exact
	*d = *from
	*from = distinct{exact: exact[:0]}
}

// append writes d: registers as they are, exact values in 8 bytes each. The
// lengths tell them apart.
func (d *distinct) append(b []byte) []byte {
	if len(d.regs) > 0 {
		return append(append(b, 1), d.regs...)
	}
	b = append(b, 0)
	for _, h := range d.exact {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	return b
}

// parseDistinct reads what append wrote.
func parseDistinct(b []byte) (d distinct, ok bool) {
	switch {
	case len(b) == 1+registers && b[0] == 1:
		d = distinct{regs: append([]uint8(nil), b[1:]...), sum: 0}
		for _, r := range d.regs {
			if r > maxRank {
				return distinct{}, false
			}
			if r == 0 {
				d.zeros++
			}
			d.sum += math.Ldexp(1, -int(r))
		}
		return d, true
	case len(b) >= 1 && b[0] == 0 && (len(b)-1)%8 == 0 && (len(b)-1)/8 <= maxExact:
		for b = b[1:]; len(b) > 0; b = b[8:] {
			h := binary.LittleEndian.Uint64(b)
			for _, have := range d.exact {
				if have == h {
					return distinct{}, false
				}
			}
			d.exact = append(d.exact, h)
		}
		return d, true
	}
	return distinct{}, false
}
