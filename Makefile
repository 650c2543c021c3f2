.PHONY: build demo lint test

build:
	@scripts/build.sh

demo:
	@scripts/demo.sh

lint:
	@scripts/lint.sh

test:
	@scripts/test.sh
