CREATE TABLE IF NOT EXISTS patient (
	id          TEXT NOT NULL PRIMARY KEY,
	unit        TEXT NOT NULL,
	name        BYTEA NOT NULL,
	birth_date  BYTEA NOT NULL,
	mrn         BYTEA NOT NULL,
	phone       BYTEA NOT NULL,
	address     BYTEA NOT NULL,
	coverage    BYTEA NOT NULL,
	problems    BYTEA NOT NULL,
	medications BYTEA NOT NULL
);
CREATE INDEX IF NOT EXISTS patient_unit ON patient (unit, id);
CREATE TABLE IF NOT EXISTS note (
	patient TEXT NOT NULL REFERENCES patient (id),
	id      TEXT NOT NULL,
	written BIGINT NOT NULL,
	entry   BYTEA NOT NULL,
	PRIMARY KEY (patient, id)
);
CREATE INDEX IF NOT EXISTS note_written ON note (patient, written);
CREATE TABLE IF NOT EXISTS staff (
	id   TEXT NOT NULL PRIMARY KEY,
	role TEXT NOT NULL,
	cost BIGINT NOT NULL,
	salt BYTEA NOT NULL,
	hash BYTEA NOT NULL
);
