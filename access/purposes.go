package access

import "github.com/safeguard-sdk/safeguard"

const allPurposes = ^uint32(0)

// purposeBit returns the bit of p in a set of purposes, 0 if p is none.
func purposeBit(p safeguard.Purpose) uint32 {
	switch p {
	case safeguard.Treatment:
		return 1 << 0
	case safeguard.Payment:
		return 1 << 1
	case safeguard.Operations:
		return 1 << 2
	case safeguard.HealthResearch:
		return 1 << 3
	case safeguard.PatientRequest:
		return 1 << 4
	case safeguard.PublicHealth:
		return 1 << 5
	case safeguard.Marketing:
		return 1 << 6
	case safeguard.Coverage:
		return 1 << 7
	case safeguard.EmergencyTreatment:
		return 1 << 8
	case safeguard.EmergencyRoomTreatment:
		return 1 << 9
	case safeguard.BreakGlass:
		return breakGlass
	}
	return 0
}

// breakGlass is the bit of safeguard.BreakGlass.
const breakGlass uint32 = 1 << 10

// purposes returns every purpose of use, in the order of their bits.
func purposes() [11]safeguard.Purpose {
	return [...]safeguard.Purpose{
		safeguard.Treatment, safeguard.Payment, safeguard.Operations, safeguard.HealthResearch,
		safeguard.PatientRequest, safeguard.PublicHealth, safeguard.Marketing, safeguard.Coverage,
		safeguard.EmergencyTreatment, safeguard.EmergencyRoomTreatment, safeguard.BreakGlass,
	}
}

func purposeNames(set uint32) []string {
	var names []string
	for _, p := range purposes() {
		if set&purposeBit(p) != 0 {
			names = append(names, string(p))
		}
	}
	return names
}
