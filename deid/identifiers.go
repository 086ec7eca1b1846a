package deid

import (
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// telecomKind tells the paragraph of a contact point by its system.
func telecomKind(system string) phitag.Kind {
	switch system {
	case "fax":
		return phitag.Fax
	case "email":
		return phitag.Email
	case "url":
		return phitag.URL
	case "phone", "sms", "pager":
		return phitag.Phone
	}
	return phitag.Other
}

// identifierKind tells the paragraph of an identifier by its type code (HL7
// table 0203) or its system; the catch-all is (R). It goes in any case.
func (r *run) identifierKind(n int32) phitag.Kind {
	kind := phitag.Other
	r.each(r.child(r.child(n, "type"), "coding"), func(c int32) {
		if k, ok := identifierTypes[r.text(r.child(c, "code"))]; ok {
			kind = k
		}
	})
	system := r.text(r.child(n, "system"))
	switch {
	case kind != phitag.Other:
	case strings.HasSuffix(system, "us-ssn") || strings.HasSuffix(system, "2.16.840.1.113883.4.1"):
		kind = phitag.SSN
	case strings.HasSuffix(system, "us-npi") || strings.HasSuffix(system, "2.16.840.1.113883.4.6"):
		kind = phitag.License
	case strings.HasSuffix(system, "us-medicare") || strings.HasSuffix(system, "us-mbi"):
		kind = phitag.HealthPlan
	}
	return kind
}

// identifierTypes are codes of HL7 table 0203. It is never written to.
var identifierTypes = map[string]phitag.Kind{
	"MR": phitag.MRN, "MRT": phitag.MRN, "PI": phitag.MRN, "PT": phitag.MRN, "VN": phitag.MRN,
	"SS": phitag.SSN, "SB": phitag.SSN,
	"MB": phitag.HealthPlan, "MA": phitag.HealthPlan, "MC": phitag.HealthPlan, "MI": phitag.HealthPlan,
	"SN": phitag.HealthPlan, "NH": phitag.HealthPlan,
	"AN": phitag.Account, "ANC": phitag.Account, "BA": phitag.Account, "AM": phitag.Account,
	"DL": phitag.License, "MD": phitag.License, "LN": phitag.License, "NPI": phitag.License,
	"DEA": phitag.License, "PPN": phitag.License, "DN": phitag.License, "RN": phitag.License,
	"SNO": phitag.Device, "UDI": phitag.Device, "SER": phitag.Device, "VIN": phitag.Vehicle, "LPN": phitag.Vehicle,
}
