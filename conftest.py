"""What suites and tests share: the fixture modules of fixtures/."""

pytest_plugins = ["fixtures.databases", "fixtures.projects", "fixtures.servers"]
