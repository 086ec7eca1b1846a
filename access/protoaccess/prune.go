package protoaccess

import "google.golang.org/protobuf/reflect/protoreflect"

// prune takes out of m what is not shown. It reports whether what is left is
// to be kept, and whether it means something else without what is gone.
func (p *plan) prune(m protoreflect.Message, depth int) (keep, void bool, err error) {
	if depth > maxDepth {
		return false, false, refused("nested too deep")
	}
	empty, kept := len(m.GetUnknown()) == 0, false
	if !empty {
		m.SetUnknown(nil)
	}
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		empty = false
		f := p.field(fd.Number())
		if f == nil || fd.IsExtension() || !f.show {
			m.Clear(fd)
			void = void || f != nil && f.modifier
			return true
		}
		var some, all bool
		if some, all, err = f.prune(v, fd, depth); err != nil {
			return false
		}
		if !some {
			m.Clear(fd)
		}
		kept = kept || some
		void = void || f.modifier && !all
		return true
	})
	return !void && (kept || empty && p.open), void, err
}

// prune takes out of the value of a field what is not shown. It reports
// whether some and whether all of its items are left.
func (f *field) prune(v protoreflect.Value, fd protoreflect.FieldDescriptor, depth int) (some, all bool, err error) {
	switch {
	case f.child == nil || f.opaque:
		return true, true, nil
	case f.isMap:
		return f.pruneMap(v.Map(), depth)
	case fd.IsList():
		return f.pruneList(v.List(), depth)
	}
	keep, _, err := f.child.prune(v.Message(), depth+1)
	return keep, keep, err
}

func (f *field) pruneList(list protoreflect.List, depth int) (some, all bool, err error) {
	kept := 0
	for i := range list.Len() {
		keep, _, err := f.child.prune(list.Get(i).Message(), depth+1)
		if err != nil {
			return false, false, err
		}
		if keep {
			list.Set(kept, list.Get(i))
			kept++
		}
	}
	all = kept == list.Len()
	list.Truncate(kept)
	return kept > 0, all, nil
}

func (f *field) pruneMap(entries protoreflect.Map, depth int) (some, all bool, err error) {
	value := f.child.field(2)
	if value.child == nil {
		return true, true, nil
	}
	all = true
	entries.Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
		keep := false
		if value.show {
			// An entry is a message on the wire, and counts as a level.
			if keep, _, err = value.child.prune(v.Message(), depth+2); err != nil {
				return false
			}
		}
		if !keep {
			entries.Clear(key)
			all = false
		}
		return true
	})
	return entries.Len() > 0, all, err
}
