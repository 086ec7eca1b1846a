package access

// enforcement is what the Muxes of a Guard share while they serve. The zero
// value is ready.
type enforcement struct {
	_ [0]func() // not comparable
}
