package sealsql

// A Statement is one that a Source asks, for tests of its plan.
type Statement struct {
	Text string
	Args []any
}

func statement(q *query) Statement { return Statement{q.text.String(), q.args} }

// StaleStatements are those of Source.Stale over the first column: the first,
// the next prefix, the rows under one and those after a key.
func (s *Source) StaleStatements(prefix []byte, key any) []Statement {
	p := &value{prefix}
	return []Statement{
		statement(s.q.nextPrefix(0, s.tenant, nil)),
		statement(s.q.nextPrefix(0, s.tenant, p)),
		statement(s.q.under(position{Prefix: p}, s.tenant, 500)),
		statement(s.q.under(position{Prefix: p, Key: []value{{key}}}, s.tenant, 500)),
	}
}

// SetPageBytes sets where a page ends, which is 64 MiB.
func (s *Source) SetPageBytes(n int) { s.page = n }

// Texts asks for one column.
var Texts = texts
