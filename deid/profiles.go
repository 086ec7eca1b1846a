package deid

import "strings"

// baseProfiles are the profiles of FHIR R4 itself on Observation.
const baseProfiles = " vitalsigns vitalspanel resprate heartrate oxygensat bodytemp bodyheight headcircum bodyweight bmi bp" +
	" lipidprofile cholesterol hdlcholesterol ldlcholesterol triglyceride "

// coreProfiles are those of US Core that do not begin with "us-core-".
const coreProfiles = " pediatric-bmi-for-age pediatric-weight-for-height head-occipital-frontal-circumference-percentile "

// profile writes a canonical URL of HL7's own without its version, behind
// whose bar anything could stand.
func (r *run) profile(n int32) bool {
	url, _, _ := strings.Cut(r.text(n), "|")
	if !r.isProfile(url) || r.seeds.match(url) {
		return r.unmapped()
	}
	r.writeString(url)
	return true
}

func (r *run) isProfile(url string) bool {
	if name, ok := strings.CutPrefix(url, "http://hl7.org/fhir/StructureDefinition/"); ok {
		return r.e.atlas.known[name] || listed(baseProfiles, name)
	}
	name, ok := strings.CutPrefix(url, "http://hl7.org/fhir/us/core/StructureDefinition/")
	if !ok {
		return false
	}
	rest, core := strings.CutPrefix(name, "us-core-")
	return core && len(rest) <= 48 && only(rest, "abcdefghijklmnopqrstuvwxyz-") || listed(coreProfiles, name)
}
