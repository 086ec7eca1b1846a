package scim

import "strings"

const (
	schemaUser    = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaPatch   = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaList    = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaError   = "urn:ietf:params:scim:api:messages:2.0:Error"
	maxOperations = 100
)

// A change is what a PUT, a PATCH or a POST wants of an account. What ends an
// account is done whatever else stands beside it, so a request that says both
// active and inactive ends it.
type change struct {
	end        bool // active: false
	open       bool // active: true
	userName   string
	externalID string
	refused    *problem // something that this endpoint will not do
}

// replacement reads the User of a PUT or a POST.
func replacement(src []byte) (change, *problem) {
	var c change
	n, err := read(src)
	if err != nil || n.members == nil {
		return c, badSyntax
	}
	if !speaks(n, schemaUser) {
		return c, badSchema
	}
	return c, c.assign(n)
}

// patch reads the PatchOp of a PATCH (RFC 7644, section 3.5.2).
func patch(src []byte) (change, *problem) {
	var c change
	n, err := read(src)
	if err != nil || n.members == nil {
		return c, badSyntax
	}
	if !speaks(n, schemaPatch) {
		return c, badSchema
	}
	operations := n.members["operations"]
	if operations == nil || !operations.list || len(operations.items) == 0 || len(operations.items) > maxOperations {
		return c, badSyntax
	}
	for _, o := range operations.items {
		if p := c.operation(o); p != nil {
			return c, p
		}
	}
	return c, nil
}

// speaks reports whether the document names a schema, as every one must. Some
// providers leave it out of a PATCH; none names another.
func speaks(n *node, schema string) bool {
	schemas := n.members["schemas"]
	if schemas == nil {
		return schema == schemaPatch
	}
	for _, item := range schemas.items {
		if s, _ := item.text(); strings.EqualFold(s, schema) {
			return true
		}
	}
	return false
}

func (c *change) operation(o *node) *problem {
	op, ok := o.members["op"].text()
	if !ok {
		return badSyntax
	}
	remove := strings.EqualFold(op, "remove")
	if !remove && !strings.EqualFold(op, "replace") && !strings.EqualFold(op, "add") {
		return badSyntax
	}
	path, given := o.members["path"].text()
	if !given && o.members["path"] != nil {
		return badPath
	}
	v := o.members["value"]
	switch {
	case remove && !given:
		return badPath
	case remove:
		return c.attribute(path, nil)
	case given:
		return c.attribute(path, v)
	case v == nil || v.members == nil:
		return badValue
	}
	return c.assign(v)
}

// assign reads the attributes of an object.
func (c *change) assign(n *node) *problem {
	for name, v := range n.members {
		if p := c.attribute(name, v); p != nil {
			return p
		}
	}
	return nil
}

func (c *change) refuse(p *problem) {
	if c.refused == nil || p.detail < c.refused.detail { // the same whatever the order
		c.refused = p
	}
}

// attributeName returns the name of an attribute of a User in lower case,
// without the schema before it.
func attributeName(path string) string {
	path = strings.ToLower(path)
	if rest, ok := strings.CutPrefix(path, strings.ToLower(schemaUser)+":"); ok {
		return rest
	}
	return path
}

// attribute notes one attribute; v is nil if it is to be removed. Attributes
// that are not kept are passed over. The problem is one of "active": what is
// wrong with others is a refusal, which keeps no account from being ended.
func (c *change) attribute(path string, v *node) *problem {
	switch name := attributeName(path); {
	case name == strings.ToLower(schemaUser):
		return c.core(v)
	case name == "active":
		return c.active(v)
	case name == "username":
		c.identifier(&c.userName, v)
	case name == "externalid":
		c.identifier(&c.externalID, v)
	case widens(name):
		c.refuse(badWidening)
	case name == "password":
		c.refuse(badPassword)
	}
	return nil
}

// core reads the attributes of a User in an object under its schema, where they
// do not belong and some clients put them: what is passed over there would be an
// account that nobody ends.
func (c *change) core(v *node) *problem {
	if v == nil || v.members == nil {
		return badValue
	}
	if v.members[strings.ToLower(schemaUser)] != nil {
		return badPath
	}
	return c.assign(v)
}

// widens reports whether an attribute says what somebody may do.
func widens(name string) bool {
	for _, of := range []string{"roles", "entitlements"} {
		if rest, ok := strings.CutPrefix(name, of); ok && (rest == "" || rest[0] == '[' || rest[0] == '.') {
			return true
		}
	}
	return false
}

// active reads true and false, also in the spellings that providers use: as
// text in any case, and as a list of one object with a "value".
func (c *change) active(v *node) *problem {
	if v != nil && v.list && len(v.items) == 1 && v.items[0].members != nil {
		v = v.items[0].members["value"]
	}
	if v == nil {
		return badValue
	}
	text, _ := v.text()
	switch {
	case v.scalar == false, strings.EqualFold(text, "false"):
		c.end = true
	case v.scalar == true, strings.EqualFold(text, "true"):
		c.open = true
	default:
		return badValue
	}
	return nil
}

// identifier reads a name; null, or its removal, is none.
func (c *change) identifier(into *string, v *node) {
	if v == nil || v.null() {
		return
	}
	text, ok := v.text()
	if !ok || text == "" || len(text) > maxText {
		c.refuse(badValue)
		return
	}
	*into = text
}
