# The Debian package: build/deb/dbsync_VERSION_ARCH.deb. Its parts are in
# share/debian; needs dpkg-dev and lintian. test-deb installs and removes it in a bare
# root.

.PHONY: deb test-deb
deb:
	@share/install-deps.sh deb
	@+$(MAKE) --no-print-directory -j$(JOBS) programs
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	@+umask 022 && $(MAKE) --no-print-directory install DESTDIR=$(BUILD)/deb/root PREFIX=/usr >/dev/null
	@umask 022 && share/debian/build.sh $(BUILD)/deb $(VERSION)

test-deb: deb
	@share/install-deps.sh test-deb
	@share/debian/test.sh $(BUILD)/deb
