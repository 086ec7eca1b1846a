package review

import (
	"encoding/json"
	"fmt"
	"time"
)

// daily remembers on which day an actor was last flagged, so that one finding
// is raised once a day.
type daily struct {
	zone   *time.Location
	actors tables[int64]
}

func newDaily(zone *time.Location, max int) daily {
	if zone == nil {
		zone = time.UTC
	}
	if max == 0 {
		max = 20_000
	}
	return daily{zone, newTables[int64](max)}
}

// day counts local days.
func (d daily) day(t time.Time) int64 {
	y, m, dd := t.In(d.zone).Date()
	return time.Date(y, m, dd, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// first reports whether this is the first time today, and the key of today. The
// day before the last one is over; an earlier one means that the last was of a
// clock that was wrong, which must not mute the days until then.
func (d daily) first(key Actor, t time.Time) (today string, ok bool) {
	day, last := d.day(t), d.actors.get(key)
	if *last != 0 && (day == *last || day == *last-1) {
		return "", false
	}
	*last = day
	return fmt.Sprint(day), true
}

func (d daily) Save() ([]byte, error) {
	return json.Marshal(saveTables(d.actors, func(v *int64) int64 { return *v }))
}

func (d daily) Restore(state []byte) error {
	var list []saved[int64]
	if err := strict(state, &list); err != nil {
		return err
	}
	return restoreTables(d.actors, list, func(v int64) (int64, bool) { return v, true })
}
