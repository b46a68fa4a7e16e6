# Cases on a cluster of Greenplum or a relative of it; included by the Makefile. There is no
# package of one to install, so the cluster is whoever runs this has:
#
#   make test-greenplum DBSYNC_GREENPLUM="host=… port=5432 user=gpadmin"

.PHONY: test-greenplum
test-greenplum:
	@share/install-deps.sh test
	@+$(MAKE) --no-print-directory -j$(JOBS) programs $(BUILD)/tests/cases
	@DBSYNC_BIN=$(BIN) tests/greenplum/run.sh $(BUILD)/tests/cases
