.PHONY: build demo docs lab-vm lint release test verdicts wine

build:
	@scripts/build.sh

demo:
	@scripts/demo.sh

docs:
	@scripts/docs.sh

lab-vm:
	@scripts/lab-vm.sh

lint:
	@scripts/lint.sh

release:
	@scripts/release.sh $(VERSION)

test:
	@scripts/test.sh

verdicts:
	@scripts/verdicts.sh

wine:
	@scripts/wine.sh
