package evidence

import "github.com/safeguard-sdk/safeguard/crosswalk"

// organisationalEntries are the requests about 164.314 and 164.316. Section, activity, designation and
// text are OCR's; the name, what answers and which policy belongs to it are
// this package's.
var organisationalEntries = []entry{
	{section: "164.314(a)(1)", control: "164.314(a)(1)", activity: "Business Associate Contracts or Other Arrangements", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "contract-template", kind: Implementation, policy: "business-associates",
			text: "Obtain and review the entity's standard business associate contract template(s). Evaluate and determine that the entity's standard business associate contract template(s) meet the requirements of 45 CFR § 164.314(a)(2)(i), § 164.314(a)(2)(ii), or § 164.314(a)(2)(iii), as applicable."},
		{name: "deviations-from-contract", kind: Implementation,
			text: "Obtain and review documentation demonstrating the entity's approval process when deviations affecting the implementation of safeguards to protect ePHI are considered. Evaluate and determine if the entity's policies for approving deviations affecting safeguards to protect ePHI are appropriate."},
	}},
	{section: "164.314(a)(2)(i)(A)", control: "164.314(a)(2)(i)", activity: "Business associate contracts", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "contract-safeguards", kind: Implementation, answers: []string{"ba.registry"},
			text: "Obtain and review business associate contracts. Evaluate and determine if the business associate contracts provide that the entity's business associates shall implement appropriate safeguards and comply with Subpart C of 45 CFR Part 164 with respect to ePHI to prevent the use or disclosure of PHI other than as provided for by the business associate contract."},
	}},
	{section: "164.314(a)(2)(i)(B)", control: "164.314(a)(2)(i)", activity: "Business associate contracts", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "contract-subcontractors", kind: Implementation, answers: []string{"ba.registry"},
			text: "Obtain and review business associate contracts. Evaluate and determine if the business associate contracts require that business associate's subcontractors comply with the applicable parts of Subpart C of 45 CFR Part 164 by entering into a business associate contract or other arrangement that complies with 45 CFR § 164.314(a)."},
	}},
	{section: "164.314(a)(2)(i)(C)", control: "164.314(a)(2)(i)", activity: "Business associate contracts", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "contract-incident-reporting", kind: Implementation, answers: []string{"ba.registry"},
			text: "Obtain and review business associate contracts. Evaluate and determine if the business associate contracts require that business associates report any security incident of which it becomes aware, including breaches of unsecured PHI, as required by 45 CFR § 164.410."},
		{name: "incident-reports-by-associates", kind: Implementation, answers: []string{"breach.incidents"},
			text: "Obtain and review documentation demonstrating that the entity's business associates have reported security incidents of which it was aware, including breaches of unsecured PHI, as required by 45 CFR § 164.410."},
	}},
	{section: "164.314(a)(2)(ii)", control: "164.314(a)(2)(ii)", activity: "Other Arrangements", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "other-arrangements", kind: Implementation, answers: []string{"ba.registry"},
			text: "Obtain and review documentation of the entity's other arrangements with business associates. Evaluate and determine if the other arrangements meet the requirements of 45 CFR § 164.504(e)(3)."},
	}},
	{section: "164.314(a)(2)(iii)", control: "164.314(a)(2)(iii)", activity: "Business associate contracts with subcontractors", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "subcontractor-contracts", kind: Implementation, answers: []string{"ba.registry"},
			text: "Obtain and review business associate contracts entered into with subcontractors. Evaluate and determine if the business associate contracts require that the requirements of 45 CFR § 164.314(a)(2)(i)-(ii) would apply to the business associate and its subcontractor in the same manner as such requirements apply to a covered entity and its business associates."},
	}},
	{section: "164.314(b)(1)", control: "164.314(b)(1)", activity: "Requirements for Group Health Plans", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "plan-documents", kind: Implementation,
			text: "Obtain and review plan documents. Evaluate and determine that, except when the only ePHI disclosed to a plan sponsor is in accordance with 45 CFR § 164.504(f)(1)(ii) or (iii) or authorized under 45 CFR § 164.508, that the plan documents provide that the plan sponsor will reasonably and appropriately safeguard ePHI created, received, maintained or transmitted to or by the plan sponsor on behalf of the group health plan."},
	}},
	{section: "164.314(b)(2)(i)", control: "164.314(b)(2)(i)", activity: "Group Heath Plan Implementation Specification", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "plan-sponsor-safeguards", kind: Implementation,
			text: "Obtain and review plan documentation. Evaluate and determine that the plan documents of the group health plan requires the sponsor to implement administrative, physical, and technical safeguards that reasonably and appropriately protect the confidentiality, integrity, and availability of the ePHI that it creates, receives, maintains, or transmits on behalf of the group health plan."},
	}},
	{section: "164.314(b)(2)(ii)", control: "164.314(b)(2)(ii)", activity: "Group Heath Plan Implementation Specification", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "plan-separation", kind: Implementation,
			text: "Obtain and review plan documentation. Evaluate and determine that the plan documents of the group health plan ensures adequate separation between the group health plan and the plan sponsor, including the sponsor's employees, classes of employees, or other persons who will be given access to the ePHI."},
	}},
	{section: "164.314(b)(2)(iii)", control: "164.314(b)(2)(iii)", activity: "Group Heath Plan Implementation Specification", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "plan-agents", kind: Implementation,
			text: "Obtain and review plan documentation. Evaluate and determine that the plan documents of the group health plan requires that plan sponsors ensure that any agent to whom it provides this information agrees to implement reasonable and appropriate security measures to protect the information."},
	}},
	{section: "164.314(b)(2)(iv)", control: "164.314(b)(2)(iv)", activity: "Group Heath Plan Implementation Specification", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "plan-incident-reports", kind: Implementation,
			text: "Obtain and review plan documentation. Evaluate and determine that the plan documents of the group health plan requires that plan sponsors report to the group health plan any security incident, including any breach of unsecured ePHI, of which it becomes aware."},
	}},
	{section: "164.316(a)", control: "164.316(a)", activity: "Policies and Procedures", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "security-policies", kind: Policies, policy: "risk-management", answers: []string{"policies.adopted"},
			text: "Obtain and review documentation of the policies and procedures regarding the implementation of policies and procedures required to comply with Security Rule standards, implementation specifications or other requirements."},
	}},
	{section: "164.316(b)(1)", control: "164.316(b)(1)", activity: "Documentation", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "policy-maintenance-policy", kind: Policies, policy: "risk-management",
			text: "Obtain and review policies and procedures regarding the maintenance of policies and procedures."},
		{name: "maintenance-of-policies", kind: Implementation, answers: []string{"policies.adopted"},
			text: "Obtain and review documentation demonstrating that policies and procedures are being maintained."},
		{name: "actions-and-assessments", kind: Implementation, answers: []string{"audit.records", "gap.assessment", "risk.register"}, supports: []string{"audit.integrity"},
			text: "Obtain and review written documentation demonstrating the entity's action, activity or assessment that is required by the Security Rule. Evaluate and determine if such implementation is in accordance with related policies and procedures."},
	}},
	{section: "164.316(b)(2)(i)", control: "164.316(b)(2)(i)", activity: "Documentation: Time Limit", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "retention-policy", kind: Policies, policy: "monitoring",
			text: "Obtain and review documentation of policies and procedures for compliance with retention requirements."},
		{name: "retention-of-policies", kind: Implementation, answers: []string{"policies.adopted"},
			text: "Obtain and review documentation demonstrating that policies and procedures are being maintained for six (6) years from the date of its creation or the date when it last was in effect."},
		{name: "retention-of-actions", kind: Implementation, answers: []string{"audit.kept"}, supports: []string{"audit.drills"},
			text: "Obtain and review documentation demonstrating that an action, activity, or assessment is being maintained for six (6) years from the date of its creation or the date when it last was in effect. Evaluate and determine if such implementation is in accordance with related policies and procedures."},
	}},
	{section: "164.316(b)(2)(ii)", control: "164.316(b)(2)(ii)", activity: "Documentation: Availability", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "availability-policy", kind: Policies, policy: "risk-management",
			text: "Obtain and review documentation of policies and procedures regarding the availability of documentation."},
		{name: "availability-to-workforce", kind: Implementation, supports: []string{"policies.adopted"},
			text: "Obtain and review documentation demonstrating that Security Rule policies and procedures are made available to the workforce members responsible for implementing the pertaining procedures. Evaluate and determine if implementation is in accordance with related policies and procedures."},
	}},
	{section: "164.316(b)(2)(iii)", control: "164.316(b)(2)(iii)", activity: "Documentation: Updates", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "update-policy", kind: Policies, policy: "risk-management",
			text: "Obtain and review policies and procedures regarding documentation reviews and updates."},
		{name: "review-of-policies", kind: Implementation, answers: []string{"policies.adopted"},
			text: "Obtain and review documents demonstrating that policies and procedures are reviewed and updated on a periodic basis. Evaluate and determine if such implementation is in accordance with related policies and procedures."},
	}},
}
