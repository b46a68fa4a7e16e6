-- Types by their names, with their schemas: those of a superuser, as the server's and
-- most extensions' are, and of the role itself.
SELECT t.typname, n.nspname
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
JOIN pg_catalog.pg_roles r ON r.oid = t.typowner
WHERE t.typname = ANY ($1::pg_catalog.name[]) AND (r.rolsuper OR r.rolname = current_user)
