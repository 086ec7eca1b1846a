package migrate

// places are those that the database itself knows of.
var places = [...]place{
	{"the column", `SELECT count(*) > 0,
		CASE WHEN count(*) > 0 THEN 'the column is there' ELSE 'the column was dropped' END
		FROM pg_attribute, the WHERE attrelid = rel AND attname = plain AND NOT attisdropped`,
		"compare, cut over, and drop it"},
	{"rows", `SELECT CASE WHEN there THEN true WHEN rewritten IS NOT NULL THEN false
			WHEN pg_relation_filenode(rel) = filenode THEN pg_relation_size(rel) > 0 END,
		CASE WHEN there THEN 'the rows hold the column'
			WHEN rewritten IS NOT NULL THEN 'the table was rewritten after the drop, at ' || rewritten
			WHEN pg_relation_filenode(rel) = filenode THEN 'the table was not rewritten since the drop, so that its rows, and its TOAST table, still hold the values: '
				|| pg_size_pretty(pg_total_relation_size(rel))
			ELSE 'no rewrite by this migration is written down; the file is not the one of the drop, and may be a copy of it' END
		FROM the, LATERAL (SELECT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = rel AND attname = plain AND NOT attisdropped)) AS c(there)`,
		"let the migration do it (Rewrite), which is VACUUM FULL; a plain VACUUM removes nothing of this"},
	{"dead rows and free space", `SELECT CASE WHEN rewritten IS NOT NULL THEN false END,
		'about ' || coalesce(s.n_dead_tup, 0) || ' dead rows; last vacuum '
			|| coalesce(greatest(s.last_vacuum, s.last_autovacuum)::text, 'never')
			|| '; a plain vacuum does not overwrite what it frees'
		FROM the LEFT JOIN pg_stat_all_tables s ON s.relid = rel`,
		"VACUUM FULL when no transaction is older than the drop"},
	{"freed blocks of the disk", `SELECT NULL::bool, 'a rewrite unlinks the old file and overwrites nothing; tablespace '
			|| coalesce((SELECT spcname FROM pg_tablespace t, pg_class c WHERE c.oid = rel AND t.oid = c.reltablespace), 'of the database') FROM the`,
		"what the volume's encryption and NIST SP 800-88 say for the medium"},
	{"indexes, constraints and views", `SELECT count(*) > 0,
		coalesce(string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), '; '), 'none depends on the column')
		FROM the, pg_attribute a, pg_depend d WHERE a.attrelid = rel AND a.attname = plain AND NOT a.attisdropped
			AND d.refclassid = 'pg_class'::regclass AND d.refobjid = rel AND d.refobjsubid = a.attnum
			AND NOT (d.classid = 'pg_attrdef'::regclass AND EXISTS
				(SELECT 1 FROM pg_attrdef f WHERE f.oid = d.objid AND f.adrelid = rel AND f.adnum = a.attnum))
			AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE d.classid = 'pg_trigger'::regclass AND t.oid = d.objid AND t.tgname ~ '^~~?safeguard_')`,
		"drop them, or make them over the sealed column or a blind index"},
	{"statistics of the planner", `SELECT CASE WHEN count(*) FILTER (WHERE most_common_vals IS NOT NULL OR histogram_bounds IS NOT NULL) > 0 THEN true END,
		CASE WHEN count(*) > 0 THEN 'pg_statistic holds values of the column: '
			|| coalesce(sum(array_length(most_common_freqs, 1)), 0) || ' most common ones, and bounds of a histogram'
			ELSE 'none that this user may see; deleted rows of pg_statistic stay until it is rewritten' END
		FROM the, pg_class c, pg_namespace n, pg_stats s WHERE c.oid = rel AND n.oid = c.relnamespace
			AND s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = plain`,
		"after the drop: VACUUM FULL pg_statistic, pg_statistic_ext_data"},
	{"columns of the same name", `SELECT CASE WHEN count(*) = 0 THEN false END,
		coalesce(string_agg(c.oid::regclass::text, ', '), 'no other table has one')
		FROM the, pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE a.attname = plain AND NOT a.attisdropped AND a.attrelid <> rel AND c.relkind IN ('r', 'm', 'p', 'f')
			AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
		"see whether they are copies: history tables, materialized views, staging"},
	{"triggers", `SELECT CASE WHEN count(*) = 0 THEN false END, coalesce(string_agg(tgname, ', '), 'the table has none')
		FROM the, pg_trigger WHERE tgrelid = rel AND NOT tgisinternal AND tgname !~ '^~~?safeguard_'`,
		"see whether one copies rows elsewhere"},
	{"old snapshots and prepared transactions", `SELECT CASE WHEN p.n = 0 THEN false END, p.n || ' prepared transactions; the oldest transaction began '
			|| coalesce((SELECT min(xact_start)::text FROM pg_stat_activity WHERE pid <> pg_backend_pid()), 'after this one')
		FROM (SELECT count(*) FROM pg_prepared_xacts) AS p(n)`,
		"end them before VACUUM FULL, which keeps what they may read"},
	{"write-ahead log", `SELECT NULL::bool, count(*) || ' files, ' || pg_size_pretty(sum(size)) || ', from ' || min(modification)
			|| '; wal_keep_size ' || current_setting('wal_keep_size') FROM pg_ls_waldir()`,
		"goes by itself as checkpoints recycle files; the rewrite's own WAL has no plaintext"},
	{"archive of the write-ahead log", `SELECT CASE WHEN current_setting('archive_mode') = 'off' THEN false END,
		'archive_mode ' || current_setting('archive_mode') || ', ' || archived_count || ' files archived, last at '
			|| coalesce(last_archived_time::text, 'no time') FROM pg_stat_archiver`,
		"let it expire together with the backups that need it"},
	{"replicas and replication slots", `SELECT CASE WHEN r.n + s.n > 0 THEN true END,
		r.n || ' connected replicas; ' || s.n || ' slots'
			|| coalesce(': ' || (SELECT string_agg(slot_name || CASE WHEN active THEN '' ELSE ' (inactive)' END, ', ') FROM pg_replication_slots), '')
		FROM (SELECT count(*) FROM pg_stat_replication) AS r(n), (SELECT count(*) FROM pg_replication_slots) AS s(n)`,
		"physical replicas follow, their WAL too; a replica that is not connected, or a slot that is inactive, keeps what it has"},
	{"publications", `SELECT CASE WHEN count(*) = 0 THEN false END, coalesce(string_agg(pubname, ', '), 'the table is in none')
		FROM the, pg_class c, pg_namespace n, pg_publication_tables p WHERE c.oid = rel AND n.oid = c.relnamespace
			AND p.schemaname = n.nspname AND p.tablename = c.relname`,
		"subscribers have a copy of their own; migrate or delete it"},
	{"server log", `SELECT NULL::bool,
		'log_statement ' || current_setting('log_statement') || ', log_min_duration_statement ' || current_setting('log_min_duration_statement')
			|| ', log_min_duration_sample ' || current_setting('log_min_duration_sample')
			|| ', log_min_error_statement ' || current_setting('log_min_error_statement')
			|| ', log_parameter_max_length_on_error ' || coalesce(current_setting('log_parameter_max_length_on_error', true), 'none')
			|| ', libraries ' || coalesce(nullif(current_setting('shared_preload_libraries'), ''), 'none')`,
		"search and delete logs, and those shipped elsewhere; errors log statements and failing rows even where nothing else is logged"},
	{"pg_stat_statements", `SELECT CASE WHEN count(*) = 0 THEN false END, CASE WHEN count(*) = 0 THEN 'not installed' ELSE 'installed' END
		FROM pg_extension WHERE extname = 'pg_stat_statements'`,
		"pg_stat_statements_reset(): constants of some statements are kept as they were written"},
}

// beyond are those that no database knows of.
var beyond = [...]Place{
	{"backups", Unseen, "a database does not know its backups, dumps and snapshots of volumes",
		"list them; those from before the rewrite hold plaintext until they expire or are destroyed"},
	{"copies outside", Unseen, "exports, caches, search engines, analytics, test databases, logs of programs and proxies",
		"follow the data flows of the risk analysis (164.308(a)(1)(ii)(A))"},
}
