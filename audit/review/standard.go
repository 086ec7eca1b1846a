package review

import "time"

// A Host is what the rules of this package need to know of the organisation.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
type Host struct {
	// Workforce is required.
	Workforce Workforce
	// Shifts is required.
	Shifts Shifts
	// Groups may be nil.
	Groups Groups
	// Zone is where days begin; nil is UTC.
	Zone *time.Location
}

// Standard returns all rules of this package with their defaults: bulk,
// exports, fan-out, probing, after-hours, closed-account, flagged, break-glass
// and department. It returns [ErrOptions].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func Standard(host Host) ([]Rule, error) {
	var rules []Rule
	var failed error
	add := func(r Rule, err error) {
		if err != nil && failed == nil {
			failed = err
		}
		rules = append(rules, r)
	}
	volume := &VolumeOptions{Groups: host.Groups}
	day := &DailyOptions{Zone: host.Zone}
	add(NewBulk(volume))
	add(NewExports(volume))
	add(NewFanOut(volume))
	add(NewProbing(nil))
	add(NewAfterHours(host.Shifts, day))
	add(NewClosedAccount(host.Workforce, day))
	add(NewFlagged(day))
	add(NewBreakGlass(0))
	add(NewDepartment(nil))
	if failed != nil {
		return nil, failed
	}
	return rules, nil
}
