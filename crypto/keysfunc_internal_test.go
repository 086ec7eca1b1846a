package crypto

import "context"

// keysFunc gives every tenant one keyset.
type keysFunc func() *Keyset

func (f keysFunc) Keyset(context.Context, string) (*Keyset, error) { return f(), nil }
