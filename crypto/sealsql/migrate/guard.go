package migrate

import (
	"context"
	"database/sql"
	"strings"
)

// Codes of the errors with which the guard refuses a statement. They carry no
// values.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
const (
	// CodeNotEntered is the SQLSTATE of a write to the sealed column by a
	// transaction that has not entered.
	CodeNotEntered = "SG001"
	// CodePlainAlone is the SQLSTATE of a write to the plaintext column alone,
	// or of a change of a row's key, name, tenant or subject without sealing for
	// it, in the phases that allow none.
	CodePlainAlone = "SG002"
)

// The guard is two triggers. The first is on in all phases that write both
// columns: whoever writes the sealed column has entered, and a plaintext that
// changes without it makes it NULL, so that a release that knows nothing of the
// migration cannot make the two differ unnoticed. The second is on from phase
// compared: no row is left with one of the two. What it allows is in the
// definition of the triggers and not in a row that they would read, since
// transactions may read an old row and never run an old trigger.
//
// A sealed value is bound to its place, and so goes when the row gets another
// key, name, tenant or subject without being sealed for it. Where no row may be
// left with one of the two, that is refused.
//
// They are named so that they run after all others, and compare images, since
// values may be equal and not the same.
var guardSQL = [...]string{
	`CREATE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
	resealed boolean := NEW.{sealed} IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.{sealed} IS DISTINCT FROM OLD.{sealed});
BEGIN
	IF resealed AND coalesce(current_setting('{setting}', true), '') <> 'on' THEN
		RAISE EXCEPTION 'safeguard: the sealed column is written by transactions that have entered its migration' USING ERRCODE = '{notEntered}';
	END IF;
	IF NEW.{plain} IS NULL OR TG_OP = 'UPDATE' AND NOT resealed AND ROW({new})::record *<> ROW({old})::record THEN
		NEW.{sealed} := NULL;
	END IF;
	RETURN NEW;
END $guard$`,
	`CREATE FUNCTION {strict}() RETURNS trigger LANGUAGE plpgsql AS $strict$
BEGIN
	IF TG_OP = 'INSERT' OR ROW(NEW.{plain})::record *<> ROW(OLD.{plain})::record OR NEW.{sealed} IS DISTINCT FROM OLD.{sealed} THEN
		RAISE EXCEPTION 'safeguard: the plaintext column is no longer written alone' USING ERRCODE = '{plainAlone}';
	END IF;
	RETURN NEW;
END $strict$`,
	`CREATE TRIGGER {guardTrigger} BEFORE INSERT OR UPDATE ON {table}
	FOR EACH ROW EXECUTE FUNCTION {guard}()`,
	`CREATE TRIGGER {strictTrigger} BEFORE INSERT OR UPDATE ON {table}
	FOR EACH ROW WHEN ((NEW.{plain} IS NULL) <> (NEW.{sealed} IS NULL)) EXECUTE FUNCTION {strict}()`,
	`ALTER TABLE {table} DISABLE TRIGGER {strictTrigger}`,
}

var unguardSQL = [...]string{
	`DROP TRIGGER {guardTrigger} ON {table}`,
	`DROP TRIGGER {strictTrigger} ON {table}`,
	`DROP FUNCTION {guard}()`,
	`DROP FUNCTION {strict}()`,
}

// fill writes the migration's names into statements.
func (m *Migration) fill(statements string) string {
	id := m.spec.ID
	bound := append([]string{m.plain}, m.place...)
	return strings.NewReplacer(
		"{table}", m.table, "{plain}", m.plain, "{sealed}", m.sealed, "{setting}", m.setting,
		"{guard}", m.schema+`"safeguard_`+id+`_guard"`, "{strict}", m.schema+`"safeguard_`+id+`_strict"`,
		"{guardTrigger}", `"~safeguard_`+id+`"`, "{strictTrigger}", `"~~safeguard_`+id+`"`,
		"{new}", "NEW."+strings.Join(bound, ", NEW."), "{old}", "OLD."+strings.Join(bound, ", OLD."),
		"{notEntered}", CodeNotEntered, "{plainAlone}", CodePlainAlone,
	).Replace(statements)
}

// run executes statements.
func (m *Migration) run(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, m.fill(statement)); err != nil {
			return err
		}
	}
	return nil
}
