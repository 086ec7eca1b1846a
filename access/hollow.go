package access

import (
	"maps"
	"reflect"
	"slices"
)

// hollow names a hook that is nil inside its interface, "" if there is none. It
// would fail at the first request; a constructor whose error was not looked at
// leaves such a one.
func (o *Options) hollow() string {
	for _, h := range [...]struct {
		name string
		hook any
	}{
		{"Roles", o.Roles}, {"Relationships", o.Relationships}, {"Emergencies", o.Emergencies}, {"Consents", o.Consents}, {"Throttle", o.Throttle},
	} {
		if isHollow(h.hook) {
			return h.name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Conditions)) {
		if c := o.Conditions[name]; c == nil || isHollow(c) {
			return "Conditions " + quote(name)
		}
	}
	return ""
}

func isHollow(hook any) bool {
	v := reflect.ValueOf(hook)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
