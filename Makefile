.PHONY: build demo lab-vm lint test

build:
	@scripts/build.sh

demo:
	@scripts/demo.sh

lab-vm:
	@scripts/lab-vm.sh

lint:
	@scripts/lint.sh

test:
	@scripts/test.sh
