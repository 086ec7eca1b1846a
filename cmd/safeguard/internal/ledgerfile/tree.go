package ledgerfile

import "crypto/sha256"

// tree is the compact form of the tree of RFC 6962, section 2.1: the roots of
// its perfect subtrees, largest first.
type tree struct {
	size  uint64
	roots [][sha256.Size]byte
}

// add appends a leaf and joins the subtrees that it completes.
func (t *tree) add(record []byte) {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(record)
	t.roots = append(t.roots, [sha256.Size]byte(h.Sum(nil)))
	for n := t.size; n&1 == 1; n >>= 1 {
		t.join()
	}
	t.size++
}

// root joins what is left, from the right.
func (t *tree) root() [sha256.Size]byte {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	rest := tree{roots: append([][sha256.Size]byte(nil), t.roots...)}
	for len(rest.roots) > 1 {
		rest.join()
	}
	return rest.roots[0]
}

// join replaces the last two roots by their parent.
func (t *tree) join() {
	n := len(t.roots)
	left, right := t.roots[n-2], t.roots[n-1]
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(left[:])
	h.Write(right[:])
	t.roots = append(t.roots[:n-2], [sha256.Size]byte(h.Sum(nil)))
}
